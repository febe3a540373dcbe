"""Trades and the one-minute bars that they add up to.

Both are written in one transaction, and bars count only rows that were really inserted: whatever is stored twice, and
wherever the process dies, the bars equal the trades that were ever stored.
"""

import json
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from aiosqlite import Connection

from cockpit.errors import StorageError
from cockpit.storage.database import Database
from cockpit.storage.minutes import ID_BITS, ID_MASK, KeyedRow, add_to_minutes
from cockpit.ticks.bars import MINUTE_MS, floor_ms
from cockpit.ticks.trade import Trade
from cockpit.ticks.units import scaled, unscaled

_END_MS = 1 << 60
_PAGE = 5000
_ROWS_AT_ONCE = 50
_INSERT = "INSERT INTO ticks_trades (key, price_e8, quantity_e8, time_maker) VALUES (?, ?, ?, ?)"
_INSERT_MANY = f"{_INSERT}{', (?, ?, ?, ?)' * (_ROWS_AT_ONCE - 1)}"

TradeRow = tuple[str, int, int, int, int]
"""A trade ready to be stored: symbol, id, price and quantity in units of 1e-8, ``time_ms << 1 | buyer_is_maker``."""


def trade_row(trade: Trade) -> TradeRow:
    """A trade as the table holds it.

    Raises:
        StorageError: a price or quantity that is not positive, finer than 1e-8 or beyond 9.2e10, or an id or a time
            out of range.
    """
    trade_id, time_ms = trade.trade_id, trade.time_ms
    row = trade.symbol, trade_id, scaled(trade.price), scaled(trade.quantity), time_ms << 1 | trade.buyer_is_maker
    if not 0 <= trade_id <= ID_MASK:
        raise StorageError(f"trade id {trade_id} of {trade.symbol} is outside 0 to 2^{ID_BITS}-1")
    if not 0 <= time_ms < _END_MS:
        raise StorageError(f"time {time_ms} of trade {trade_id} of {trade.symbol} is out of range")
    return row


async def store_trades(database: Database, trades: Sequence[Trade]) -> int:
    """Commit these trades and their bars; how many of them were new.

    Raises:
        StorageError: the database cannot be written, or a trade cannot be held exactly; then none is stored.
    """
    return await store_rows(database, [trade_row(trade) for trade in trades])


async def store_rows(database: Database, rows: Sequence[TradeRow]) -> int:
    """Commit trades that are ready to be stored, and their bars; how many of them were new.

    Raises:
        StorageError: the database cannot be written; then none is stored.
    """
    async with database.write() as connection:
        fresh = await _fresh(connection, rows)
        await _insert(connection, list(fresh.values()))
        await add_to_minutes(connection, fresh.values())
    return len(fresh)


async def stored_symbols(database: Database) -> list[str]:
    """Every symbol that trades are stored of, by name."""
    async with database.read() as connection:
        rows = await connection.execute_fetchall("SELECT symbol FROM ticks_symbols ORDER BY symbol")
    return [str(row[0]) for row in rows]


async def read_trades(
    database: Database, symbol: str, start_ms: int | None = None, end_ms: int | None = None
) -> AsyncIterator[Trade]:
    """Stored trades by rising id, with times from ``start_ms`` up to but without ``end_ms``."""
    async for page in read_pages(database, symbol, start_ms, end_ms):
        for key, price, quantity, time_maker in page:
            trade_id, time_ms = key & ID_MASK, time_maker >> 1
            yield Trade(symbol, trade_id, unscaled(price), unscaled(quantity), time_ms, bool(time_maker & 1))


async def read_pages(
    database: Database, symbol: str, start_ms: int | None = None, end_ms: int | None = None
) -> AsyncIterator[list[KeyedRow]]:
    """The rows of :func:`read_trades`, a few thousand at once."""
    bounds = await _key_bounds(database, symbol, start_ms, end_ms)
    if bounds is None:
        return
    key, last_key = bounds
    low = 0 if start_ms is None else start_ms << 1
    high = _END_MS << 1 if end_ms is None else end_ms << 1
    while key <= last_key:
        async with database.read() as connection:
            rows = list(
                await connection.execute_fetchall(
                    "SELECT key, price_e8, quantity_e8, time_maker FROM ticks_trades "
                    "WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ?",
                    (key, last_key, _PAGE),
                )
            )
        yield [(row[0], row[1], row[2], row[3]) for row in rows if low <= row[3] < high]
        if len(rows) < _PAGE:
            return
        key = int(rows[-1][0]) + 1


@dataclass(slots=True)
class _Known:
    """What is known of a symbol before a batch: keys up to ``last`` may be stored, those in ``removed`` were."""

    base: int
    last: int
    removed: list[tuple[int, int]] = field(default_factory=list)

    def was_removed(self, key: int) -> bool:
        """True where the trade was stored once and has been removed since; the bars still count it."""
        index = bisect_right(self.removed, (key & ID_MASK, ID_MASK)) - 1
        return index >= 0 and key & ID_MASK <= self.removed[index][1]


async def _fresh(connection: Connection, rows: Sequence[TradeRow]) -> dict[int, KeyedRow]:
    """The trades that are not stored yet, by key; of two with one key the first."""
    known = await _known(connection, {row[0] for row in rows})
    keyed: dict[int, KeyedRow] = {}
    old: dict[int, _Known] = {}
    symbol, found = "", _Known(0, 0)
    for name, trade_id, price, quantity, time_maker in rows:
        if name != symbol:
            symbol, found = name, known[name]
        key = found.base | trade_id
        if key not in keyed:
            keyed[key] = key, price, quantity, time_maker
            if key <= found.last:
                old[key] = found
    if old:
        stored = await connection.execute_fetchall(
            "SELECT key FROM ticks_trades WHERE key IN (SELECT value FROM json_each(?))", (json.dumps(list(old)),)
        )
        for key in {*(int(row[0]) for row in stored), *(key for key, one in old.items() if one.was_removed(key))}:
            del keyed[key]
    return keyed


async def _insert(connection: Connection, rows: Sequence[KeyedRow]) -> None:
    """Many rows a statement: each one gives the interpreter to the other threads and has to get it back."""
    whole = len(rows) // _ROWS_AT_ONCE * _ROWS_AT_ONCE
    if whole:
        chunks = (rows[at : at + _ROWS_AT_ONCE] for at in range(0, whole, _ROWS_AT_ONCE))
        await connection.executemany(_INSERT_MANY, [tuple(chain.from_iterable(chunk)) for chunk in chunks])
    if whole < len(rows):
        await connection.executemany(_INSERT, rows[whole:])


async def _known(connection: Connection, symbols: set[str]) -> dict[str, _Known]:
    known = await _look_up(connection, symbols)
    if missing := symbols - known.keys():
        await connection.executemany(
            "INSERT INTO ticks_symbols (symbol) VALUES (?)", [(symbol,) for symbol in sorted(missing)]
        )
        known |= await _look_up(connection, missing)
    return known


async def _look_up(connection: Connection, symbols: Iterable[str]) -> dict[str, _Known]:
    rows = await connection.execute_fetchall(
        f"SELECT s.symbol, s.id << {ID_BITS}, (SELECT max(key) FROM ticks_trades "
        f"WHERE key BETWEEN s.id << {ID_BITS} AND s.id << {ID_BITS} | {ID_MASK}), "
        "(SELECT json_group_array(json_array(first_id, last_id)) FROM "
        "(SELECT first_id, last_id FROM ticks_removed WHERE symbol_id = s.id ORDER BY first_id)) "
        "FROM ticks_symbols AS s WHERE s.symbol IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(symbols)),),
    )
    known = {}
    for symbol, base, last, removed in rows:
        spans = [(first, final) for first, final in json.loads(removed)]
        ends = [base | spans[-1][1]] if spans else []
        known[str(symbol)] = _Known(int(base), max([-1 if last is None else int(last), *ends]), spans)
    return known


async def _key_bounds(
    database: Database, symbol: str, start_ms: int | None, end_ms: int | None
) -> tuple[int, int] | None:
    """Keys of the trades of the minutes that touch a stretch of time. Ids rise with time, so the bars know them."""
    async with database.read() as connection:
        async with connection.execute(
            f"SELECT id, id << {ID_BITS} FROM ticks_symbols WHERE symbol = ?", (symbol,)
        ) as rows:
            row = await rows.fetchone()
        if row is None:
            return None
        symbol_id, low = int(row[0]), int(row[1])
        if start_ms is None and end_ms is None:
            return low, low | ID_MASK
        first_minute = 0 if start_ms is None else floor_ms(start_ms, MINUTE_MS)
        async with connection.execute(
            "SELECT min(min(first_id, last_id)), max(max(first_id, last_id)) FROM ticks_bars "
            "WHERE symbol_id = ? AND open_ms >= ? AND open_ms < ?",
            (symbol_id, first_minute, _END_MS if end_ms is None else end_ms),
        ) as rows:
            row = await rows.fetchone()
    return None if row is None or row[0] is None else (low | int(row[0]), low | int(row[1]))
