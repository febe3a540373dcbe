"""Strategies at work as a user notices them: a mark beside the symbol, a line, details, a word when one stops."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from cockpit.health.status import State, StrategyStatus
from cockpit.strategies.standing import Standing
from tests.tui.clocks import NOW
from tests.tui.conftest import Screen, picture, told
from tests.tui.demo import DemoSession

LABEL = "sma_cross BTCUSDT 1m"
LONG = Standing(
    *(LABEL, "sma_cross", "BTCUSDT", "1m", State.UP),
    heard=90,
    warm_up=31,
    quantity=Decimal("0.10"),
    average=Decimal(96000),
    realised=Decimal("-4.10"),
    fees=Decimal("3.20"),
    mark=Decimal(96400),
    unrealised=Decimal(40),
    fills=3,
    reason="SMA 10 96,410 over SMA 30 96,380",
    signal_at=NOW - timedelta(seconds=12),
    signal_target=1.0,
    outcome="filled",
)
STOPPED = replace(
    LONG,
    state=State.DOWN,
    message="stopped: strategy sma_cross took longer than 0.25 s at bar 2026-11-24 15:41:00 UTC",
    told=1,
)


def line_with(shown: str, words: str) -> str:
    found = [line for line in shown.split("\n") if words in line]
    assert found, f"{words!r} is nowhere in\n{shown}"
    return found[0]


async def test_a_symbol_has_a_mark_and_its_strategies_a_line(session: DemoSession, screen: Screen) -> None:
    session.boards.strategies.put(LABEL, LONG)
    async with screen(session, (200, 60)) as (app, pilot):
        app.main.ticks.table.cursor = "BTCUSDT"
        app.main.redraw()
        await pilot.pause()
        shown = picture(app)
        assert "BTCUSDT▲" in shown
        assert "ETHUSDT▲" not in shown
        assert "strategies, on paper beside the book" in shown
        assert "+32.70" in line_with(shown, LABEL)
        await pilot.press("1", "z")
        await pilot.pause()
        own = line_with(picture(app), "sma_cross 1m")
        assert "▲ LONG      +32.70  0.1 @ 96,000.00" in own
        assert own.endswith(f"s: {LONG.reason}")


async def test_a_symbol_of_eight_letters_has_room_for_its_mark(session: DemoSession, screen: Screen) -> None:
    label = "sma_cross DOGEUSDT 1m"
    async with screen(session, (80, 24)) as (app, _pilot):
        bare = line_with(picture(app), "DOGEUSDT")
        session.boards.strategies.put(label, replace(LONG, label=label, symbol="DOGEUSDT"))
        app.main.ticks.table.repaint_all()
        app.main.redraw()
        assert line_with(picture(app), "DOGEUSDT") == bare.replace("DOGEUSDT ", "DOGEUSDT▲"), "nothing else moves"


@pytest.mark.parametrize(("standing", "mark"), [(replace(LONG, quantity=Decimal(0)), "•"), (STOPPED, "!")])
async def test_the_mark_tells_flat_and_stopped(
    session: DemoSession, screen: Screen, standing: Standing, mark: str
) -> None:
    session.boards.strategies.put(LABEL, standing)
    async with screen(session) as (app, _pilot):
        assert f"BTCUSDT{mark}" in picture(app)


async def test_the_detail_of_a_symbol_tells_all(session: DemoSession, screen: Screen) -> None:
    session.boards.strategies.put(LABEL, LONG)
    async with screen(session, (120, 60)) as (app, pilot):
        app.main.ticks.table.cursor = "BTCUSDT"
        await pilot.press("1", "enter")
        for _ in range(5):
            await pilot.pause()
        shown = picture(app)
        assert "Strategy sma_cross 1m: up" in shown
        assert "0.1 at 96,000.00" in shown
        assert "+32.70" in line_with(shown, "after fees, in the quote currency")
        assert ", filled" in line_with(shown, "last signal")
        assert LONG.reason in shown


async def test_one_that_is_stopped_is_told_once(session: DemoSession, screen: Screen) -> None:
    session.boards.strategies.put(LABEL, LONG)
    async with screen(session) as (app, pilot):
        for standing in (STOPPED, replace(STOPPED, heard=91)):
            session.boards.strategies.put(LABEL, standing)
            app.main._pull()
            await pilot.pause()
        assert told(app) == f"{LABEL} {STOPPED.message}"


async def test_what_was_stopped_before_the_screen_looked_is_no_news(session: DemoSession, screen: Screen) -> None:
    session.boards.strategies.put(LABEL, STOPPED)
    async with screen(session) as (app, _pilot):
        app.main._pull()
        assert told(app) == ""


async def test_a_key_starts_it_again(session: DemoSession, screen: Screen) -> None:
    session.boards.strategies.put(LABEL, STOPPED)
    async with screen(session) as (app, pilot):
        app.main.ticks.table.cursor = "BTCUSDT"
        await pilot.press("1", "R")
        await pilot.pause()
        assert session.demo.asked[-1] == "restart BTCUSDT"


async def test_a_key_flattens_what_runs_no_more_once_that_is_confirmed(session: DemoSession, screen: Screen) -> None:
    session.boards.strategies.put(LABEL, LONG)
    async with screen(session) as (app, pilot):
        app.main.ticks.table.cursor = "BTCUSDT"
        await pilot.press("1", "F")
        await pilot.pause()
        assert told(app).startswith("nothing of BTCUSDT to flatten: its strategies run")
        session.boards.strategies.put(LABEL, replace(LONG, state=State.OFF))
        await pilot.press("F")
        for _ in range(5):
            await pilot.pause()
        assert "Flatten +0.1 of sma_cross 1m on BTCUSDT" in picture(app)
        await pilot.press("escape", "F")
        await pilot.pause()
        assert not session.demo.asked, "Esc leaves everything as it is"
        await pilot.press("enter")
        await pilot.pause()
        assert session.demo.asked == ["flatten BTCUSDT"]


async def test_health_has_a_row_for_each(session: DemoSession, screen: Screen) -> None:
    status = StrategyStatus(
        LABEL, State.DOWN, STOPPED.message, 90, 31, 1.4, 2, 17_000_000, "limits, landlock 7, seccomp"
    )
    session.boards.health.put(f"strategy:{LABEL}", status)
    async with screen(session) as (app, pilot):
        assert STOPPED.message[:40] in picture(app)
        await pilot.press("5", "z")
        await pilot.pause()
        app.main.redraw()
        await pilot.pause()
        row = line_with(picture(app), LABEL)
        assert "p95 1ms" in row
        assert "restarts 2" in row
        assert "rss 17" in row.replace("16", "17")
        await pilot.press("enter")
        for _ in range(5):
            await pilot.pause()
        await pilot.press("G")
        await pilot.pause()
        assert "limits, landlock 7, seccomp" in picture(app)
