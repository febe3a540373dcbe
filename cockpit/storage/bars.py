"""Bars of any timeframe, read as they are asked for: from the stored minutes, and those of a second from the trades."""

from collections.abc import AsyncIterator
from decimal import Decimal

from cockpit.storage.database import Database
from cockpit.storage.minutes import ID_MASK
from cockpit.storage.ticks import read_pages
from cockpit.ticks.bars import MINUTE_MS, Bar, BarSum, ceil_ms, floor_ms, joined, parse_timeframe
from cockpit.ticks.units import unscaled

_END_MS = 1 << 60
_PAGE = 5000
_SETTLED_BARS = 10
_MINUTES = (
    "SELECT open_ms, open_e8, high_e8, low_e8, close_e8, volume, quote_volume, trades, taker_volume FROM ticks_bars "
    "WHERE symbol_id = (SELECT id FROM ticks_symbols WHERE symbol = ?) AND open_ms >= ? AND open_ms < ? "
    "ORDER BY open_ms LIMIT ?"
)


async def read_bars(
    database: Database, symbol: str, timeframe: str = "1m", start_ms: int | None = None, end_ms: int | None = None
) -> AsyncIterator[Bar]:
    """Stored bars that open from ``start_ms`` up to but without ``end_ms``, rising; none where nothing was traded.

    Bars of a second are summed up from the trades: they reach back as far as these are kept.

    Raises:
        UsageError: there is no such timeframe.
    """
    async for page in read_bar_pages(database, symbol, timeframe, start_ms, end_ms):
        for bar in page:
            yield bar


def read_bar_pages(
    database: Database, symbol: str, timeframe: str = "1m", start_ms: int | None = None, end_ms: int | None = None
) -> AsyncIterator[list[Bar]]:
    """The bars of :func:`read_bars`, some at once: of many bars the step from one to the next costs most.

    Raises:
        UsageError: there is no such timeframe.
    """
    length_ms = parse_timeframe(timeframe)
    open_ms = ceil_ms(start_ms, length_ms) if start_ms is not None else 0
    end = ceil_ms(end_ms, length_ms) if end_ms is not None else _END_MS
    if length_ms < MINUTE_MS:
        return _from_trades(database, symbol, length_ms, open_ms, end)
    if length_ms > MINUTE_MS:
        return _from_minutes(database, symbol, length_ms, open_ms, end)
    return _minutes(database, symbol, open_ms, end)


async def _minutes(database: Database, symbol: str, open_ms: int, end_ms: int) -> AsyncIterator[list[Bar]]:
    """Stored minutes, a few thousand at once."""
    while True:
        async with database.read() as connection:
            rows = list(await connection.execute_fetchall(_MINUTES, (symbol, open_ms, end_ms, _PAGE)))
        if rows:
            yield [
                Bar(
                    symbol,
                    start,
                    start + MINUTE_MS - 1,
                    unscaled(opened),
                    unscaled(high),
                    unscaled(low),
                    unscaled(close),
                    Decimal(volume),
                    Decimal(quoted),
                    trades,
                    Decimal(taker),
                )
                for start, opened, high, low, close, volume, quoted, trades, taker in rows
            ]
        if len(rows) < _PAGE:
            return
        open_ms = int(rows[-1][0]) + MINUTE_MS


async def _from_minutes(
    database: Database, symbol: str, length_ms: int, open_ms: int, end_ms: int
) -> AsyncIterator[list[Bar]]:
    bucket: list[Bar] = []
    at = -1
    async for page in _minutes(database, symbol, open_ms, end_ms):
        found = []
        for minute in page:
            start = floor_ms(minute.open_ms, length_ms)
            if start != at:
                if bucket:
                    found.append(joined(bucket, at, length_ms))
                bucket, at = [], start
            bucket.append(minute)
        yield found
    if bucket:
        yield [joined(bucket, at, length_ms)]


async def _from_trades(
    database: Database, symbol: str, length_ms: int, open_ms: int, end_ms: int
) -> AsyncIterator[list[Bar]]:
    """Ids rise with time but for trades of neighbouring milliseconds: a bar is whole once trades are well past it."""
    sums: dict[int, BarSum] = {}
    async for page in read_pages(database, symbol, open_ms, end_ms):
        settled = []
        for key, price, quantity, time_maker in page:
            time_ms = time_maker >> 1
            start = floor_ms(time_ms, length_ms)
            found = sums.get(start)
            if found is None:
                while sums and (oldest := min(sums)) < start - _SETTLED_BARS * length_ms:
                    settled.append(sums.pop(oldest).bar(symbol, oldest, length_ms))
                found = sums[start] = BarSum()
            found.count(key & ID_MASK, price, quantity, time_ms, time_maker & 1)
        yield settled
    yield [sums[start].bar(symbol, start, length_ms) for start in sorted(sums)]
