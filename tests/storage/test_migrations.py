"""The schema moves by whole steps, forward and back, and never over a file that has changed under it."""

import os
import sqlite3
from pathlib import Path

import pytest

from cockpit.errors import StorageError, UsageError
from cockpit.paths import Paths
from cockpit.storage.database import open_database
from cockpit.storage.lock import take_lock
from cockpit.storage.migrations import (
    Migration,
    create_migration,
    migrate_down,
    migrate_up,
    migration_status,
    shipped_migrations,
)
from tests.faults.migrations import kill, no_room, race

ONE = Migration(1, "one", "CREATE TABLE one (a TEXT NOT NULL PRIMARY KEY);", "DROP TABLE one;")
TWO = Migration(2, "two", "CREATE TABLE two (b TEXT);\nCREATE INDEX two_b ON two (b);", "DROP TABLE two;")
TRIGGER = Migration(
    3,
    "trigger",
    "-- a comment; with a semicolon\n"
    "CREATE TRIGGER t AFTER INSERT ON one BEGIN INSERT INTO two VALUES ('x;y'); DELETE FROM two WHERE b = ''; END;\n"
    "INSERT INTO one VALUES ('a;b') -- no semicolon at the end",
    "DROP TRIGGER t;",
)


def test_steps_are_applied_once_and_in_order(paths: Paths) -> None:
    assert migrate_up(paths, [ONE, TWO]) == ["001_one", "002_two"]
    assert migrate_up(paths, [ONE, TWO, TRIGGER]) == ["003_trigger"]
    assert migrate_up(paths, [ONE, TWO, TRIGGER]) == []
    assert _rows(paths, "SELECT b FROM two") == [("x;y",)]
    assert _rows(paths, "PRAGMA user_version") == [(3,)]


def test_down_undoes_the_newest_first_and_up_makes_the_same_schema_again(paths: Paths) -> None:
    migrate_up(paths, [ONE, TWO, TRIGGER])
    schema = _schema(paths)
    assert migrate_down(paths, 2, [ONE, TWO, TRIGGER]) == ["003_trigger", "002_two"]
    assert _rows(paths, "PRAGMA user_version") == [(1,)]
    assert [state.applied_at is not None for state in migration_status(paths, [ONE, TWO])] == [True, False]
    with sqlite3.connect(paths.database) as connection:
        connection.execute("DELETE FROM one")
    connection.close()
    migrate_up(paths, [ONE, TWO, TRIGGER])
    assert _schema(paths) == schema


def test_taking_back_more_than_there_is_is_refused(paths: Paths) -> None:
    migrate_up(paths, [ONE])
    with pytest.raises(UsageError, match="1 have been applied"):
        migrate_down(paths, 2, [ONE])


def test_a_step_that_fails_leaves_the_schema_as_it_was(paths: Paths) -> None:
    migrate_up(paths, [ONE])
    before = _schema(paths)
    broken = Migration(2, "broken", "CREATE TABLE two (b TEXT); CREATE TABLE one (again TEXT);", "")
    with pytest.raises(StorageError, match="002_broken failed at 'CREATE TABLE one"):
        migrate_up(paths, [ONE, broken])
    assert _schema(paths) == before


def test_a_step_may_not_end_its_transaction(paths: Paths) -> None:
    cheating = Migration(1, "cheating", "CREATE TABLE a (b TEXT); COMMIT; CREATE TABLE c (d TEXT);", "")
    with pytest.raises(StorageError, match="ends its transaction"):
        migrate_up(paths, [cheating])


def test_an_edited_file_is_refused(paths: Paths) -> None:
    migrate_up(paths, [ONE, TWO])
    edited = Migration(1, "one", ONE.up + " -- harmless?", ONE.down)
    assert [state.problem for state in migration_status(paths, [edited, TWO])] == ["edited", None]
    with pytest.raises(StorageError, match="001_one was edited"):
        migrate_up(paths, [edited, TWO])


def test_a_schema_of_a_newer_cockpit_is_refused(paths: Paths) -> None:
    migrate_up(paths, [ONE, TWO])
    assert [state.problem for state in migration_status(paths, [ONE])] == [None, "unknown"]
    with pytest.raises(StorageError, match="newer cockpit: it has migration 002_two"):
        migrate_up(paths, [ONE])


def test_the_database_is_copied_before_it_is_changed(paths: Paths) -> None:
    migrate_up(paths, [ONE])
    assert not (paths.data / "backups").exists(), "an empty database needs no copy"
    with sqlite3.connect(paths.database) as connection:
        connection.execute("INSERT INTO one VALUES ('kept')")
    connection.close()
    migrate_up(paths, [ONE, TWO])
    (copy,) = (paths.data / "backups").iterdir()
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT * FROM one").fetchall() == [("kept",)]
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()


def test_only_the_last_copies_are_kept(paths: Paths) -> None:
    migrate_up(paths, [ONE, TWO])
    for _ in range(4):
        migrate_down(paths, 1, [ONE, TWO])
        migrate_up(paths, [ONE, TWO])
    assert len(list((paths.data / "backups").iterdir())) == 3


def test_the_schema_of_an_owned_folder_is_not_changed(paths: Paths) -> None:
    paths.create()
    lock = take_lock(paths)
    assert lock is not None
    with lock, pytest.raises(StorageError, match=f"owned by process {os.getpid()}"):
        migrate_up(paths)


def test_shipped_steps_go_down_to_nothing_and_up_again(paths: Paths) -> None:
    steps = migrate_up(paths)
    assert steps[:2] == ["001_meta", "002_ticks"]
    schema = _schema(paths)
    migrate_down(paths, len(steps))
    assert [name for name, _ in _schema(paths)] == ["schema_migrations"]
    migrate_up(paths)
    assert _schema(paths) == schema


async def test_opening_migrates_and_refuses_what_is_newer(paths: Paths) -> None:
    migrate_up(paths, shipped_migrations()[:1])
    async with open_database(paths):
        pass
    assert all(state.applied_at for state in migration_status(paths))
    with sqlite3.connect(paths.database) as connection:
        connection.execute("INSERT INTO schema_migrations VALUES (999, 'future', '', '')")
    connection.close()
    with pytest.raises(StorageError, match="newer cockpit"):
        async with open_database(paths):
            pass


def test_a_new_step_gets_the_next_number(tmp_path: Path) -> None:
    up, down = create_migration("add_notes", tmp_path)
    assert (up.name, down.name) == ("001_add_notes.up.sql", "001_add_notes.down.sql")
    assert create_migration("more", tmp_path)[0].name == "002_more.up.sql"
    assert [step.label for step in shipped_migrations(tmp_path)] == ["001_add_notes", "002_more"]
    with pytest.raises(UsageError, match="lower-case words"):
        create_migration("Add Notes", tmp_path)


def test_a_step_without_its_way_back_is_refused(tmp_path: Path) -> None:
    create_migration("notes", tmp_path)[1].unlink()
    with pytest.raises(StorageError, match="001_notes has no down file"):
        shipped_migrations(tmp_path)


@pytest.mark.parametrize("how", ["fresh", "up", "down"])
def test_killed_at_any_moment_the_schema_is_at_a_whole_step_and_the_next_start_goes_on(how: str) -> None:
    moments, killed = kill(how, 12)
    assert moments > 300
    assert killed >= 12


@pytest.mark.parametrize("how", ["open", "migrate"])
def test_of_four_that_start_at_once_one_migrates_and_none_fails(how: str) -> None:
    race(how)


def test_without_room_the_schema_is_at_a_whole_step_and_goes_on_when_there_is_some() -> None:
    assert no_room(8) >= 3


def _rows(paths: Paths, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(paths.database)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def _schema(paths: Paths) -> list[tuple[object, ...]]:
    return _rows(paths, "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
