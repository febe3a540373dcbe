"""The shared log in a small SQLite file: for cockpits on one machine. A killed process leaves nothing locked.

Only bans are flushed to the disk: after a power cut every window but the day's is over anyway, and a damaged file is
replaced by an empty one.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from cockpit.net.shared_log import Picture, Sent, SharedLogError, Span
from cockpit.net.sqlite_file import Connection, SqliteFile, SqliteFileError

T = TypeVar("T")

_SCHEMA = 1
_HOLDER_SECONDS = 10.0
_MOST_ROWS = 4096
_LONGEST_PAUSE = 4 * 86_400.0
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
        self._margin = margin
        self._monotonic = monotonic
        self._wall = wall
        self._holder = uuid4().hex
        self._offset = 0.0
        self._epoch = ""
        self._file = SqliteFile(
            file, what="the log of the limits", schema=_SCHEMA, tables=_TABLES, opened=self._set_clock
        )

    async def take(self, account: str, spans: Sequence[Span], weight: int, ticket: str, epoch: str) -> Picture:
        """See :class:`cockpit.net.shared_log.SharedLog`."""
        return await self._run(lambda connection: self._take(connection, account, spans, weight, ticket, epoch))

    async def settle(self, account: str, spans: Sequence[Span], sent: Sequence[Sent]) -> None:
        """See :class:`cockpit.net.shared_log.SharedLog`."""

        def write(connection: Connection) -> None:
            now = self._now()
            connection.executemany(
                "INSERT INTO uses VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (account, seconds, ticket) DO UPDATE SET at = max(at, excluded.at)",
                [(account, span.seconds, use.ticket, now - use.age, use.weight) for span in spans for use in sent],
            )

        await self._run(write)

    async def drop(self, account: str, spans: Sequence[Span], ticket: str) -> None:
        """See :class:`cockpit.net.shared_log.SharedLog`."""

        def write(connection: Connection) -> None:
            connection.executemany(
                "DELETE FROM uses WHERE account = ? AND seconds = ? AND ticket = ?",
                [(account, span.seconds, ticket) for span in spans],
            )

        await self._run(write)

    async def used_within(self, account: str, seconds: float, age: float) -> int:
        """See :class:`cockpit.net.shared_log.SharedLog`."""

        def read(connection: Connection) -> int:
            query = "SELECT total(weight) FROM uses WHERE account = ? AND seconds = ? AND at > ?"
            return int(connection.execute(query, (account, seconds, self._now() - age)).fetchone()[0])

        return await self._run(read)

    async def pause(self, account: str, seconds: float) -> None:
        """See :class:`cockpit.net.shared_log.SharedLog`."""

        def write(connection: Connection) -> None:
            connection.execute(
                "INSERT INTO pauses VALUES (?, ?)"
                " ON CONFLICT (account) DO UPDATE SET until = max(until, excluded.until)",
                (account, self._now() + min(seconds, _LONGEST_PAUSE)),
            )

        await self._run(write, flushed=True)

    async def aclose(self) -> None:
        """Close the file; the uses in it go on counting."""
        await self._file.aclose()

    def _take(
        self,
        connection: Connection,
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

    def _be_heard(self, connection: Connection, account: str, now: float) -> tuple[int, int]:
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
        connection: Connection,
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

    def _wait(self, connection: Connection, account: str, span: Span, now: float, excess: int) -> float:
        """Seconds until so much weight has left; infinite where the window never holds so much."""
        query = "SELECT at, weight FROM uses WHERE account = ? AND seconds = ? ORDER BY at"
        for at, weight in connection.execute(query, (account, span.seconds)):
            excess -= weight
            if excess <= 0:
                return float(max(at + span.seconds + self._margin - now, 1e-4))
        return float(span.seconds)

    def _resets_in(self, connection: Connection, account: str, span: Span, now: float) -> float:
        query = "SELECT min(at) FROM uses WHERE account = ? AND seconds = ?"
        (oldest,) = connection.execute(query, (account, span.seconds)).fetchone()
        return 0.0 if oldest is None else max(0.0, oldest + span.seconds - now)

    async def _run(self, work: Callable[[Connection], T], *, flushed: bool = False) -> T:
        try:
            return await self._file.run(work, flushed=flushed)
        except SqliteFileError as error:
            raise SharedLogError(str(error)) from error

    def _set_clock(self, connection: Connection) -> None:
        """Read what the file's times count from, and whether it is the one that we have known."""
        connection.execute("INSERT OR IGNORE INTO meta VALUES ('epoch', ?)", (uuid4().hex,))
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


def _boot_id() -> str:
    """What tells one run of the machine from the next; where the system does not say, the wall clock has to."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return _UNKNOWN
