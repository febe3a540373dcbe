"""The chart of a symbol: from real tables and made-up ones, at every size, kept up by the stream."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from cockpit.errors import ProviderError, Refusal, StorageError
from cockpit.paths import Paths
from cockpit.settings import Settings
from cockpit.storage.bar_columns import read_bar_columns
from cockpit.storage.database import Database, open_database
from cockpit.storage.klines import store_klines
from cockpit.storage.ticks import store_trades
from cockpit.ticks.bar_columns import BarColumns
from cockpit.ticks.trade import Trade
from cockpit.tui.app import CockpitApp
from cockpit.tui.environment import draws_blocks
from cockpit.tui.inks import Ink
from cockpit.tui.screens.chart import ChartScreen
from tests.ticks.klines import kline
from tests.tui.clocks import NOW, StillClock
from tests.tui.conftest import Screen, picture, told
from tests.tui.demo import DemoSession

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
_NOW_MS = int(NOW.timestamp() * 1000)
_MINUTE_MS = 60_000


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
async def database(paths: Paths) -> AsyncIterator[Database]:
    async with open_database(paths) as opened:
        yield opened


async def _charted(app: CockpitApp, pilot: Pilot[int], *keys: str) -> ChartScreen:
    """After these keys, and what was read for them."""
    await pilot.press(*keys)
    await _read(app, pilot)
    assert isinstance(app.screen, ChartScreen)
    return app.screen


async def _read(app: CockpitApp, pilot: Pilot[int]) -> None:
    await pilot.pause()
    await app.workers.wait_for_complete()
    await pilot.pause()


def _stored_in(session: DemoSession, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def minutes(symbol: str, start_ms: int, end_ms: int) -> BarColumns:
        return await read_bar_columns(database, symbol, start_ms, end_ms)

    monkeypatch.setattr(session.demo, "minutes", minutes)


def _trade(number: int, minutes_ago: float, price: str) -> Trade:
    return Trade("BTCUSDT", number, Decimal(price), Decimal("0.5"), int(_NOW_MS - minutes_ago * _MINUTE_MS), False)


def _heard(session: DemoSession, price: str) -> None:
    """A trade of BTCUSDT in the stream, now."""
    row = session.boards.ticks.get("BTCUSDT")
    assert row is not None
    now_ms = int(session.clock.now().timestamp() * 1000)
    session.boards.ticks.put(
        "BTCUSDT", replace(row, last=Decimal(price), traded_ms=now_ms, received_at=session.clock.monotonic())
    )


@SIZES
@pytest.mark.parametrize("span", ["1", "3", "5"])
async def test_pictures(
    session: DemoSession, screen: Screen, snapshot: SnapshotAssertion, size: tuple[int, int], span: str
) -> None:
    async with screen(session, size) as (app, pilot):
        await _charted(app, pilot, "C", span)
        assert picture(app) == snapshot


async def test_a_picture_in_ascii(
    session: DemoSession, screen: Screen, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "linux")
    async with screen(session, (80, 24)) as (app, pilot):
        shown = "\n".join(
            "".join(text for text, _ in line.runs) for line in (await _charted(app, pilot, "C")).body.lines
        )
        assert shown.isascii()
        assert picture(app) == snapshot


def test_only_terminals_that_can_are_sent_dots() -> None:
    assert draws_blocks({"TERM": "xterm-256color", "LANG": "en_US.UTF-8"})
    assert draws_blocks({"TERM": "tmux"})
    assert not draws_blocks({"TERM": "linux", "LANG": "C.UTF-8"})
    assert not draws_blocks({"TERM": "xterm", "LC_ALL": "C", "LANG": "en_US.UTF-8"})


async def test_stored_trades_are_charted_and_what_is_missing_is_a_gap(
    session: DemoSession, screen: Screen, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stored_in(session, database, monkeypatch)
    early = [_trade(number, 55 - number, f"{96_000 + number * 10}") for number in range(10)]
    late = [_trade(number, 55 - number, f"{96_000 + number * 10}") for number in range(45, 55)]
    await store_trades(database, [*early, *late])
    async with screen(session) as (app, pilot):
        await _charted(app, pilot, "C", "1")
        shown = picture(app).splitlines()
        assert "high 96,540.00" in shown[0]
        assert "low 96,000.00" in shown[0]
        assert "volume 10" in shown[0]
        drawn = [line[:108] for line in shown[1:-2]]
        used = {at for line in drawn for at, cell in enumerate(line) if cell.strip()}
        gap = [at for at in range(min(used), max(used)) if at not in used]
        assert gap == list(range(gap[0], gap[-1] + 1)), "one gap, and nothing drawn across it"
        assert len(gap) == pytest.approx(35 / 60 * 110, abs=3)


async def test_a_young_database_is_not_shown_as_an_empty_day(
    session: DemoSession, screen: Screen, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stored_in(session, database, monkeypatch)
    await store_trades(database, [_trade(number, 90 - number, "96000") for number in range(90)])
    async with screen(session) as (app, pilot):
        chart = await _charted(app, pilot, "C")
        assert chart.span == "6h"
        await _charted(app, pilot, "3")
        assert chart.span == "24h"
        assert "stored since 24 Nov 09:12" in picture(app), "and why a day is mostly empty"


async def test_the_stream_moves_the_last_price_and_a_new_high_is_told(
    session: DemoSession, screen: Screen, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stored_in(session, database, monkeypatch)
    await store_trades(database, [_trade(number, 50 - number, f"{96_000 + number}") for number in range(50)])
    async with screen(session) as (app, pilot):
        chart = await _charted(app, pilot, "C", "1")
        assert "◂96,049.00" in picture(app)
        _heard(session, "96100.5")
        chart._pull()
        await pilot.pause()
        shown = picture(app)
        assert "◂96,100.50" in shown
        assert "high 96,100.50" in shown
        assert "age now" in shown
        clock = session.clock
        assert isinstance(clock, StillClock)
        clock.advance(90.0)
        chart._pull()
        await _read(app, pilot)
        assert "age 1m" in picture(app)


async def test_the_window_moves_on_and_reads_what_was_stored_meanwhile(
    session: DemoSession, screen: Screen, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stored_in(session, database, monkeypatch)
    await store_trades(database, [_trade(1, 30, "96000")])
    clock = session.clock
    assert isinstance(clock, StillClock)
    async with screen(session) as (app, pilot):
        chart = await _charted(app, pilot, "C", "1")
        await store_trades(database, [_trade(2, -5, "97000")])
        chart._pull()
        assert "97,000.00" not in picture(app)
        clock.advance(600.0)
        chart._pull()
        await _read(app, pilot)
        assert "high 97,000.00" in picture(app)


async def test_keys_change_span_and_symbol(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        chart = await _charted(app, pilot, "C")
        assert (chart.symbol, chart.span) == ("BTCUSDT", "24h")
        for key, span in (
            ("right", "7d"),
            ("l", "30d"),
            ("+", "30d"),
            ("left", "7d"),
            ("1", "1h"),
            ("h", "1h"),
            ("4", "7d"),
        ):
            await _charted(app, pilot, key)
            assert chart.span == span
            assert f"% {span}" in picture(app).splitlines()[0]
        for key, symbol in (
            ("j", "ETHUSDT"),
            ("down", "SOLUSDT"),
            ("k", "ETHUSDT"),
            ("up", "BTCUSDT"),
            ("k", "DOTUSDT"),
        ):
            await _charted(app, pilot, key)
            assert chart.symbol == symbol
            assert f"  {symbol}  " in picture(app).splitlines()[0]
        await pilot.press("y")
        assert "DOTUSDT" in app.clipboard
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen is app.main


async def test_without_data_it_says_what_gives_some(
    session: DemoSession, screen: Screen, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stored_in(session, database, monkeypatch)
    async with screen(session, (80, 24)) as (app, pilot):
        await _charted(app, pilot, "C", "1")
        shown = " ".join(picture(app).split())
        assert "no trade of BTCUSDT is stored of the last 1h" in shown
        assert "cockpit ticks import FILE" in shown


async def test_what_cannot_be_read_is_said(
    session: DemoSession, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(symbol: str, start_ms: int, end_ms: int) -> BarColumns:
        raise StorageError("the database is away; bring it back")

    monkeypatch.setattr(session.demo, "minutes", failing)
    async with screen(session) as (app, pilot):
        await _charted(app, pilot, "C")
        assert "the database is away; bring it back" in picture(app)


async def test_what_cannot_be_read_again_is_said_below_what_was(
    session: DemoSession, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(symbol: str, start_ms: int, end_ms: int) -> BarColumns:
        raise StorageError("the database is away; bring it back")

    async with screen(session) as (app, pilot):
        chart = await _charted(app, pilot, "C")
        monkeypatch.setattr(session.demo, "minutes", failing)
        chart._read()
        await _read(app, pilot)
        shown = picture(app).splitlines()
        assert "high" in shown[0]
        assert "the database is away; bring it back" in shown[-1]


async def test_what_is_not_stored_is_asked_for_once_a_span_and_shown_when_it_has_come(
    session: DemoSession, screen: Screen, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stored_in(session, database, monkeypatch)
    asked: list[tuple[str, int]] = []
    answered = asyncio.Event()

    async def fill(symbol: str, span_ms: int) -> int:
        asked.append((symbol, span_ms // _MINUTE_MS))
        await answered.wait()
        hours = [kline(number, 60 * _MINUTE_MS) for number in range(24)]
        since = _NOW_MS // _MINUTE_MS * _MINUTE_MS - 24 * 60 * _MINUTE_MS
        return await store_klines(
            database, [replace(one, open_ms=since + at * one.length_ms) for at, one in enumerate(hours)]
        )

    monkeypatch.setattr(session.demo, "fill_history", fill)
    async with screen(session) as (app, pilot):
        await pilot.press("C")
        await pilot.pause(0.1)
        assert "nothing of BTCUSDT is stored of the last 24h; asking the venue for it…" in picture(app)
        answered.set()
        chart = await _charted(app, pilot)
        assert "high 109.00" in picture(app)
        assert chart.span == "24h"
        chart._read()
        await _charted(app, pilot, "right", "down")
    assert asked == [("BTCUSDT", 1440), ("BTCUSDT", 10_080), ("ETHUSDT", 10_080)]


async def test_what_the_venue_does_not_give_is_told_above_what_is_stored(
    session: DemoSession, screen: Screen, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(symbol: str, span_ms: int) -> int:
        raise ProviderError("binance", Refusal.RESTRICTED, "it does not serve this location")

    _stored_in(session, database, monkeypatch)
    monkeypatch.setattr(session.demo, "fill_history", refused)
    async with screen(session) as (app, pilot):
        await _charted(app, pilot, "C")
        assert "the venue gave none (binance: it does not serve this location)" in " ".join(picture(app).split())
        await store_trades(database, [_trade(number, 50 - number, f"{96_000 + number}") for number in range(50)])
        chart = await _charted(app, pilot, "1")
        shown = picture(app).splitlines()
        assert "high 96,049.00" in shown[0]
        assert shown[1].startswith("binance: it does not serve this location")
        assert chart.span == "1h"


async def test_the_settings_name_the_glyphs(session: DemoSession, screen: Screen) -> None:
    for chosen, fine in (("blocks", False), ("braille", True)):
        settings = Settings.model_validate({"ui": {"chart": chosen}})
        async with screen(session, (80, 24), settings) as (app, pilot):
            await _charted(app, pilot, "C")
            shown = picture(app)
            assert any("\u2800" < cell < "\u2900" for cell in shown) == fine
            assert any(cell in "▖▗▘▝▌▐▚▞" for cell in shown) != fine


async def test_green_closes_higher_and_red_lower(
    session: DemoSession, screen: Screen, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stored_in(session, database, monkeypatch)
    prices = [*range(96_000, 96_030), *range(96_030, 96_000, -1)]
    await store_trades(database, [_trade(at, 59 - at, f"{one}") for at, one in enumerate(prices)])
    async with screen(session) as (app, pilot):
        chart = await _charted(app, pilot, "C", "1")
        inks: dict[Ink, list[int]] = {}
        for line in chart.body.lines[:-6]:
            at = 0
            for text, ink in line.runs:
                inks.setdefault(ink, []).extend(at + cell for cell, one in enumerate(text) if one.strip())
                at += len(text)
        assert max(inks[Ink.UP]) <= min(inks[Ink.DOWN]) + 1
        assert (len(inks[Ink.UP]), len(inks[Ink.DOWN])) > (30, 30)


@pytest.mark.parametrize("size", [(40, 10), (24, 6), (20, 3), (9, 2)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_small_terminals_do_not_end_it(session: DemoSession, screen: Screen, size: tuple[int, int]) -> None:
    async with screen(session, (80, 24)) as (app, pilot):
        chart = await _charted(app, pilot, "C")
        await pilot.resize_terminal(*size)
        for span in "12345":
            await _charted(app, pilot, span)
        assert len(chart.body.lines) <= max(size[1], 3)
        assert all(len(line) <= size[0] for line in picture(app).splitlines())
        await pilot.resize_terminal(120, 40)
        await _read(app, pilot)
        assert "high" in picture(app)


async def test_panes_below_are_left_alone_until_it_closes(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await _charted(app, pilot, "C")
        _heard(session, "99999.5")
        app.main._pull()
        app.main.redraw()
        before = app.main.ticks.table.row()
        assert before is not None
        assert before.last != Decimal("99999.5")
        await pilot.press("q")
        await pilot.pause()
        assert app.screen is app.main
        assert "99,999.50" in picture(app)


async def test_it_needs_a_symbol(session: DemoSession, screen: Screen) -> None:
    async with screen(session, notifications=True) as (app, pilot):
        await pilot.press("2", "C")
        assert app.screen is app.main
        assert "no symbol under the cursor to chart; 1 goes to the ticks" in told(app)


async def test_the_palette_charts_by_name(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("2", "colon", *"chart eth")
        await pilot.pause(0.3)
        chart = await _charted(app, pilot, "enter")
        assert chart.symbol == "ETHUSDT"
