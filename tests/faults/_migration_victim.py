"""A process that migrates and is killed from outside at a chosen moment, again and again; of one thread, so it forks.

``python -m tests.faults._migration_victim HOW MOST FOLDER`` prints how many moments there were, and at how many of them
it was killed; a database that is between two versions afterwards ends it with the reason.
"""

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cockpit.paths import Paths
from cockpit.storage.migrations import Migration, migrate_down, migrate_up, shipped_migrations

Schema = frozenset[tuple[Any, ...]]

_INSTRUCTIONS = 15
_KEPT = ("a note", "kept through it all")


class Moments:
    """Counts the statements that begin, and the instructions within them; stops for ever at the chosen one."""

    def __init__(self, stop_at: int | None, told: int) -> None:
        self.count = 0
        self._stop_at = stop_at
        self._told = told

    def __call__(self, *_: object) -> int:
        if self.count == self._stop_at:
            os.write(self._told, b"x")
            signal.pause()
        self.count += 1
        return 0

    def watch(self) -> None:
        """Have every connection of this process count."""
        connect = sqlite3.connect

        def watched(*arguments: Any, **options: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = connect(*arguments, **options)
            connection.set_trace_callback(self)
            connection.set_progress_handler(self, _INSTRUCTIONS)
            return connection

        patch.object(sqlite3, "connect", watched).start()


def schema_of(database: Path) -> tuple[int, Schema, list[int]]:
    """Version, everything that defines the schema, and the versions in the book."""
    if not database.exists():
        return 0, frozenset(), []
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        book = any(row[1] == "schema_migrations" for row in rows)
        applied = connection.execute("SELECT version FROM schema_migrations ORDER BY version") if book else []
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise AssertionError(f"{database} fails its check")
        return version, frozenset(row for row in rows if row[1] != "schema_migrations"), [row[0] for row in applied]


def references(folder: Path, migrations: list[Migration]) -> dict[int, Schema]:
    """The schema of every version, made by applying the steps up to it."""
    found: dict[int, Schema] = {0: frozenset()}
    paths = Paths(folder / "reference", folder / "reference")
    for count, migration in enumerate(migrations, 1):
        migrate_up(paths, migrations[:count])
        found[migration.version] = schema_of(paths.database)[1]
    return found


def begin(how: str, folder: Path, migrations: list[Migration]) -> tuple[Path, Callable[[Paths], object]]:
    """The folder as it is before, and what is done to it."""
    before = folder / "before"
    paths = Paths(before, before)
    paths.create()
    if how == "fresh":
        return before, lambda there: migrate_up(there, migrations)
    migrate_up(paths, migrations[:2] if how == "up" else migrations)
    with closing(sqlite3.connect(paths.database)) as connection:
        connection.execute("INSERT INTO meta VALUES (?, ?)", _KEPT)
        connection.commit()
    if how == "up":
        return before, lambda there: migrate_up(there, migrations)
    return before, lambda there: migrate_down(there, len(migrations) - 1, migrations)


def attempt(stop_at: int | None, work: Callable[[Paths], object], there: Paths) -> int | None:
    """Migrate in a child; None where it was killed at the chosen moment, else how many moments there were."""
    hear, tell = os.pipe()
    child = os.fork()
    if child == 0:
        moments = Moments(stop_at, tell)
        moments.watch()
        code = 1
        try:
            work(there)
            os.write(tell, moments.count.to_bytes(4, "big"))
            code = 0
        finally:
            os._exit(code)
    os.close(tell)
    word = os.read(hear, 4)
    os.close(hear)
    if word == b"x":
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if word == b"x":
        return None
    if status or len(word) != 4:
        raise AssertionError(f"the migration itself failed at moment {stop_at}")
    return int.from_bytes(word, "big")


def torment(how: str, most: int, folder: Path) -> tuple[int, int]:
    """Kill at up to ``most`` moments (0: at each); how many there were, and how many it was."""
    migrations = shipped_migrations()
    known = references(folder, migrations)
    before, work = begin(how, folder, migrations)
    there = Paths(folder / "there", folder / "there")

    def fresh() -> None:
        shutil.rmtree(there.data, ignore_errors=True)
        shutil.copytree(before, there.data)

    fresh()
    total = attempt(None, work, there)
    assert total is not None
    ends_at = schema_of(there.database)
    stride = max(1, total // most) if most else 1
    killed = 0
    for stop_at in range(0, total, stride):
        fresh()
        if attempt(stop_at, work, there) is not None:
            continue
        killed += 1
        version, schema, book = schema_of(there.database)
        between = schema != known.get(version) or book != [one for one in sorted(known) if 0 < one <= version]
        if between:
            raise AssertionError(f"killed at moment {stop_at} of {total} ({how}): not at a whole version ({version})")
        if how == "down":
            # What is left of the way, whatever is left of it.
            if len(book) > 1:
                migrate_down(there, len(book) - 1, migrations)
        else:
            migrate_up(there, migrations)
        if schema_of(there.database) != ends_at:
            raise AssertionError(f"killed at moment {stop_at} of {total} ({how}): the next start does not finish it")
        if how != "fresh":
            with closing(sqlite3.connect(there.database)) as connection:
                assert connection.execute("SELECT * FROM meta").fetchall() == [_KEPT], "what was stored is lost"
    return total, killed


if __name__ == "__main__":
    print(*torment(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
