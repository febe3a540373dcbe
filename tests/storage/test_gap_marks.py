"""Bars tell which of the trades around them are missing, and which came later."""

from dataclasses import replace

import pytest

from cockpit.paths import Paths
from cockpit.storage.database import Database, open_database
from cockpit.storage.gap_marks import GapMark, read_gap_marks
from cockpit.storage.gaps import GapRow, GapState, write_gap
from cockpit.storage.sourced_bars import read_sourced_bars
from cockpit.storage.ticks import store_trades
from tests.ticks.trades import START_MS, trades

WHOLE = GapMark()
OPEN = GapRow("BTCUSDT", 90, 99, 90, START_MS + 90_000, GapState.OPEN, "missing in the stream")
"""Ids of the second minute: a trade is 700 ms after the one before it."""


async def _marks(database: Database, timeframe: str = "1m", *, flat: bool = False) -> list[GapMark]:
    marks = await read_gap_marks(database, "BTCUSDT")
    return [marks.of(one.bar) async for one in read_sourced_bars(database, "BTCUSDT", timeframe, flat=flat)]


async def test_a_gap_marks_its_own_minute_and_no_other(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_trades(database, [*trades(1, 89), *trades(100, 300)])
        assert await _marks(database) == [WHOLE, GapMark(missing=10), WHOLE, WHOLE], "by the ids, without any ledger"
        gap = await write_gap(database, OPEN)
        assert await _marks(database) == [WHOLE, GapMark(missing=10), WHOLE, WHOLE]
        assert await _marks(database, "5m") == [GapMark(missing=10)]
        await store_trades(database, trades(90, 94))
        assert await _marks(database) == [WHOLE, GapMark(missing=5, backfilled=5), WHOLE, WHOLE]
        await store_trades(database, trades(95, 99))
        await write_gap(database, replace(gap, state=GapState.FILLED, next_id=100))
        assert await _marks(database) == [WHOLE, GapMark(backfilled=10), WHOLE, WHOLE]


@pytest.mark.parametrize("known", [True, False], ids=["times in the ledger", "times of the neighbours"])
async def test_a_gap_over_several_bars_counts_in_each(paths: Paths, known: bool) -> None:
    stored = [*trades(1, 50), *trades(301, 400)]
    gap = replace(OPEN, first_id=51, last_id=300, next_id=51, state=GapState.UNFILLABLE, found_ms=1 << 50)
    if known:
        gap = replace(gap, first_ms=stored[49].time_ms, last_ms=stored[50].time_ms)
    async with open_database(paths) as database:
        await store_trades(database, stored)
        await write_gap(database, gap)
        mark = GapMark(missing=250)
        assert await _marks(database) == [mark, mark, WHOLE]
        assert await _marks(database, flat=True) == [mark] * 4 + [WHOLE], "what is flat only for want of trades says so"


async def test_what_is_missing_at_the_end_ends_where_it_was_found(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_trades(database, trades(1, 80))
        await write_gap(database, replace(OPEN, first_id=81, last_id=85, next_id=81, found_ms=START_MS + 61_000))
        assert await _marks(database) == [GapMark(missing=5)]
        await store_trades(database, trades(500, 600))
        marks = await _marks(database)
        assert marks[:2] == [GapMark(missing=419)] * 2, "all that lies between the stored ones, known by its ids"
        assert set(marks[2:]) == {WHOLE}


async def test_a_halt_is_no_gap_and_other_symbols_are_others(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_trades(database, trades(1, 100))
        await write_gap(database, replace(OPEN, last_id=89, state=GapState.HALTED))
        await write_gap(database, replace(OPEN, symbol="ETHUSDT"))
        assert await _marks(database) == [WHOLE] * 2
