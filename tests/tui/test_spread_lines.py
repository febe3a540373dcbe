from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.spreads.structure import Size, StructureKind, Unbuilt
from cockpit.tui.inks import Ink
from cockpit.tui.panes.spread_lines import below, why_lines
from cockpit.tui.widgets.lines import Line
from tests.tui.clocks import NOW
from tests.tui.conftest import Screen, picture
from tests.tui.demo import DemoSession
from tests.tui.made import candidate, spreads_of

CANDIDATE = candidate("NVDA", 142.31, 0, NOW)
CONDOR, _, _, FLY = spreads_of("NVDA", 142.31, NOW)


def text(lines: list[Line]) -> str:
    return "\n".join("".join(words for words, _ in line.runs) for line in lines)


def test_a_spread_says_why_in_three_muted_lines() -> None:
    lines = why_lines(CONDOR, CANDIDATE, 110, 3)
    assert len(lines) <= 3
    assert {ink for line in lines for _, ink in line.runs} == {Ink.MUTED}
    said = text(lines)
    assert "event 7.1% vs 5.2% x12 | VRP 1.37 | POP at " in said
    assert "EV next morning +8.1 | POP then 77%" in said
    assert "size 5 by the cap a trade (full Kelly 12%) | needs 0.51 credit | also classic 72" in said


def test_what_is_unknown_is_left_out() -> None:
    bare = replace(
        CONDOR, pop=None, ev=None, ev_exit=None, pop_exit=None, totals=(), size=Size(None, 0.0, 0, "unknown")
    )
    said = text(why_lines(bare, replace(CANDIDATE, event_move=None, implied_move=None, vrp=None), 110, 3))
    assert said == " why  costs 2.80\n size 0: no Kelly fraction without an expected value"
    assert "implied 7.9% vs" in text(why_lines(bare, replace(CANDIDATE, event_move=None), 110, 3))


def test_a_rejected_spread_says_so_first() -> None:
    assert text(why_lines(FLY, CANDIDATE, 110, 3)).startswith(" why  no trade: reward to risk 0.12 is below 0.25 | ")


def test_a_structure_that_could_not_be_built_is_listed_with_its_reason() -> None:
    poor = replace(CANDIDATE, unbuilt=(Unbuilt(StructureKind.IRON_BUTTERFLY, "no strike lists both a call and a put"),))
    first, *rest = below(CONDOR, poor, 80, 6)
    assert text([first]) == " iron fly    no strike lists both a call and a put"
    assert text(rest[:1]) == ""
    assert text(rest[1:2]).startswith(" why ")
    assert text(below(None, poor, 80, 1)) == text([first])


@given(st.integers(24, 200), st.integers(-2, 12))
def test_no_line_is_too_wide_and_no_room_overrun(width: int, room: int) -> None:
    poor = replace(
        CANDIDATE, unbuilt=(Unbuilt(StructureKind.BULL_PUT, "no put is offered beyond 130 to limit the loss"),)
    )
    lines = below(FLY, poor, width, room)
    assert len(lines) <= max(0, room)
    assert all(len(text([line])) <= width for line in lines)


@pytest.mark.parametrize("size", [(120, 40), (100, 30), (200, 60), (80, 24)])
async def test_the_reasons_stand_below_the_rows_and_follow_the_cursor(
    session: DemoSession, screen: Screen, size: tuple[int, int]
) -> None:
    async with screen(session, size) as (app, pilot):
        await pilot.press("3")
        await pilot.pause()
        assert "why  event 7.1% vs 5.2% x12" in picture(app)
        await pilot.press("G")
        await pilot.pause()
        assert "why  no trade: reward to risk 0.12 is below 0.25" in picture(app)
        await pilot.press("2", "j", "j", "3")
        await pilot.pause()
        assert "iron fly    no strike lists both" in picture(app)
