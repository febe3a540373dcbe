"""The ticket: it knows its key, sends once, and says why where it does not."""

import asyncio

import pytest

from cockpit.portfolio.position import Position, Ticket
from cockpit.tui.app import CockpitApp
from cockpit.tui.screens.ticket import Stage, TicketScreen
from cockpit.tui.widgets.payoff import payoff_plot, result_at
from tests.tui.clocks import NOW, StillClock
from tests.tui.conftest import Screen, picture, told
from tests.tui.demo import DemoSession
from tests.tui.made import spreads_of


def ticket_of(app: CockpitApp) -> TicketScreen:
    screen = app.screen
    assert isinstance(screen, TicketScreen)
    return screen


async def test_enter_sends_exactly_once_however_often_it_is_pressed(session: DemoSession, screen: Screen) -> None:
    may_fill = asyncio.Event()
    calls: list[tuple[str, int]] = []
    fill = session.demo.open_position

    async def slow(ticket: Ticket, contracts: int) -> Position:
        calls.append((ticket.key, contracts))
        await may_fill.wait()
        return await fill(ticket, contracts)

    session.demo.open_position = slow  # type: ignore[method-assign]  # a slow one
    async with screen(session) as (app, pilot):
        await pilot.press("3", "o")
        await pilot.pause()
        key = ticket_of(app).ticket
        assert key is not None
        await pilot.press("enter", "enter", "enter")
        await pilot.pause()
        assert ticket_of(app).stage is Stage.SENDING
        assert calls == [(key.key, 5)]
        may_fill.set()
        await pilot.pause()
        await pilot.pause()
        assert app.screen is app.main
        assert calls == [(key.key, 5)]
        assert "filled: 5 NVDA iron condor" in told(app)


async def test_contracts_are_typed_or_stepped(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("3", "o")
        await pilot.pause()
        ticket = ticket_of(app)
        await pilot.press("plus")
        assert ticket.contracts == 6
        await pilot.press("minus", "minus")
        assert ticket.contracts == 4
        await pilot.press("backspace")
        assert ticket.contracts == 0
        await pilot.press("1", "2")
        assert ticket.contracts == 12
        assert "max loss 1,680.00" in picture(app)
        assert "95,870.00 → 94,190.00" in picture(app)
        await pilot.press("enter")
        await pilot.pause()
        assert [contracts for _, contracts in session.demo.opened] == [12]


async def test_no_contracts_are_not_sent(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("3", "o")
        await pilot.pause()
        await pilot.press("0", "enter")
        await pilot.pause()
        assert session.demo.opened == []
        assert ticket_of(app).stage is Stage.READY


async def test_a_refusal_stands_in_place_of_the_confirmation(session: DemoSession, screen: Screen) -> None:
    session.demo.refuse = "the quote is 75 s old, 60 s is the limit; r asks anew"
    async with screen(session) as (app, pilot):
        await pilot.press("3", "o")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        shown = picture(app)
        assert "refused: the quote is 75 s old" in shown
        assert "Enter confirm" not in shown
        await pilot.press("enter", "enter")
        assert session.demo.opened == []
        session.demo.refuse = None
        await pilot.press("r")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert len(session.demo.opened) == 1


async def test_a_rejected_spread_cannot_be_confirmed(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("3", "G", "o")
        await pilot.pause()
        assert ticket_of(app).stage is Stage.REFUSED
        assert "reward to risk 0.12 is below 0.25" in picture(app)


async def test_escape_cancels(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("3", "o")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen is app.main
        assert session.demo.opened == []


async def test_the_closing_ticket_closes_the_whole_position(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("4", "j", "c")
        await pilot.pause()
        ticket = ticket_of(app)
        assert ticket.ticket is not None
        assert ticket.ticket.key == "1"
        assert "this would realise +231.60" in picture(app)
        await pilot.press("5")
        assert ticket.contracts == 3
        await pilot.press("enter")
        await pilot.pause()
        await pilot.pause()
        assert [closed.key for closed in session.demo.closed] == ["1"]
        assert "closed: 3 NVDA iron condor, realised +231.60" in told(app)


async def test_the_age_of_the_quote_is_live(session: DemoSession, screen: Screen) -> None:
    assert isinstance(session.clock, StillClock)
    async with screen(session) as (app, pilot):
        await pilot.press("3", "o")
        await pilot.pause()
        assert "quote is new" in picture(app)
        session.clock.advance(20)
        ticket_of(app).refill()
        await pilot.pause()
        assert "quote 20s old" in picture(app)


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (30, 6)])
async def test_a_small_terminal_shows_the_money_and_the_way_out(
    session: DemoSession, screen: Screen, size: tuple[int, int]
) -> None:
    async with screen(session, size) as (app, pilot):
        await pilot.press("2", "o")
        await pilot.pause()
        await pilot.pause()
        shown = picture(app)
        assert "mid 0.62" in shown
        assert "Enter" in shown


def test_the_payoff_is_the_structure_at_expiry() -> None:
    condor = spreads_of("NVDA", 142.31, NOW)[0]
    assert result_at(condor.legs, 0.60, 142.0) == pytest.approx(0.60)
    assert result_at(condor.legs, 0.60, 50.0) == pytest.approx(0.60 - 2.0)
    assert result_at(condor.legs, 0.60, 300.0) == pytest.approx(0.60 - 2.0)
    plot = payoff_plot(condor.legs, 0.60, 24, 4)
    assert len(plot) == 4
    assert all(sum(len(text) for text, _ in line) == 24 for line in plot)
    marks = [sum(line[at][0] != " " for line in plot) for at in range(24)]
    assert marks == [1] * 24
