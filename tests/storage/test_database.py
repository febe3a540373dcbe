"""The database keeps what was committed, has one owner, and says in a sentence what is wrong with it."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import aiosqlite
import pytest

from cockpit.errors import DamagedError, StorageError
from cockpit.health.status import State
from cockpit.paths import Paths
from cockpit.storage import meta
from cockpit.storage.database import open_database

_OTHER_OWNER = """
import asyncio, sys
from pathlib import Path
from cockpit.paths import Paths
from cockpit.storage import meta
from cockpit.storage.database import open_database

async def main():
    async with open_database(Paths(Path(sys.argv[1]), Path(sys.argv[2]))) as database:
        await meta.put(database, "written by", "the owner")
        print("owned" if not database.read_only else "read-only", flush=True)
        sys.stdin.readline()

asyncio.run(main())
"""


async def test_committed_values_are_there_after_a_restart(paths: Paths) -> None:
    async with open_database(paths) as database:
        assert await meta.get(database, "clock") is None
        await meta.put(database, "clock", "09:30")
        await meta.put(database, "clock", "09:31")
    async with open_database(paths) as database:
        assert await meta.get(database, "clock") == "09:31"
        assert database.refusal is None


async def test_the_file_is_in_wal_with_full_synchronisation(paths: Paths) -> None:
    async with open_database(paths) as database, database.write() as connection:
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            rows = list(await connection.execute_fetchall(f"PRAGMA {pragma}"))
            assert rows[0][0] == value, pragma


async def test_a_failed_write_leaves_nothing(paths: Paths) -> None:
    async with open_database(paths) as database:
        with pytest.raises(sqlite3.IntegrityError):
            async with database.write() as connection:
                await connection.executemany("INSERT INTO meta VALUES (?, '1')", [("a",), ("b",), ("a",)])
        assert await meta.get(database, "a") is None


async def test_a_cancelled_write_leaves_nothing_and_blocks_nobody(paths: Paths) -> None:
    async with open_database(paths) as database:
        inside = asyncio.Event()

        async def hesitate() -> None:
            async with database.write() as connection:
                await connection.execute("INSERT INTO meta VALUES ('a', '1')")
                inside.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(hesitate())
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await meta.put(database, "b", "2")
        assert await meta.get(database, "a") is None
        assert await meta.get(database, "b") == "2"


async def test_cancelling_at_every_step_never_tears_a_write(paths: Paths) -> None:
    """Both rows of a write are there, or none; and the next write works, wherever the cancellation fell."""
    async with open_database(paths) as database:
        for steps in range(40):

            async def pair(number: int = steps) -> None:
                async with database.write() as connection:
                    await connection.execute("INSERT INTO meta VALUES (?, 'x')", (f"left {number}",))
                    await connection.execute("INSERT INTO meta VALUES (?, 'x')", (f"right {number}",))

            task = asyncio.create_task(pair())
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
            left, right = await meta.get(database, f"left {steps}"), await meta.get(database, f"right {steps}")
            assert left == right
            await meta.put(database, "after", str(steps))
        assert await meta.get(database, "after") == "39"


async def test_writes_from_many_tasks_come_one_after_the_other(paths: Paths) -> None:
    async with open_database(paths) as database:
        await meta.put(database, "count", "0")

        async def increment() -> None:
            async with database.write() as connection:
                rows = list(await connection.execute_fetchall("SELECT value FROM meta WHERE key = 'count'"))
                await asyncio.sleep(0)
                await connection.execute("UPDATE meta SET value = ?", (str(int(rows[0][0]) + 1),))

        await asyncio.gather(*(increment() for _ in range(25)))
        assert await meta.get(database, "count") == "25"
        assert (await database.status()).commit_p99_ms is not None


async def test_a_write_inside_a_write_is_an_error_and_no_deadlock(paths: Paths) -> None:
    async with open_database(paths) as database:
        with pytest.raises(RuntimeError, match="inside a write"):
            async with database.write():
                await meta.put(database, "a", "1")


async def test_a_reader_sees_one_picture_and_cannot_write(paths: Paths) -> None:
    async with open_database(paths) as database:
        await meta.put(database, "a", "before")
        async with database.read() as connection:
            assert await _value(connection) == "before"
            await meta.put(database, "a", "after")
            assert await _value(connection) == "before"
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                await connection.execute("DELETE FROM meta")
        assert await meta.get(database, "a") == "after"


async def test_a_cancelled_reader_stops_its_query_and_serves_the_next(paths: Paths) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    async with open_database(paths) as database:

        async def read() -> None:
            async with database.read() as connection:
                await connection.execute_fetchall(endless)

        for _ in range(5):
            task = asyncio.create_task(read())
            await asyncio.sleep(0.01)
            task.cancel()
            async with asyncio.timeout(5):
                await asyncio.wait({task})
            assert task.cancelled()
        assert await meta.get(database, "a") is None


async def test_a_second_cockpit_looks_and_does_not_write(paths: Paths) -> None:
    owner = _start_owner(paths)
    try:
        async with open_database(paths) as database:
            assert database.read_only
            assert database.owner_pid == owner.pid
            assert await meta.get(database, "written by") == "the owner"
            with pytest.raises(StorageError, match=f"owned by process {owner.pid}; this cockpit can only look"):
                await meta.put(database, "a", "1")
            status = await database.status()
            assert status.read_only
            assert str(owner.pid) in status.message
    finally:
        owner.kill()
        owner.wait()
    async with open_database(paths) as database:
        assert not database.read_only, "the lock dies with its process"


async def test_waiting_for_the_owner_to_leave_gives_the_folder(paths: Paths) -> None:
    owner = _start_owner(paths)
    opening = asyncio.create_task(_owns(paths, wait=30.0))
    await asyncio.sleep(0.1)
    assert owner.stdin is not None
    owner.stdin.close()
    assert await opening
    owner.wait()


async def test_closing_ends_every_thread_and_leaves_one_file(paths: Paths) -> None:
    before = set(threading.enumerate())
    async with open_database(paths) as database:
        await meta.put(database, "a", "1")
    for thread in set(threading.enumerate()) - before:
        if not thread.name.startswith("asyncio_"):  # the loop's own executor
            thread.join(10)
            assert not thread.is_alive()
    assert not paths.database.with_name("cockpit.db-wal").exists()
    with pytest.raises(StorageError, match="closed"):
        await meta.get(database, "a")
    with pytest.raises(StorageError, match="closed"):
        await meta.put(database, "a", "1")
    assert (await database.status()).state is State.OFF


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be one" * 100, b"\0" * 8192])
async def test_a_file_that_is_no_database_is_refused_and_left_alone(paths: Paths, content: bytes) -> None:
    paths.create()
    paths.database.write_bytes(content)
    with pytest.raises(DamagedError, match=r"cockpit\.db is damaged") as caught:
        async with open_database(paths):
            pass
    assert "moves it aside" in str(caught.value)
    assert caught.value.exit_code == 5
    assert paths.database.read_bytes() == content


async def test_a_damaged_page_is_found_before_anything_is_read(paths: Paths) -> None:
    async with open_database(paths) as database, database.write() as connection:
        await connection.executemany(
            "INSERT INTO meta VALUES (?, ?)", [(f"key {n}", "some value " * 20) for n in range(2000)]
        )
    content = bytearray(paths.database.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 3000] = os.urandom(3000)
    paths.database.write_bytes(content)
    with pytest.raises(DamagedError):
        async with open_database(paths):
            pass


async def test_a_cut_off_file_is_found(paths: Paths) -> None:
    async with open_database(paths) as database:
        await meta.put(database, "a", "1")
    content = paths.database.read_bytes()
    paths.database.write_bytes(content[: len(content) // 2])
    with pytest.raises(DamagedError):
        async with open_database(paths):
            pass


async def test_the_database_of_another_program_is_not_touched(paths: Paths) -> None:
    paths.create()
    other = sqlite3.connect(paths.database)
    other.execute("CREATE TABLE customers (name TEXT)")
    other.close()
    content = paths.database.read_bytes()
    with pytest.raises(StorageError, match="another program"):
        async with open_database(paths):
            pass
    assert paths.database.read_bytes() == content


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_that_cannot_be_written_is_named(paths: Paths) -> None:
    paths.data.mkdir(parents=True)
    paths.data.chmod(0o500)
    with pytest.raises(StorageError, match="cannot write to the folder"):
        async with open_database(paths):
            pass


async def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(StorageError, match="cannot make the folder"):
        async with open_database(Paths(tmp_path / "data", tmp_path / "state")):
            pass


async def test_a_foreign_writer_makes_one_sentence_and_passes(paths: Paths) -> None:
    async with open_database(paths) as database:
        other = sqlite3.connect(paths.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked by another program"):
            await meta.put(database, "a", "1")
        assert (await database.status()).state is State.DEGRADED
        other.rollback()
        other.close()
        await meta.put(database, "a", "1")
        assert (await database.status()).state is State.UP


_OPENER = """
import asyncio, sys
from pathlib import Path
from cockpit.paths import Paths
from cockpit.storage import meta
from cockpit.storage.database import open_database

async def main():
    print("ready", flush=True)
    for number in range(int(sys.argv[2])):
        sys.stdin.readline()
        folder = Path(sys.argv[1], str(number))
        async with open_database(Paths(folder, folder)) as database:
            if not database.read_only:
                await meta.put(database, "owner", "me")
            print("reads" if database.read_only else "owns", flush=True)
            sys.stdin.readline()

asyncio.run(main())
"""


def test_four_processes_that_open_a_fresh_database_at_once_have_one_owner(tmp_path: Path) -> None:
    rounds = 8
    command = [sys.executable, "-c", _OPENER, str(tmp_path), str(rounds)]
    openers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    try:
        assert {_told(opener) for opener in openers} == {"ready"}
        for _ in range(rounds):
            for opener in openers:
                _tell(opener)
            assert sorted(_told(opener) for opener in openers) == ["owns", "reads", "reads", "reads"]
            for opener in openers:
                _tell(opener)
    finally:
        for opener in openers:
            opener.kill()
            opener.communicate()


def _told(opener: subprocess.Popen[str]) -> str:
    assert opener.stdout is not None
    assert opener.stderr is not None
    return opener.stdout.readline().strip() or opener.stderr.read()


def _tell(opener: subprocess.Popen[str]) -> None:
    assert opener.stdin is not None
    opener.stdin.write("go\n")
    opener.stdin.flush()


async def test_folders_with_odd_names_work(tmp_path: Path) -> None:
    async with open_database(Paths(tmp_path / "a b?c#d%20", tmp_path / "state")) as database:
        await meta.put(database, "a", "1")
    assert (tmp_path / "a b?c#d%20" / "cockpit.db").exists()


async def _value(connection: aiosqlite.Connection) -> str:
    rows = list(await connection.execute_fetchall("SELECT value FROM meta WHERE key = 'a'"))
    return str(rows[0][0])


async def _owns(paths: Paths, wait: float) -> bool:
    async with open_database(paths, wait=wait) as database:
        return not database.read_only


def _start_owner(paths: Paths) -> subprocess.Popen[str]:
    owner = subprocess.Popen(
        [sys.executable, "-c", _OTHER_OWNER, str(paths.data), str(paths.state)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "owned\n"
    return owner
