"""A level of the cache in one SQLite file: what is good for hours outlives the process. Safe to delete at any time.

Which keys there are is known in memory, so that asking for what is not there costs no look at the disk. Several
processes may use one file: what another one added later is not seen, what it took away is a miss.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from cockpit.net.cache_level import Item, LevelError
from cockpit.net.sqlite_file import Connection, SqliteFile, SqliteFileError

T = TypeVar("T")

_SCHEMA = 1
_PER_STATEMENT = 500
_ROOM_AFTER_EVICTION = 0.8
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
        self._space = f"{namespace}:"
        self._most = int(megabytes * 2**20)
        self._wall = wall
        self._known: dict[str, float] | None = None
        self._file = SqliteFile(file, what="the cache file", schema=_SCHEMA, tables=_TABLES, opened=self._forget_keys)

    async def get_many(self, keys: Sequence[str]) -> Mapping[str, Item]:
        """See :class:`cockpit.net.cache_level.Level`."""
        known = self._known
        if known is None:
            known = await self._run(self._read_keys)
        now = self._wall()
        wanted = [self._space + key for key in keys if known.get(self._space + key, 0.0) > now]
        if not wanted:
            return {}

        def read(connection: Connection) -> dict[str, Item]:
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

        def write(connection: Connection) -> None:
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
        await self._file.aclose()

    def _forget_keys(self, _: Connection) -> None:
        """The file may be another one than before."""
        self._known = None

    def _read_keys(self, connection: Connection) -> dict[str, float]:
        """Keys of this session's kind with their ends; what has ended is taken out of the file on the way."""
        connection.execute("DELETE FROM items WHERE expires <= ?", (self._wall(),))
        query = "SELECT key, expires FROM items WHERE key GLOB ?"
        self._known = dict(connection.execute(query, (f"{_literal(self._space)}*",)))
        return self._known

    def _evict(self, connection: Connection) -> None:
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

    async def _run(self, work: Callable[[Connection], T]) -> T:
        try:
            return await self._file.run(work)
        except SqliteFileError as error:
            raise LevelError(str(error)) from error


def _literal(text: str) -> str:
    """The text as a GLOB pattern that matches itself only."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in text)
