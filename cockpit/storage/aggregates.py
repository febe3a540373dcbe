"""Aggregated trades: counted into the bars, which they make as exact as single trades do, and kept nowhere else.

An aggregate tells the ids of its trades but not the quantity of each, so no single trade is made of it. Its ids stand
with those of removed trades, which bars count as well: whatever comes later with one of these ids is not counted twice.
"""

from collections.abc import Sequence

from aiosqlite import Connection

from cockpit.storage.database import Database
from cockpit.storage.minutes import ID_BITS, ID_MASK, Bucket, add_sums
from cockpit.ticks.aggregate import Aggregate
from cockpit.ticks.bars import MINUTE_MS, BarSum, floor_ms
from cockpit.ticks.id_spans import IdSpans


async def store_aggregates(database: Database, aggregates: Sequence[Aggregate]) -> int:
    """Commit aggregates to the bars; how many trades were new.

    One that shares an id with what is stored or counted already is left out: its quantity cannot be divided.

    Raises:
        StorageError: the database cannot be written; then none is counted.
    """
    by_symbol: dict[str, list[Aggregate]] = {}
    for aggregate in aggregates:
        by_symbol.setdefault(aggregate.symbol, []).append(aggregate)
    count = 0
    async with database.write() as connection:
        for symbol, group in by_symbol.items():
            count += await _store(connection, symbol, group)
    return count


async def _store(connection: Connection, symbol: str, group: Sequence[Aggregate]) -> int:
    await connection.execute("INSERT OR IGNORE INTO ticks_symbols (symbol) VALUES (?)", (symbol,))
    ((symbol_id,),) = await connection.execute_fetchall("SELECT id FROM ticks_symbols WHERE symbol = ?", (symbol,))
    stored = await _stored(connection, symbol_id, group)
    removed = IdSpans()
    for first, last in await connection.execute_fetchall(
        "SELECT first_id, last_id FROM ticks_removed WHERE symbol_id = ?", (symbol_id,)
    ):
        removed.add(first, last)
    count = 0
    sums: dict[Bucket, BarSum] = {}
    for one in group:
        if stored.overlaps(one.first_id, one.last_id) or removed.overlaps(one.first_id, one.last_id):
            continue
        removed.add(one.first_id, one.last_id)
        trades = one.last_id - one.first_id + 1
        sums.setdefault((symbol_id, floor_ms(one.time_ms, MINUTE_MS)), BarSum()).merge(_sum(one, trades))
        count += trades
    await add_sums(connection, sums)
    await connection.execute("DELETE FROM ticks_removed WHERE symbol_id = ?", (symbol_id,))
    await connection.executemany(
        "INSERT INTO ticks_removed (symbol_id, first_id, last_id) VALUES (?, ?, ?)",
        [(symbol_id, *span) for span in removed.spans],
    )
    return count


async def _stored(connection: Connection, symbol_id: int, group: Sequence[Aggregate]) -> IdSpans:
    """The stored ids among those of the aggregates."""
    low = symbol_id << ID_BITS
    rows = await connection.execute_fetchall(
        "SELECT key FROM ticks_trades WHERE key BETWEEN ? AND ?",
        (low | min(one.first_id for one in group), low | max(one.last_id for one in group)),
    )
    found = IdSpans()
    found.add_all([int(row[0]) & ID_MASK for row in rows])
    return found


def _sum(one: Aggregate, trades: int) -> BarSum:
    """An aggregate as a bar: all its trades have one price and one time, so it is exact."""
    total = BarSum()
    total.count(one.first_id, one.price_e8, one.quantity_e8, one.time_ms, one.buyer_is_maker)
    total.last_id, total.trades = one.last_id, trades
    return total
