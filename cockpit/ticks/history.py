"""What a venue knows of the time before this folder stored anything: its klines, fetched for a chart and kept."""

import asyncio
from bisect import bisect_left
from collections.abc import Sequence
from functools import partial

from cockpit.clock import Clock
from cockpit.errors import ProviderError, Refusal, UsageError
from cockpit.providers.ports import KLINES_AT_ONCE, Exchange
from cockpit.storage.bar_coverage import uncovered
from cockpit.storage.database import Database
from cockpit.storage.klines import store_klines
from cockpit.ticks.bars import floor_ms
from cockpit.ticks.kline import INTERVALS

_LENGTHS = tuple(INTERVALS[name] for name in ("1m", "15m", "1h", "4h", "1d"))
_MOST_BARS = 1500
"""More than any terminal has columns for, and two requests."""
_MOST_REQUESTS = 4
_PATIENCE = 10.0
_LONGEST = 30.0

_Key = tuple[str, int]


class History:
    """Fetches what is stored of a symbol neither as trades nor as klines, and keeps it as klines.

    Args:
        exchange: whom to ask.
        database: where it is looked up and kept.
        clock: tells what is past.
    """

    def __init__(self, exchange: Exchange, database: Database, clock: Clock) -> None:
        self._exchange = exchange
        self._database = database
        self._clock = clock
        self._turn = asyncio.Lock()
        self._tasks: dict[_Key, asyncio.Task[int]] = {}

    async def fill(self, symbol: str, span_ms: int) -> int:
        """Have the last ``span_ms`` of a symbol stored, newest first; how many klines came.

        Whoever asks for the same meanwhile waits for the same answer, and who stops waiting does not stop it.

        Raises:
            UsageError: this cockpit only reads.
            ProviderError: the venue gave no usable answer, or has missed trades to give first. What came is kept.
            StorageError: it could not be kept.
        """
        key = symbol, span_ms
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(self._bounded(symbol, span_ms), name=f"history:{symbol}")
            task.add_done_callback(partial(self._done, key))
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """Stop asking; what has come is kept."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, key: _Key, task: asyncio.Task[int]) -> None:
        del self._tasks[key]
        if not task.cancelled():
            task.exception()  # nobody may be waiting for it any more

    async def _bounded(self, symbol: str, span_ms: int) -> int:
        if self._database.read_only:
            raise UsageError("this cockpit only reads; older prices are fetched by the one that owns the folder")
        async with self._turn:
            try:
                async with asyncio.timeout(_LONGEST):
                    return await self._fetched(symbol, span_ms)
            except TimeoutError:
                word = f"its older prices did not come within {_LONGEST:.0f} s"
                raise ProviderError(self._exchange.name, Refusal.UNAVAILABLE, word) from None

    async def _fetched(self, symbol: str, span_ms: int) -> int:
        length_ms, now_ms = kline_length(span_ms), int(self._clock.now().timestamp() * 1000)
        start_ms = floor_ms(now_ms - span_ms, length_ms)
        missing = await uncovered(self._database, symbol, length_ms, start_ms, floor_ms(now_ms, length_ms))
        kept = 0
        for start, end in stretches(missing, length_ms)[:_MOST_REQUESTS]:
            await self._give_way()
            klines = await self._exchange.klines(symbol, length_ms, start, end)
            kept += await store_klines(self._database, klines)
        return kept

    async def _give_way(self) -> None:
        """Wait while missed trades need what may be asked of the past."""
        until = self._clock.monotonic() + _PATIENCE
        while delay := self._exchange.history_delay():
            if self._clock.monotonic() + delay > until:
                word = "it gives the trades that were missed first; older prices can be had after them"
                raise ProviderError(self._exchange.name, Refusal.QUOTA, word, retry_after=delay)
            await asyncio.sleep(delay)


def kline_length(span_ms: int) -> int:
    """Milliseconds of the finest klines of which not too many make up a span."""
    return next((length_ms for length_ms in _LENGTHS if span_ms <= length_ms * _MOST_BARS), _LENGTHS[-1])


def stretches(missing: Sequence[int], length_ms: int) -> list[tuple[int, int]]:
    """Requests that cover these buckets, rising in time: start and exclusive end of each, the newest first."""
    found: list[tuple[int, int]] = []
    last = len(missing)
    while last:
        end_ms = missing[last - 1] + length_ms
        last = bisect_left(missing, end_ms - KLINES_AT_ONCE * length_ms, 0, last)
        found.append((missing[last], end_ms))
    return found
