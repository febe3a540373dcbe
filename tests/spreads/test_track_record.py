"""How trades ended beside what scorers had said: in figures, in words, and over a real book."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.context import open_context
from cockpit.scan.explain_record import record_section
from cockpit.settings import Settings
from cockpit.spreads.structure import Score
from cockpit.spreads.track_record import ScoredTrade, near, of_scorer, rank_correlation, spearman, track_record


def trade(number: int, total: float, earned: float, scorer: str = "ev") -> ScoredTrade:
    return ScoredTrade(number, f"N:{number}", scorer, total, 1, Decimal(str(earned)), Decimal(500))


BOOK = [trade(number, 50.0 + 5.0 * number, 20.0 * number - 40.0) for number in range(6)]


def words(trades: list[ScoredTrade], total: float = 70.0) -> dict[str, tuple[str, str]]:
    section = record_section(Score("ev", total, (), ""), trades)
    assert section.title == "Past trades by ev"
    return {row.label: (row.value, row.note) for row in section.rows}


def test_a_record_counts_what_was_won_and_how_sure_its_mean_is() -> None:
    record = track_record(BOOK)
    assert record is not None
    assert (record.trades, record.won) == (6, 3)
    assert record.mean == pytest.approx(0.02)
    assert record.error == pytest.approx(0.0748331 / 6**0.5, rel=1e-5)
    assert [one.position for one in near(BOOK, 71.0)] == [3, 4, 5]
    assert track_record([]) is None
    alone = track_record(BOOK[:1])
    assert alone is not None
    assert alone.error is None


def test_ranks_that_agree_correlate_and_ties_share() -> None:
    assert rank_correlation(BOOK) == pytest.approx(1.0)
    assert rank_correlation([trade(one.position, -one.total, float(one.realised)) for one in BOOK]) == pytest.approx(-1)
    assert rank_correlation(BOOK[:3]) is None
    assert rank_correlation([trade(number, 50.0, float(number)) for number in range(9)]) is None


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(-500, 500)), min_size=4, max_size=30))
def test_a_rank_correlation_is_one(pairs: list[tuple[float, int]]) -> None:
    trades = [trade(number, total, earned) for number, (total, earned) in enumerate(pairs)]
    found = rank_correlation(trades)
    assert found is None or -1.0 - 1e-9 <= found <= 1.0 + 1e-9


def test_the_record_is_told_with_its_sample_and_its_doubt() -> None:
    rows = words([*BOOK, *(trade(one.position, 100.0 - one.total, float(one.realised), "v1") for one in BOOK)])
    assert rows["settled"][0] == "6"
    assert rows["won"] == ("50%", "3 of 6, after costs")
    assert rows["return on risk"] == ("+2.0%", "mean, standard error 3.1%")
    assert rows["scored like this"] == ("+6.0%", "mean of 4 within ten points of 70.0, standard error 2.6%")
    assert rows["score against return"][0] == "+1.00"
    assert "n = 6, error 0.41; under 200 trades" in rows["score against return"][1]
    assert rows["the other scorers"][1] == "v1 -1.00"
    assert words(BOOK, 5.0)["scored like this"] == ("?", "none within ten points of 5.0")
    assert words(BOOK[:2])["score against return"] == ("?", "2 are too few, or all alike")


def test_without_settled_trades_nothing_is_claimed() -> None:
    assert words([])["settled"][0] == "?"
    assert words([])["settled"][1].startswith("none settled yet")
    assert of_scorer([trade(1, 50.0, 1.0, "v1")], "ev") == []
    assert words([trade(1, 50.0, 1.0, "v1")])["settled"][0] == "?"


async def test_a_closed_position_of_the_book_is_in_the_next_explanation(tmp_path: Path) -> None:
    settings = Settings.model_validate({"paths": {"data_dir": str(tmp_path)}})
    async with open_context(settings) as context:
        result = await context.commands.scan(["LULU"])
        best = result.spreads["LULU"][0]

        async def record() -> dict[str, str]:
            found = await context.commands.explain("LULU")
            section = next(one for one in found.sections if one.title == "Past trades by ev")
            return {row.label: row.value for row in section.rows}

        assert (await record())["settled"] == "?"
        ticket = await context.commands.opening_ticket(best.spread_id)
        position = await context.commands.open_position(ticket, 1)
        assert (await record())["settled"] == "?", "what is open has not ended"
        await context.commands.close_position(await context.commands.closing_ticket(position.position_id))
        rows = await record()
        assert (rows["settled"], rows["won"]) == ("1", "0%")
        assert rows["scored like this"].startswith("-")


def test_rank_correlation() -> None:
    assert spearman([1.0, 2.0, 3.0], [10.0, 20.0, 15.0]) == pytest.approx(0.5)
    assert spearman([1.0, 1.0, 2.0], [5.0, 5.0, 9.0]) == pytest.approx(1.0)
    assert spearman([1.0, 1.0], [1.0, 2.0]) is None
    assert spearman([], []) is None
