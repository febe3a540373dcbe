"""A recording through the whole way of a live session, to its end, without a screen."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from cockpit.boards import Boards
from cockpit.settings import TickSettings
from cockpit.storage.database import Database
from cockpit.ticks.feed import Feed
from cockpit.ticks.recorder import Recorder
from cockpit.ticks.replay import ReplayExchange


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it.

    Attributes:
        received: trades; inserted: how many of them were not stored before.
        missing: trade ids that the recording skips.
        rejected: frames that were not taken.
        damage: where the recording breaks off, as one sentence; empty where it is whole.
    """

    symbols: tuple[str, ...]
    received: int
    inserted: int
    missing: int
    rejected: int
    damage: str


async def play_through(file: Path, database: Database, settings: TickSettings, speed: float) -> Played:
    """Play a recording at a speed through feed, recorder and bars.

    Raises:
        DamagedError: it is no recording.
        StorageError: what was played could not be stored.
    """
    exchange = ReplayExchange(file, speed)
    await exchange.open()
    recorder = Recorder(database, settings=settings, clock=exchange.clock)
    feed = Feed(
        exchange,
        exchange.symbols,
        clock=exchange.clock,
        boards=Boards(),
        recorder=recorder,
        database=database,
        settings=settings,
    )
    recording = asyncio.create_task(recorder.run())
    try:
        await feed.run()
    finally:
        recording.cancel()
        await asyncio.wait({recording})
        await recorder.drain()
    status = feed.status()
    return Played(
        exchange.symbols, status.received, recorder.stored, status.gaps, status.rejected, str(exchange.damage or "")
    )
