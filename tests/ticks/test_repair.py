"""Which gaps are asked for together: requests are scarce, a page of ids is wide."""

from hypothesis import given
from hypothesis import strategies as st

from cockpit.storage.gaps import GapRow, GapState
from cockpit.ticks.repair import PAGE, Repair, best_page
from cockpit.ticks.tape import Tape

_TAPES = {symbol: Tape(symbol) for symbol in ("BTCUSDT", "ETHUSDT")}


def _repair(symbol: str, first_id: int, last_id: int) -> Repair:
    row = GapRow(symbol, first_id, last_id, first_id, 0, GapState.OPEN, "missing in the stream")
    return Repair(_TAPES[symbol], row, since=0.0, ready_at=0.0)


@st.composite
def _repairs(draw: st.DrawFn) -> list[Repair]:
    """Gaps of two symbols, apart from each other, in any order."""
    found = []
    for symbol in _TAPES:
        next_id = 0
        for apart, length in draw(st.lists(st.tuples(st.integers(1, 600), st.integers(1, 1500)), max_size=12)):
            found.append(_repair(symbol, next_id + apart, next_id + apart + length - 1))
            next_id += apart + length
    return draw(st.permutations(found))


@given(_repairs())
def test_no_other_page_closes_more(repairs: list[Repair]) -> None:
    def closed(start: int, symbol: str) -> int:
        rests = [one.rest for one in repairs if one.row.symbol == symbol]
        return sum(start <= rest.first_id and rest.last_id < start + PAGE for rest in rests)

    page = best_page(repairs)
    assert bool(page) == bool(repairs)
    if not page:
        return
    most = max(closed(one.row.next_id, one.row.symbol) for one in repairs)
    assert len({one.row.symbol for one in page}) == 1
    assert [one.row.next_id for one in page] == sorted(one.row.next_id for one in page)
    assert len(page) == max(most, 1)
    if most:
        assert page[-1].row.last_id - page[0].row.next_id < PAGE
    else:
        assert len(page[0].rest) == min(len(one.rest) for one in repairs)


def test_a_small_gap_does_not_wait_behind_a_large_one() -> None:
    large, small, smaller = _repair("BTCUSDT", 1, 10_000), _repair("BTCUSDT", 20_000, 20_500), _repair("ETHUSDT", 7, 9)
    assert best_page([large, small, smaller]) == [smaller]
    assert best_page([large, small]) == [small]
    assert best_page([large]) == [large]
