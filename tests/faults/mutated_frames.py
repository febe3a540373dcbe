"""Frames with anything wrong in them, by the million."""

import asyncio
import math
import random
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import thread_time

from cockpit.boards import Boards
from cockpit.clock import SystemClock
from cockpit.errors import ProviderError, Refusal
from cockpit.health.status import FeedStatus
from cockpit.paths import Paths
from cockpit.providers.binance_frames import decode_frame
from cockpit.providers.ports import Rejected, StreamEvent, Tap, TradeStream
from cockpit.settings import TickSettings
from cockpit.storage.database import open_database
from cockpit.ticks.feed import Feed
from cockpit.ticks.kline import Kline
from cockpit.ticks.quote import DayTicker
from cockpit.ticks.recorder import Recorder
from cockpit.ticks.trade import Trade
from tests.faults.session import temporary
from tests.ticks.trades import trade
from tests.ticks.venue import book, frame

_CHUNK = 5_000
_SYMBOLS = frozenset({"BTCUSDT", "ETHUSDT"})
_VALUES = (
    *("NaN", "Infinity", "-Infinity", "-1", "0", "1e400", "1e-400", "", " ", "0x10", "1_000", "999999999999999999999"),
    *("٣", "null", "\\u0000", "1.", ".5", "9" * 200),
)
_WORDS = ("null", "true", "[]", "{}", '"text"', "-1", "1e999", "9" * 40, "1.5", '"\\ud800"')


def mutated(generator: random.Random, number: int) -> str | bytes:
    """A frame that was good once; one in ten still is."""
    symbol = generator.choice(("BTCUSDT", "ETHUSDT"))
    good = frame(trade(number, symbol=symbol)) if generator.random() < 0.8 else book(symbol, "1.1", "1.2")
    match generator.randrange(10):
        case 0:
            return good
        case 1:
            return good[: generator.randrange(len(good))]
        case 2:
            at = generator.randrange(len(good))
            return good[:at] + chr(generator.randrange(0x2FFF)) + good[at + 1 :]
        case 3:
            data = bytearray(good.encode())
            data[generator.randrange(len(data))] = generator.randrange(256)
            return bytes(data)
        case 4:
            return good.replace('"p": "', f'"p": "{generator.choice(_VALUES)}" , "x": "')
        case 5:
            key = generator.choice(("t", "T", "m", "q", "s", "e"))
            return good.replace(f'"{key}": ', f'"{key}": {generator.choice(_WORDS)}, "{key}x": ', 1)
        case 6:
            return good.replace(symbol, generator.choice(("DOGEUSDT", "", "btcusdt", "A" * 300)))
        case 7:
            if generator.random() < 0.02:
                return generator.choice(("[" * 4000, " " * 5000, good * 50))
            return generator.choice(("{}" * 3, '{"stream":1,"data":[]}', '{"e":"newEvent"}', "", "null"))
        case 8:
            return good.replace(
                f'"t": {number}', f'"t": {generator.choice((0, -number, number * 10**6, 2**63, number))}'
            )
        case _:
            return good + good


@dataclass(slots=True)
class _Flood:
    """An exchange whose stream is these frames; it measures the CPU time they take from the wire to the ring."""

    count: int
    seed: int
    live: bool = False
    notice: str = ""
    name: str = "flood"
    ended: str = ""
    connections: int = 0
    seconds: float = 0.0

    @asynccontextmanager
    async def connect(self, symbols: Sequence[str]) -> AsyncIterator[TradeStream]:
        self.connections += 1
        yield self

    def abort(self) -> None:
        pass

    async def __aiter__(self) -> AsyncIterator[StreamEvent | Rejected]:
        for frames in self._chunks():
            started = thread_time()
            for one in frames:
                event = decode_frame(one, _SYMBOLS)
                if event is not None:
                    yield event
            self.seconds += thread_time() - started
            await asyncio.sleep(0.0)
        raise ProviderError(self.name, Refusal.UNAVAILABLE, "all frames were sent", retry_after=math.inf)

    def _chunks(self) -> Iterator[list[str | bytes]]:
        generator = random.Random(self.seed)
        for start in range(1, self.count + 1, _CHUNK):
            yield [mutated(generator, number) for number in range(start, min(start + _CHUNK, self.count + 1))]

    async def day_tickers(self, symbols: Sequence[str]) -> list[DayTicker]:
        return []

    async def trades_from(self, symbol: str, from_id: int, limit: int = 1000) -> list[Trade]:
        return []

    def history_delay(self) -> float:
        return 0.0

    def tap(self, take: Tap) -> None:
        pass

    async def last_ids(self, symbols: Sequence[str]) -> dict[str, int]:
        return {}

    async def first_id_since(self, symbol: str, start: datetime) -> int | None:
        return None

    async def klines(self, symbol: str, length_ms: int, start_ms: int, end_ms: int) -> list[Kline]:
        return []

    async def server_time(self) -> datetime:
        return datetime.now(UTC)


async def mutated_frames(folder: Path, count: int, seed: int = 11) -> tuple[FeedStatus, float]:
    """So many frames through decoding, feed, ring and database; figures, and frames a second of CPU time."""
    clock, settings = SystemClock(), TickSettings(batch_seconds=0.5, idle_seconds=0.05)
    paths, flood = Paths(folder / "data", folder / "state"), _Flood(count, seed)
    async with open_database(paths) as database:
        recorder = Recorder(database, settings=settings, clock=clock)
        feed = Feed(
            *(flood, sorted(_SYMBOLS)),
            clock=clock,
            boards=Boards(),
            recorder=recorder,
            database=database,
            settings=settings,
        )
        storing = asyncio.create_task(recorder.run())
        await feed.run()
        await recorder.drain()
        storing.cancel()
        await asyncio.wait({storing})
        status = feed.status()
    assert flood.connections == 1, "no frame ends the connection"
    with sqlite3.connect(paths.database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows, bad = connection.execute(
            "SELECT count(*), total(price_e8 <= 0 OR quantity_e8 <= 0 OR price_e8 >= 1000000 * 100000000 "
            "OR (time_maker >> 1) NOT BETWEEN 1000000000000 AND 9999999999999) FROM ticks_trades"
        ).fetchone()
    connection.close()
    assert rows > count // 20
    assert bad == 0, f"{bad} rows hold what cannot be"
    return status, count / flood.seconds


def run(full: bool) -> None:
    """Print the report."""
    count = 1_000_000 if full else 20_000
    with temporary() as folder:
        status, pace = asyncio.run(mutated_frames(Path(folder), count))
    print(f"  {count} frames: {status.received} trades, {status.rejected} rejected, {status.stored} stored, no bad row")
    print(f"  {pace:,.0f} frames a second of one core from the wire to the ring (aim: at least 150,000)")
