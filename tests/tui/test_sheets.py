"""Windows of lines: where one is in them, and that they go on to tell the truth while they are open."""

from dataclasses import replace

import pytest

from cockpit.scan.explanation import Explanation, Row, Section
from cockpit.tui.screens.explanation import ExplanationView, explanation_lines
from cockpit.tui.widgets.legs import leg_lines
from tests.tui.clocks import NOW
from tests.tui.conftest import Screen, picture
from tests.tui.demo import DemoSession
from tests.tui.made import spreads_of

LONG = Explanation(
    "long",
    tuple(Section(f"part {part}", tuple(Row(f"row {row}", str(row)) for row in range(10))) for part in range(8)),
)


def texts(explanation: Explanation, width: int) -> list[str]:
    return ["".join(text for text, _ in line.runs).rstrip() for line in explanation_lines(explanation, width)]


async def test_a_long_window_tells_which_lines_are_in_sight_and_goes_by_parts(
    session: DemoSession, screen: Screen
) -> None:
    async with screen(session, (80, 24)) as (app, pilot):
        sheet = ExplanationView(LONG)
        app.push_screen(sheet)
        await pilot.pause()
        assert "1-20 of 95" in picture(app)
        for keys, first in ((("tab",), "part 1"), (("tab",), "part 2"), (("shift+tab",), "part 1")):
            await pilot.press(*keys)
            assert sheet.body.lines[sheet.body.top].runs[-1][0] == first
        assert "13-32 of 95" in picture(app)
        await pilot.press("end")
        await pilot.pause()
        assert "76-95 of 95" in picture(app)


async def test_a_detail_follows_its_row_and_stays_when_the_row_goes(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("1", "enter")
        await pilot.pause()
        sheet = app.screen
        assert isinstance(sheet, ExplanationView)
        known = session.boards.ticks.get("BTCUSDT")
        assert known is not None
        assert "18.2" in picture(app)
        session.boards.ticks.put("BTCUSDT", replace(known, trades_per_second=77.7))
        sheet._renew()
        await pilot.pause()
        assert "77.7" in picture(app)
        session.boards.ticks.remove("BTCUSDT")
        sheet._renew()
        await pilot.pause()
        assert "77.7" in picture(app)


async def test_the_health_in_full_begins_with_the_feed_and_ends_with_the_tasks(
    session: DemoSession, screen: Screen
) -> None:
    async with screen(session, (120, 60)) as (app, pilot):
        await pilot.press("5", "enter")
        await pilot.pause()
        shown = picture(app)
        assert -1 < shown.index("Feed binance: up") < shown.index("tradier: up") < shown.index("Storage: up")
        await pilot.press("end")
        await pilot.pause()
        assert -1 < picture(app).index("Tasks") < picture(app).index("recorder")


def test_notes_stand_beside_their_figures_or_below_where_there_is_no_room() -> None:
    explanation = Explanation(
        "x", (Section("part", (Row("forward", "293.75", "K + (C - P)/df where call and put are closest"),)),)
    )
    assert texts(explanation, 100)[1:] == ["   forward  293.75   K + (C - P)/df where call and put are closest"]
    assert texts(explanation, 50)[1:] == [
        "   forward  293.75   K + (C - P)/df where call",
        "                     and put are closest",
    ]
    assert texts(explanation, 30)[1:] == [
        "   forward  293.75",
        "      K + (C - P)/df where",
        "      call and put are",
        "      closest",
    ]


@pytest.mark.parametrize("width", [24, 38, 48, 58, 78, 118])
def test_legs_give_up_figures_and_never_width(width: int) -> None:
    condor = spreads_of("NVDA", 142.31, NOW)[0]
    lines = ["".join(text for text, _ in line.runs).rstrip() for line in leg_lines(condor.legs, width, 0.6)]
    assert max(map(len, lines)) <= width
    assert lines[0].split()[:2] == ["leg", "bid"]
    assert ("at expiry" in lines[0]) == (width >= 78)


@pytest.mark.parametrize("size", [(120, 40), (60, 20), (40, 10)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_ticket_names_its_order_and_its_largest_loss_at_every_size(
    session: DemoSession, screen: Screen, size: tuple[int, int]
) -> None:
    async with screen(session, size) as (app, pilot):
        await pilot.press("2", "o")
        await pilot.pause()
        await pilot.pause()
        shown = picture(app)
        assert "Open: NVDA  iron condor" in shown
        assert "max loss 700.00" in shown


async def test_closing_tells_a_debit_as_what_is_paid(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("4", "j", "c")
        await pilot.pause()
        assert "debit mid 0.61   natural 0.70   fill at 0.63" in picture(app)


async def test_the_book_as_a_whole_stands_below_the_positions(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        shown = " ".join(picture(app).split())
        assert "cash 100,569.40" in shown
        assert "at risk 4,130.00" in shown
        assert "net Δ ?" in shown, "one position has no delta"
        await pilot.press("4", "z")
        await pilot.pause()
        await pilot.pause()
        row = next(line for line in picture(app).split("\n") if "NVDA iron condor" in line)
        assert row.split()[-6] == "+57", "of a credit of 1.42, 0.81 would stay"
