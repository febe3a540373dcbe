"""What a session records replays to the rows that the session stored, whatever ended it."""

import asyncio
import gzip
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import pytest

from cockpit.boards import Boards
from cockpit.clock import Clock, SystemClock
from cockpit.errors import StorageError, UsageError
from cockpit.net.http import HttpClient
from cockpit.paths import Paths
from cockpit.providers.binance import Binance
from cockpit.providers.ports import Exchange
from cockpit.settings import BinanceSettings, TickSettings
from cockpit.storage.database import Database, open_database
from cockpit.ticks.feed import Feed
from cockpit.ticks.importer import import_files
from cockpit.ticks.recorder import Recorder
from cockpit.ticks.recording import Recording
from cockpit.ticks.replay import ReplayExchange
from cockpit.ticks.session_file import SessionFile
from tests.ticks.trades import trades, until
from tests.ticks.venue import FakeVenue, book, frame

SETTINGS = TickSettings(mute_seconds=30.0, backfill_hours=0)


async def test_a_recorded_session_replays_to_the_same_rows(paths: Paths, tmp_path: Path) -> None:
    clock, file = SystemClock(), tmp_path / "session.gz"
    session_file = SessionFile(file, clock=clock, limit_mb=1)
    async with FakeVenue().running() as venue, HttpClient(clock) as http, open_database(paths) as database:
        exchange = Binance(http, "binance", venue.settings, BinanceSettings(timeout=5.0), clock)
        exchange.tap(session_file.take)
        recorder = Recorder(database, settings=SETTINGS, clock=clock)
        feed = _feed(exchange, ["BTCUSDT"], clock, recorder, database)
        tasks = [asyncio.create_task(work()) for work in (recorder.run, feed.run, session_file.run)]
        await until(lambda: venue.open_connections > 0)
        await venue.trade(trades(1, 50))
        await venue.send(book("BTCUSDT", "1", "2"))
        await venue.send("{broken\n frame")
        await venue.trade(trades(51, 60), unseen=True)
        await venue.trade(trades(61, 100))
        await until(lambda: feed.status().stored == 100)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await session_file.close()
    assert session_file.frames >= 102
    assert session_file.lost == 0

    imported, replayed = Paths(tmp_path / "a", tmp_path / "a"), Paths(tmp_path / "b", tmp_path / "b")
    async with open_database(imported) as database:
        report = await import_files([file], database)
    assert report.rejected == {"not JSON": 1}
    exchange_again = ReplayExchange(file, speed=1e9)
    await exchange_again.open()
    async with open_database(replayed) as database:
        recorder = Recorder(database, settings=SETTINGS, clock=exchange_again.clock)
        feed = _feed(exchange_again, exchange_again.symbols, exchange_again.clock, recorder, database)
        async with asyncio.timeout(30):
            await feed.run()
        await recorder.drain()
    assert _rows(paths) == _rows(imported) == _rows(replayed)
    assert len(_rows(paths)) == 100


async def test_a_killed_session_is_read_up_to_its_last_second(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "session.gz"
    program = textwrap.dedent(
        f"""
        import asyncio, os, signal
        from pathlib import Path
        from cockpit.clock import SystemClock
        from cockpit.ticks.session_file import SessionFile
        from tests.ticks.trades import trades
        from tests.ticks.venue import frame

        async def main():
            file = SessionFile(Path({str(file)!r}), clock=SystemClock(), limit_mb=1)
            for start in range(1, 3001, 1000):
                for one in trades(start, start + 999):
                    file.take(frame(one))
                await file.flush()
            file.take("never written")
            os.kill(os.getpid(), signal.SIGKILL)

        asyncio.run(main())
        """
    )
    ended = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", program], check=False)
    assert ended.returncode == -9
    whole = file.read_bytes()
    async with open_database(paths) as database:
        report = await import_files([file], database)
        assert (report.read, report.missing, report.damages) == (3000, 0, ())
        file.write_bytes(whole[:-1000])  # a member that is written in part
        report = await import_files([file], database)
        assert 2000 <= report.read < 3000
        assert "is damaged after line" in report.damages[0]


async def test_what_the_disk_does_not_keep_up_with_is_counted(tmp_path: Path) -> None:
    file = SessionFile(tmp_path / "session.gz", clock=SystemClock(), limit_mb=1, buffer_bytes=5000)
    told: list[str] = []
    file.watch = told.append
    for one in trades(1, 100):
        file.take(frame(one))
    await file.close()
    assert file.frames + file.lost == 100
    assert 10 < file.frames < 50
    assert told == [f"{file.lost} frames are not in the recording session.gz: the disk is too slow for it"]
    assert len(list(Recording(file.path))) == file.frames


async def test_a_recording_ends_at_its_limit(tmp_path: Path) -> None:
    file = SessionFile(tmp_path / "session.gz", clock=SystemClock(), limit_mb=1)
    noise = "".join(gzip.compress(str(number).encode() * 9).hex() for number in range(30_000))
    while not file.ended:
        file.take(noise)
        await file.flush()
    size, frames = file.size, file.frames
    assert file.message == "the recording session.gz has reached 1 MB and ends there"
    file.take("more")
    await file.close()
    assert (file.path.stat().st_size, file.frames, file.lost) == (size, frames, 0)


async def test_a_recording_goes_into_a_new_file(tmp_path: Path) -> None:
    file = tmp_path / "session.gz"
    file.write_bytes(b"mine")
    with pytest.raises(UsageError, match=r"session\.gz exists already"):
        SessionFile(file, clock=SystemClock(), limit_mb=1)
    with pytest.raises(StorageError, match="cannot record to"):
        SessionFile(tmp_path / "none" / "session.gz", clock=SystemClock(), limit_mb=1)
    assert file.read_bytes() == b"mine"


async def test_a_full_disk_costs_nothing_once_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    file = SessionFile(tmp_path / "session.gz", clock=SystemClock(), limit_mb=1)
    for one in trades(1, 1000):
        file.take(frame(one))
    await file.flush()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.size + 1000, before[1]))
    try:
        for one in trades(1001, 2000):
            file.take(frame(one))
        await file.flush()
        assert "cannot record to" in file.message
        assert (file.frames, file.path.stat().st_size) == (1000, file.size)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    await file.close()
    assert (file.frames, file.lost, file.message) == (2000, 0, "")
    assert len(list(Recording(file.path))) == 2000


def _rows(paths: Paths) -> list[tuple[int, ...]]:
    connection = sqlite3.connect(paths.database)
    try:
        return connection.execute("SELECT * FROM ticks_trades ORDER BY key").fetchall()
    finally:
        connection.close()


def _feed(exchange: Exchange, symbols: Sequence[str], clock: Clock, recorder: Recorder, database: Database) -> Feed:
    return Feed(
        exchange, symbols, clock=clock, boards=Boards(), recorder=recorder, database=database, settings=SETTINGS
    )
