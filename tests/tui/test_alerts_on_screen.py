"""Alerts as a user notices them: a notice and the bell when one fires, and the list on top of the health pane."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.board import Board
from cockpit.health.alert import Alert
from cockpit.tui.alert_news import AT_ONCE, SPAN, AlertNews
from cockpit.tui.panes.alert_lines import alert_lines
from cockpit.tui.widgets.columns import Moment
from tests.tui.clocks import NOW, StillClock
from tests.tui.conftest import Screen, picture, settled, told
from tests.tui.demo import DemoSession


def alert(rule: str = "quota low", subject: str = "tradier", count: int = 1, *, bell: bool = True) -> Alert:
    figures = f"{subject} has quota 5.2 (quota<10)" if subject else "memory 612 (memory>500)"
    return Alert(rule, subject, f"{rule}: {figures}", NOW, count, bell)


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """One entry for every time that the terminal's bell would sound."""
    heard: list[None] = []
    monkeypatch.setattr("textual.app.App.bell", lambda app: heard.append(None))
    return heard


async def test_an_alert_that_fires_pops_up_rings_and_is_listed(
    session: DemoSession, screen: Screen, rings: list[None]
) -> None:
    async with screen(session) as (app, pilot):
        session.boards.alerts.put("quota low\0tradier", alert())
        app.main._pull()
        await pilot.pause()
        assert told(app) == "quota low: tradier has quota 5.2 (quota<10)"
        assert [note.severity for note in app._notifications] == ["warning"]
        assert len(rings) == 1
        shown = picture(app).split("\n")
        assert shown[0].endswith("1 alert  1 not well")
        assert any(line.startswith(" quota low") and "quota 5.2 (quota<10)" in line for line in shown)
        app.main._pull()
        await pilot.pause()
        assert (len(app._notifications), len(rings)) == (1, 1)


async def test_an_alert_that_fires_again_is_told_again_and_one_that_ends_is_not(
    session: DemoSession, screen: Screen, rings: list[None]
) -> None:
    async with screen(session) as (app, pilot):
        for count in (1, 2):
            session.boards.alerts.put("quota low\0tradier", alert(count=count))
            app.main._pull()
            session.boards.alerts.remove("quota low\0tradier")
            app.main._pull()
            await pilot.pause()
        assert (len(app._notifications), len(rings)) == (2, 2)
        app.main.redraw()
        await pilot.pause()
        assert "alert" not in picture(app).split("\n")[0]


async def test_what_fired_before_the_screen_came_is_listed_and_not_told(
    session: DemoSession, screen: Screen, rings: list[None]
) -> None:
    session.boards.alerts.put("quota low\0tradier", alert())
    async with screen(session) as (app, _pilot):
        assert (told(app), rings) == ("", [])
        assert "1 alert" in picture(app).split("\n")[0]
        assert "quota 5.2" in picture(app)


async def test_without_the_bell_it_is_only_seen(session: DemoSession, screen: Screen, rings: list[None]) -> None:
    async with screen(session) as (app, pilot):
        session.boards.alerts.put("quota low\0tradier", alert(bell=False))
        app.main._pull()
        await pilot.pause()
        assert (len(app._notifications), rings) == (1, [])


async def test_a_burst_is_one_notice(session: DemoSession, screen: Screen, rings: list[None]) -> None:
    async with screen(session) as (app, pilot):
        for number in range(14):
            session.boards.alerts.put(f"rich\0N{number}", alert("rich", f"N{number}"))
        app.main._pull()
        await pilot.pause()
        (note,) = app._notifications
        assert str(note.message).startswith("14 alerts\nrich: N0 has")
        assert str(note.message).endswith("and 11 more")
        assert len(rings) == 1


async def test_a_sentence_is_never_read_as_markup(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        session.boards.alerts.put("[red]x[/]\0", alert("[red]x[/]", ""))
        app.main._pull()
        await pilot.pause()
        assert told(app).startswith("[red]x[/]: memory")
        assert "[red]x[/]" in picture(app)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 10)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_alerts_and_unwell_parts_are_told_apart_at_every_size(
    session: DemoSession, screen: Screen, size: tuple[int, int]
) -> None:
    for number in range(3):
        session.boards.alerts.put(f"rich\0N{number}", alert("rich", f"N{number}"))
    async with screen(session, size) as (app, _pilot):
        assert picture(app).split("\n")[0].endswith("3 alerts  1 not well")


async def test_a_click_on_the_word_goes_to_the_health(session: DemoSession, screen: Screen) -> None:
    session.boards.alerts.put("quota low\0tradier", alert())
    async with screen(session) as (app, pilot):
        at = picture(app).split("\n")[0].index("1 alert")
        await pilot.click("#header", offset=(at, 0))
        await settled(app, pilot)
        assert app.main.active == "health"


async def test_alone_the_health_pane_lists_every_alert(session: DemoSession, screen: Screen) -> None:
    for number in range(9):
        fired = alert("rich", f"N{number}", number + 1)
        session.boards.alerts.put(f"rich\0N{number}", fired)
    async with screen(session) as (app, pilot):
        await pilot.press("5")
        await settled(app, pilot)
        assert "and 8 more" in picture(app)
        await pilot.press("z")
        await settled(app, pilot)
        shown = picture(app)
        assert all(f"N{number} " in shown for number in range(9))
        assert "x9" in shown


async def test_many_alerts_leave_room_for_the_rest_and_enter_lists_them(session: DemoSession, screen: Screen) -> None:
    for number in range(30):
        session.boards.alerts.put(f"rich\0N{number}", alert("rich", f"N{number}"))
    async with screen(session, (80, 24)) as (app, pilot):
        await pilot.press("5")
        await settled(app, pilot)
        assert "and 21 more; Enter shows them all" in picture(app)
        assert "binance" in picture(app)
        await pilot.press("enter")
        await settled(app, pilot)
        assert "rich: N16" in picture(app)


@given(st.lists(st.integers(0, 9), max_size=40), st.floats(0.0, 2.0))
def test_every_alert_is_told_once_and_few_at_once(bursts: list[int], gap: float) -> None:
    board: Board[str, Alert] = Board()
    news = AlertNews(board)
    now, number, alone, counted = 0.0, 0, 0, 0
    recent: list[float] = []
    for size in [*bursts, *([0] * 40)]:
        for _ in range(size):
            board.put(f"rich\0{number}", alert("rich", str(number)))
            number += 1
        news.fired()
        for notice in news.notices(now):
            recent.append(now)
            if "\n" in notice:
                counted += int(notice.split(" ")[0])
            else:
                alone += 1
        recent = [at for at in recent if now - at < SPAN]
        assert len(recent) <= AT_ONCE
        now += gap + 0.2
    assert alone + counted == number


@pytest.mark.parametrize("width", [20, 40, 69, 70, 120, 200])
@pytest.mark.parametrize("most", [1, 2, 5, 50])
def test_no_line_of_alerts_is_too_wide_and_none_is_lost(width: int, most: int) -> None:
    clock = StillClock()
    alerts = [
        Alert("a rule with quite a long name", f"N{n}", "x" * 300, clock.now() - timedelta(seconds=n), n + 1)
        for n in range(7)
    ]
    lines = alert_lines(alerts, Moment(clock.now(), 0.0), width, most)
    assert len(lines) <= most
    assert max(sum(len(text) for text, _ in line) for line in lines) <= width
    told_of = "".join(text for text, _ in lines[-1])
    if most < len(alerts):
        assert f"and {len(alerts) - max(1, most - 1)} more" in told_of
