"""Takes the oldest trades out of the database, a few thousand at once; their bars stay."""

from collections.abc import Iterator, Sequence

from aiosqlite import Connection

from cockpit.storage.database import Database
from cockpit.storage.minutes import ID_BITS, ID_MASK

_BATCH = 5000
_END_MS = 1 << 60


async def remove_oldest(database: Database, before_ms: int | None = None) -> int:
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


async def used_bytes(database: Database) -> int:
    """What the database holds, without the free pages that it will use again before its file grows."""
    async with database.read() as connection:
        sizes = []
        for pragma in ("page_size", "page_count", "freelist_count"):
            rows = await connection.execute_fetchall(f"PRAGMA {pragma}")
            sizes.append(next(int(row[0]) for row in rows))
    page, count, free = sizes
    return page * (count - free)


async def _oldest_symbol(connection: Connection, limit: int) -> int | None:
    """The symbol that has the oldest first trade, where that is before the limit."""
    rows = await connection.execute_fetchall(
        "SELECT s.id, (SELECT time_maker >> 1 FROM ticks_trades "
        f"WHERE key BETWEEN s.id << {ID_BITS} AND s.id << {ID_BITS} | {ID_MASK} ORDER BY key LIMIT 1) AS first_ms "
        "FROM ticks_symbols AS s WHERE first_ms < ? ORDER BY first_ms LIMIT 1",
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
