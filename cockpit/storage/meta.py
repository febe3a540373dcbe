"""Small facts that outlive a session, by key: where the simulated clock stood, and the like."""

from cockpit.storage.database import Database


async def get(database: Database, key: str) -> str | None:
    """What was put last; None where nothing was."""
    async with (
        database.read() as connection,
        connection.execute("SELECT value FROM meta WHERE key = ?", (key,)) as rows,
    ):
        row = await rows.fetchone()
    return None if row is None else str(row[0])


async def put(database: Database, key: str, value: str) -> None:
    """Remember a value, in the place of an older one.

    Raises:
        StorageError: the database cannot be written.
    """
    async with database.write() as connection:
        await connection.execute(
            "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )
