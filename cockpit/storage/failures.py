"""SQLite's errors as sentences that a user can act on."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cockpit.errors import CockpitError, DamagedError, StorageError

BACKUPS = "backups"
"""Folder beside the database that holds its copies."""

_PRIMARY_CODE = 0xFF


@contextmanager
def sentences(database: Path) -> Iterator[None]:
    """Turn errors of SQLite inside the block into :class:`StorageError` or :class:`DamagedError`.

    A violated constraint passes as it is: only the repository whose constraint it is knows what it means.
    """
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.Error as error:
        raise failure(error, database) from error
    except UnicodeDecodeError as error:  # SQLite checks structure, not that text is text
        raise damaged(database, "it holds text that is not UTF-8") from error


def failure(error: sqlite3.Error, database: Path) -> CockpitError:
    """One sentence for an error of SQLite: what, where, what to do."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(database, str(error))
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StorageError(f"the database {database} is locked by another program; close that program")
    if code == sqlite3.SQLITE_FULL:
        return StorageError(f"no space is left for the database {database}; make room on its disk")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH):
        return StorageError(
            f"cannot open or write the database {database} ({error}); check the permissions of it and of its folder"
        )
    if code == sqlite3.SQLITE_IOERR:
        return StorageError(f"the disk failed under the database {database} ({error}); check the disk and its space")
    return StorageError(f"the database {database} refused: {error}")


class DamagedDatabaseError(DamagedError):
    """The database is damaged; ``reason`` says in a few words how."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


def damaged(database: Path, reason: str) -> DamagedDatabaseError:
    """The sentence for a database that must not be used, and what to do."""
    found = sorted((database.parent / BACKUPS).glob("*.db"))
    remedy = f"puts the newest sound copy in its place ({found[-1]})" if found else "begins a new one"
    return DamagedDatabaseError(
        f"the database {database} is damaged ({reason}); the screen, when it is started, moves it aside and {remedy}",
        reason,
    )
