"""A whole session on the embedded market: opened, used, closed, and found again."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import psutil
import pytest

from cockpit.context import Context, open_context
from cockpit.errors import ProviderError, ScanStoppedError, UsageError
from cockpit.health.status import FeedStatus, ProcessStatus, ProviderStatus, State, StorageStatus
from cockpit.options.calendar import Phase, session_state
from cockpit.settings import Settings
from cockpit.validation import load_settings

NAMES = ["MDB", "CRM"]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return load_settings(flags=[("paths.data_dir", str(tmp_path))], environment={}).settings


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    assert psutil.Process().children() == []


async def until(held: Callable[[], bool], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not held():  # noqa: ASYNC110 - boards are pulled, they call nobody
            await asyncio.sleep(0.02)


def best(context: Context) -> str:
    spreads = [
        spread
        for name in NAMES
        for spread in context.boards.spreads.get(name) or ()
        if spread.rejected is None and spread.size.contracts > 0
    ]
    return max(spreads, key=lambda spread: spread.score.total).spread_id


async def test_everything_runs_in_the_background_and_is_seen_on_the_boards(settings: Settings) -> None:
    async with open_context(settings, background=True) as context:
        boards = context.boards
        await until(lambda: sum(ticker.last is not None for ticker in boards.ticks.values()) == 10)
        await until(lambda: sum(one.score is not None for one in boards.candidates.values()) >= 20)
        await until(lambda: isinstance(row := boards.health.get("feed"), FeedStatus) and row.stored > 0)
        await until(lambda: {"process", "storage", "provider:tradier"} <= {key for key, _ in boards.health.items()})
        feed, process, storage, tradier = map(boards.health.get, ("feed", "process", "storage", "provider:tradier"))
        assert isinstance(feed, FeedStatus)
        assert isinstance(process, ProcessStatus)
        assert isinstance(storage, StorageStatus)
        assert isinstance(tradier, ProviderStatus)
        assert (feed.state, feed.gaps, storage.state, tradier.state) == (State.UP, 0, State.UP, State.UP)
        assert process.rss_bytes is not None
        assert tradier.requests > 20


async def test_a_position_and_the_last_scan_survive_the_session(settings: Settings) -> None:
    async with open_context(settings) as context:
        await context.commands.scan(NAMES)
        ticket = await context.commands.opening_ticket(best(context))
        assert ticket.refusal is None
        opened = await context.commands.open_position(ticket, 2)
    async with open_context(settings, background=True) as context:
        assert context.boards.candidates.get("MDB") is not None, "the last scan is there at once"
        found = context.boards.positions.get(opened.position_id)
        assert found is not None
        assert (found.contracts, found.credit) == (2, opened.credit)
        await until(lambda: _marked(context, opened.position_id))
        closing = await context.commands.closing_ticket(opened.position_id)
        closed = await context.commands.close_position(closing)
        account = context.boards.account.get("account")
        assert account is not None
        assert account.realised == closed.realised
        assert account.open_positions == 0


async def test_the_simulated_market_goes_on_where_it_was_left(settings: Settings) -> None:
    async with open_context(settings) as context:
        moved = await context.commands.next_session()
        assert session_state(moved).phase is Phase.OPEN
        assert moved.date() > settings.sim.start.date()
    async with open_context(settings) as context:
        assert moved <= context.clock.now() < moved + timedelta(minutes=2)


async def test_the_same_time_and_seed_give_the_same_answer_twice(settings: Settings) -> None:
    async def scanned() -> object:
        instant = datetime.fromisoformat("2026-11-24T11:00:00-05:00")
        async with open_context(settings, as_of=instant) as context:
            result = await context.commands.scan(NAMES)
            assert context.clock.now() == instant
            return result

    assert await scanned() == await scanned()


async def test_a_second_cockpit_looks_and_says_who_owns_the_folder(settings: Settings) -> None:
    async with open_context(settings) as owner, open_context(settings) as guest:
        assert owner.read_only is None
        assert guest.read_only is not None
        assert str(psutil.Process().pid) in guest.read_only
        await guest.commands.scan(NAMES)
        ticket = await guest.commands.opening_ticket(best(guest))
        with pytest.raises(Exception, match="owned"):
            await guest.commands.open_position(ticket, 1)


async def test_a_chart_has_its_history_from_the_first_minute_on_and_in_the_next_session(settings: Settings) -> None:
    day_ms = 24 * 60 * 60_000
    async with open_context(settings, background=True) as context, open_context(settings) as guest:
        assert await context.commands.fill_history("BTCUSDT", day_ms) == pytest.approx(1440, abs=5)
        with pytest.raises(UsageError, match="only reads"):
            await guest.commands.fill_history("ETHUSDT", day_ms)
    async with open_context(settings) as context:
        now_ms = int(context.clock.now().timestamp() * 1000)
        bars = await context.commands.minutes("BTCUSDT", now_ms - day_ms, now_ms)
        assert len(bars) == pytest.approx(1440, abs=10)
        assert len(set(bars.open_ms)) == len(bars)
        assert await context.commands.fill_history("BTCUSDT", day_ms) < 10


async def test_a_newer_scan_replaces_the_running_one(settings: Settings) -> None:
    async with open_context(settings) as context:
        first = asyncio.create_task(context.commands.scan())
        await until(lambda: len(context.boards.candidates) > 0)
        second = await context.commands.scan(NAMES)
        with pytest.raises(ScanStoppedError):
            await first
        assert {candidate.symbol for candidate in second.candidates} == set(NAMES)


async def test_a_replay_has_no_options_and_says_so(settings: Settings, recordings: Path) -> None:
    replay = settings.model_copy(update={"profile": "replay"})
    recording = recordings / "binance" / "btcusdt_20240808.gz"
    async with open_context(replay, background=True, recording=recording, speed=1000) as context:
        await until(lambda: isinstance(row := context.boards.health.get("feed"), FeedStatus) and row.stored == 9757)
        with pytest.raises(UsageError, match="no option market"):
            await context.commands.scan()
        with pytest.raises(UsageError, match="only the simulated market"):
            await context.commands.next_session()
        with pytest.raises(ProviderError, match="a recording has no prices but its own"):
            await context.commands.fill_history("BTCUSDT", 24 * 60 * 60_000)


def _marked(context: Context, position_id: str) -> bool:
    position = context.boards.positions.get(position_id)
    return position is not None and position.mark is not None


async def test_the_same_market_gives_the_same_answer_however_often_it_is_scanned(settings: Settings) -> None:
    async with open_context(settings, as_of=settings.sim.start) as context:
        first = await context.commands.scan(days=10)
        await context.commands.scan(["NVDA", first.candidates[-1].symbol])
        again = await context.commands.scan(days=10)
    assert (again.candidates, again.spreads) == (first.candidates, first.spreads)
