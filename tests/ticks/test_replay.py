"""A recording plays through the same feed, on its own clock, to its end."""

import asyncio
import gzip
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from cockpit.boards import Boards
from cockpit.errors import DamagedError
from cockpit.health.status import FeedStatus, State
from cockpit.paths import Paths
from cockpit.settings import TickSettings
from cockpit.storage.bars import read_bars
from cockpit.storage.database import Database, open_database
from cockpit.storage.ticks import read_trades
from cockpit.ticks.feed import Feed
from cockpit.ticks.playback import SPEEDS, Playback
from cockpit.ticks.recorder import Recorder
from cockpit.ticks.replay import ReplayExchange
from cockpit.ticks.trade import Trade
from tests.ticks.ledger import ledger
from tests.ticks.trades import START_MS, bars_of, stored_ids, trade, trades, until
from tests.ticks.venue import frame

SETTINGS = TickSettings()
T = TypeVar("T")


async def test_a_real_recording_plays_to_its_end(paths: Paths, recordings: Path) -> None:
    exchange = ReplayExchange(recordings / "binance" / "btcusdt_20240808.gz", speed=100_000.0)
    await exchange.open()
    assert exchange.symbols == ("BTCUSDT",)
    status, boards = await _play(paths, exchange)
    assert (status.state, status.received, status.gaps, status.rejected) == (State.OFF, 9757, 0, 0)
    assert status.message == "replay: the recording btcusdt_20240808.gz has ended"
    row = boards.ticks.get("BTCUSDT")
    assert row is not None
    assert row.last is not None
    assert row.bid is not None
    assert row.change is None, "the recording has no day, and none is made up"
    assert len(stored_ids(paths)) == 9757


async def test_symbols_are_found_in_what_is_recorded(recordings: Path) -> None:
    exchange = ReplayExchange(recordings / "binance" / "ws_20211012.txt")
    await exchange.open()
    assert set(exchange.symbols) == {"NKNUSDT", "BLZETH", "LRCBTC", "RUNEEUR"}


async def test_the_clock_shows_the_recordings_time(tmp_path: Path) -> None:
    exchange = ReplayExchange(_recording(tmp_path), speed=50.0)
    await exchange.open()
    start = datetime.fromtimestamp(START_MS / 1000, UTC)
    assert exchange.clock.now() == start
    async with exchange.connect(exchange.symbols) as stream:
        received = [(event, exchange.clock.now()) async for event in _first(stream, 20)]
    for number, (event, shown) in enumerate(received):
        assert event == trade(number, time_ms=START_MS + number * 100)
        assert shown >= start + timedelta(milliseconds=number * 100 - 100), "no event comes before its time"


async def test_a_new_connection_plays_on(tmp_path: Path) -> None:
    exchange = ReplayExchange(_recording(tmp_path), speed=100_000.0)
    await exchange.open()
    numbers: list[int] = []
    for _ in range(4):
        async with exchange.connect(exchange.symbols) as stream:
            numbers += [event.trade_id async for event in _first(stream, 5) if isinstance(event, Trade)]
    assert numbers == list(range(20))


async def test_what_comes_before_a_damage_is_played(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "cut.gz"
    packed = gzip.compress("".join(f"{one.time_ms}000000 {frame(one)}\n" for one in trades(1, 3000)).encode())
    file.write_bytes(packed[: len(packed) // 2])
    exchange = ReplayExchange(file, speed=1e9)
    await exchange.open()
    status, _ = await _play(paths, exchange)
    assert status.state is State.OFF
    assert "cut.gz is damaged after line" in status.message
    stored = stored_ids(paths)
    assert stored == list(range(1, len(stored) + 1))
    assert f"after line {len(stored)}:" in status.message


@pytest.mark.parametrize("content", ["", "hello\n" * 50, f'{START_MS}000000 {{"no":"stream"}}\n'])
async def test_what_is_no_recording_is_refused_at_once(tmp_path: Path, content: str) -> None:
    file = tmp_path / "recording"
    file.write_text(content)
    with pytest.raises(DamagedError, match="recording"):
        await ReplayExchange(file).open()


@pytest.mark.parametrize(("name", "count", "first"), [("btcusdt", 9757, 3735683259), ("ethusdt", 6106, None)])
async def test_fifty_times_the_pace_loses_nothing(
    paths: Paths, recordings: Path, name: str, count: int, first: int | None
) -> None:
    exchange = ReplayExchange(recordings / "binance" / f"{name}_20240808.gz", speed=50.0)
    await exchange.open()
    status, boards = await _play(paths, exchange)
    assert (status.received, status.gaps, status.rejected, status.lag_ms) == (count, 0, 0, None)
    stored = stored_ids(paths, name.upper())
    assert stored == list(range(first or stored[0], stored[0] + count))
    row = boards.ticks.get(name.upper())
    assert row is not None
    assert row.lag_ms is None, "how late a recording is says nothing"
    async with open_database(paths) as database:
        found = [one async for one in read_trades(database, name.upper())]
        assert [one async for one in read_bars(database, name.upper())] == bars_of(found)


async def test_a_pause_stops_the_recordings_time(tmp_path: Path) -> None:
    exchange = ReplayExchange(_recording(tmp_path), speed=20.0)
    await exchange.open()
    told: list[Playback] = []
    exchange.watch = told.append
    async with exchange.connect(exchange.symbols) as stream:
        events = aiter(stream)
        await anext(events)
        exchange.pause()
        waiting = asyncio.ensure_future(anext(events))
        shown = exchange.clock.now()
        await asyncio.sleep(0.05)
        assert not waiting.done()
        assert exchange.clock.now() == shown
        exchange.pause()
        await waiting
        assert exchange.clock.now() > shown
    assert [one.paused for one in told] == [True, False]


async def test_the_speed_changes_while_it_plays(tmp_path: Path) -> None:
    exchange = ReplayExchange(_recording(tmp_path), speed=0.1)
    await exchange.open()
    async with exchange.connect(exchange.symbols) as stream:
        events = aiter(stream)
        await anext(events)
        waiting = asyncio.ensure_future(anext(events))
        for _ in SPEEDS:
            exchange.change_speed(1)
        assert exchange.playback.speed == SPEEDS[-1]
        async with asyncio.timeout(0.5):  # a second at the old pace
            await waiting
    for _ in SPEEDS:
        exchange.change_speed(-1)
    assert exchange.playback.speed == SPEEDS[0]


async def test_moving_about_makes_neither_gaps_nor_doubles(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "recording.gz"
    came = [trade(number, time_ms=START_MS + number * 10) for number in range(6000)]  # a minute
    file.write_bytes(gzip.compress("".join(f"{one.time_ms}000000 {frame(one)}\n" for one in came).encode()))
    exchange = ReplayExchange(file, speed=50.0, hold=True)
    await exchange.open()
    await exchange.measure()
    start = datetime.fromtimestamp(START_MS / 1000, UTC)
    assert exchange.playback.end == start + timedelta(milliseconds=59_990)
    async with _session(paths, exchange) as session:
        feed = session.feed
        playing = asyncio.create_task(feed.run())
        await until(lambda: feed.status().received > 200)
        await exchange.seek(30.0, feed.rebase)
        assert timedelta(seconds=30) <= exchange.clock.now() - start < timedelta(seconds=50)
        before = feed.status().received
        await until(lambda: feed.status().received > before)
        await exchange.seek(-3600.0, feed.rebase)
        assert exchange.clock.now() - start < timedelta(seconds=1)
        await until(lambda: exchange.playback.ended)
        assert feed.status().state is not State.OFF, "it can be moved back from its end"
        await exchange.seek(-10.0, feed.rebase)
        await until(lambda: not exchange.playback.ended)
        await exchange.seek(3600.0, feed.rebase)
        await until(lambda: exchange.playback.ended)
        assert exchange.clock.now() == exchange.playback.end
        assert feed.status().gaps == 0
        playing.cancel()
        await asyncio.wait({playing})
    async with open_database(paths) as database:
        found = [one async for one in read_trades(database, "BTCUSDT")]
        assert found == came
        assert [one async for one in read_bars(database, "BTCUSDT")] == bars_of(came)


async def test_a_gap_right_after_a_move_is_a_gap(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "recording.gz"
    came = [trade(number, time_ms=START_MS + number * 10) for number in range(6000) if number % 1000 != 100]
    file.write_bytes(gzip.compress("".join(f"{one.time_ms}000000 {frame(one)}\n" for one in came).encode()))
    exchange = ReplayExchange(file, speed=1e6)
    await exchange.open()
    async with _session(paths, exchange) as session:
        await exchange.seek(20.0, session.feed.rebase)
        await session.feed.run()
        assert session.feed.status().gaps == 4
        rows = await ledger(session.database)
    assert [(gap.first_id, gap.last_id) for gap in rows] == [(number, number) for number in range(2100, 6000, 1000)]


async def test_the_end_of_a_damaged_recording_is_that_of_what_is_good(tmp_path: Path) -> None:
    file = tmp_path / "cut.gz"
    packed = gzip.compress("".join(f"{one.time_ms}000000 {frame(one)}\n" for one in trades(1, 3000)).encode())
    file.write_bytes(packed[: len(packed) // 2])
    exchange = ReplayExchange(file, speed=1e9, hold=True)
    await exchange.open()
    await exchange.seek(86_400.0, lambda: None)
    assert exchange.playback.ended
    assert START_MS / 1000 < exchange.clock.now().timestamp() < START_MS / 1000 + 3000 * 0.7


@dataclass(frozen=True, slots=True)
class Session:
    feed: Feed
    boards: Boards
    database: Database


@asynccontextmanager
async def _session(paths: Paths, exchange: ReplayExchange) -> AsyncIterator[Session]:
    """A feed, not yet begun, whose trades are stored until the block is left, and what waits then."""
    boards = Boards()
    async with open_database(paths) as database, asyncio.timeout(60):
        recorder = Recorder(database, settings=SETTINGS, clock=exchange.clock)
        feed = Feed(
            exchange,
            exchange.symbols,
            clock=exchange.clock,
            boards=boards,
            recorder=recorder,
            database=database,
            settings=SETTINGS,
        )
        recording = asyncio.create_task(recorder.run())
        try:
            yield Session(feed, boards, database)
        finally:
            recording.cancel()
            await asyncio.wait({recording})
            await recorder.drain()


async def _play(paths: Paths, exchange: ReplayExchange) -> tuple[FeedStatus, Boards]:
    async with _session(paths, exchange) as session:
        await session.feed.run()
    return session.feed.status(), session.boards


async def _first(stream: AsyncIterable[T], count: int) -> AsyncIterator[T]:
    async for event in stream:
        yield event
        count -= 1
        if not count:
            return


def _recording(folder: Path) -> Path:
    """Twenty trades, one each 100 ms."""
    file = folder / "recording"
    came = [trade(number, time_ms=START_MS + number * 100) for number in range(20)]
    file.write_text("".join(f"{one.time_ms}000000 {frame(one)}\n" for one in came))
    return file
