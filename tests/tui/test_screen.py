"""The keys of the main screen, as a trader would press them."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from cockpit.scan.earnings import DateClaim
from cockpit.settings import Settings, UiSettings
from cockpit.ticks.playback import Playback
from cockpit.tui.actions import ACTIONS, Pane
from cockpit.tui.app import CockpitApp
from cockpit.tui.main_screen import MainScreen
from cockpit.tui.screens.explanation import ExplanationView
from cockpit.tui.screens.filter import FilterScreen
from cockpit.tui.screens.help import help_lines
from cockpit.tui.screens.history import HistoryScreen
from cockpit.tui.screens.ticket import TicketScreen
from tests.tui.clocks import StillClock
from tests.tui.conftest import Screen, picture, settled, told
from tests.tui.demo import DemoSession
from tests.tui.made import candidate


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_action_has_a_handler_and_stands_in_the_help(action: object) -> None:
    from cockpit.tui.actions import Action

    assert isinstance(action, Action)
    assert callable(getattr(MainScreen, f"action_{action.name}"))
    words = " ".join("".join(t for t, _ in line.runs) for line in help_lines({})).split()
    assert action.description in " ".join(words)


async def test_number_keys_and_tab_go_to_the_panes(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        visited = []
        for key in ("1", "2", "3", "4", "5", "tab", "shift+tab", "left"):
            await pilot.press(key)
            assert app.main.panes[app.main.active].body.has_focus
            visited.append(app.main.active)
        assert visited == [*Pane, Pane.TICKS, Pane.HEALTH, Pane.PORTFOLIO]


async def test_vi_keys_move_the_cursor(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        table = app.main.ticks.table
        await pilot.press("j", "j", "k")
        assert table.cursor == "ETHUSDT"
        await pilot.press("G")
        assert table.cursor == table.rows.order[-1]
        await pilot.press("g")
        assert table.cursor == table.rows.order[0]


async def test_esc_and_a_letter_that_came_in_one_piece_are_both_taken(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("H")
        assert len(app.screen_stack) == 2
        await pilot.press("alt+3")
        async with asyncio.timeout(5.0):
            while app.main.active is not Pane.SPREADS:
                await pilot.pause(0.02)
        assert app.screen_stack == [app.main]


async def test_a_toast_is_seen_once_whatever_lies_over_the_panes(session: DemoSession, screen: Screen) -> None:
    async with screen(session, notifications=True) as (app, pilot):

        async def seen(words: str) -> int:
            async with asyncio.timeout(5.0):
                while words not in picture(app):
                    await pilot.pause(0.02)
            return picture(app).count(words)

        app.say("a thing to know")
        assert await seen("a thing to know") == 1
        await pilot.press("H")
        assert len(app.screen_stack) == 2
        app.say("another one")
        assert (await seen("another one"), await seen("a thing to know")) == (1, 1)
        await pilot.press("escape")
        assert app.screen_stack == [app.main]
        assert (await seen("another one"), await seen("a thing to know")) == (1, 1)


async def test_the_spreads_follow_the_candidate_under_the_cursor(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("2", "j")
        await pilot.pause()
        assert app.main.candidates.table.cursor == "CRM"
        assert app.main.spreads.symbol == "CRM"
        assert {spread.symbol for spread in app.main.spreads.table.rows.all.values()} == {"CRM"}


async def test_a_key_acts_on_the_row_it_was_pressed_on(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("2", "j", "j")
        assert app.main.candidates.table.cursor == "OKTA"
        for number, name in enumerate(("AAA", "AAB", "AAC")):
            made = candidate(name, 100.0 + number, 0, session.clock.now())
            session.boards.candidates.put(name, made)
        session.boards.candidates.remove("NVDA")
        app.main._pull()
        await pilot.press("o")
        await pilot.pause()
        assert isinstance(app.screen, TicketScreen)
        assert app.screen.ticket is not None
        assert app.screen.ticket.symbol == "OKTA"


async def test_sort_and_reverse(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        table = app.main.candidates.table
        await pilot.press("2", "t")
        assert table.sort_column.name == "name"
        assert table.rows.order[:-1] == sorted(table.rows.order[:-1])
        assert table.rows.order[-1] == "WDAY", "a name without figures stands last"
        await pilot.press("r")
        assert table.rows.order[:-1] == sorted(table.rows.order[:-1], reverse=True)
        assert table.rows.order[-1] == "WDAY"
        assert "name ▾" in picture(app)


async def test_a_filter_acts_as_it_is_typed_and_esc_takes_it_back(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("2", "slash")
        await pilot.press(*"vrp>1.2")
        await pilot.pause()
        assert isinstance(app.screen, FilterScreen)
        assert app.main.candidates.table.rows.order == ["NVDA", "CRM", "OKTA"]
        await pilot.press("enter")
        assert "3 of 8" in picture(app)
        assert app.main.candidates.filter_text == "vrp>1.2"
        await pilot.press("slash", "x", "escape")
        await pilot.pause()
        assert app.main.candidates.filter_text == "vrp>1.2"
        await pilot.press("escape")
        assert app.main.candidates.filter_text == ""
        assert len(app.main.candidates.table.rows.order) == 8


async def test_a_filter_that_cannot_be_read_says_why_and_changes_nothing(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("2", "slash", *"vrb>1", "enter")
        await pilot.pause()
        assert isinstance(app.screen, FilterScreen)
        assert "did you mean vrp?" in picture(app)
        assert len(app.main.candidates.table.rows.order) == 8


async def test_zoom_gives_the_pane_the_screen_and_back(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("3", "z")
        await pilot.pause()
        assert app.main.shown_panes() == [app.main.spreads]
        assert "Portfolio" not in picture(app).replace("4 Portfolio +212", "")
        await pilot.press("escape")
        await pilot.pause()
        assert len(app.main.shown_panes()) == 5


async def test_scan_fills_the_panes(screen: Screen) -> None:
    session = DemoSession(StillClock())
    async with screen(session) as (app, pilot):
        assert "s scans" in picture(app)
        await pilot.press("s")
        await pilot.pause()
        await settled(app, pilot)
        assert session.demo.scans == [None]
        assert app.main.candidates.table.row() in list(session.boards.candidates.values())
        assert len(app.main.candidates.table.rows.order) == 8


async def test_why_and_detail_explain(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        for keys in (("2", "e"), ("1", "enter"), ("3", "enter"), ("4", "enter"), ("5", "enter")):
            await pilot.press(*keys)
            await pilot.pause()
            assert isinstance(app.screen, ExplanationView), keys
            await pilot.press("escape")
            await pilot.pause()


async def test_history_and_help_open_and_close(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("H")
        await pilot.pause()
        assert isinstance(app.screen, HistoryScreen)
        assert "realised +50.80" in picture(app)
        await pilot.press("q", "question_mark")
        await pilot.pause()
        assert "Scan the earnings calendar" in picture(app)
        await pilot.press("escape")
        await pilot.pause()
        assert len(app.screen_stack) == 1


async def test_next_session_moves_the_clock(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("n")
        await settled(app, pilot)
        assert "Wed 25 Nov  09:30:00 ET" in picture(app)


async def test_the_palette_speaks_the_trade(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("2", "colon")
        await pilot.pause()
        await pilot.press(*"sort hist")
        for _ in range(40):
            await pilot.pause(0.02)
            if "sort hist" in picture(app).split("60 s")[0] and app.screen.query("CommandList").first().option_count:  # type: ignore[attr-defined]  # a list
                break
        await pilot.press("enter")
        await pilot.pause()
        for _ in range(40):
            if app.main.candidates.table.sort_column.name == "hist":
                break
            await pilot.pause(0.02)
        assert app.main.candidates.table.sort_column.name == "hist"


async def test_remapped_keys_replace_the_defaults(session: DemoSession, screen: Screen) -> None:
    settings = Settings(keymap={"zoom": "f5", "quit": "Q"})
    async with screen(session, settings=settings) as (app, pilot):
        zoomed = []
        for key in ("z", "f5"):
            await pilot.press(key)
            zoomed.append(app.main.zoomed)
        assert zoomed == [False, True]
        await pilot.pause()
        assert "F5 zoom" in picture(app)


async def test_a_faulty_keymap_is_told_and_left_out(session: DemoSession, screen: Screen) -> None:
    async with screen(session, settings=Settings(keymap={"zoomm": "f5"})) as (app, pilot):
        await pilot.pause()
        assert "did you mean zoom?" in told(app)
        await pilot.press("z")
        assert app.main.zoomed


async def test_markup_in_a_message_is_only_text(session: DemoSession, screen: Screen) -> None:
    async with screen(session, notifications=True) as (app, pilot):
        app.say("[/] [red]no[/red] [link")
        for _ in range(50):
            if "[red]no[/red]" in picture(app):
                break
            await pilot.pause(0.02)
        assert "[/] [red]no[/red] [link" in picture(app)


@pytest.mark.parametrize("size", [(200, 60), (80, 24), (40, 10), (30, 6), (20, 4), (5, 2), (1, 1)])
async def test_every_size_draws_and_takes_keys(session: DemoSession, screen: Screen, size: tuple[int, int]) -> None:
    async with screen(session, size) as (app, pilot):
        await pilot.press("1", "2", "j", "3", "4", "5", "j", "z", "z")
        await pilot.pause()
        assert len(picture(app).split("\n")) == size[1]
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert "NVDA" in picture(app)


async def test_hidden_panes_are_not_drained(session: DemoSession, screen: Screen) -> None:
    async with screen(session, (80, 24)) as (app, pilot):
        assert app.main.shown_panes() == [app.main.ticks]
        assert not app.main.candidates.table.rows.all
        assert "2 Candidates 8" in picture(app)
        await pilot.press("2")
        await pilot.pause()
        assert len(app.main.candidates.table.rows.all) == 8


async def test_stale_ticks_are_dimmed_and_their_age_told(session: DemoSession, screen: Screen) -> None:
    assert isinstance(session.clock, StillClock)
    async with screen(session, settings=Settings(ui=UiSettings(stale_seconds=15))) as (app, pilot):
        session.clock.advance(90)
        app.main.redraw()
        await pilot.press("z")
        await settled(app, pilot)
        assert "1m" in picture(app)
        assert "age 1m" in picture(app)


async def test_quitting_closes_the_session_first(session: DemoSession) -> None:
    from tests.tui.demo import open_demo

    app = CockpitApp(Settings(), open_demo(session))
    async with app.run_test() as pilot:
        await settled(app, pilot)
        await pilot.press("q")
        for _ in range(100):
            await asyncio.sleep(0.01)
            if session.closed:
                break
    assert session.closed
    assert app.return_value == 0


async def test_a_name_without_figures_says_why_in_their_place(session: DemoSession, screen: Screen) -> None:
    async with screen(session, (120, 40)) as (app, _pilot):
        assert "WDAY  25 Nov AMC the chain has no two-sided quote near the" in picture(app)


async def test_a_date_that_calendars_do_not_share_is_marked(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        known = session.boards.candidates.get("NVDA")
        assert known is not None
        assert "NVDA  25 Nov AMC" in picture(app)
        other = DateClaim("other", known.report_date + timedelta(days=1))
        session.boards.candidates.put("NVDA", replace(known, date_sources=(other,)))
        await settled(app, pilot)
        assert "NVDA  25 Nov?AMC" in picture(app)
        rhythm = replace(other, slack=7)
        session.boards.candidates.put("NVDA", replace(known, date_sources=(rhythm,)))
        await settled(app, pilot)
        assert "NVDA  25 Nov AMC" in picture(app)
        session.boards.candidates.put("NVDA", replace(known, flags=("one date source",)))
        await settled(app, pilot)
        assert "NVDA  25 Nov?AMC" in picture(app)


async def test_a_replay_says_that_it_holds_trades_only(screen: Screen) -> None:
    async with screen(DemoSession(StillClock()), settings=Settings(profile="replay")) as (app, pilot):
        for key in ("2", "3", "4"):
            await pilot.press(key)
            await pilot.pause()
        shown = picture(app)
        assert shown.count("a recording holds trades only") == 3
        assert "s scan" not in shown
        await pilot.press("o", "c", "e", "x", "p")
        assert told(app).count("a recording holds trades only") == 5


async def test_a_replay_is_paused_moved_and_hurried_by_keys(session: DemoSession, screen: Screen) -> None:
    start = session.clock.now() - timedelta(seconds=65)
    session.boards.replay.put("replay", Playback(start, start + timedelta(minutes=61), speed=20.0, paused=True))
    async with screen(session, settings=Settings(profile="replay")) as (app, pilot):
        await settled(app, pilot)
        shown = picture(app)
        assert "1:05/1:01:00 paused 20×" in shown
        assert "Space pause  [ -1 min" in shown
        assert " scan" not in shown.splitlines()[-1]
        await pilot.press("space", "[", "comma", "]", ".", "-", "+", "=")
        await settled(app, pilot)
        assert session.demo.asked == [
            *("pause", "seek -60", "seek -60", "seek +60", "seek +60", "speed -1", "speed +1", "speed +1")
        ]


async def test_only_a_replay_offers_to_be_paused(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        assert "pause" not in picture(app)
        await pilot.press("?")
        await settled(app, pilot)
        assert "Stop the recording" not in picture(app)
