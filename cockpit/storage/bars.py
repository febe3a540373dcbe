"""Bars of any timeframe, read as they are asked for: from the stored minutes, and those of a second from the trades."""

from collections.abc import AsyncIterator
from decimal import Decimal

from msgspec.json import Decoder

from cockpit.storage.database import Database
from cockpit.storage.minutes import COLUMNS, ID_MASK, stored_sum
from cockpit.storage.ticks import read_pages
from cockpit.ticks.bars import MINUTE_MS, Bar, BarColumns, BarSum, ceil_ms, flat_bars, floor_ms, parse_timeframe
from cockpit.ticks.units import PLACES, unscaled

_END_MS = 1 << 60
_PAGE = 5000
_COLUMNS_PAGE = 10_000
_UNIT = 10.0**PLACES
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
    integers, floats = Decoder(list[int]).decode, Decoder(list[float]).decode
    while True:
        async with (
            database.read() as connection,
            # SQLite writes a page as one row of JSON: a Python object for each value of each row takes twice as long.
            connection.execute(
                "SELECT json_group_array(open_ms), json_group_array(open_e8), json_group_array(high_e8), "
                "json_group_array(low_e8), json_group_array(close_e8), group_concat(volume) FROM "
                "(SELECT open_ms, open_e8, high_e8, low_e8, close_e8, volume FROM ticks_bars "
                "WHERE symbol_id = (SELECT id FROM ticks_symbols WHERE symbol = ?) AND open_ms >= ? AND open_ms < ? "
                "ORDER BY open_ms LIMIT ?)",
                (symbol, open_ms, end, _COLUMNS_PAGE),
            ) as rows,
        ):
            row = await rows.fetchone()
        assert row is not None
        starts = integers(row[0])
        columns.open_ms.extend(starts)
        for column, text in zip(columns.prices, row[1:5], strict=True):
            column.extend([units / _UNIT for units in integers(text)])
        columns.volume.extend(floats(f"[{row[5] or ''}]"))
        if len(starts) < _COLUMNS_PAGE:
            return columns
        open_ms = starts[-1] + MINUTE_MS


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
