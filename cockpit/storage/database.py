"""The database of one data folder: one connection that writes and checkpoints, a few that only read.

SQLite in WAL with ``synchronous=FULL``: what :meth:`Database.write` has left is on the disk. The folder has one owner
by an OS lock; whoever comes second gets the same class, read-only.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import monotonic, perf_counter
from typing import TypeVar

import aiosqlite

from cockpit.errors import CockpitError, StorageError
from cockpit.health.metrics import LatencyRing
from cockpit.health.status import State, StorageStatus
from cockpit.paths import Paths
from cockpit.storage.addresses import address
from cockpit.storage.engine import has_wal_reset_defect
from cockpit.storage.failures import sentences
from cockpit.storage.filesystem import refuse_network
from cockpit.storage.lock import OwnerLock, owned_elsewhere, owner_pid, take_lock
from cockpit.storage.migrations.runner import await_schema, prepare
from cockpit.storage.recovery import prepare_or_recover
from cockpit.storage.space import Measure, Space, SpaceGauge, disk_space

log = logging.getLogger(__name__)

T = TypeVar("T")

_READERS = 3
_BUSY_MS = 1000
_LOCK_POLL_SECONDS = 0.05
_WAL_LIMIT = 64 * 1024 * 1024
_COMMITS_BETWEEN_LOOKS = 200
_CLOSE_SECONDS = 5.0
_STALL_SECONDS = 1.0


async def whole(work: Awaitable[T]) -> T:
    """Await work that must not be left half-way: a cancellation takes effect once it has ended."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # seen, so that the loop does not report it as lost
        raise cancelled
    return task.result()


class Database:
    """An open database; made by :func:`open_database`.

    Attributes:
        path: the SQLite file.
        read_only: True where another process owns the folder.
        owner_pid: that process, where it is known; None for the owner itself.
        notice: what had to be done to the file before it could be opened, as a sentence; mostly empty.
    """

    def __init__(
        self,
        paths: Paths,
        writer: aiosqlite.Connection | None,
        readers: list[aiosqlite.Connection],
        *,
        notice: str = "",
        measure: Measure = disk_space,
    ) -> None:
        self.path = paths.database
        self.read_only = writer is None
        self.owner_pid = owner_pid(paths) if writer is None else None
        self.notice = notice
        self._paths = paths
        self._space = SpaceGauge(paths.data, measure)
        self._writer = writer
        self._began: float | None = None
        self._turn = asyncio.Lock()
        self._writing: asyncio.Task[object] | None = None
        self._queued = 0
        self._commits = 0
        self._commit_ms = LatencyRing(512)
        self._trouble = ""
        self._readers = readers
        self._idle: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        for reader in readers:
            self._idle.put_nowait(reader)
        self._closed = False

    @asynccontextmanager
    async def write(self) -> AsyncIterator[aiosqlite.Connection]:
        """One transaction, alone: committed and on disk when the block is left, undone when it fails or is cancelled.

        Raises:
            StorageError: the folder is owned by another process, or the database is locked, full or unwritable.
            DamagedError: the database is damaged.
            RuntimeError: the same task is inside another ``write`` already and would wait for itself.
        """
        if self._closed:
            raise StorageError(f"the database {self.path} is closed")
        if self._writer is None:
            raise owned_elsewhere(self._paths)
        if self._writing is asyncio.current_task():
            raise RuntimeError("a write inside a write of the same task would wait for itself")
        await self._wait_for_turn()
        self._writing = asyncio.current_task()
        self._began = monotonic()
        try:
            with sentences(self.path):
                try:
                    await whole(self._writer.execute("BEGIN IMMEDIATE"))
                    yield self._writer
                    started = perf_counter()
                    await whole(self._writer.commit())
                    self._commit_ms.record((perf_counter() - started) * 1000.0)
                except BaseException:
                    await self._undo(self._writer)
                    raise
            self._trouble = ""
            await self._bound_wal(self._writer)
        except CockpitError as error:
            self._trouble = str(error)
            raise
        finally:
            self._writing = self._began = None
            self._turn.release()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[aiosqlite.Connection]:
        """A reader that sees one unchanging picture for the length of the block. Keep the block short.

        Raises:
            StorageError: the database cannot be read.
            DamagedError: the database is damaged.
        """
        if self._closed:
            raise StorageError(f"the database {self.path} is closed")
        reader = await self._idle.get()
        try:
            if self._closed:
                raise StorageError(f"the database {self.path} is closed")
            with sentences(self.path):
                try:
                    await whole(reader.execute("BEGIN"))
                    yield reader
                except asyncio.CancelledError:
                    await reader.interrupt()
                    raise
                finally:
                    await self._undo(reader)
        finally:
            self._idle.put_nowait(reader)

    @property
    def refusal(self) -> str | None:
        """Why this cockpit can only look, as one sentence; None for the owner."""
        return str(owned_elsewhere(self._paths)) if self.read_only else None

    async def status(self) -> StorageStatus:
        """Queue, latency and sizes now; degraded while the last write failed, the disk hangs or is nearly full."""
        p99, space, stalled = self._commit_ms.p99, self.space, self.stalled_seconds
        trouble = self._trouble
        if not trouble and stalled >= _STALL_SECONDS:
            trouble = f"a write has been waiting for the disk for {stalled:.0f} s"
        trouble = trouble or space.warning
        return StorageStatus(
            state=State.OFF if self._closed else State.DEGRADED if trouble else State.UP,
            read_only=self.read_only,
            message=self.refusal or trouble or self.notice,
            queued=self._queued,
            commit_p99_ms=None if p99 is None else round(p99, 2),
            wal_bytes=_size(self._wal),
            database_bytes=_size(self.path),
            disk_used=space.used,
        )

    @property
    def space(self) -> Space:
        """The disk under the database, as it was at most a second ago."""
        return self._space()

    @property
    def stalled_seconds(self) -> float:
        """For how long the transaction of the moment has been going on; zero where there is none."""
        began = self._began
        return 0.0 if began is None else monotonic() - began

    async def close(self) -> None:
        """Close all connections, the writer last, after the transaction that runs now."""
        if self._closed:
            return
        self._closed = True
        await whole(self._close())

    @property
    def _wal(self) -> Path:
        return self.path.with_name(f"{self.path.name}-wal")

    async def _wait_for_turn(self) -> None:
        self._queued += 1
        try:
            await self._turn.acquire()
        finally:
            self._queued -= 1

    async def _undo(self, connection: aiosqlite.Connection) -> None:
        try:
            await whole(connection.rollback())
        except (sqlite3.Error, ValueError) as error:  # ValueError: closed meanwhile
            log.warning("rollback in %s: %s", self.path, error)

    async def _bound_wal(self, writer: aiosqlite.Connection) -> None:
        """Cut the WAL back when readers have kept the automatic checkpoints from reusing it."""
        self._commits += 1
        if self._commits % _COMMITS_BETWEEN_LOOKS or _size(self._wal) < _WAL_LIMIT:
            return
        try:
            await whole(writer.execute("PRAGMA wal_checkpoint(TRUNCATE)"))
        except sqlite3.Error as error:
            log.warning("checkpoint of %s: %s", self.path, error)

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._turn.acquire()
        except TimeoutError:
            log.error("a transaction in %s did not end within %.0f s", self.path, _CLOSE_SECONDS)
        connections = [*self._readers, *([self._writer] if self._writer is not None else [])]
        for connection in connections:
            try:
                await connection.close()
            except (sqlite3.Error, ValueError) as error:
                log.warning("closing %s: %s", self.path, error)


@asynccontextmanager
async def open_database(
    paths: Paths, *, wait: float = 0.0, recover: bool = False, measure: Measure = disk_space
) -> AsyncIterator[Database]:
    """Open the database of a data folder: as its owner, or read-only where another process owns it.

    The owner brings the schema up to date first (with a copy of the old one) and checks the file.

    Args:
        paths: whose folders are made where they are missing.
        wait: seconds to wait for the ownership before it is given up for reading only.
        recover: move a damaged file aside and go on with the newest copy, or with a new file; ``notice`` tells it.
        measure: how the room on the disk is found out.

    Raises:
        StorageError: the folder cannot be written or is on a network file system, the schema is newer than this
            cockpit, or its owner has not prepared the database.
        DamagedError: the file is no database, or fails its check; it is left as it was.
    """
    paths = Paths(paths.data.absolute(), paths.state.absolute())
    paths.create()
    refuse_network(paths.data)
    _warn_of_old_sqlite()
    notice = ""
    async with AsyncExitStack() as stack:
        lock = await _take_lock(paths, wait)
        if lock is not None:
            stack.callback(lock.release)
            if recover:
                notice = await whole(asyncio.to_thread(prepare_or_recover, paths))
            else:
                await whole(asyncio.to_thread(prepare, paths))
        else:
            await await_schema(paths)
        writer, readers = await _connect(paths, owner=lock is not None)
        database = Database(paths, writer, readers, notice=notice, measure=measure)
        stack.push_async_callback(database.close)
        yield database


async def _take_lock(paths: Paths, wait: float) -> OwnerLock | None:
    deadline = monotonic() + wait
    while True:
        lock = take_lock(paths)
        if lock is not None or monotonic() >= deadline:
            return lock
        await asyncio.sleep(_LOCK_POLL_SECONDS)


async def _connect(paths: Paths, *, owner: bool) -> tuple[aiosqlite.Connection | None, list[aiosqlite.Connection]]:
    """The connection that writes, where there is one, and those that read."""
    opened: list[aiosqlite.Connection] = []
    try:
        with sentences(paths.database):
            writer = await whole(_open(paths.database, opened, writes=True)) if owner else None
            readers = [await whole(_open(paths.database, opened, writes=False)) for _ in range(_READERS)]
    except BaseException:
        for connection in opened:
            await whole(connection.close())
        raise
    return writer, readers


async def _open(path: Path, opened: list[aiosqlite.Connection], *, writes: bool) -> aiosqlite.Connection:
    # A reader is opened ro: it can neither write nor checkpoint, so that exactly one connection ever does.
    connection = await aiosqlite.connect(address(path, "rw" if writes else "ro"), uri=True, isolation_level=None)
    opened.append(connection)
    pragmas = [f"busy_timeout={_BUSY_MS}", "foreign_keys=ON"]
    if writes:
        pragmas += ["journal_mode=WAL", "synchronous=FULL", f"journal_size_limit={_WAL_LIMIT}"]
    else:
        pragmas += ["query_only=ON"]
    for pragma in pragmas:
        await connection.execute_fetchall(f"PRAGMA {pragma}")
    return connection


def _warn_of_old_sqlite() -> None:
    """The cockpit itself has only one connection that writes or checkpoints, and so is safe from the defect."""
    if has_wal_reset_defect():
        log.warning(
            "SQLite %s has the WAL-reset bug; let no other program write to the database while the cockpit runs",
            sqlite3.sqlite_version,
        )


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
