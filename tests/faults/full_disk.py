"""The disk is full while trades come, and later there is room again."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from cockpit.clock import SystemClock
from cockpit.paths import Paths
from cockpit.settings import TickSettings
from cockpit.storage import meta
from cockpit.storage.database import Database, open_database
from cockpit.storage.space import Space
from cockpit.ticks.recorder import Recorder
from tests.faults._verdict import check
from tests.ticks.trades import trade, until

_SETTINGS = TickSettings(batch_rows=500, batch_seconds=0.2, idle_seconds=0.05)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds until the board said it and until trades were stored again; what it said; trades stored."""

    told_after: float
    sentence: str
    resumed_after: float
    stored: int


def run(full: bool) -> None:
    """Print the report."""
    seconds = 20.0 if full else 2.0
    for name, fault in (("no page is left", full_file), ("the reserve is reached", spent_reserve)):
        with tempfile.TemporaryDirectory() as folder:
            outcome = asyncio.run(fault(Path(folder), seconds))
            check(Path(folder), outcome.stored)
        print(f'  {name}: said after {outcome.told_after:.1f} s (goal 2 s): "{outcome.sentence}"')
        print(
            f"  {outcome.stored} trades, none lost; again {outcome.resumed_after:.1f} s after there was room (goal 5)"
        )


async def full_file(folder: Path, seconds: float) -> Outcome:
    """SQLite itself finds no room: the file may not grow (as on a full disk, without needing one)."""
    async with open_database(Paths(folder, folder)) as database:

        async def limit(full: bool) -> None:
            async with database.write() as connection:
                rows = await connection.execute_fetchall("PRAGMA page_count")
                pages = next(int(row[0]) for row in rows) + 20
                await connection.execute_fetchall(f"PRAGMA max_page_count = {pages if full else 1_000_000_000}")

        return await _endure(database, limit, seconds)


async def spent_reserve(folder: Path, seconds: float) -> Outcome:
    """Room gets so scarce that trades must leave the rest to the portfolio, which can still write."""
    space = [Space(100_000_000_000, 50_000_000_000)]

    async def limit(full: bool) -> None:
        space[0] = Space(100_000_000_000, 90_000_000 if full else 50_000_000_000)
        if full:
            await meta.put(database, "a fill", "still written")

    async with open_database(Paths(folder, folder), measure=lambda _: space[0]) as database:
        return await _endure(database, limit, seconds)


async def _endure(database: Database, limit: Callable[[bool], Awaitable[None]], seconds: float) -> Outcome:
    recorder = Recorder(database, settings=_SETTINGS, clock=SystemClock())
    running = asyncio.create_task(recorder.run())
    coming = asyncio.create_task(_come(recorder))
    await until(lambda: recorder.stored > 0)
    await limit(True)
    begun = time.monotonic()
    while not (sentence := recorder.message) or (await database.status()).message == "":
        assert time.monotonic() - begun < 30.0
        await asyncio.sleep(0.02)
    told, before = time.monotonic() - begun, recorder.stored
    await asyncio.sleep(seconds)
    sentence, during = recorder.message or sentence, recorder.stored
    async with database.read() as connection:
        assert await connection.execute_fetchall("SELECT count(*) FROM ticks_trades"), "reading works"
    await limit(False)
    begun = time.monotonic()
    await until(lambda: recorder.stored > during)
    resumed = time.monotonic() - begun
    coming.cancel()
    await asyncio.wait({coming})
    await until(lambda: recorder.waiting == 0)
    assert recorder.message == "", recorder.message
    assert recorder.overflowed == 0
    assert during - before < 2500, "what fitted into the last pages"
    running.cancel()
    await asyncio.wait({running})
    return Outcome(told, sentence, resumed, recorder.stored)


async def _come(recorder: Recorder) -> None:
    number = 0
    while True:
        for _ in range(25):
            number += 1
            assert recorder.record(trade(number))
        await asyncio.sleep(0.005)
