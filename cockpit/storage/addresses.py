"""The addresses by which SQLite opens a database's file."""

from pathlib import Path


def address(database: Path, mode: str) -> str:
    """The file in a mode of SQLite's: ``ro``, ``rw``, or ``rwc``, which makes it where it is missing."""
    return f"{database.absolute().as_uri()}?mode={mode}"


def address_as_it_is(database: Path) -> str:
    """The file for a look that leaves nothing beside it.

    Without a write-ahead log nobody has it open, and it cannot change under the reader, who would else begin a log.
    """
    in_use = database.with_name(f"{database.name}-wal").exists()
    return address(database, "ro" if in_use else "ro&immutable=1")
