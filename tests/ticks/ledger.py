"""The ledger of gaps as the table holds it."""

from cockpit.storage.database import Database
from cockpit.storage.gaps import GapRow, GapState


async def ledger(database: Database) -> list[GapRow]:
    """Every row of it, by symbol and rising ids."""
    async with database.read() as connection:
        rows = await connection.execute_fetchall(
            "SELECT state, symbol, first_id, last_id, next_id, found_ms, reason, first_ms, last_ms, ended_ms, id "
            "FROM ticks_gaps ORDER BY symbol, first_id"
        )
    return [
        GapRow(symbol, first_id, last_id, next_id, found_ms, GapState(state), *rest)
        for state, symbol, first_id, last_id, next_id, found_ms, *rest in rows
    ]
