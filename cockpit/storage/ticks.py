"""Trades and the one-minute bars that they add up to.

Both are written in one transaction, and bars count only rows that were really inserted: whatever is stored twice, and
wherever the process dies, the bars equal the stored trades.
"""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from decimal import Context, Decimal

from aiosqlite import Connection

from cockpit.errors import StorageError
from cockpit.storage.database import Database
from cockpit.ticks.bars import MINUTE_MS, Bar, BarSum, ceil_ms, floor_ms, join, parse_timeframe
from cockpit.ticks.trade import Trade

_ID_BITS = 44
_ID_MASK = (1 << _ID_BITS) - 1
_LARGEST = (1 << 63) - 1
_SCALE = 8
_EXACT = Context(prec=80)
_PAGE = 1000

_BAR_COLUMNS = (
    "open_e8, high_e8, low_e8, close_e8, volume, quote_volume, taker_volume, trades, "
    "first_ms, first_id, last_ms, last_id"
)


def check_trade(trade: Trade) -> None:
    """Refuse what the table cannot hold exactly.

    Raises:
        StorageError: a price or quantity that is not positive, finer than 1e-8 or beyond 9.2e10, or an id or a time
            out of range.
    """
    scaled(trade.price)
    scaled(trade.quantity)
    if not 0 <= trade.trade_id <= _ID_MASK:
        raise StorageError(f"trade id {trade.trade_id} of {trade.symbol} is outside 0 to 2^{_ID_BITS}-1")
    if not 0 <= trade.time_ms < 1 << 60:
        raise StorageError(f"time {trade.time_ms} of trade {trade.trade_id} of {trade.symbol} is out of range")


def scaled(value: Decimal) -> int:
    """A positive decimal in units of 1e-8, exactly.

    Raises:
        StorageError: it is not positive, or has more than eight decimals, or does not fit 64 bits.
    """
    units = _EXACT.scaleb(value, _SCALE) if value.is_finite() else value
    if not units.is_finite() or units <= 0 or units > _LARGEST:
        raise StorageError(f"{value} cannot be stored: a price or quantity lies between 0 and 9.2e10")
    whole = int(units)
    if whole != units:
        raise StorageError(f"{value} cannot be stored: it is finer than 1e-8")
    return whole


def unscaled(units: int) -> Decimal:
    """The decimal of so many units of 1e-8."""
    return Decimal(units).scaleb(-_SCALE, _EXACT)


async def store_trades(database: Database, trades: Sequence[Trade]) -> int:
    """Commit these trades and their bars; how many of them were new.

    Raises:
        StorageError: the database cannot be written, or a trade fails :func:`check_trade`; then none is stored.
    """
    async with database.write() as connection:
        fresh = await _fresh(connection, trades)
        await connection.executemany(
            "INSERT INTO ticks_trades (key, price_e8, quantity_e8, time_maker) VALUES (?, ?, ?, ?)",
            [
                (key, scaled(trade.price), scaled(trade.quantity), trade.time_ms << 1 | trade.buyer_is_maker)
                for key, trade in fresh.items()
            ],
        )
        await _add_to_bars(connection, fresh)
    return len(fresh)


async def stored_symbols(database: Database) -> list[str]:
    """Every symbol that trades are stored of, by name."""
    async with database.read() as connection:
        rows = await connection.execute_fetchall("SELECT symbol FROM ticks_symbols ORDER BY symbol")
    return [str(row[0]) for row in rows]


async def last_trade_id(database: Database, symbol: str) -> int | None:
    """The highest stored trade id; None where nothing is stored."""
    async with database.read() as connection:
        symbol_id = await _symbol_id(connection, symbol)
        key = None if symbol_id is None else await _last_key(connection, symbol_id)
    return None if key is None else key & _ID_MASK


async def read_trades(
    database: Database, symbol: str, start_ms: int | None = None, end_ms: int | None = None
) -> AsyncIterator[Trade]:
    """Stored trades by rising id, with times from ``start_ms`` up to but without ``end_ms``."""
    bounds = await _key_bounds(database, symbol, start_ms, end_ms)
    if bounds is None:
        return
    key, last_key = bounds
    while key <= last_key:
        async with database.read() as connection:
            rows = list(
                await connection.execute_fetchall(
                    "SELECT key, price_e8, quantity_e8, time_maker FROM ticks_trades "
                    "WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ?",
                    (key, last_key, _PAGE),
                )
            )
        for row in rows:
            trade = _trade(symbol, *row)
            if (start_ms is None or trade.time_ms >= start_ms) and (end_ms is None or trade.time_ms < end_ms):
                yield trade
        if len(rows) < _PAGE:
            return
        key = int(rows[-1][0]) + 1


async def read_bars(
    database: Database, symbol: str, timeframe: str = "1m", start_ms: int | None = None, end_ms: int | None = None
) -> AsyncIterator[Bar]:
    """Stored bars that open from ``start_ms`` up to but without ``end_ms``, rising; none where nothing was traded.

    Raises:
        UsageError: there is no such timeframe.
    """
    length_ms = parse_timeframe(timeframe)
    open_ms = ceil_ms(start_ms, length_ms) if start_ms is not None else 0
    end = ceil_ms(end_ms, length_ms) if end_ms is not None else _LARGEST
    held: list[Bar] = []
    while True:
        minutes = await _minutes(database, symbol, open_ms, end)
        bars = [*join([*held, *minutes], length_ms)]
        # The last bar may go on in the next page.
        held = bars[-1:] if len(minutes) == _PAGE else []
        for bar in bars[: len(bars) - len(held)]:
            yield bar
        if not held:
            return
        open_ms = minutes[-1].open_ms + MINUTE_MS


async def _fresh(connection: Connection, trades: Iterable[Trade]) -> dict[int, Trade]:
    """The trades that are not stored yet, by key; of two with one key the first."""
    by_symbol: dict[str, list[Trade]] = {}
    for trade in trades:
        by_symbol.setdefault(trade.symbol, []).append(trade)
    fresh: dict[int, Trade] = {}
    for symbol, group in by_symbol.items():
        symbol_id = await _symbol_id(connection, symbol, make=True)
        assert symbol_id is not None
        keyed: dict[int, Trade] = {}
        for trade in group:
            check_trade(trade)
            keyed.setdefault(symbol_id << _ID_BITS | trade.trade_id, trade)
        last = await _last_key(connection, symbol_id)
        old = [key for key in keyed if last is not None and key <= last]
        if old:
            stored = await connection.execute_fetchall(
                "SELECT key FROM ticks_trades WHERE key IN (SELECT value FROM json_each(?))", (json.dumps(old),)
            )
            for row in stored:
                del keyed[row[0]]
        fresh |= keyed
    return fresh


async def _add_to_bars(connection: Connection, fresh: dict[int, Trade]) -> None:
    sums: dict[tuple[int, int], BarSum] = {}
    for key, trade in fresh.items():
        bucket = key >> _ID_BITS, floor_ms(trade.time_ms, MINUTE_MS)
        found = sums.get(bucket)
        if found is None:
            found = sums[bucket] = BarSum()
        found.add(trade)
    for (symbol_id, open_ms), added in sums.items():
        async with connection.execute(
            f"SELECT {_BAR_COLUMNS} FROM ticks_bars WHERE symbol_id = ? AND open_ms = ?", (symbol_id, open_ms)
        ) as rows:
            row = await rows.fetchone()
        if row is not None:
            added.merge(_sum(*row))
    await connection.executemany(
        f"INSERT OR REPLACE INTO ticks_bars (symbol_id, open_ms, {_BAR_COLUMNS}) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(*bucket, *_columns(total)) for bucket, total in sums.items()],
    )


async def _symbol_id(connection: Connection, symbol: str, *, make: bool = False) -> int | None:
    if make:
        await connection.execute("INSERT OR IGNORE INTO ticks_symbols (symbol) VALUES (?)", (symbol,))
    async with connection.execute("SELECT id FROM ticks_symbols WHERE symbol = ?", (symbol,)) as rows:
        row = await rows.fetchone()
    return None if row is None else int(row[0])


async def _last_key(connection: Connection, symbol_id: int) -> int | None:
    low = symbol_id << _ID_BITS
    async with connection.execute(
        "SELECT max(key) FROM ticks_trades WHERE key BETWEEN ? AND ?", (low, low | _ID_MASK)
    ) as rows:
        row = await rows.fetchone()
    return None if row is None or row[0] is None else int(row[0])


async def _key_bounds(
    database: Database, symbol: str, start_ms: int | None, end_ms: int | None
) -> tuple[int, int] | None:
    """Keys of the trades of the minutes that touch a stretch of time. Ids rise with time, so the bars know them."""
    async with database.read() as connection:
        symbol_id = await _symbol_id(connection, symbol)
        if symbol_id is None:
            return None
        low = symbol_id << _ID_BITS
        if start_ms is None and end_ms is None:
            return low, low | _ID_MASK
        first_minute = 0 if start_ms is None else floor_ms(start_ms, MINUTE_MS)
        async with connection.execute(
            "SELECT min(min(first_id, last_id)), max(max(first_id, last_id)) FROM ticks_bars "
            "WHERE symbol_id = ? AND open_ms >= ? AND open_ms < ?",
            (symbol_id, first_minute, _LARGEST if end_ms is None else end_ms),
        ) as rows:
            row = await rows.fetchone()
    return None if row is None or row[0] is None else (low | int(row[0]), low | int(row[1]))


async def _minutes(database: Database, symbol: str, open_ms: int, end_ms: int) -> list[Bar]:
    async with database.read() as connection:
        rows = await connection.execute_fetchall(
            f"SELECT open_ms, {_BAR_COLUMNS} FROM ticks_bars "
            "WHERE symbol_id = (SELECT id FROM ticks_symbols WHERE symbol = ?) AND open_ms >= ? AND open_ms < ? "
            "ORDER BY open_ms LIMIT ?",
            (symbol, open_ms, end_ms, _PAGE),
        )
    return [_sum(*columns).bar(symbol, int(start), MINUTE_MS) for start, *columns in rows]


def _trade(symbol: str, key: int, price: int, quantity: int, time_maker: int) -> Trade:
    return Trade(symbol, key & _ID_MASK, unscaled(price), unscaled(quantity), time_maker >> 1, bool(time_maker & 1))


def _columns(total: BarSum) -> tuple[int | str, ...]:
    prices = (scaled(total.open), scaled(total.high), scaled(total.low), scaled(total.close))
    volumes = (f"{total.volume:f}", f"{total.quote_volume:f}", f"{total.taker_volume:f}")
    return (*prices, *volumes, total.trades, *total.first, *total.last)


def _sum(
    open_e8: int,
    high_e8: int,
    low_e8: int,
    close_e8: int,
    volume: str,
    quote_volume: str,
    taker_volume: str,
    trades: int,
    first_ms: int,
    first_id: int,
    last_ms: int,
    last_id: int,
) -> BarSum:
    total = BarSum()
    total.open, total.high, total.low, total.close = (
        unscaled(open_e8),
        unscaled(high_e8),
        unscaled(low_e8),
        unscaled(close_e8),
    )
    total.volume, total.quote_volume = Decimal(volume), Decimal(quote_volume)
    total.taker_volume = Decimal(taker_volume)
    total.trades, total.first, total.last = trades, (first_ms, first_id), (last_ms, last_id)
    return total
