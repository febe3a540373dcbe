"""A file gets smaller when it is asked to, whether this cockpit began it or an older one, and loses nothing."""

import sqlite3
from contextlib import closing

import pytest

from cockpit.errors import DamagedError, StorageError
from cockpit.paths import Paths
from cockpit.storage.copies import back_up
from cockpit.storage.database import open_database
from cockpit.storage.pages import compact, inspect
from cockpit.storage.retention import remove_oldest_trades
from cockpit.storage.ticks import store_trades
from tests.ticks.trades import stored_ids, trades


async def _half_empty(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_trades(database, trades(1, 40_000))
        for _ in range(4):
            await remove_oldest_trades(database)


def _as_of_an_older_cockpit(paths: Paths) -> None:
    with closing(sqlite3.connect(paths.database, isolation_level=None)) as connection:
        connection.execute("PRAGMA auto_vacuum = NONE")
        connection.execute("VACUUM")
        connection.execute("DELETE FROM ticks_trades WHERE key & 17592186044415 <= 30000")


async def test_a_compacted_file_holds_the_same_in_less_room(paths: Paths) -> None:
    await _half_empty(paths)
    before = inspect(paths.database)
    assert (before.shrinks, before.empty > 50) == (True, True)
    assert compact(paths) == (before.size * before.count, before.used_bytes)
    after = inspect(paths.database)
    assert (after.count, after.empty) == (before.count - before.empty, 0)
    assert stored_ids(paths) == list(range(20_001, 40_001))


async def test_a_file_of_an_older_cockpit_is_written_anew_and_shrinks_from_then_on(paths: Paths) -> None:
    await _half_empty(paths)
    _as_of_an_older_cockpit(paths)
    old = inspect(paths.database)
    assert (old.shrinks, old.empty > 50) == (False, True)
    async with open_database(paths):  # it is taken as it is
        pass
    assert not inspect(paths.database).shrinks
    assert inspect(back_up(paths.database)).empty == 0
    before, after = compact(paths)
    assert after < before
    new = inspect(paths.database)
    assert (new.shrinks, new.empty) == (True, 0)
    assert stored_ids(paths) == list(range(30_001, 40_001))


async def test_a_file_in_use_or_of_others_or_damaged_is_left_alone(paths: Paths) -> None:
    with pytest.raises(StorageError, match="there is no database"):
        compact(paths)
    async with open_database(paths):
        with pytest.raises(StorageError, match="end it before compacting its database"):
            compact(paths)
    paths.database.write_bytes(b"this is a letter and not a database. " * 400)
    for look in (lambda: inspect(paths.database), lambda: compact(paths)):
        with pytest.raises(DamagedError):
            look()
