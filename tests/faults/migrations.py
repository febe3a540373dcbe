"""Migrations that are killed at each statement, raced by several starters, and run out of space.

``python -m tests.faults migrations --full``: every statement and every few instructions within one, on the way up from
nothing, up from data, and down; two hundred races of four. A database is at version k or k+1 afterwards, never between.
"""

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cockpit.errors import StorageError
from cockpit.paths import Paths
from cockpit.storage.migrations import migrate_up, shipped_migrations
from tests.faults._migration_victim import references, schema_of

_STARTERS = 4


def run(full: bool) -> None:
    """Print the report."""
    for how in ("fresh", "up", "down"):
        moments, killed = kill(how, 0 if full else 40)
        print(
            f"  {how}: killed at {killed} of {moments} moments, never between two versions, finished by the next start"
        )
    races = 200 if full else 5
    for how in ("open", "migrate"):
        for _ in range(races):
            race(how)
        print(f"  {how}: {races} times {_STARTERS} at once: one migrated, none failed")
    sizes = no_room(1 if full else 8)
    print(f"  the disk was full at {sizes} sizes of the file: a whole version and a sentence each time")


def kill(how: str, most: int) -> tuple[int, int]:
    """Moments of a migration, and at how many of them it was killed.

    Raises:
        AssertionError: the database was left between two versions, or not finished by the next start.
    """
    with tempfile.TemporaryDirectory() as folder:
        ended = _python("_migration_victim", how, str(most), folder)
    assert ended.returncode == 0, ended.stderr.strip().splitlines()[-1]
    moments, killed = map(int, ended.stdout.split())
    return moments, killed


def race(how: str) -> None:
    """Several at once on one fresh folder: by opening it (``open``) or by the command (``migrate``).

    Raises:
        AssertionError: not exactly one has migrated, or one has failed.
    """
    steps = len(shipped_migrations())
    with tempfile.TemporaryDirectory() as folder:
        said = sorted(_python("_starters", how, str(_STARTERS), folder).stdout.splitlines())
    if how == "open":
        assert said == [*[f"guest {steps}"] * (_STARTERS - 1), f"owner {steps}"], said
    else:
        assert said == [*["migrate 0"] * (_STARTERS - 1), f"migrate {steps}"], said


def no_room(stride: int) -> int:
    """Migrate a file that may not grow beyond so many pages, for every ``stride``-th size; how many were too small.

    Raises:
        AssertionError: it was left between two versions, or is not finished once there is room.
    """
    migrations = shipped_migrations()
    with tempfile.TemporaryDirectory() as folder:
        known = references(Path(folder), migrations)
        pages, failed = 1, 0
        while True:
            there = Paths(Path(folder) / f"{pages}", Path(folder) / f"{pages}")
            refusal = ""
            try:
                with _at_most(pages):
                    migrate_up(there)
            except StorageError as error:
                refusal = str(error)
            if not refusal:
                return failed
            assert "make room on its disk" in refusal, refusal
            failed += 1
            version, schema, _ = schema_of(there.database)
            assert schema == known[version], f"between two versions at {pages} pages"
            migrate_up(there)
            assert schema_of(there.database)[1] == known[migrations[-1].version]
            pages += stride


@contextmanager
def _at_most(pages: int) -> Iterator[None]:
    """No database of this process may grow beyond so many pages: as on a full disk, without needing one."""
    connect = sqlite3.connect

    def limited(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        with closing(connection.execute(f"PRAGMA max_page_count = {pages}")):
            return connection

    with patch.object(sqlite3, "connect", limited):
        yield


def _python(module: str, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", f"tests.faults.{module}", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
