"""Brings a database to the schema of this cockpit, or back: each step in one transaction, after a copy."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cockpit.errors import StorageError, UsageError
from cockpit.paths import Paths
from cockpit.storage.addresses import address
from cockpit.storage.copies import copies, copy_beside
from cockpit.storage.failures import damaged, sentences
from cockpit.storage.lock import owned, owned_elsewhere
from cockpit.storage.migrations.steps import Migration, shipped_migrations, statements

_APPLICATION_ID = 0x434B5054  # "CKPT"
_BOOKKEEPING = """CREATE TABLE IF NOT EXISTS schema_migrations (
    version    INTEGER NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    sha256     TEXT    NOT NULL,
    applied_at TEXT    NOT NULL
)"""
_WHOLLY_CHECKED_BYTES = 32 * 1024 * 1024
_CHECKED_BYTES = 256 * 1024 * 1024
_BUSY_SECONDS = 5.0
_OWNER_SECONDS = 5.0
_POLL_SECONDS = 0.1
_PRIMARY_CODE = 0xFF
_OF_THE_DISK = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


@dataclass(frozen=True, slots=True)
class MigrationState:
    """A step as ``cockpit migrate status`` shows it.

    Attributes:
        applied_at: ISO-8601, UTC; None where it is pending.
        problem: ``edited`` since it was applied, or ``unknown`` to this cockpit; None where all is well.
    """

    version: int
    name: str
    applied_at: str | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Applied:
    version: int
    name: str
    sha256: str
    applied_at: str


def prepare(paths: Paths, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Check the database and bring its schema up to date; the caller owns the folder. Labels of what was applied.

    Raises:
        DamagedError: it is no database, or fails its check.
        StorageError: its schema is newer, edited, or not the cockpit's at all; or there is no space for the copy.
    """
    migrations = shipped_migrations() if migrations is None else migrations
    _refuse_empty(paths.database)
    with _connected(paths.database) as connection:
        check_file(connection, paths.database)
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # of a new file only, before anything is in it
        connection.execute("PRAGMA journal_mode = WAL")
        pending = _pending(connection, paths.database, migrations)
        if pending and _applied(connection):
            copy_beside(connection, paths.database)
        for migration in pending:
            _apply(connection, migration)
        return [migration.label for migration in pending]


async def await_schema(paths: Paths) -> None:
    """Wait until the owner of the folder has brought the schema up to date.

    Raises:
        StorageError: it has not within a few seconds, or its schema is not the one of this cockpit.
    """
    migrations = shipped_migrations()
    deadline = asyncio.get_running_loop().time() + _OWNER_SECONDS
    while True:
        if paths.database.exists():
            with _connected(paths.database, mode="ro") as connection:
                if not _pending(connection, paths.database, migrations):
                    return
        if asyncio.get_running_loop().time() > deadline:
            raise StorageError(f"{owned_elsewhere(paths)}, and its database is not ready; try again in a moment")
        await asyncio.sleep(_POLL_SECONDS)


def migration_status(paths: Paths, migrations: Sequence[Migration] | None = None) -> list[MigrationState]:
    """Every step, known or applied, by version."""
    known = {migration.version: migration for migration in (shipped_migrations() if migrations is None else migrations)}
    applied: dict[int, _Applied] = {}
    if paths.database.exists():
        with _connected(paths.database, mode="ro") as connection:
            applied = {step.version: step for step in _applied(connection)}
    states = []
    for version in sorted(known.keys() | applied.keys()):
        step, migration = applied.get(version), known.get(version)
        if migration is None:
            assert step is not None
            states.append(MigrationState(version, step.name, step.applied_at, "unknown"))
        else:
            edited = step is not None and step.sha256 != migration.sha256
            at = step.applied_at if step is not None else None
            states.append(MigrationState(version, migration.name, at, "edited" if edited else None))
    return states


def migrate_up(paths: Paths, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Apply what is pending, as the owner of the folder; the labels of what was applied."""
    with owned(paths, "changing the schema"):
        return prepare(paths, migrations)


def migrate_down(paths: Paths, steps: int, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Take back the last ``steps`` migrations, after a copy of the database; their labels, last first.

    Raises:
        UsageError: fewer have been applied.
    """
    migrations = shipped_migrations() if migrations is None else migrations
    with owned(paths, "changing the schema"), _connected(paths.database) as connection:
        check_file(connection, paths.database)
        _pending(connection, paths.database, migrations)
        applied = {step.version for step in _applied(connection)}
        newest_first = [migration for migration in reversed(migrations) if migration.version in applied]
        if not 1 <= steps <= len(newest_first):
            raise UsageError(f"cannot take back {steps} migrations: {len(newest_first)} have been applied")
        copy_beside(connection, paths.database)
        for migration in newest_first[:steps]:
            _revert(connection, migration)
        return [migration.label for migration in newest_first[:steps]]


@contextmanager
def _connected(database: Path, mode: str = "rwc") -> Iterator[sqlite3.Connection]:
    with sentences(database):
        connection = sqlite3.connect(address(database, mode), uri=True, isolation_level=None, timeout=_BUSY_SECONDS)
        with closing(connection):
            yield connection


def check_file(connection: sqlite3.Connection, database: Path, *, thorough: bool = False) -> None:
    """Refuse a foreign or damaged file.

    A small one is checked wholly, a larger one without its indexes, and a very large one only after a crash, when its
    write-ahead log is still there. A thorough check is a whole one, whatever the size.

    Raises:
        DamagedError: it fails the check.
        StorageError: it belongs to another program.
    """
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and application != _APPLICATION_ID:
        if _applied(connection):
            raise damaged(database, "its header is not that of the cockpit")
        raise StorageError(f"{database} is a database of another program; choose another folder with --data-dir")
    size, wal = database.stat().st_size, database.with_name(f"{database.name}-wal")
    if thorough or size <= _WHOLLY_CHECKED_BYTES:
        check = "integrity_check(1)"
    elif size <= _CHECKED_BYTES or (wal.exists() and wal.stat().st_size):
        check = "quick_check(1)"
    else:
        return
    verdict = connection.execute(f"PRAGMA {check}").fetchone()[0]
    if verdict != "ok":
        raise damaged(database, " ".join(str(verdict).split()))


def _refuse_empty(database: Path) -> None:
    """A file of no length is how a database begins; where there is a copy, it is what is left of one."""
    if database.exists() and not database.stat().st_size and copies(database):
        raise damaged(database, "it is empty")


def _applied(connection: sqlite3.Connection) -> list[_Applied]:
    exists = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'").fetchone()
    if exists is None:
        return []
    rows = connection.execute("SELECT version, name, sha256, applied_at FROM schema_migrations ORDER BY version")
    return [_Applied(*row) for row in rows]


def _pending(connection: sqlite3.Connection, database: Path, migrations: Sequence[Migration]) -> list[Migration]:
    known = {migration.version: migration for migration in migrations}
    applied = _applied(connection)
    for step in applied:
        migration = known.get(step.version)
        if migration is None:
            raise StorageError(
                f"the database {database} was made by a newer cockpit: it has migration {step.version:03d}_{step.name};"
                " use that one, or choose another folder with --data-dir"
            )
        if migration.sha256 != step.sha256:
            raise StorageError(
                f"migration {migration.label} was edited after it had been applied to {database};"
                " put the original file back and make a new migration for the change"
            )
    done = {step.version for step in applied}
    return [migration for migration in migrations if migration.version not in done]


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    with _transaction(connection, migration):
        connection.execute(_BOOKKEEPING)
        _run(connection, migration, migration.up)
        connection.execute(
            "INSERT INTO schema_migrations VALUES (?, ?, ?, ?)",
            (migration.version, migration.name, migration.sha256, datetime.now(UTC).isoformat(timespec="seconds")),
        )


def _revert(connection: sqlite3.Connection, migration: Migration) -> None:
    with _transaction(connection, migration):
        _run(connection, migration, migration.down)
        connection.execute("DELETE FROM schema_migrations WHERE version = ?", (migration.version,))


@contextmanager
def _transaction(connection: sqlite3.Connection, migration: Migration) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        if broken := connection.execute("PRAGMA foreign_key_check").fetchone():
            raise StorageError(f"migration {migration.label} leaves rows of {broken[0]} without the rows they refer to")
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        version = connection.execute("SELECT coalesce(max(version), 0) FROM schema_migrations").fetchone()[0]
        connection.execute(f"PRAGMA user_version = {version}")
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _run(connection: sqlite3.Connection, migration: Migration, script: str) -> None:
    for statement in statements(script):
        try:
            connection.execute(statement)
        except sqlite3.Error as error:
            if error.sqlite_errorcode & _PRIMARY_CODE in _OF_THE_DISK:
                raise  # it says what to do, and the statement has no part in it
            first_line = statement.strip().splitlines()[0]
            raise StorageError(f"migration {migration.label} failed at {first_line!r}: {error}") from error
        if not connection.in_transaction:
            raise StorageError(f"migration {migration.label} ends its transaction; leave BEGIN and COMMIT out of it")
