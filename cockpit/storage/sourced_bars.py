"""Bars from the stored trades and, where there are none, from imported klines; each tells which."""

from collections.abc import AsyncIterator, Sequence

from cockpit.storage.bars import read_bar_pages
from cockpit.storage.database import Database
from cockpit.storage.klines import kline_series, read_klines
from cockpit.ticks.bars import Bar, ceil_ms, flat_bars, floor_ms, parse_timeframe
from cockpit.ticks.kline import KlineSum, Source, SourcedBar

_END_MS = 1 << 60
_Bucket = tuple[int, KlineSum]


def read_sourced_bars(
    database: Database,
    symbol: str,
    timeframe: str = "1m",
    start_ms: int | None = None,
    end_ms: int | None = None,
    *,
    flat: bool = False,
) -> AsyncIterator[SourcedBar]:
    """Bars that open from ``start_ms`` up to but without ``end_ms``, rising.

    A bar with any trade of ours comes from the trades alone: klines are never added to them. Of several intervals the
    one that covers most of a bar is taken, and of those that cover it alike the longest.

    Args:
        flat: between two bars fill the time in which nothing was traded with flat ones, of the source of the bar
            before them; without it there are none.

    Raises:
        UsageError: there is no such timeframe.
    """
    ours = read_bar_pages(database, symbol, timeframe, start_ms, end_ms)
    theirs = _from_klines(database, symbol, parse_timeframe(timeframe), start_ms, end_ms)
    merged = _merged(ours, theirs)
    return _with_flat(merged) if flat else merged


async def _merged(ours: AsyncIterator[list[Bar]], theirs: AsyncIterator[SourcedBar]) -> AsyncIterator[SourcedBar]:
    """Both in rising order; of two of the same time ours."""
    other = await anext(theirs, None)
    async for page in ours:
        for bar in page:
            while other is not None and other.bar.open_ms <= bar.open_ms:
                if other.bar.open_ms < bar.open_ms:
                    yield other
                other = await anext(theirs, None)
            yield SourcedBar(bar, Source.TRADES)
    while other is not None:
        yield other
        other = await anext(theirs, None)


async def _with_flat(bars: AsyncIterator[SourcedBar]) -> AsyncIterator[SourcedBar]:
    previous: SourcedBar | None = None
    async for found in bars:
        if previous is not None:
            for one in flat_bars(previous.bar, found.bar.open_ms):
                yield SourcedBar(one, previous.source, previous.covered)
        yield found
        previous = found


async def _from_klines(
    database: Database, symbol: str, length_ms: int, start_ms: int | None, end_ms: int | None
) -> AsyncIterator[SourcedBar]:
    lengths = [one for one in (await kline_series(database)).get(symbol, ()) if length_ms % one == 0]
    open_ms = ceil_ms(start_ms, length_ms) if start_ms is not None else 0
    end = ceil_ms(end_ms, length_ms) if end_ms is not None else _END_MS
    async for at, total in _best(database, symbol, length_ms, lengths[::-1], open_ms, end):
        if total.trades:
            yield SourcedBar(total.bar(symbol, at, length_ms), Source.KLINES, total.covered_ms / length_ms)


async def _best(
    database: Database, symbol: str, length_ms: int, lengths: Sequence[int], open_ms: int, end_ms: int
) -> AsyncIterator[_Bucket]:
    """The fullest sum of each bucket: of the longest klines, and of shorter ones where these leave something out."""
    if not lengths or open_ms >= end_ms:
        return
    longest, *shorter = lengths
    async for at, total in _joined(database, symbol, longest, length_ms, open_ms, end_ms):
        async for one in _best(database, symbol, length_ms, shorter, open_ms, at):
            yield one
        open_ms = at + length_ms
        best = at, total
        if total.covered_ms < length_ms:
            async for one in _best(database, symbol, length_ms, shorter, at, open_ms):
                best = max(best, one, key=_covered)
        yield best
    async for one in _best(database, symbol, length_ms, shorter, open_ms, end_ms):
        yield one


async def _joined(
    database: Database, symbol: str, kline_ms: int, length_ms: int, open_ms: int, end_ms: int
) -> AsyncIterator[_Bucket]:
    """Klines of one length summed up into buckets, rising."""
    at, total = -1, KlineSum()
    async for kline in read_klines(database, symbol, kline_ms, open_ms, end_ms):
        if floor_ms(kline.open_ms, length_ms) != at:
            if total.covered_ms:
                yield at, total
            at, total = floor_ms(kline.open_ms, length_ms), KlineSum()
        total.add(kline)
    if total.covered_ms:
        yield at, total


def _covered(bucket: _Bucket) -> int:
    return bucket[1].covered_ms
