"""The ledger of gaps: every stretch of trade ids that did not come, what became of it, and why."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from aiosqlite import Connection

from cockpit.storage.database import Database
from cockpit.storage.minutes import ID_BITS, ID_MASK

_WRITE = (
    "INSERT INTO ticks_gaps (symbol, first_id, last_id, next_id, first_ms, last_ms, found_ms, ended_ms, "
    "state, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (symbol, first_id, last_id) DO UPDATE "
    "SET next_id = excluded.next_id, ended_ms = excluded.ended_ms, state = excluded.state, reason = excluded.reason"
)
_COLUMNS = "id, symbol, first_id, last_id, next_id, first_ms, last_ms, found_ms, ended_ms, state, reason"


class GapState(StrEnum):
    """What is known of a gap."""

    OPEN = "open"
    """Ids are missing and are asked for."""
    FILLED = "filled"
    """All of them are stored."""
    UNFILLABLE = "unfillable"
    """Some of them are not to be had."""
    HALTED = "halted"
    """No gap: nothing was traded for strangely long, and the venue says so too."""


@dataclass(frozen=True, slots=True)
class GapRow:
    """A gap as the ledger holds it. Times are milliseconds since 1970 UTC.

    Attributes:
        first_id, last_id: missing ids, both included; a halt has none, and ``last_id`` is the trade before it.
        next_id: what lies below has been asked for.
        found_ms: when it was found, by the session's clock.
        reason: how it came about, or why it stays.
        first_ms, last_ms: the venue's times of the trades before and after it; None where they are not known.
        ended_ms: when it was filled or given up, or when the halt ended; None before.
        row: the ledger's own number; None before it is written down.
    """

    symbol: str
    first_id: int
    last_id: int
    next_id: int
    found_ms: int
    state: GapState
    reason: str
    first_ms: int | None = None
    last_ms: int | None = None
    ended_ms: int | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True)
class StoredEnd:
    """The trade of a symbol with the highest stored id."""

    trade_id: int
    time_ms: int


async def write_gap(database: Database, gap: GapRow) -> GapRow:
    """Write down a gap, in the place of what the ledger said of the same ids; the row as it stands there.

    Raises:
        StorageError: the database cannot be written.
    """
    async with database.write() as connection, connection.execute(f"{_WRITE} RETURNING id", _values(gap)) as rows:
        row = await rows.fetchone()
    assert row is not None
    return replace(gap, row=int(row[0]))


async def write_gaps(database: Database, gaps: Iterable[GapRow]) -> None:
    """Write down many gaps at once, all or none of them.

    Raises:
        StorageError: the database cannot be written.
    """
    if values := [_values(gap) for gap in gaps]:
        async with database.write() as connection:
            await connection.executemany(_WRITE, values)


async def open_gaps(database: Database) -> list[GapRow]:
    """Gaps that are still to be filled, the oldest first."""
    async with database.read() as connection:
        rows = await connection.execute_fetchall(f"SELECT {_COLUMNS} FROM ticks_gaps WHERE state = 'open' ORDER BY id")
    return [_row(*row) for row in rows]


async def stored_end(database: Database, symbol: str) -> StoredEnd | None:
    """Where the stored trades of a symbol end; None where there are none."""
    async with database.read() as connection:
        low = await _low_key(connection, symbol)
        if low is None:
            return None
        async with connection.execute(
            "SELECT key, time_maker >> 1 FROM ticks_trades WHERE key BETWEEN ? AND ? ORDER BY key DESC LIMIT 1",
            (low, low | ID_MASK),
        ) as rows:
            row = await rows.fetchone()
    return None if row is None else StoredEnd(int(row[0]) & ID_MASK, int(row[1]))


async def holes(database: Database, symbol: str, last_id: int, count: int) -> list[tuple[int, int]]:
    """Ids that are neither stored nor in the ledger, as (first, last), rising: what a crash took from between.

    Only the ``count`` ids up to ``last_id`` are looked at.
    """
    async with database.read() as connection:
        low = await _low_key(connection, symbol)
        if low is None:
            return []
        rows = await connection.execute_fetchall(
            "SELECT before - ?1 + 1 AS first, key - ?1 - 1 AS last FROM (SELECT key, lag(key) OVER (ORDER BY key) "
            "AS before FROM ticks_trades WHERE key BETWEEN ?1 + ?2 AND ?1 + ?3) WHERE key > before + 1 AND NOT EXISTS "
            "(SELECT 1 FROM ticks_gaps AS g WHERE g.symbol = ?4 AND g.first_id <= key - ?1 - 1 "
            "AND g.last_id >= before - ?1 + 1) ORDER BY key",
            (low, max(0, last_id - count), last_id, symbol),
        )
    return [(int(row[0]), int(row[1])) for row in rows]


async def _low_key(connection: Connection, symbol: str) -> int | None:
    async with connection.execute("SELECT id FROM ticks_symbols WHERE symbol = ?", (symbol,)) as rows:
        row = await rows.fetchone()
    return None if row is None else int(row[0]) << ID_BITS


def _values(gap: GapRow) -> tuple[str | int | None, ...]:
    return (
        *(gap.symbol, gap.first_id, gap.last_id, gap.next_id, gap.first_ms, gap.last_ms),
        *(gap.found_ms, gap.ended_ms, gap.state.value, gap.reason),
    )


def _row(
    row: int,
    symbol: str,
    first_id: int,
    last_id: int,
    next_id: int,
    first_ms: int | None,
    last_ms: int | None,
    found_ms: int,
    ended_ms: int | None,
    state: str,
    reason: str,
) -> GapRow:
    return GapRow(
        *(symbol, first_id, last_id, next_id, found_ms, GapState(state), reason), first_ms, last_ms, ended_ms, row
    )
