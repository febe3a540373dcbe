"""The pages of the database's file: how many of them are empty, and giving these back to the disk.

What is removed leaves empty pages, which SQLite uses again before the file grows. A file that was begun with
``auto_vacuum = INCREMENTAL`` can be cut by some of them at any time; one of an older cockpit is written anew once.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cockpit.errors import StorageError
from cockpit.paths import Paths
from cockpit.storage.addresses import address, address_as_it_is
from cockpit.storage.database import Database
from cockpit.storage.failures import sentences
from cockpit.storage.lock import owned
from cockpit.storage.migrations.runner import check_file

_LOOK = (
    "SELECT page_size, page_count, freelist_count, auto_vacuum = 2 FROM pragma_page_size, pragma_page_count, "
    "pragma_freelist_count, pragma_auto_vacuum"
)
_CUT = "PRAGMA incremental_vacuum({})"
_AT_ONCE = 4096
_BUSY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one file.

    Attributes:
        size: of a page, bytes.
        count: pages in the file; empty: how many of them hold nothing.
        shrinks: the file can be cut by empty pages while it is in use.
    """

    size: int
    count: int
    empty: int
    shrinks: bool

    @property
    def used_bytes(self) -> int:
        """What holds something."""
        return self.size * (self.count - self.empty)

    @property
    def empty_bytes(self) -> int:
        """What holds nothing."""
        return self.size * self.empty


async def read_pages(database: Database) -> Pages:
    """Those of an open database."""
    async with database.read() as connection:
        return _pages(await connection.execute_fetchall(_LOOK))


async def give_back(database: Database, most: int) -> None:
    """Cut up to so many empty pages off the file, in one transaction; the file is shorter after the next checkpoint.

    Raises:
        StorageError: the database cannot be written.
    """
    async with database.write() as connection:
        # A script, since of a statement without columns sqlite3 takes only one step, which is one page. It ends the
        # empty transaction that it finds, and is one by itself.
        await connection.executescript(_CUT.format(most))


def inspect(database: Path) -> Pages:
    """Those of a file, which is checked as it is before it is opened, and left alone.

    Raises:
        DamagedError: it is damaged.
        StorageError: it cannot be read, or belongs to another program.
    """
    with sentences(database), closing(_connected(address_as_it_is(database))) as connection:
        check_file(connection, database)
        return _pages(connection.execute(_LOOK))


def compact(paths: Paths) -> tuple[int, int]:
    """Give all empty pages of the folder's database back to the disk; the file's bytes before and after.

    A file that cannot be cut is written anew, which needs as much room again as it holds; from then on it can be.

    Raises:
        StorageError: there is none, another process owns the folder, or there is no room.
        DamagedError: it is damaged.
    """
    database = paths.database
    if not database.exists():
        raise StorageError(f"there is no database {database} yet; nothing is to be compacted")
    with owned(paths, "compacting its database"), sentences(database):
        before = database.stat().st_size
        with closing(_connected(address(database, "rw"))) as connection:
            check_file(connection, database)
            pages = _pages(connection.execute(_LOOK))
            if pages.shrinks:
                for _ in range(0, pages.empty, _AT_ONCE):
                    connection.executescript(_CUT.format(_AT_ONCE))
            else:
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
                connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return before, database.stat().st_size


def _connected(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_SECONDS)


def _pages(rows: Iterable[Iterable[int]]) -> Pages:
    ((size, count, empty, shrinks),) = rows
    return Pages(size, count, empty, bool(shrinks))
