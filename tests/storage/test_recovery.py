"""A damaged database is never used, never lost, and does not keep the cockpit from coming up."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from cockpit.errors import DamagedError, StorageError
from cockpit.paths import Paths
from cockpit.storage import meta
from cockpit.storage.copies import back_up, copies
from cockpit.storage.database import open_database
from cockpit.storage.filesystem import mounted_as, refuse_network

Damage = Callable[[Path], None]


def _no_database(file: Path) -> None:
    file.write_bytes(b"this is a letter and not a database. " * 400)


def _cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _scribbled(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 3 : len(content) // 3 + 9000] = os.urandom(9000)
    file.write_bytes(content)


@pytest.mark.parametrize("damage", [_no_database, _cut_off, _empty, _scribbled])
async def test_the_newest_copy_takes_the_place_of_a_damaged_file(paths: Paths, damage: Damage) -> None:
    await _fill(paths, "before the copy")
    back_up(paths.database)
    async with open_database(paths) as database:
        await meta.put(database, "late", "after the copy")
    damage(paths.database)
    content = paths.database.read_bytes()
    with pytest.raises(DamagedError, match="moves it aside and puts the newest sound copy in its place"):
        async with open_database(paths):
            pass
    assert paths.database.read_bytes() == content, "who only asks changes nothing"
    async with open_database(paths, recover=True) as database:
        assert await meta.get(database, "key 7") == "before the copy"
        assert await meta.get(database, "late") is None
        assert "what came later is missing" in database.notice
        assert (await database.status()).message == database.notice
        await meta.put(database, "late", "again")
    (aside,) = paths.data.glob("damaged-*")
    assert (aside / "cockpit.db").read_bytes() == content
    async with open_database(paths, recover=True) as database:
        assert database.notice == ""
        assert await meta.get(database, "late") == "again"


async def test_without_a_copy_a_new_database_is_begun(paths: Paths) -> None:
    await _fill(paths, "x")
    _scribbled(paths.database)
    async with open_database(paths, recover=True) as database:
        assert await meta.get(database, "key 7") is None
        assert "a new one was begun" in database.notice
    assert [file.name for file in next(paths.data.glob("damaged-*")).iterdir()] == ["cockpit.db"]


async def test_a_damaged_copy_is_passed_over(paths: Paths) -> None:
    await _fill(paths, "good")
    back_up(paths.database)
    _scribbled(back_up(paths.database))
    _cut_off(paths.database)
    async with open_database(paths, recover=True) as database:
        assert await meta.get(database, "key 7") == "good"


async def test_a_foreign_log_beside_a_replaced_file_is_moved_away(paths: Paths, tmp_path: Path) -> None:
    """The user put another database in place and left the log of the old one beside it."""
    await _fill(paths, "the copy")
    copy = back_up(paths.database)
    with closing(sqlite3.connect(paths.database)) as other:
        other.execute("PRAGMA wal_autocheckpoint = 0")
        other.execute("CREATE TABLE something (n INTEGER, t TEXT)")
        other.executemany("INSERT INTO something VALUES (?, ?)", [(n, "x" * 400) for n in range(500)])
        other.execute("DELETE FROM meta WHERE key LIKE '%1%'")
        other.commit()
        shutil.copy(f"{paths.database}-wal", tmp_path / "stale")
    shutil.copy(copy, paths.database)
    with closing(sqlite3.connect(paths.database)) as replaced:
        replaced.execute("VACUUM")
    shutil.copy(tmp_path / "stale", f"{paths.database}-wal")
    async with open_database(paths, recover=True) as database:
        assert await meta.get(database, "key 7") == "the copy" or database.notice
        async with database.read() as connection:
            assert [tuple(row) for row in await connection.execute_fetchall("PRAGMA integrity_check")] == [("ok",)]


async def test_a_log_cut_off_at_any_byte_costs_no_more_than_its_tail(paths: Paths, tmp_path: Path) -> None:
    await _fill(paths, "x")
    async with open_database(paths) as database:
        for number in range(20):
            await meta.put(database, f"in the log {number}", "y")
        shutil.copy(paths.database, tmp_path / "db")
        log = _log(paths).read_bytes()
    for length in sorted(Random(3).sample(range(len(log)), 12)):
        shutil.copy(tmp_path / "db", paths.database)
        _log(paths).write_bytes(log[:length])
        async with open_database(paths, recover=True) as database:
            found = [await meta.get(database, f"in the log {number}") for number in range(20)]
            assert await meta.get(database, "key 7") == "x"
        assert found == sorted(found, key=lambda value: value is None), "a prefix of what was written"


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_bytes_are_flipped_a_sound_database_comes_up(paths: Paths, seed: int) -> None:
    await _fill(paths, "x")
    back_up(paths.database)
    content, chance = bytearray(paths.database.read_bytes()), Random(seed)
    for _ in range(40):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    paths.database.write_bytes(content)
    async with open_database(paths, recover=True) as database, database.read() as connection:
        assert [tuple(row) for row in await connection.execute_fetchall("PRAGMA integrity_check")] == [("ok",)]


async def test_a_copy_is_made_while_the_database_is_written(paths: Paths, tmp_path: Path) -> None:
    async with open_database(paths) as database:
        await meta.put(database, "a", "1")
        copy = back_up(paths.database, tmp_path / "copy.db")
        async with database.write() as connection:
            await connection.execute("INSERT INTO meta VALUES ('b', '2')")
            beside = back_up(paths.database)
    for file in (copy, beside):
        with closing(sqlite3.connect(file)) as opened:
            assert opened.execute("SELECT key FROM meta").fetchall() == [("a",)]
    with pytest.raises(StorageError, match=r"copy\.db exists already"):
        back_up(paths.database, tmp_path / "copy.db")
    with pytest.raises(StorageError, match=r"cannot copy the database to .*nowhere"):
        back_up(paths.database, tmp_path / "nowhere" / "copy.db")
    assert copies(paths.database) == [beside]


def test_only_the_last_copies_are_kept(paths: Paths) -> None:
    paths.create()
    with closing(sqlite3.connect(paths.database)) as connection:
        connection.execute("CREATE TABLE t (n INTEGER)")
    made = [back_up(paths.database) for _ in range(5)]
    half = made[0].with_name("20260101T000000.000000-schema001.db.unfinished")
    half.write_bytes(b"of a process that was killed")
    made.append(back_up(paths.database))
    assert copies(paths.database) == made[:2:-1]
    assert not half.exists()


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_network_file_system_is_refused(tmp_path: Path, kind: str) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/a / ext4 rw 0 0\nserver:/x {tmp_path}/my\\040files {kind} rw 0 0\n")
    (tmp_path / "my files").mkdir()
    with pytest.raises(StorageError, match=r"is on a network file system .*choose a folder on a local disk"):
        refuse_network(tmp_path / "my files" / "data", mounts)
    refuse_network(tmp_path, mounts)
    assert mounted_as(tmp_path, mounts) == "ext4"
    refuse_network(tmp_path, tmp_path / "no such file")


async def _fill(paths: Paths, value: str) -> None:
    async with open_database(paths) as database, database.write() as connection:
        await connection.executemany("INSERT INTO meta VALUES (?, ?)", [(f"key {n}", value) for n in range(3000)])


def _log(paths: Paths) -> Path:
    return paths.database.with_name(f"{paths.database.name}-wal")
