"""Bars of any timeframe, read as they are asked for: from the stored minutes, and those of a second from the trades."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from decimal import Decimal

from msgspec.json import Decoder

from cockpit.storage.database import Database
from cockpit.storage.minutes import COLUMNS, ID_MASK, stored_sum
from cockpit.storage.ticks import read_pages
from cockpit.ticks.bars import MINUTE_MS, Bar, BarColumns, BarSum, ceil_ms, flat_bars, floor_ms, parse_timeframe
from cockpit.ticks.units import PLACES, unscaled

_END_MS = 1 << 60
_PAGE = 5000
_SPAN_MS = 22_000 * MINUTE_MS
_SPANS_AT_ONCE = 2
_EXPONENT = f"e-{PLACES}"
_PRICES = ", ".join(f"group_concat({name}, '{_EXPONENT},')" for name in ("open_e8", "high_e8", "low_e8", "close_e8"))
_STRETCH = (
    "FROM ticks_bars WHERE symbol_id = (SELECT id FROM ticks_symbols WHERE symbol = ?) AND open_ms >= ? AND open_ms < ?"
)
_SETTLED_BARS = 10


async def read_bars(
    database: Database,
    symbol: str,
    timeframe: str = "1m",
    start_ms: int | None = None,
    end_ms: int | None = None,
    *,
    flat: bool = False,
) -> AsyncIterator[Bar]:
    """Stored bars that open from ``start_ms`` up to but without ``end_ms``, rising.

    Bars of a second are summed up from the trades: they reach back as far as these are kept.

    Args:
        flat: between two bars fill the time in which nothing was traded with flat ones; without it there are none.

    Raises:
        UsageError: there is no such timeframe.
    """
    length_ms = parse_timeframe(timeframe)
    open_ms = ceil_ms(start_ms, length_ms) if start_ms is not None else 0
    end = ceil_ms(end_ms, length_ms) if end_ms is not None else _END_MS
    if length_ms == MINUTE_MS:
        bars = _minutes(database, symbol, open_ms, end)
    elif length_ms < MINUTE_MS:
        bars = _from_trades(database, symbol, length_ms, open_ms, end)
    else:
        bars = _from_minutes(database, symbol, length_ms, open_ms, end)
    previous: Bar | None = None
    async for bar in bars:
        if flat and previous is not None:
            for one in flat_bars(previous, bar.open_ms):
                yield one
        yield bar
        previous = bar


async def read_columns(
    database: Database, symbol: str, timeframe: str = "1m", start_ms: int | None = None, end_ms: int | None = None
) -> BarColumns:
    """The bars of :func:`read_bars` as columns of floats, for charts and indicators: ten times faster.

    Raises:
        UsageError: there is no such timeframe.
    """
    length_ms = parse_timeframe(timeframe)
    columns = BarColumns(symbol, length_ms)
    if length_ms != MINUTE_MS:
        async for bar in read_bars(database, symbol, timeframe, start_ms, end_ms):
            columns.append(bar)
        return columns
    open_ms = ceil_ms(start_ms, length_ms) if start_ms is not None else 0
    end = ceil_ms(end_ms, length_ms) if end_ms is not None else _END_MS
    if end - open_ms > _SPAN_MS:
        open_ms, end = await _stored_span(database, symbol, open_ms, end)
    spans = range(open_ms, end, _SPAN_MS)
    for at in range(0, len(spans), _SPANS_AT_ONCE):
        starts = spans[at : at + _SPANS_AT_ONCE]
        pages = await asyncio.gather(
            *(_columns_page(database, symbol, start, min(start + _SPAN_MS, end)) for start in starts)
        )
        await asyncio.to_thread(_extend, columns, pages)
    return columns


async def _stored_span(database: Database, symbol: str, open_ms: int, end_ms: int) -> tuple[int, int]:
    """The part of a stretch of time from the first to the last stored minute in it; of no length without any."""
    async with (
        database.read() as connection,
        connection.execute(f"SELECT min(open_ms), max(open_ms) + 1 {_STRETCH}", (symbol, open_ms, end_ms)) as rows,
    ):
        row = await rows.fetchone()
    return (0, 0) if row is None or row[0] is None else (int(row[0]), int(row[1]))


async def _columns_page(database: Database, symbol: str, open_ms: int, end_ms: int) -> tuple[str, ...] | None:
    """Starts, prices and volumes of a stretch, each as numbers with commas; None where there are none.

    The order is that of the primary key. A Python object for each value of each row would take twice as long.
    """
    async with (
        database.read() as connection,
        connection.execute(
            f"SELECT group_concat(open_ms), {_PRICES}, group_concat(volume) {_STRETCH}", (symbol, open_ms, end_ms)
        ) as rows,
    ):
        row = await rows.fetchone()
    return None if row is None or row[0] is None else tuple(row)


def _extend(columns: BarColumns, pages: Iterable[Sequence[str] | None]) -> None:
    """Put pages behind the others."""
    integers, floats = Decoder(list[int]).decode, Decoder(list[float]).decode
    for page in pages:
        if page is None:
            continue
        columns.open_ms.extend(integers(f"[{page[0]}]"))
        for column, text in zip(columns.prices, page[1:5], strict=True):
            column.extend(floats(f"[{text}{_EXPONENT}]"))
        columns.volume.extend(floats(f"[{page[5]}]"))


async def _rows(database: Database, symbol: str, open_ms: int, end_ms: int) -> AsyncIterator[list[tuple[int, ...]]]:
    """Pages of stored minutes: the start, and the values of ``COLUMNS``."""
    while True:
        async with database.read() as connection:
            rows = await connection.execute_fetchall(
                f"SELECT open_ms, {COLUMNS} FROM ticks_bars "
                "WHERE symbol_id = (SELECT id FROM ticks_symbols WHERE symbol = ?) AND open_ms >= ? AND open_ms < ? "
                "ORDER BY open_ms LIMIT ?",
                (symbol, open_ms, end_ms, _PAGE),
            )
        page = [tuple(row) for row in rows]
        yield page
        if len(page) < _PAGE:
            return
        open_ms = page[-1][0] + MINUTE_MS


async def _minutes(database: Database, symbol: str, open_ms: int, end_ms: int) -> AsyncIterator[Bar]:
    async for page in _rows(database, symbol, open_ms, end_ms):
        for start, opened, high, low, close, volume, quoted, taker, trades, *_ in page:
            yield Bar(
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


async def _from_minutes(
    database: Database, symbol: str, length_ms: int, open_ms: int, end_ms: int
) -> AsyncIterator[Bar]:
    total, at = BarSum(), -1
    async for page in _rows(database, symbol, open_ms, end_ms):
        for start, *columns in page:
            if floor_ms(start, length_ms) != at:
                if total.trades:
                    yield total.bar(symbol, at, length_ms)
                total, at = BarSum(), floor_ms(start, length_ms)
            total.merge(stored_sum(columns))
    if total.trades:
        yield total.bar(symbol, at, length_ms)


async def _from_trades(
    database: Database, symbol: str, length_ms: int, open_ms: int, end_ms: int
) -> AsyncIterator[Bar]:
    """Ids rise with time but for trades of neighbouring milliseconds: a bar is whole once trades are well past it."""
    sums: dict[int, BarSum] = {}
    async for page in read_pages(database, symbol, open_ms, end_ms):
        for key, price, quantity, time_maker in page:
            time_ms = time_maker >> 1
            start = floor_ms(time_ms, length_ms)
            found = sums.get(start)
            if found is None:
                while sums and (oldest := min(sums)) < start - _SETTLED_BARS * length_ms:
                    yield sums.pop(oldest).bar(symbol, oldest, length_ms)
                found = sums[start] = BarSum()
            found.count(key & ID_MASK, price, quantity, time_ms, time_maker & 1)
    for start in sorted(sums):
        yield sums[start].bar(symbol, start, length_ms)
