"""A recording plays through the same feed, on its own clock, to its end."""

import asyncio
import gzip
from collections.abc import AsyncIterable, AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from cockpit.boards import Boards
from cockpit.errors import DamagedError
from cockpit.health.status import FeedStatus, State
from cockpit.paths import Paths
from cockpit.settings import TickSettings
from cockpit.storage.database import open_database
from cockpit.ticks.feed import Feed
from cockpit.ticks.recorder import Recorder
from cockpit.ticks.replay import ReplayExchange
from cockpit.ticks.trade import Trade
from tests.ticks.trades import START_MS, stored_ids, trade, trades, until
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


async def _play(paths: Paths, exchange: ReplayExchange) -> tuple[FeedStatus, Boards]:
    boards = Boards()
    async with open_database(paths) as database:
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
        async with asyncio.timeout(60):
            await feed.run()
        await until(lambda: recorder.waiting == 0)
        recording.cancel()
        await asyncio.wait({recording})
    return feed.status(), boards


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
