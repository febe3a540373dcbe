"""A session with strategies at work, on an exchange on loopback that the test drives trade by trade."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from cockpit.boards import Boards
from cockpit.clock import SystemClock
from cockpit.net.http import HttpClient
from cockpit.paths import Paths
from cockpit.providers.binance import Binance
from cockpit.settings import BinanceSettings, StrategySettings, TickSettings
from cockpit.storage.database import Database, open_database
from cockpit.strategies.roster import read_roster
from cockpit.strategies.runner import StrategyRunner
from cockpit.strategies.standing import Standing
from cockpit.strategies.stored_bars import Patience
from cockpit.strategies.tap import Taps
from cockpit.ticks.bars import MINUTE_MS
from cockpit.ticks.feed import Feed
from cockpit.ticks.recorder import Recorder
from cockpit.ticks.trade import Trade
from tests.ticks.trades import until
from tests.ticks.venue import FakeVenue, book

TICKS = TickSettings(batch_rows=100, batch_seconds=0.2, idle_seconds=0.02, ring=10_000, mute_seconds=60.0)
SYMBOL = "BTCUSDT"
RISES = f"sma_cross {SYMBOL} 1m fast=1 slow=2"
"""Long as soon as a close is above the one before, flat as soon as it is below; it needs three bars."""


@dataclass(slots=True)
class Market:
    """What happens on the exchange. Bar 0 opened an hour ago."""

    venue: FakeVenue = field(default_factory=FakeVenue)
    start_ms: int = field(default_factory=lambda: int(time.time() * 1000) // MINUTE_MS * MINUTE_MS - 60 * MINUTE_MS)
    next_id: int = 1
    bar: int = 0

    async def trade(self, price: float, bar: int | None = None, *, unseen: bool = False) -> None:
        """One trade in a bar: the present one unless told."""
        if bar is not None:
            self.bar = bar
        time_ms = self.start_ms + self.bar * MINUTE_MS + 1000 + self.next_id % 50_000
        one = Trade(SYMBOL, self.next_id, Decimal(str(price)), Decimal(1), time_ms, False)
        self.next_id += 1
        await self.venue.trade([one], unseen=unseen)

    async def closes(self, *prices: float, unseen: bool = False) -> None:
        """A bar for each price, all closed but the last, which still grows."""
        for price in prices:
            await self.trade(price, self.bar + 1, unseen=unseen)

    async def quote(self, bid: float, ask: float) -> None:
        """A bid and ask."""
        await self.venue.send(book(SYMBOL, str(bid), str(ask)))


@dataclass(frozen=True, slots=True)
class Session:
    market: Market
    boards: Boards
    database: Database
    feed: Feed
    runner: StrategyRunner
    settings: StrategySettings

    def standing(self, label: str = f"sma_cross {SYMBOL} 1m") -> Standing:
        found = self.boards.strategies.get(label)
        assert found is not None, f"{label} is not on the board"
        return found

    async def heard(self, bars: int, label: str = f"sma_cross {SYMBOL} 1m") -> None:
        """Wait until the strategy has heard so many bars."""
        await until(lambda: label in self.boards.strategies and self.standing(label).heard >= bars)

    async def outcome(self, outcome: str, label: str = f"sma_cross {SYMBOL} 1m") -> Standing:
        """Wait until the last signal has this outcome."""
        await until(lambda: label in self.boards.strategies and self.standing(label).outcome == outcome)
        return self.standing(label)

    def reconfigure(self, **changes: object) -> None:
        """Other settings, as a file that was saved brings them."""
        settings = StrategySettings.model_validate({**self.settings.model_dump(), **changes})
        self.runner.reconfigure(settings, read_roster(settings, [SYMBOL]))


@asynccontextmanager
async def session(
    paths: Paths,
    market: Market,
    *lines: str,
    folder: Path | None = None,
    resumes: bool = True,
    connected: bool = True,
    filled_seconds: float = 20.0,
    **settings: object,
) -> AsyncIterator[Session]:
    """A session of the database with these strategies, on this market; its stream is connected unless told not to.

    ``filled_seconds``: how long a strategy waits for trades that are missing; few where the test has them refused.
    """
    clock = SystemClock()
    usual = {"folder": str(folder or paths.data), "run": lines, "bar_seconds": 10.0, "start_seconds": 60.0}
    own = StrategySettings.model_validate({**usual, **settings})
    async with HttpClient(clock) as http, open_database(paths, wait=5.0) as database:
        boards, taps = Boards(), Taps()
        recorder = Recorder(database, settings=TICKS, clock=clock)
        exchange = Binance(http, "binance", market.venue.settings, BinanceSettings(timeout=5.0), clock)
        feed = Feed(
            exchange,
            [SYMBOL],
            clock=clock,
            boards=boards,
            recorder=recorder,
            database=database,
            settings=TICKS,
            audience=taps,
        )
        runner = StrategyRunner(
            taps=taps,
            database=database,
            clock=clock,
            standings=boards.strategies,
            health=boards.health,
            ticks=boards.ticks,
            settings=own,
            roster=read_roster(own, [SYMBOL]),
            resumes=resumes,
            patience=Patience(filled=filled_seconds),
            publish_seconds=0.02,
            look_seconds=0.05,
        )
        await runner.load()
        tasks = [asyncio.create_task(work()) for work in (recorder.run, runner.run, feed.run)]
        open_before = market.venue.connections
        if connected:
            await until(lambda: market.venue.connections > open_before and market.venue.open_connections > 0)
        at_work = {f"strategy {' '.join(line.split()[:3])}" for line in lines}
        await until(lambda: at_work <= {task.get_name().removeprefix("cockpit:") for task in asyncio.all_tasks()})
        try:
            yield Session(market, boards, database, feed, runner, own)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await recorder.drain()
            failures = [task.exception() for task in tasks if not task.cancelled()]
            assert failures == [], failures


def rows(paths: Paths, query: str) -> list[tuple[object, ...]]:
    """What the file holds, as another program reads it."""
    connection = sqlite3.connect(paths.database)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()
