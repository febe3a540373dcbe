"""Copies of the database: made while it is in use, whole or not at all, and read back when it is damaged."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from cockpit.errors import CockpitError, StorageError
from cockpit.storage.addresses import address
from cockpit.storage.failures import BACKUPS, failure, sentences

_KEPT = 3
_UNFINISHED = ".unfinished"


def copies(database: Path) -> list[Path]:
    """The copies beside a database, the newest first."""
    return sorted((database.parent / BACKUPS).glob("*.db"), key=lambda copy: copy.name, reverse=True)


def age_seconds(copy: Path) -> float:
    """For how long a copy has been there."""
    return datetime.now(UTC).timestamp() - copy.stat().st_mtime


def copy_beside(connection: sqlite3.Connection, database: Path) -> Path:
    """Copy the database that is open into the folder beside it, and keep the last few copies there.

    Raises:
        StorageError: there is no room, or the folder cannot be written; then there is no new copy.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    copy = database.parent / BACKUPS / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-schema{version:03d}.db"
    try:
        copy.parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make the folder {copy.parent}: {error.strerror}") from error
    _copy(connection, copy)
    left_over = copy.parent.glob(f"*{_UNFINISHED}")  # by a process that was killed while it copied
    for old in (*copies(database)[_KEPT:], *left_over):
        old.unlink(missing_ok=True)
    return copy


def back_up(database: Path, copy: Path | None = None) -> Path:
    """Copy a database, which others may be writing to meanwhile; where the copy is.

    Args:
        copy: a file that does not exist yet; without it the copy goes into the folder beside the database.

    Raises:
        StorageError: there is no database, the file exists already, or it cannot be written.
        DamagedError: the database is damaged.
    """
    if not database.exists():
        raise StorageError(f"there is no database {database} yet; nothing is to be copied")
    if copy is not None and copy.exists():
        raise StorageError(f"{copy} exists already; name a file that does not")
    with sentences(database):
        source = sqlite3.connect(address(database, "ro"), uri=True, isolation_level=None, timeout=5.0)
        with closing(source) as connection:
            if copy is None:
                return copy_beside(connection, database)
            _copy(connection, copy)
            return copy


def _copy(connection: sqlite3.Connection, copy: Path) -> None:
    unfinished = copy.with_name(f"{copy.name}{_UNFINISHED}")
    try:
        unfinished.unlink(missing_ok=True)
        connection.execute("VACUUM INTO ?", (str(unfinished),))
        unfinished.chmod(0o600)
        unfinished.rename(copy)
    except sqlite3.Error as error:
        unfinished.unlink(missing_ok=True)
        raise _refused(copy, failure(error, copy)) from error
    except OSError as error:
        raise StorageError(f"cannot copy the database to {copy}: {error.strerror}") from error


def _refused(copy: Path, error: CockpitError) -> CockpitError:
    return type(error)(f"cannot copy the database to {copy}: {error}")
