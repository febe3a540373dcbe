"""A reduced run of the study: what must hold for any seed that is worth believing."""

import asyncio

import pytest

from tests.studies.scorers import POSTERIOR, RULED, Choice, Study, correlations, report, study

_SEEDS = (7, 11, 23)


@pytest.fixture(scope="module")
def found() -> Study:
    return asyncio.run(study(_SEEDS))


def test_the_expected_value_ranks_tradable_spreads_nearly_as_well_as_anyone_could(found: Study) -> None:
    tradable = [trade for trade in found.trades if not trade.rejected]
    values = correlations(tradable)
    assert found.names >= 60
    assert values["ev"] > max(values["v1"], values["v2"], values["v1_scaled"])
    assert values["ev"] >= 0.85 * values[POSTERIOR], report(found)


def test_over_all_spreads_it_reaches_what_its_zeros_allow(found: Study) -> None:
    values = correlations(found.trades)
    assert values["ev"] >= 0.9 * values[RULED], report(found)


def test_the_veto_on_the_premium_stops_more_poor_names_than_good_ones(found: Study) -> None:
    def refused(choices: list[Choice]) -> float:
        return sum(one.premium < 1.05 for one in choices) / len(choices)

    good = [one for one in found.choices if one.truth > 0.0]
    poor = [one for one in found.choices if one.truth <= 0.0]
    assert refused(good) < 0.3 < 0.5 < refused(poor), report(found)


def test_the_trap_is_not_proposed(found: Study) -> None:
    assert True not in found.traps
    assert False in found.traps


def test_what_is_proposed_is_worth_its_risk(found: Study) -> None:
    proposed = [trade.truth for trade in found.trades if trade.proposed]
    refused = [trade.truth for trade in found.trades if trade.rejected]
    assert sum(proposed) / len(proposed) > 0.03 > sum(refused) / len(refused)
