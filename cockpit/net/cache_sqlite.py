"""A level of the cache in one SQLite file: what is good for hours outlives the process. Safe to delete at any time.

Which keys there are is known in memory, so that asking for what is not there costs no look at the disk. Several
processes may use one file: what another one added later is not seen, what it took away is a miss.
"""

import asyncio
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from cockpit.net.cache_level import Item, LevelError

log = logging.getLogger(__name__)

T = TypeVar("T")

_SCHEMA = 1
_BUSY_SECONDS = 1.0
_PER_STATEMENT = 500
_ROOM_AFTER_EVICTION = 0.8
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_TABLES = (
    "CREATE TABLE items (key TEXT PRIMARY KEY, data BLOB NOT NULL, stored REAL NOT NULL, expires REAL NOT NULL)",
    "CREATE INDEX items_expires ON items (expires)",
    (
        "CREATE TABLE tags (tag TEXT NOT NULL, key TEXT NOT NULL REFERENCES items ON DELETE CASCADE,"
        " PRIMARY KEY (tag, key)) WITHOUT ROWID"
    ),
    "CREATE INDEX tags_key ON tags (key)",
)


class SqliteLevel:
    """:class:`cockpit.net.cache_level.Level` in a file, bounded in size; statements run in a thread of its own.

    Args:
        file: made where it is missing, readable by its owner only; one of another schema is emptied.
        namespace: stands before every key, so that a session never sees another kind of session's values.
        megabytes: most that the values may take; the first to expire leave first.
        wall: epoch seconds.
    """

    def __init__(self, file: Path, namespace: str, megabytes: float, *, wall: Callable[[], float] = time.time) -> None:
        self._file = file
        self._space = f"{namespace}:"
        self._most = int(megabytes * 2**20)
        self._wall = wall
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="cache")
        self._connection: sqlite3.Connection | None = None
        self._known: dict[str, float] | None = None
        self._closed = False

    async def get_many(self, keys: Sequence[str]) -> Mapping[str, Item]:
        """See :class:`cockpit.net.cache_level.Level`."""
        known = self._known
        if known is None:
            known = await self._run(self._read_keys)
        now = self._wall()
        wanted = [self._space + key for key in keys if known.get(self._space + key, 0.0) > now]
        if not wanted:
            return {}

        def read(connection: sqlite3.Connection) -> dict[str, Item]:
            found = {}
            for first in range(0, len(wanted), _PER_STATEMENT):
                part = wanted[first : first + _PER_STATEMENT]
                query = f"SELECT key, data, stored, expires FROM items WHERE key IN ({','.join('?' * len(part))})"
                for key, data, stored, expires in connection.execute(query, part):
                    if stored <= now < expires:  # what comes from the future is from a clock that was set back since
                        plain = key.removeprefix(self._space)
                        found[plain] = Item(plain, data, stored, expires)
            return found

        return await self._run(read)

    async def put_many(self, items: Sequence[Item]) -> None:
        """See :class:`cockpit.net.cache_level.Level`."""

        def write(connection: sqlite3.Connection) -> None:
            for item in items:
                key = self._space + item.key
                connection.execute("DELETE FROM items WHERE key = ?", (key,))
                connection.execute("INSERT INTO items VALUES (?, ?, ?, ?)", (key, item.data, item.stored, item.expires))
                connection.executemany(
                    "INSERT OR IGNORE INTO tags VALUES (?, ?)", [(self._space + tag, key) for tag in item.tags]
                )
            self._evict(connection)

        await self._run(write)
        if self._known is not None:
            self._known.update((self._space + item.key, item.expires) for item in items)

    async def drop(self, keys: Iterable[str]) -> None:
        """See :class:`cockpit.net.cache_level.Level`."""
        names = [(self._space + key,) for key in keys]
        await self._run(lambda connection: connection.executemany("DELETE FROM items WHERE key = ?", names))

    async def drop_tag(self, tag: str) -> None:
        """See :class:`cockpit.net.cache_level.Level`."""
        query = "DELETE FROM items WHERE key IN (SELECT key FROM tags WHERE tag = ?)"
        await self._run(lambda connection: connection.execute(query, (self._space + tag,)))

    async def drop_matching(self, pattern: str) -> None:
        """See :class:`cockpit.net.cache_level.Level`."""
        query = "DELETE FROM items WHERE key GLOB ?"
        await self._run(lambda connection: connection.execute(query, (_literal(self._space) + pattern,)))

    async def aclose(self) -> None:
        """Close the file."""
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
            self._thread.shutdown(wait=False)

    def _read_keys(self, connection: sqlite3.Connection) -> dict[str, float]:
        """Keys of this session's kind with their ends; what has ended is taken out of the file on the way."""
        connection.execute("DELETE FROM items WHERE expires <= ?", (self._wall(),))
        query = "SELECT key, expires FROM items WHERE key GLOB ?"
        self._known = dict(connection.execute(query, (f"{_literal(self._space)}*",)))
        return self._known

    def _evict(self, connection: sqlite3.Connection) -> None:
        (size,) = connection.execute("SELECT total(length(data) + length(key)) FROM items").fetchone()
        if size <= self._most:
            return
        excess = size - self._most * _ROOM_AFTER_EVICTION
        leaving = []
        for key, length in connection.execute("SELECT key, length(data) + length(key) FROM items ORDER BY expires"):
            leaving.append((key,))
            excess -= length
            if excess <= 0:
                break
        connection.executemany("DELETE FROM items WHERE key = ?", leaving)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._closed:
            raise LevelError("the cache file is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work)

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            connection = self._connected()
            connection.execute("BEGIN IMMEDIATE")
            try:
                outcome = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return outcome
        except sqlite3.Error as error:
            self._disconnect()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
                self._remove()
            raise LevelError(f"{self._file}: {error}") from error
        except OSError as error:
            self._disconnect()
            raise LevelError(f"{self._file}: {error.strerror}") from error

    def _connected(self) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(self._file, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self._connection = connection
        # No WAL: SQLite before 3.51.3 can damage those where two processes write at once. A power cut may cost the
        # file, which is then made anew.
        for pragma in ("synchronous=OFF", "journal_mode=PERSIST", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != _SCHEMA:
            names = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
            )
            connection.execute("PRAGMA defer_foreign_keys=ON")
            for (name,) in names.fetchall():
                quoted = name.replace('"', '""')
                connection.execute(f'DROP TABLE "{quoted}"')
            for table in _TABLES:
                connection.execute(table)
            connection.execute(f"PRAGMA user_version={_SCHEMA}")
        connection.execute("COMMIT")
        return connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._known = None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _remove(self) -> None:
        log.warning("the cache file %s is damaged; it is made anew", self._file)
        for file in (self._file, Path(f"{self._file}-journal")):
            with suppress(OSError):
                file.unlink()


def _literal(text: str) -> str:
    """The text as a GLOB pattern that matches itself only."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in text)
