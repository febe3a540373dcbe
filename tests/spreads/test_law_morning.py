"""The physical law and the morning after the report."""

from datetime import UTC, date, datetime
from math import exp, sqrt
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.options.payoff import Payoff, PayoffLeg
from cockpit.options.pricing import black, expected_absolute_move
from cockpit.scan.earnings import Timing
from cockpit.scan.expiry import morning_after
from cockpit.spreads.law import TAIL_WEIGHT, PhysicalLaw, physical_law
from cockpit.spreads.morning import HeldOption, Morning
from cockpit.spreads.sizing import mixture_kelly, payoff_kelly

CONDOR = (PayoffLeg(1, -1, 88.0), PayoffLeg(-1, -1, 92.0), PayoffLeg(-1, 1, 108.0), PayoffLeg(1, 1, 112.0))
HELD = tuple(HeldOption(leg.quantity, leg.sign, leg.strike, 2.0 / 252.0) for leg in CONDOR)


def law(premium: float = 1.2, *, fat_tails: bool = True) -> PhysicalLaw:
    return physical_law(100.0, 8.0 / 252.0, 0.30, 0.08, premium, fat_tails=fat_tails)


def test_fat_tails_keep_the_mean_absolute_move_of_the_report() -> None:
    plain = physical_law(100.0, 0.0, 0.3, 0.08, 1.2)
    fat = physical_law(100.0, 0.0, 0.3, 0.08, 1.2, fat_tails=True)
    assert sum(weight for weight, _ in fat.components) == pytest.approx(1.0)
    mean = sum(weight * expected_absolute_move(sqrt(variance)) for weight, variance in fat.components)
    assert mean == pytest.approx(expected_absolute_move(0.08 / 1.2), rel=1e-3)
    assert fat.variance == plain.variance
    kurtosis = sum(w * 3.0 * v * v for w, v in fat.components) / sum(w * v for w, v in fat.components) ** 2
    assert kurtosis == pytest.approx(5.08, abs=0.01)
    assert fat.components[1][0] == TAIL_WEIGHT


def test_the_premium_is_bounded_unless_it_is_asked_about() -> None:
    assert law(9.0).ratio == 1.5
    assert law(0.1).ratio == 0.8
    assert physical_law(100.0, 0.1, 0.3, 0.08, 9.0, bounded=False).ratio == 9.0


@given(premium=st.floats(0.8, 1.5), credit=st.integers(20, 380).map(lambda cents: cents / 100.0))
def test_kelly_under_the_law_bets_where_its_own_expected_value_is_positive(premium: float, credit: float) -> None:
    payoff = Payoff(CONDOR, credit, 1.4)
    fat = law(premium)
    found = mixture_kelly(payoff, fat.forward, fat.components)
    assert found is not None
    assert (found.fraction > 0.0) == (fat.mean(payoff.expected_value) > 0.0)
    assert 0.0 <= found.fraction <= 1.0
    (part,) = law(premium, fat_tails=False).components
    single = mixture_kelly(payoff, 100.0, (part,))
    assert single == payoff_kelly(payoff, 100.0, part[1])


@pytest.mark.parametrize("variance", [0.0, -1.0, float("nan"), float("inf")])
def test_no_law_no_fraction(variance: float) -> None:
    assert payoff_kelly(Payoff(CONDOR, 1.0), 100.0, variance) is None


@pytest.mark.parametrize(
    ("day", "timing", "expected"),
    [
        (date(2026, 12, 2), Timing.AMC, datetime(2026, 12, 3, 15, 15, tzinfo=UTC)),
        (date(2026, 12, 2), Timing.BMO, datetime(2026, 12, 2, 15, 15, tzinfo=UTC)),
        (date(2026, 12, 2), Timing.DMH, datetime(2026, 12, 3, 15, 15, tzinfo=UTC)),
        (date(2026, 12, 2), Timing.UNKNOWN, datetime(2026, 12, 3, 15, 15, tzinfo=UTC)),
        # Thanksgiving is no session; the report of Wednesday evening is traded on Friday.
        (date(2026, 11, 25), Timing.AMC, datetime(2026, 11, 27, 15, 15, tzinfo=UTC)),
        (date(2026, 12, 4), Timing.AMC, datetime(2026, 12, 7, 15, 15, tzinfo=UTC)),
        (date(2026, 12, 5), Timing.BMO, datetime(2026, 12, 7, 15, 15, tzinfo=UTC)),
    ],
)
def test_the_morning_after(day: date, timing: Timing, expected: datetime) -> None:
    assert morning_after(day, timing) == expected


def test_without_time_left_the_morning_is_the_expiry() -> None:
    """The grid's mean and probability are those of the closed form where nothing but the payoff remains."""
    plain = law(fat_tails=False)
    held = [option._replace(years=0.0) for option in HELD]
    outcome = Morning(plain, 0.3).outcome(held, 1.0, 1.4)
    payoff = Payoff(CONDOR, 1.0, 1.4)
    assert outcome.ev == pytest.approx(plain.mean(payoff.expected_value), abs=1.0)
    assert outcome.pop == pytest.approx(plain.mean(payoff.probability_of_profit), abs=0.01)


def test_the_grid_agrees_with_a_simulation() -> None:
    fat = law()
    left, ambient = 2.0 / 252.0, 0.35
    outcome = Morning(fat, ambient).outcome(HELD, 1.2, 3.0)
    random = Random(11)
    results = []
    for _ in range(20_000):
        variance = fat.components[1][1] if random.random() < TAIL_WEIGHT else fat.components[0][1]
        price = 100.0 * exp(random.gauss(0.0, sqrt(variance)) - 0.5 * variance)
        move = price / 100.0 - 1.0
        volatility = ambient * (1.0 - 0.6 * move / (1.0 + abs(move)))
        worth = sum(option.quantity * black(option.sign, price, option.strike, volatility**2 * left) for option in HELD)
        results.append(100.0 * (1.2 + worth) - 3.0)
    assert outcome.ev == pytest.approx(sum(results) / len(results), abs=4.0 * 120.0 / sqrt(len(results)))
    assert outcome.pop == pytest.approx(sum(result > 0.0 for result in results) / len(results), abs=0.015)


@settings(deadline=None, max_examples=30)
@given(credit=st.floats(0.1, 3.9), costs=st.floats(0.0, 20.0), more=st.floats(0.01, 20.0), lots=st.integers(2, 10))
def test_costs_never_help_and_lots_multiply(credit: float, costs: float, more: float, lots: int) -> None:
    morning = Morning(law(), 0.35)
    one, dearer = morning.outcome(HELD, credit, costs), morning.outcome(HELD, credit, costs + more)
    assert dearer.ev == pytest.approx(one.ev - more)
    assert dearer.pop <= one.pop + 1e-9
    many = [option._replace(quantity=option.quantity * lots) for option in HELD]
    whole = morning.outcome(many, credit * lots, costs * lots)
    assert whole.ev == pytest.approx(one.ev * lots)
    assert whole.pop == pytest.approx(one.pop, abs=1e-9)
    flipped = [option._replace(quantity=-option.quantity) for option in HELD]
    assert morning.outcome(flipped, -credit, 0.0).ev == pytest.approx(-morning.outcome(HELD, credit, 0.0).ev)
