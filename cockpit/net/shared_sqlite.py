"""The shared log in a small SQLite file: for cockpits on one machine. A killed process leaves nothing locked.

The file is no WAL database: SQLite before 3.51.3 can damage those where two processes write at once. Commits are not
flushed to the disk, bans excepted: after a power cut every window but the day's is over anyway, and a damaged file is
replaced by an empty one.
"""

import asyncio
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from cockpit.net.shared_log import Picture, Sent, SharedLogError, Span

log = logging.getLogger(__name__)

T = TypeVar("T")

_SCHEMA = 1
_BUSY_SECONDS = 1.0
_HOLDER_SECONDS = 10.0
_MOST_ROWS = 4096
_LONGEST_PAUSE = 4 * 86_400.0
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_UNKNOWN = "unknown"
_STEP_SECONDS = 60.0
_BOOT = Path("/proc/sys/kernel/random/boot_id")

_TABLES = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    (
        "CREATE TABLE uses (account TEXT NOT NULL, seconds REAL NOT NULL, ticket TEXT NOT NULL, at REAL NOT NULL,"
        " weight INTEGER NOT NULL, PRIMARY KEY (account, seconds, ticket)) WITHOUT ROWID"
    ),
    "CREATE INDEX uses_at ON uses (account, seconds, at, weight)",
    # Sums are kept as rows come and go: a full window is not added up at every question.
    (
        "CREATE TABLE totals (account TEXT NOT NULL, seconds REAL NOT NULL, used INTEGER NOT NULL,"
        " rows INTEGER NOT NULL, PRIMARY KEY (account, seconds)) WITHOUT ROWID"
    ),
    (
        "CREATE TRIGGER use_comes AFTER INSERT ON uses BEGIN INSERT INTO totals VALUES (new.account, new.seconds,"
        " new.weight, 1) ON CONFLICT (account, seconds) DO UPDATE SET used = used + excluded.used, rows = rows + 1; END"
    ),
    (
        "CREATE TRIGGER use_goes AFTER DELETE ON uses BEGIN UPDATE totals SET used = used - old.weight, rows = rows - 1"
        " WHERE account = old.account AND seconds = old.seconds; END"
    ),
    (
        "CREATE TRIGGER use_grows AFTER UPDATE OF weight ON uses BEGIN UPDATE totals"
        " SET used = used + new.weight - old.weight WHERE account = old.account AND seconds = old.seconds; END"
    ),
    "CREATE TABLE pauses (account TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID",
    (
        "CREATE TABLE holders (account TEXT NOT NULL, holder TEXT NOT NULL, seen REAL NOT NULL,"
        " PRIMARY KEY (account, holder)) WITHOUT ROWID"
    ),
)


class SqliteLog:
    """:class:`cockpit.net.shared_log.SharedLog` in a file. All statements run in one thread of its own.

    Args:
        file: made where it is missing, readable by its owner only; safe to delete.
        margin: seconds by which each window is held longer.
        monotonic: seconds that are one for all processes of the machine.
        wall: epoch seconds; asked only when the machine has been started anew.
    """

    name = "file"
    beat_seconds = 2.0

    def __init__(
        self,
        file: Path,
        *,
        margin: float = 0.0,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._file = file
        self._margin = margin
        self._monotonic = monotonic
        self._wall = wall
        self._holder = uuid4().hex
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="limits")
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._offset = 0.0
        self._epoch = ""
        self._closed = False

    async def take(self, account: str, spans: Sequence[Span], weight: int, ticket: str, epoch: str) -> Picture:
        """See :class:`cockpit.net.shared_log.SharedLog`."""
        return await self._run(lambda connection: self._take(connection, account, spans, weight, ticket, epoch))

    async def settle(self, account: str, spans: Sequence[Span], sent: Sequence[Sent]) -> None:
        """See :class:`cockpit.net.shared_log.SharedLog`."""

        def write(connection: sqlite3.Connection) -> None:
            now = self._now()
            connection.executemany(
                "INSERT INTO uses VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (account, seconds, ticket) DO UPDATE SET at = max(at, excluded.at)",
                [(account, span.seconds, use.ticket, now - use.age, use.weight) for span in spans for use in sent],
            )

        await self._run(write)

    async def drop(self, account: str, spans: Sequence[Span], ticket: str) -> None:
        """See :class:`cockpit.net.shared_log.SharedLog`."""

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "DELETE FROM uses WHERE account = ? AND seconds = ? AND ticket = ?",
                [(account, span.seconds, ticket) for span in spans],
            )

        await self._run(write)

    async def used_within(self, account: str, seconds: float, age: float) -> int:
        """See :class:`cockpit.net.shared_log.SharedLog`."""

        def read(connection: sqlite3.Connection) -> int:
            query = "SELECT total(weight) FROM uses WHERE account = ? AND seconds = ? AND at > ?"
            return int(connection.execute(query, (account, seconds, self._now() - age)).fetchone()[0])

        return await self._run(read)

    async def pause(self, account: str, seconds: float) -> None:
        """See :class:`cockpit.net.shared_log.SharedLog`."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO pauses VALUES (?, ?)"
                " ON CONFLICT (account) DO UPDATE SET until = max(until, excluded.until)",
                (account, self._now() + min(seconds, _LONGEST_PAUSE)),
            )

        await self._run(write, flushed=True)

    async def aclose(self) -> None:
        """Close the file; the uses in it go on counting."""
        if self._closed:
            return
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown(wait=False)

    def _take(
        self,
        connection: sqlite3.Connection,
        account: str,
        spans: Sequence[Span],
        weight: int,
        ticket: str,
        epoch: str,
    ) -> Picture:
        now = self._now()
        holders, rank = self._be_heard(connection, account, now)
        row = connection.execute("SELECT until FROM pauses WHERE account = ?", (account,)).fetchone()
        paused = max(0.0, row[0] - now) if row is not None else 0.0
        wait = paused
        if weight and spans:
            query = "SELECT 1 FROM uses WHERE account = ? AND seconds = ? AND ticket = ?"
            if connection.execute(query, (account, spans[0].seconds, ticket)).fetchone() is not None:
                weight = 0
        used: list[int] = []
        rows: list[int] = []
        for span in spans:
            gone = now - span.seconds - self._margin
            connection.execute(
                "DELETE FROM uses WHERE account = ? AND seconds = ? AND at <= ?", (account, span.seconds, gone)
            )
            query = "SELECT used, rows FROM totals WHERE account = ? AND seconds = ?"
            total, count = connection.execute(query, (account, span.seconds)).fetchone() or (0, 0)
            used.append(total)
            rows.append(count)
            excess = used[-1] + weight - span.limit
            if weight and excess > 0:
                wait = max(wait, self._wait(connection, account, span, now, excess))
        if weight and wait <= 0.0 and epoch in ("", self._epoch):
            for index, span in enumerate(spans):
                self._record(connection, account, span.seconds, ticket, now, weight, rows[index])
                used[index] += weight
        resets = tuple(self._resets_in(connection, account, span, now) for span in spans)
        return Picture(wait, tuple(used), resets, paused, holders, rank, self._epoch)

    def _be_heard(self, connection: sqlite3.Connection, account: str, now: float) -> tuple[int, int]:
        connection.execute("DELETE FROM holders WHERE account = ? AND seen <= ?", (account, now - _HOLDER_SECONDS))
        connection.execute(
            "INSERT INTO holders VALUES (?, ?, ?) ON CONFLICT (account, holder) DO UPDATE SET seen = excluded.seen",
            (account, self._holder, now),
        )
        query = "SELECT count(*), total(holder < ?) FROM holders WHERE account = ?"
        count, before = connection.execute(query, (self._holder, account)).fetchone()
        return count, int(before)

    def _record(
        self,
        connection: sqlite3.Connection,
        account: str,
        seconds: float,
        ticket: str,
        now: float,
        weight: int,
        rows: int,
    ) -> None:
        if rows < _MOST_ROWS:
            connection.execute("INSERT INTO uses VALUES (?, ?, ?, ?, ?)", (account, seconds, ticket, now, weight))
            return
        # A window of very many uses is kept coarser at its young end: those leave a little late, never early.
        connection.execute(
            "UPDATE uses SET weight = weight + ?, at = ? WHERE account = ? AND seconds = ? AND ticket ="
            " (SELECT ticket FROM uses WHERE account = ? AND seconds = ? ORDER BY at DESC LIMIT 1)",
            (weight, now, account, seconds, account, seconds),
        )

    def _wait(self, connection: sqlite3.Connection, account: str, span: Span, now: float, excess: int) -> float:
        """Seconds until so much weight has left; infinite where the window never holds so much."""
        query = "SELECT at, weight FROM uses WHERE account = ? AND seconds = ? ORDER BY at"
        for at, weight in connection.execute(query, (account, span.seconds)):
            excess -= weight
            if excess <= 0:
                return float(max(at + span.seconds + self._margin - now, 1e-4))
        return float(span.seconds)

    def _resets_in(self, connection: sqlite3.Connection, account: str, span: Span, now: float) -> float:
        query = "SELECT min(at) FROM uses WHERE account = ? AND seconds = ?"
        (oldest,) = connection.execute(query, (account, span.seconds)).fetchone()
        return 0.0 if oldest is None else max(0.0, oldest + span.seconds - now)

    async def _run(self, work: Callable[[sqlite3.Connection], T], *, flushed: bool = False) -> T:
        if self._closed:
            raise SharedLogError("the log of the limits is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work, flushed)

    def _transact(self, work: Callable[[sqlite3.Connection], T], flushed: bool) -> T:
        try:
            with self._transaction(flushed) as connection:
                return work(connection)
        except sqlite3.Error as error:
            self._disconnect()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
                self._remove()
            raise SharedLogError(f"{self._file}: {error}") from error
        except OSError as error:
            self._disconnect()
            raise SharedLogError(f"{self._file}: {error.strerror}") from error

    @contextmanager
    def _transaction(self, flushed: bool) -> Iterator[sqlite3.Connection]:
        connection = self._connected()
        if flushed:
            connection.execute("PRAGMA synchronous=FULL")
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        finally:
            if flushed:
                connection.execute("PRAGMA synchronous=OFF")

    def _connected(self) -> sqlite3.Connection:
        """The connection to the file that now stands at the path; another one where the file was replaced."""
        if self._connection is not None and self._inode == _inode(self._file):
            return self._connection
        self._disconnect()
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(
            self._file, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=64
        )
        self._connection = connection
        self._inode = _inode(self._file)
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA journal_mode=PERSIST")
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._prepare(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != _SCHEMA:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (name,) in tables:
                connection.execute(f'DROP TABLE "{name}"')
            for table in _TABLES:
                connection.execute(table)
            connection.execute("INSERT INTO meta VALUES ('epoch', ?)", (uuid4().hex,))
            connection.execute(f"PRAGMA user_version={_SCHEMA}")
        facts = dict(connection.execute("SELECT key, value FROM meta"))
        self._epoch = facts["epoch"]
        boot = _boot_id()
        if facts.get("boot") == boot:
            self._offset = float(facts["offset"])
            if boot != _UNKNOWN or abs(self._wall() - self._now()) < _STEP_SECONDS:
                return
        # Times in the file go on over a restart of the machine: by the wall clock, and never backwards.
        self._offset = self._wall() - self._monotonic()
        now = self._now()
        connection.execute("UPDATE uses SET at = ? WHERE at > ?", (now, now))
        connection.execute("UPDATE pauses SET until = ? WHERE until > ?", (now + _LONGEST_PAUSE, now + _LONGEST_PAUSE))
        connection.execute("DELETE FROM holders")
        connection.executemany(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [("boot", boot), ("offset", repr(self._offset))],
        )

    def _now(self) -> float:
        """Seconds that no step of the wall clock moves, the same in every process on this file."""
        return self._monotonic() + self._offset

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _remove(self) -> None:
        log.warning("the log of the limits %s is damaged; it is made anew", self._file)
        for file in (self._file, Path(f"{self._file}-journal")):
            with suppress(OSError):
                file.unlink()


def _inode(file: Path) -> int:
    try:
        return file.stat().st_ino
    except OSError:
        return 0


def _boot_id() -> str:
    """What tells one run of the machine from the next; where the system does not say, the wall clock has to."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return _UNKNOWN
