"""A feed on the embedded exchange, in one process, and the truth that it is held against."""

import asyncio
import logging
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from cockpit.boards import Boards
from cockpit.clock import SimulatedClock
from cockpit.emulator.binance_connection import StreamRules
from cockpit.emulator.crypto_market import CryptoMarket
from cockpit.health.status import FeedStatus, State
from cockpit.net.http import HttpClient
from cockpit.paths import Paths
from cockpit.providers.binance import Binance
from cockpit.settings import BinanceSettings, TickSettings, VenueSettings
from cockpit.storage.database import Database, open_database
from cockpit.ticks.feed import Feed
from cockpit.ticks.quote import Ticker
from cockpit.ticks.recorder import Recorder
from tests.emulator.binance_venue import Venue, open_venue

SEED = 7
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
SETTINGS = TickSettings(batch_rows=500, batch_seconds=0.5, idle_seconds=0.1, ring=200_000)
FREE = StreamRules(connects=0)
"""No limit on connection attempts: hundreds of them are the point of some faults."""


@dataclass(slots=True)
class Session:
    """A feed at work.

    Attributes:
        venue: its faults and its clock.
        live: the figures of the health pane, as they are now.
    """

    venue: Venue
    feed: Feed
    recorder: Recorder
    boards: Boards
    database: Database
    paths: Paths
    http: HttpClient
    times: dict[str, list[float]] = field(default_factory=dict)

    @property
    def live(self) -> FeedStatus:
        return self.feed.status()

    def row(self, symbol: str) -> Ticker:
        """What the ticks pane shows."""
        row = self.boards.ticks.get(symbol)
        assert row is not None
        return row

    async def timed(self, name: str, condition: Callable[[], bool], within: float = 60.0) -> float:
        """Seconds until something comes about, kept for the report."""
        started = monotonic()
        try:
            async with asyncio.timeout(within):
                while not condition():  # noqa: ASYNC110 - what is looked at has no event
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(f"{name}: not within {within:g} s; {self.live}") from None
        took = monotonic() - started
        self.times.setdefault(name, []).append(took)
        return took

    async def counted_up(self, name: str, figure: Callable[[FeedStatus], int]) -> float:
        """As :meth:`timed`, until a figure is above what it is now."""
        before = figure(self.live)
        return await self.timed(name, lambda: figure(self.live) > before)

    @property
    def requests(self) -> int:
        """Questions to the venue so far, handshakes included."""
        return sum(status.requests for status in self.http.statuses())

    async def up(self) -> None:
        """Wait until trades of every symbol come."""
        await self.timed("rows", lambda: len(self.boards.ticks) > 0)
        before = {symbol: row.traded_ms for symbol, row in self.boards.ticks.items()}

        def trading() -> bool:
            rows = self.boards.ticks.items()
            return self.live.state is not State.DOWN and all(row.traded_ms != before[symbol] for symbol, row in rows)

        await self.timed("up", trading)

    async def whole(self, within: float = 120.0) -> float:
        """Wait until nothing is known to be missing, and a moment of the stream more."""
        await self.up()
        return await self.timed("whole", lambda: self.live.gaps == self.live.open_gaps == 0, within)


@asynccontextmanager
async def session(
    folder: Path,
    *,
    speed: float = 20.0,
    settings: TickSettings = SETTINGS,
    symbols: Sequence[str] = SYMBOLS,
    rules: StreamRules | None = FREE,
    quotas: Mapping[str, int] | None = None,
    limits: tuple[str, ...] = ("6000/1m",),
    venue: Venue | None = None,
) -> AsyncIterator[Session]:
    """A feed that runs while the block does; a venue that is given goes on behind it."""
    if venue is None:
        async with (
            open_venue(speed, quotas if quotas is not None else {"binance": 0}, rules, seed=SEED) as own,
            session(folder, settings=settings, symbols=symbols, limits=limits, venue=own) as opened,
        ):
            yield opened
        return
    paths = Paths(folder / "data", folder / "state")
    clock = SimulatedClock(venue.clock.anchor)
    address = VenueSettings(ws_url=venue.url.replace("http", "ws", 1), rest_url=venue.url)
    async with HttpClient(clock) as http, open_database(paths) as database:
        boards = Boards()
        recorder = Recorder(database, settings=settings, clock=clock)
        exchange = Binance(http, "binance", address, BinanceSettings(timeout=5.0, limits=limits), clock)
        feed = Feed(
            exchange, symbols, clock=clock, boards=boards, recorder=recorder, database=database, settings=settings
        )
        tasks = [asyncio.create_task(recorder.run()), asyncio.create_task(feed.run())]
        opened = Session(venue, feed, recorder, boards, database, paths, http)
        try:
            await opened.up()
            yield opened
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await recorder.drain()


def verify(paths: Paths, symbols: Sequence[str] = SYMBOLS) -> int:
    """Hold every stored trade against the exchange's own; how many there are.

    From the first stored trade of a symbol to the last, none may be absent, doubled or different.
    """
    market = CryptoMarket(SEED)
    total = 0
    with sqlite3.connect(paths.database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        for symbol in symbols:
            rows = connection.execute(
                "SELECT key & ((1 << 44) - 1), price_e8, quantity_e8, time_maker FROM ticks_trades WHERE key >> 44 = "
                "(SELECT id FROM ticks_symbols WHERE symbol = ?) ORDER BY key",
                (symbol,),
            ).fetchall()
            assert rows, f"nothing is stored of {symbol}"
            pair = market.pairs[symbol]
            truth = pair.prints_from(rows[0][0], rows[-1][0] - rows[0][0] + 1, 1 << 62)
            units = 10 ** (8 - pair.pair.price_decimals), 10 ** (8 - pair.pair.quantity_decimals)
            stored = {row[0] for row in rows}
            absent = [one.trade_id for one in truth if one.trade_id not in stored]
            assert not absent, f"{symbol}: {len(absent)} of {len(truth)} trades are not stored, from {absent[0]} on"
            expected = [
                (one.trade_id, one.ticks * units[0], one.steps * units[1], one.time_ms << 1 | one.sold) for one in truth
            ]
            assert rows == expected, f"{symbol}: a stored trade differs from the exchange's"
            total += len(rows)
    connection.close()
    return total


def ledger(paths: Paths) -> list[tuple[str, str, int, str]]:
    """What the ledger of gaps says: symbol, state, length, reason."""
    with sqlite3.connect(paths.database) as connection:
        rows = connection.execute(
            "SELECT symbol, state, last_id - first_id + 1, reason FROM ticks_gaps ORDER BY id"
        ).fetchall()
    connection.close()
    return rows


def say(name: str, times: Sequence[float], goal: str = "") -> None:
    """A line of the report: how often, the median, the 95th percentile and the longest."""
    if not times:
        return
    ordered = sorted(times)
    middle, late = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    aim = f"  ({goal})" if goal else ""
    print(f"  {name}: {len(times)} x, median {middle:.2f} s, p95 {late:.2f} s, longest {ordered[-1]:.2f} s{aim}")


def report(fault: Callable[[Path], Coroutine[Any, Any, int]], more: str = "") -> None:
    """Let a fault happen in a folder of its own, and print how many trades were stored all the same."""
    with temporary() as folder:
        stored = asyncio.run(fault(Path(folder)))
    print(f"  {stored} trades stored: 0 missing, 0 doubled{more}")


@contextmanager
def temporary() -> Iterator[str]:
    """A folder for one run, in which only errors are logged: faults are what it is about."""
    log = logging.getLogger("cockpit")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with tempfile.TemporaryDirectory(prefix="cockpit-faults-") as folder:
            yield folder
    finally:
        log.setLevel(level)
