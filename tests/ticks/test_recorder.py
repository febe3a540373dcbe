"""The recorder loses nothing that it can hold, and counts what it cannot."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cockpit.clock import SystemClock
from cockpit.paths import Paths
from cockpit.settings import TickSettings
from cockpit.storage.database import Database, open_database
from cockpit.storage.ticks import last_trade_id
from cockpit.ticks.recorder import Recorder
from tests.ticks.trades import ids, stored_ids, trade, trades, until

QUICK = TickSettings(batch_rows=50, batch_seconds=0.2, idle_seconds=0.02, ring=1000)


async def test_trades_are_stored_without_being_asked_to(paths: Paths) -> None:
    async with _recording(paths) as (_, recorder):
        for one in trades(1, 10):
            assert recorder.record(one)
        await until(lambda: recorder.stored == 10)
        assert (recorder.waiting, recorder.fill) == (0, 0.0)
    assert stored_ids(paths) == list(range(1, 11))


async def test_a_steady_stream_is_stored_while_it_flows(paths: Paths) -> None:
    """It is never idle and never a full batch, so that only the age of the batch can store it."""
    settings = TickSettings(batch_rows=10_000, batch_seconds=0.1, idle_seconds=30.0, ring=100_000)
    async with _recording(paths, settings) as (_, recorder):
        number = 0
        while recorder.stored == 0:
            number += 1
            recorder.record(trade(number))
            await asyncio.sleep(0.002)
    assert recorder.stored == number


async def test_closing_stores_what_still_waits(paths: Paths) -> None:
    patient = TickSettings(batch_rows=10_000, batch_seconds=60.0, idle_seconds=60.0, ring=100_000)
    async with _recording(paths, patient) as (_, recorder):
        for one in trades(1, 7000):
            recorder.record(one)
        await asyncio.sleep(0)
        assert recorder.stored == 0
    assert recorder.stored == 7000
    assert stored_ids(paths) == list(range(1, 7001))


async def test_a_full_ring_refuses_and_counts(paths: Paths) -> None:
    async with open_database(paths) as database:
        recorder = Recorder(database, settings=QUICK, clock=SystemClock())
        taken = [recorder.record(one) for one in trades(1, 1003)]
        assert taken == [True] * 1000 + [False] * 3
        assert (recorder.overflowed, recorder.fill) == (3, 1.0)
        await recorder.drain()
    assert stored_ids(paths) == list(range(1, 1001))


async def test_a_locked_database_delays_and_loses_nothing(paths: Paths) -> None:
    async with _recording(paths) as (database, recorder):
        other = sqlite3.connect(paths.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        came = trades(1, 120)
        for one in came:
            recorder.record(one)
        await until(lambda: "locked by another program" in recorder.message)
        assert "120 trades wait" in recorder.message
        assert recorder.stored == 0
        other.rollback()
        other.close()
        await until(lambda: recorder.stored == 120)
        assert recorder.message == ""
        assert await last_trade_id(database, "BTCUSDT") == 120
    assert stored_ids(paths) == ids(came)


async def test_duplicates_and_unstorable_trades_are_counted_apart(paths: Paths) -> None:
    async with _recording(paths) as (_, recorder):
        for one in [*trades(1, 5), *trades(3, 7), trade(8, quantity="0.000000001")]:
            recorder.record(one)
        await until(lambda: recorder.waiting == 0)
    assert (recorder.stored, recorder.duplicates, recorder.rejected) == (7, 3, 1)


async def test_a_second_cockpit_records_nothing_and_says_so(paths: Paths) -> None:
    async with open_database(paths), open_database(paths) as second:
        recorder = Recorder(second, settings=QUICK, clock=SystemClock())
        assert recorder.record(trade(1))
        await recorder.run()
        await recorder.drain()
        assert recorder.waiting == 0
        assert "trades are not recorded: the data folder" in recorder.message


@asynccontextmanager
async def _recording(paths: Paths, settings: TickSettings = QUICK) -> AsyncIterator[tuple[Database, Recorder]]:
    async with open_database(paths) as database:
        recorder = Recorder(database, settings=settings, clock=SystemClock())
        running = asyncio.create_task(recorder.run())
        try:
            yield database, recorder
        finally:
            running.cancel()
            await asyncio.wait({running})
            await recorder.drain()
