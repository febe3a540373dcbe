"""Takes the oldest trades and klines out of the database, a few thousand at once; bars of trades stay."""

from collections.abc import Iterator, Sequence

from aiosqlite import Connection

from cockpit.storage.database import Database
from cockpit.storage.minutes import ID_BITS, ID_MASK

_BATCH = 5000
_END_MS = 1 << 60


async def remove_oldest_trades(database: Database, before_ms: int | None = None) -> int:
    """Remove some of the oldest trades, of one symbol and in one short transaction; how many.

    That they were stored is kept in mind, so that one of them that comes again is not counted into the bars twice.

    Args:
        before_ms: leave trades from this time on; without it the oldest go whatever their age.

    Raises:
        StorageError: the database cannot be written.
    """
    limit = _END_MS if before_ms is None else before_ms
    async with database.write() as connection:
        symbol_id = await _oldest_symbol(connection, limit)
        if symbol_id is None:
            return 0
        base = symbol_id << ID_BITS
        rows = await connection.execute_fetchall(
            "SELECT key, time_maker >> 1 FROM ticks_trades WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ?",
            (base, base | ID_MASK, _BATCH),
        )
        ids = [int(key) & ID_MASK for key, time_ms in _while_before(list(rows), limit)]
        await connection.execute("DELETE FROM ticks_trades WHERE key BETWEEN ? AND ?", (base | ids[0], base | ids[-1]))
        for first_id, last_id in _runs(ids):
            await _keep_in_mind(connection, symbol_id, first_id, last_id)
    return len(ids)


async def remove_oldest_klines(database: Database, before_ms: int | None = None) -> int:
    """Remove some of the oldest klines, of one symbol and interval and in one short transaction; how many.

    Args:
        before_ms: leave klines that open at this time or later; without it the oldest go whatever their age.

    Raises:
        StorageError: the database cannot be written.
    """
    limit = _END_MS if before_ms is None else before_ms
    async with database.write() as connection:
        series_id = await _oldest_series(connection, limit)
        if series_id is None:
            return 0
        async with connection.execute(
            "DELETE FROM ticks_klines WHERE series_id = ?1 AND open_ms < ?2 AND open_ms <= (SELECT max(open_ms) FROM "
            "(SELECT open_ms FROM ticks_klines WHERE series_id = ?1 ORDER BY open_ms LIMIT ?3))",
            (series_id, limit, _BATCH),
        ) as removed:
            count = removed.rowcount
        await connection.execute(
            "DELETE FROM ticks_kline_series WHERE id = ?1 AND NOT EXISTS "
            "(SELECT 1 FROM ticks_klines WHERE series_id = ?1)",
            (series_id,),
        )
    return count


async def _oldest_symbol(connection: Connection, limit: int) -> int | None:
    """The symbol that has the oldest first trade, where that is before the limit."""
    rows = await connection.execute_fetchall(
        "SELECT s.id, (SELECT time_maker >> 1 FROM ticks_trades "
        f"WHERE key BETWEEN s.id << {ID_BITS} AND s.id << {ID_BITS} | {ID_MASK} ORDER BY key LIMIT 1) AS first_ms "
        "FROM ticks_symbols AS s WHERE first_ms < ? ORDER BY first_ms LIMIT 1",
        (limit,),
    )
    return next((int(row[0]) for row in rows), None)


async def _oldest_series(connection: Connection, limit: int) -> int | None:
    """The symbol and interval that have the oldest first kline, where that is before the limit."""
    rows = await connection.execute_fetchall(
        "SELECT s.id, (SELECT min(open_ms) FROM ticks_klines WHERE series_id = s.id) AS first_ms "
        "FROM ticks_kline_series AS s WHERE first_ms < ? ORDER BY first_ms LIMIT 1",
        (limit,),
    )
    return next((int(row[0]) for row in rows), None)


def _while_before(rows: Sequence[Sequence[int]], limit: int) -> Iterator[Sequence[int]]:
    for row in rows:
        if row[1] >= limit:
            return
        yield row


def _runs(ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Stretches of consecutive ids."""
    first = last = ids[0]
    for one in ids[1:]:
        if one != last + 1:
            yield first, last
            first = one
        last = one
    yield first, last


async def _keep_in_mind(connection: Connection, symbol_id: int, first_id: int, last_id: int) -> None:
    async with connection.execute(
        "UPDATE ticks_removed SET last_id = ? WHERE symbol_id = ? AND last_id = ?", (last_id, symbol_id, first_id - 1)
    ) as updated:
        if updated.rowcount:
            return
    await connection.execute("INSERT INTO ticks_removed VALUES (?, ?, ?)", (symbol_id, first_id, last_id))
