"""The closed trades on the screen: the scorecard above them, and the post-mortem of the one under the cursor."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cockpit.portfolio.trade import Trade
from cockpit.tui.screens.explanation import ExplanationView
from cockpit.tui.screens.history import HistoryScreen
from tests.portfolio.trades import MORNING, trade
from tests.tui.clocks import StillClock
from tests.tui.conftest import Screen, picture
from tests.tui.demo import DemoSession

SMALL = (80, 24)


def many(count: int) -> list[Trade]:
    return [
        trade(number, str(Decimal(number * 10 - 60)), closed_at=MORNING + timedelta(minutes=number))
        for number in range(1, count + 1)
    ]


@pytest.mark.parametrize("size", [SMALL, (120, 40)])
async def test_what_was_expected_stands_beside_what_came(
    session: DemoSession, screen: Screen, size: tuple[int, int]
) -> None:
    async with screen(session, size) as (app, pilot):
        await pilot.press("H")
        await pilot.pause()
        shown = picture(app)
        for words in (
            *("realised +50.80", "won 1 of 2, 50 % (95 % sure: 9 to 91)", "worst -107.60"),
            *("POP 71 %, won 100 % (n 1)", "implied 7.9 %, moved 3.4 %", "inside 1 of 1"),
            *("IV 71 to 41 %, -30.0 points (n 1)", "Enter review", "s scorecard"),
        ):
            assert words in shown, words
        rows = [line for line in shown.splitlines() if "20 Nov" in line]
        assert "CRM bull put" in rows[0]
        assert "7.9  -3.4    +158.40" in rows[0]
        assert "?     ?    -107.60" in rows[1], "what was opened before entries were kept has neither move"


async def test_enter_tells_where_the_money_went(session: DemoSession, screen: Screen) -> None:
    async with screen(session, SMALL) as (app, pilot):
        await pilot.press("H")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, ExplanationView)
        shown = picture(app)
        assert "CRM bull put, position P7" in shown
        assert "inside the implied 7.9 %" in shown
        await pilot.press("end")
        await pilot.pause()
        shown = picture(app)
        assert "given to the spread, out" in shown
        assert "realised" in shown
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, HistoryScreen)


async def test_the_whole_scorecard_is_one_key_away_and_breaks_down(session: DemoSession, screen: Screen) -> None:
    async with screen(session, SMALL) as (app, pilot):
        await pilot.press("H")
        await pilot.pause()
        await pilot.press("s")
        await pilot.pause()
        assert "profit factor" in picture(app)
        await pilot.press("end")
        await pilot.pause()
        assert "By structure" in picture(app)
        assert "iron condor" in picture(app)
        for heading in ("By volatility risk premium", "By implied move", "By ending", "By month", "By name"):
            await pilot.press("b")
            await pilot.pause()
            assert heading in picture(app)
        await pilot.press("s")
        await pilot.pause()
        assert "Enter review" in picture(app)


async def test_the_cursor_stays_in_sight_of_a_long_history(
    session: DemoSession, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trades() -> list[Trade]:
        return many(40)

    monkeypatch.setattr(session.demo, "trades", trades)
    async with screen(session, SMALL) as (app, pilot):
        await pilot.press("H")
        await pilot.pause()
        history = app.screen
        assert isinstance(history, HistoryScreen)
        for key, number in (("j", 39), ("pagedown", 20), ("end", 1), ("k", 2), ("home", 40)):
            await pilot.press(key)
            await pilot.pause()
            assert history.chosen is not None
            assert history.chosen.position_id == f"P{number}"
            first, height = history.body.top, history.body.size.height
            assert first <= history._first_row + 40 - number < first + height
        assert history.body.top == 0


async def test_an_empty_history_says_so(session: DemoSession, screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    async def trades() -> list[Trade]:
        return [trade(1, None)]

    monkeypatch.setattr(session.demo, "trades", trades)
    async with screen(session, SMALL) as (app, pilot):
        await pilot.press("H", "s", "b", "enter", "down")
        await pilot.pause()
        assert "nothing has been closed yet" in picture(app)


async def test_an_open_position_is_reviewed_once_its_report_is_out(session: DemoSession, screen: Screen) -> None:
    async with screen(session, (120, 40)) as (app, pilot):
        await pilot.press("4", "enter")
        await pilot.pause()
        assert isinstance(app.screen, ExplanationView)
        shown = picture(app)
        assert shown.index("Legs, price at entry") < shown.index("Expected") < shown.index("implied move")
        assert "the report is still ahead" not in shown, "what has not come is not told"
        await pilot.press("escape")
        await pilot.pause()
        clock = session.clock
        assert isinstance(clock, StillClock)
        clock.advance(3 * 86_400.0)  # the report of Thursday, a holiday, is in Friday's prices
        await pilot.press("enter")
        await pilot.pause()
        shown = picture(app)
        assert shown.index("In words") < shown.index("Came") < shown.index("Legs, price at entry")
        assert "no usable chain has been seen yet" in shown
