"""A small SQLite file that cockpits share and may lose: emptied where it is another version's, remade where damaged.

It is no WAL database: SQLite before 3.51.3 can damage those where two processes write at once. Commits are not flushed
to the disk unless that is asked for, so that a power cut may cost the file.
"""

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")
Connection = sqlite3.Connection

_BUSY_SECONDS = 1.0
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class SqliteFileError(Exception):
    """The file cannot be used now."""


class SqliteFile:
    """One file, asked in a thread of its own, a transaction a question. A killed process leaves nothing locked.

    Args:
        path: made where it is missing, readable by its owner only; deleted under us, it is made again.
        what: it is, for the log: ``the cache file``.
        schema: version of the tables; a file of another one is emptied.
        tables: the statements that make them.
        opened: works on each new connection, before anything else and in its first transaction.
    """

    def __init__(
        self, path: Path, *, what: str, schema: int, tables: Sequence[str], opened: Callable[[Connection], None]
    ) -> None:
        self._path = path
        self._what = what
        self._schema = schema
        self._tables = tables
        self._opened = opened
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=path.stem)
        self._connection: Connection | None = None
        self._inode = 0
        self._closed = False

    async def run(self, work: Callable[[Connection], T], *, flushed: bool = False) -> T:
        """What ``work`` gives, in one transaction that nobody else writes in; ``flushed``: it survives a power cut.

        Raises:
            SqliteFileError: nothing of it was done.
        """
        if self._closed:
            raise SqliteFileError(f"{self._what} is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work, flushed)

    async def aclose(self) -> None:
        """Close it; what is in it stays."""
        if self._closed:
            return
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown(wait=False)

    def _transact(self, work: Callable[[Connection], T], flushed: bool) -> T:
        try:
            connection = self._connected()
            connection.execute(f"PRAGMA synchronous={'FULL' if flushed else 'OFF'}")
            return _in_transaction(connection, work)
        except sqlite3.Error as error:
            self._disconnect()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
                self._remove()
            raise SqliteFileError(f"{self._path}: {error}") from error
        except OSError as error:
            self._disconnect()
            raise SqliteFileError(f"{self._path}: {error.strerror}") from error

    def _connected(self) -> Connection:
        """The connection to the file that now stands at the path."""
        if self._connection is not None and self._inode == _inode(self._path):
            return self._connection
        self._disconnect()
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = self._connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._inode = _inode(self._path)
        for pragma in ("synchronous=OFF", "journal_mode=PERSIST", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        _in_transaction(connection, self._prepare)
        return connection

    def _prepare(self, connection: Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != self._schema:
            connection.execute("PRAGMA defer_foreign_keys=ON")
            query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
            for (name,) in connection.execute(query).fetchall():
                quoted = name.replace('"', '""')
                connection.execute(f'DROP TABLE "{quoted}"')
            for table in self._tables:
                connection.execute(table)
            connection.execute(f"PRAGMA user_version={self._schema}")
        self._opened(connection)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _remove(self) -> None:
        log.warning("%s %s is damaged; it is made anew", self._what, self._path)
        for file in (self._path, Path(f"{self._path}-journal")):
            with suppress(OSError):
                file.unlink()


def _in_transaction(connection: Connection, work: Callable[[Connection], T]) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        outcome = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return outcome


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0
