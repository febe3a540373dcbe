"""The ledger of gaps says what became of every trade that did not come."""

from dataclasses import replace

import pytest

from cockpit.errors import StorageError
from cockpit.paths import Paths
from cockpit.storage.database import open_database
from cockpit.storage.gaps import GapRow, GapState, StoredEnd, holes, open_gaps, stored_end, write_gap
from cockpit.storage.ticks import store_trades
from tests.ticks.ledger import ledger
from tests.ticks.trades import trade, trades

GAP = GapRow("BTCUSDT", 11, 20, 11, 5_000, GapState.OPEN, "missing in the stream", 1_000, 2_000)


async def test_an_open_gap_outlives_the_session(paths: Paths) -> None:
    async with open_database(paths) as database:
        written = await write_gap(database, GAP)
        assert written.row is not None
    async with open_database(paths) as database:
        assert await open_gaps(database) == [written]


async def test_the_same_ids_have_one_row_that_says_the_latest(paths: Paths) -> None:
    async with open_database(paths) as database:
        first = await write_gap(database, GAP)
        filled = await write_gap(database, replace(GAP, next_id=21, state=GapState.FILLED, ended_ms=6_000))
        assert filled.row == first.row
        assert await open_gaps(database) == []
        assert await ledger(database) == [filled]


async def test_a_crash_leaves_holes_that_are_found_but_not_those_in_the_ledger(paths: Paths) -> None:
    async with open_database(paths) as database:
        assert await stored_end(database, "BTCUSDT") is None
        assert await holes(database, "BTCUSDT", 100, 100) == []
        await store_trades(database, [*trades(1, 10), *trades(21, 30), trade(32), *trades(1, 9, "ETHUSDT")])
        assert await stored_end(database, "BTCUSDT") == StoredEnd(32, trade(32).time_ms)
        assert await holes(database, "BTCUSDT", 32, 1000) == [(11, 20), (31, 31)]
        assert await holes(database, "BTCUSDT", 32, 5) == [(31, 31)]
        await write_gap(database, replace(GAP, state=GapState.UNFILLABLE))
        assert await holes(database, "BTCUSDT", 32, 1000) == [(31, 31)]


async def test_a_second_cockpit_writes_no_ledger(paths: Paths) -> None:
    async with open_database(paths), open_database(paths) as second:
        with pytest.raises(StorageError):
            await write_gap(second, GAP)
        assert await open_gaps(second) == []
