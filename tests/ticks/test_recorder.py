"""The recorder loses nothing that it can hold, and counts what it cannot."""

import asyncio
import sqlite3
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cockpit.clock import SystemClock
from cockpit.health.status import State
from cockpit.paths import Paths
from cockpit.settings import TickSettings
from cockpit.storage.database import Database, open_database
from cockpit.storage.space import Space
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
    async with _recording(paths) as (_, recorder):
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
    assert stored_ids(paths) == ids(came)


async def test_duplicates_and_unstorable_trades_are_counted_apart(paths: Paths) -> None:
    async with _recording(paths) as (_, recorder):
        for one in [*trades(1, 5), *trades(3, 7), trade(8, quantity="0.000000001")]:
            recorder.record(one)
        await until(lambda: recorder.waiting == 0)
    assert (recorder.stored, recorder.duplicates, recorder.rejected) == (7, 3, 1)


async def test_a_ring_that_fills_up_says_so_once_and_takes_it_back(
    paths: Paths, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_database(paths) as database:
        recorder = Recorder(database, settings=QUICK, clock=SystemClock())
        for one in trades(1, 799):
            recorder.record(one)
        assert recorder.message == ""
        for one in trades(800, 1000):
            recorder.record(one)
        assert (
            recorder.message == "trades come faster than the disk takes them; 1000 trades wait, the ring is 100% full"
        )
        assert [recorder.record(one) for one in trades(1001, 1003)] == [False] * 3
        assert "1000 trades wait, 3 did not find room and are fetched again later" in recorder.message
        await recorder.drain()
        assert recorder.message == ""
    told = [record.getMessage() for record in caplog.records if record.name == "cockpit.ticks.recorder"]
    assert [line.split(" trades")[0] for line in told] == ["recorder: 1000", "recorder: 1000"]


async def test_trades_stop_before_the_disk_is_full_and_go_on_after(paths: Paths) -> None:
    disk = Space(100_000_000_000, 100_000_000)
    async with open_database(paths, measure=lambda _: disk) as database:
        recorder = Recorder(database, settings=QUICK, clock=SystemClock())
        running = asyncio.create_task(recorder.run())
        for one in trades(1, 60):
            recorder.record(one)
        await until(lambda: recorder.message != "")
        assert recorder.message == (
            "the disk is nearly full (0.1 GB free): trades are not stored until there is room; 60 trades wait"
        )
        assert "nearly full" in (await database.status()).message
        disk = Space(100_000_000_000, 3_000_000_000)
        await until(lambda: recorder.stored == 60)
        status = await database.status()
        assert status.message == "only 3.0 GB (3%) of the disk are free; below 0.3 GB trades are not stored any more"
        assert status.state is State.DEGRADED
        running.cancel()
        await asyncio.wait({running})


async def test_a_full_ring_stays_within_its_memory(paths: Paths) -> None:
    async with open_database(paths) as database:
        recorder = Recorder(database, settings=TickSettings(ring=5_000_000), clock=SystemClock())
        tracemalloc.start()
        for number in range(10_000):
            assert recorder.record(trade(number))
        each = tracemalloc.get_traced_memory()[0] / 10_000
        tracemalloc.stop()
        room = 10_000 / recorder.fill
        assert room >= 200_000
        assert each * room <= 64 * 1024 * 1024
        await recorder.drain()


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
