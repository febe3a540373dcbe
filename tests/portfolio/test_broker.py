"""The broker on a real database: what it fills, what it refuses and with which words, and what it keeps."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cockpit.errors import DamagedError, OrderRefusedError, ProviderError
from cockpit.paths import Paths
from cockpit.portfolio.position import Account, Action, Ticket
from cockpit.storage.database import open_database
from tests.portfolio.market import EXPIRY, C, Desk, HandClock, P, bull_put, condor, open_desk, without


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as desk:
        yield desk


def account(desk: Desk) -> Account:
    found = desk.boards.account.get("account")
    assert found is not None
    return found


async def refusal(desk: Desk) -> str:
    """The sentence of a ticket, after showing that confirming it is refused as well."""
    ticket = await desk.broker.opening_ticket(condor())
    assert ticket.refusal is not None
    with pytest.raises(OrderRefusedError):
        await desk.broker.open_position(ticket, 1)
    assert len(desk.boards.positions) == 0
    return ticket.refusal


async def test_a_ticket_is_priced_from_a_fresh_chain(desk: Desk) -> None:
    ticket = await desk.broker.opening_ticket(condor())
    assert desk.venue.asked == [True]
    assert (ticket.mid, ticket.natural, ticket.fill) == (Decimal("0.62"), Decimal("0.54"), Decimal("0.60"))
    assert ticket.commission == Decimal("1.40")
    assert ticket.max_profit == Decimal("58.60")
    assert ticket.max_loss == Decimal("141.40")
    assert ticket.breakevens == pytest.approx((129.414, 154.586))
    assert ticket.pop_delta == pytest.approx(0.66, abs=0.01)
    assert ticket.ev == pytest.approx(9.0)
    assert ticket.buying_power == Decimal(100_000)
    assert ticket.quoted_at is not None
    assert (desk.clock.now() - ticket.quoted_at).total_seconds() == 1.0
    assert ticket.refusal is None
    assert ticket.order_id


async def test_every_ticket_has_a_key_of_its_own(desk: Desk) -> None:
    keys = {(await desk.broker.opening_ticket(condor())).order_id for _ in range(20)}
    assert len(keys) == 20


async def test_the_expected_value_moves_with_the_credit(desk: Desk) -> None:
    desk.venue.market[P, 130.0] = (1.11, 1.15)
    ticket = await desk.broker.opening_ticket(condor())
    assert ticket.fill == Decimal("0.50")
    assert ticket.ev == pytest.approx(-1.0)


async def test_a_fill_is_on_the_boards_with_its_legs(desk: Desk) -> None:
    ticket = await desk.broker.opening_ticket(replace(condor(), report_date=date(2026, 11, 25)))
    position = await desk.broker.open_position(ticket, 3)
    assert desk.boards.positions.get("P1") == position
    assert position.spread_id == "NVDA:261127:IC:128/130/154/156"
    assert [leg.quantity for leg in position.legs] == [3, -3, -3, 3]
    assert -sum(leg.quantity * leg.entry_price for leg in position.legs) == 3 * position.credit == Decimal("1.80")
    assert position.fees == Decimal("4.20")
    assert position.max_loss == Decimal("424.20")
    assert position.report_date == date(2026, 11, 25)
    book = account(desk)
    assert book.cash == Decimal("100175.80")
    assert book.fees == Decimal("4.20")
    assert book.at_risk == Decimal("424.20")
    assert book.buying_power == Decimal("99575.80")
    assert book.unrealised is None
    assert book.open_positions == 1


async def test_opening_takes_the_tickets_max_loss_of_buying_power(desk: Desk) -> None:
    ticket = await desk.broker.opening_ticket(condor())
    await desk.broker.open_position(ticket, 5)
    assert account(desk).buying_power == ticket.buying_power - 5 * ticket.max_loss


async def test_confirming_twice_fills_once(desk: Desk) -> None:
    ticket = await desk.broker.opening_ticket(condor())
    first, second = await asyncio.gather(desk.broker.open_position(ticket, 2), desk.broker.open_position(ticket, 2))
    third = await desk.broker.open_position(ticket, 2)
    assert first == second == third
    assert len(desk.boards.positions) == 1
    assert len(await desk.broker.fills()) == 4

    closing = await desk.broker.closing_ticket("P1")
    ended = await asyncio.gather(*(desk.broker.close_position(closing) for _ in range(3)))
    assert ended[0] == ended[1] == ended[2]
    assert len(await desk.broker.fills()) == 8
    assert len(await desk.broker.history()) == 1


async def test_confirming_again_after_a_restart_fills_nothing(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        ticket = await desk.broker.opening_ticket(condor())
        await desk.broker.open_position(ticket, 2)
    async with open_desk(tmp_path) as desk:
        position = await desk.broker.open_position(ticket, 2)
        assert position.position_id == "P1"
        assert len(await desk.broker.fills()) == 4
        assert account(desk).open_positions == 1


async def test_a_cancelled_order_is_filled_whole_and_shown_or_not_at_all(desk: Desk) -> None:
    ticket = await desk.broker.opening_ticket(condor())
    task = asyncio.create_task(desk.broker.open_position(ticket, 1))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(desk.boards.positions) * 4 == len(await desk.broker.fills())


async def test_closing_realises_what_the_ticket_said(desk: Desk) -> None:
    await desk.broker.open_position(await desk.broker.opening_ticket(condor()), 2)
    desk.venue.market = {
        (P, 128.0): (0.10, 0.14),
        (P, 130.0): (0.20, 0.24),
        (C, 154.0): (0.30, 0.34),
        (C, 156.0): (0.10, 0.14),
    }
    desk.clock.forward(hours=1)
    ticket = await desk.broker.closing_ticket("P1")
    assert ticket.action is Action.CLOSE
    assert ticket.fill == Decimal("-0.32")
    assert ticket.contracts == 2
    assert [leg.quantity for leg in ticket.legs] == [-1, 1, 1, -1]
    closed = await desk.broker.close_position(ticket)
    assert closed.realised == ticket.realised == Decimal("50.40")
    assert (closed.debit, closed.fees, closed.reason) == (Decimal("0.32"), Decimal("5.60"), "closed")
    assert len(desk.boards.positions) == 0
    book = account(desk)
    assert book.cash == book.equity == book.buying_power == Decimal("100050.40")
    assert (book.realised, book.day, book.at_risk) == (Decimal("50.40"), Decimal("50.40"), Decimal(0))
    assert await desk.broker.history() == [closed]


async def test_worthless_wings_are_given_away_at_the_close(desk: Desk) -> None:
    await desk.broker.open_position(await desk.broker.opening_ticket(condor()), 1)
    desk.venue.market = {
        (P, 128.0): (0.0, 0.05),
        (P, 130.0): (0.0, 0.02),
        (C, 154.0): (0.01, 0.03),
        (C, 156.0): (0.0, 0.05),
    }
    ticket = await desk.broker.closing_ticket("P1")
    assert ticket.refusal is None
    assert ticket.natural == Decimal("-0.05")
    closed = await desk.broker.close_position(ticket)
    assert closed.debit == Decimal("0.04")


async def test_history_is_newest_first(desk: Desk) -> None:
    for spread in (condor(), bull_put()):
        position = await desk.broker.open_position(await desk.broker.opening_ticket(spread), 1)
        desk.clock.forward(minutes=5)
        await desk.broker.close_position(await desk.broker.closing_ticket(position.position_id))
    assert [closed.position_id for closed in await desk.broker.history()] == ["P2", "P1"]


async def test_the_book_survives_a_restart(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.broker.open_position(await desk.broker.opening_ticket(condor()), 3)
        position = await desk.broker.open_position(await desk.broker.opening_ticket(bull_put()), 1)
        await desk.broker.close_position(await desk.broker.closing_ticket("P1"))
        before = account(desk)
        history = await desk.broker.history()
    async with open_desk(tmp_path, starting_cash=5.0) as desk:
        assert dict(desk.boards.positions.items()) == {"P2": position}
        assert account(desk) == before
        assert await desk.broker.history() == history


@pytest.mark.parametrize(
    ("instant", "opening"),
    [
        (datetime(2026, 11, 24, 13, 0, tzinfo=UTC), "Tue 24 Nov at 09:30"),
        (datetime(2026, 11, 24, 21, 0, tzinfo=UTC), "Wed 25 Nov at 09:30"),
        (datetime(2026, 11, 26, 3, 0, tzinfo=UTC), "Fri 27 Nov at 09:30"),
    ],
)
async def test_a_closed_market_fills_nothing_but_shows_the_price(desk: Desk, instant: datetime, opening: str) -> None:
    desk.clock.instant = instant
    ticket = await desk.broker.opening_ticket(condor())
    assert ticket.fill == Decimal("0.60")
    assert await refusal(desk) == f"the options market is closed; it opens {opening} ET"


async def test_a_market_that_closes_before_enter_fills_nothing(desk: Desk) -> None:
    desk.clock.instant = datetime(2026, 11, 24, 20, 59, 59, tzinfo=UTC)
    ticket = await desk.broker.opening_ticket(condor())
    assert ticket.refusal is None
    desk.clock.forward(seconds=2)
    with pytest.raises(OrderRefusedError, match="market is closed"):
        await desk.broker.open_position(ticket, 1)


async def test_an_old_ticket_is_refused_with_its_age(desk: Desk) -> None:
    ticket = await desk.broker.opening_ticket(condor())
    desk.clock.forward(seconds=59)
    await desk.broker.open_position(ticket, 1)
    ticket = await desk.broker.opening_ticket(condor())
    desk.clock.forward(seconds=60)
    with pytest.raises(OrderRefusedError, match=r"^quote is 61 s old, .*60 s.*; press o again$"):
        await desk.broker.open_position(ticket, 1)
    ticket = await desk.broker.closing_ticket("P1")
    desk.clock.forward(minutes=30)
    with pytest.raises(OrderRefusedError, match=r"^quote is 30 min old, .*; press c again$"):
        await desk.broker.close_position(ticket)


async def test_stale_quotes_are_refused_when_the_ticket_is_made(desk: Desk) -> None:
    desk.venue.age = 95.0
    assert (await refusal(desk)).startswith("quote is 95 s old")


async def test_a_vendor_without_times_is_judged_by_when_it_was_asked(desk: Desk) -> None:
    desk.venue.stamped = False
    ticket = await desk.broker.opening_ticket(condor())
    assert ticket.quoted_at == desk.clock.now()
    assert ticket.refusal is None


@pytest.mark.parametrize(
    ("leg", "quote", "sentence"),
    [
        ((P, 130.0), (None, 1.25), "P130 has no bid, so the spread has no price"),
        ((P, 130.0), (0.0, 1.25), "P130 has no bid, so it cannot be sold"),
        ((P, 128.0), (0.97, None), "P128 has no ask, so the spread has no price"),
        ((P, 128.0), (0.0, 0.0), "P128 has no ask, so it cannot be bought"),
        ((C, 154.0), (1.06, 1.02), "C154 is crossed (bid 1.06 over ask 1.02); wait for a sound quote"),
        ((P, 130.0), (0.97, 1.01), "the fill would be a credit of"),
        ((P, 130.0), (6.00, 6.10), "cannot be; the quotes are wrong"),
    ],
)
async def test_a_market_that_cannot_fill_says_why(
    desk: Desk, leg: tuple[object, float], quote: tuple[float | None, float | None], sentence: str
) -> None:
    if "credit of" in sentence:
        desk.venue.market[C, 154.0] = (0.60, 0.64)
    desk.venue.market[leg] = quote  # type: ignore[index]  # a table here
    assert sentence in await refusal(desk)


async def test_a_leg_that_is_not_listed_any_more(desk: Desk) -> None:
    desk.venue.market = without(desk.venue.market, C, 156.0)
    assert await refusal(desk) == "C156 of 27 Nov is not in the NVDA chain any more"
    ticket = await desk.broker.opening_ticket(condor())
    assert ticket.fill is None
    assert ticket.max_loss == Decimal("141.4")


async def test_a_wing_without_bid_can_be_bought(desk: Desk) -> None:
    desk.venue.market[P, 128.0] = (0.0, 1.01)
    ticket = await desk.broker.opening_ticket(condor())
    assert ticket.refusal is None


async def test_buying_power_bounds_the_order(tmp_path: Path) -> None:
    async with open_desk(tmp_path, starting_cash=300.0) as desk:
        ticket = await desk.broker.opening_ticket(condor())
        assert ticket.refusal is None
        with pytest.raises(OrderRefusedError, match=r"3 contracts would take 424\.20 .* only 300\.00 is left"):
            await desk.broker.open_position(ticket, 3)
        await desk.broker.open_position(ticket, 2)
        assert account(desk).buying_power == Decimal("17.20")
        sentence = (await desk.broker.opening_ticket(condor())).refusal
        assert sentence == "1 contract would take 141.40 of buying power, and only 17.20 is left"


async def test_two_tickets_do_not_spend_the_same_buying_power(tmp_path: Path) -> None:
    async with open_desk(tmp_path, starting_cash=300.0) as desk:
        tickets = [await desk.broker.opening_ticket(condor()) for _ in range(2)]
        results = await asyncio.gather(
            *(desk.broker.open_position(ticket, 2) for ticket in tickets), return_exceptions=True
        )
        assert sum(isinstance(result, OrderRefusedError) for result in results) == 1


@pytest.mark.parametrize("contracts", [0, -1])
async def test_at_least_one_contract(desk: Desk, contracts: int) -> None:
    ticket = await desk.broker.opening_ticket(condor())
    with pytest.raises(OrderRefusedError, match="at least 1"):
        await desk.broker.open_position(ticket, contracts)


async def test_a_ticket_whose_price_was_changed_is_refused(desk: Desk) -> None:
    ticket = await desk.broker.opening_ticket(condor())
    forged: list[tuple[Ticket, str]] = [
        (replace(ticket, fill=Decimal("0.90")), "does not follow"),
        (replace(ticket, order_id=""), "no ticket to open"),
        (replace(ticket, action=Action.CLOSE), "no ticket to open"),
    ]
    for wrong, sentence in forged:
        with pytest.raises(OrderRefusedError, match=sentence):
            await desk.broker.open_position(wrong, 1)


@pytest.mark.parametrize("position_id", ["P9", "NVDA", ""])
async def test_what_is_not_open_cannot_be_closed(desk: Desk, position_id: str) -> None:
    with pytest.raises(OrderRefusedError, match="no position"):
        await desk.broker.closing_ticket(position_id)


async def test_a_closed_position_cannot_be_closed_by_another_ticket(desk: Desk) -> None:
    await desk.broker.open_position(await desk.broker.opening_ticket(condor()), 1)
    tickets = [await desk.broker.closing_ticket("P1") for _ in range(2)]
    await desk.broker.close_position(tickets[0])
    with pytest.raises(OrderRefusedError, match="no position P1 is open"):
        await desk.broker.close_position(tickets[1])


async def test_a_venue_that_does_not_answer_is_its_own_error(desk: Desk) -> None:
    desk.venue.down = True
    with pytest.raises(ProviderError):
        await desk.broker.opening_ticket(condor())


async def test_expired_options_are_not_traded(desk: Desk) -> None:
    await desk.broker.open_position(await desk.broker.opening_ticket(condor()), 1)
    desk.clock.instant = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    ticket = await desk.broker.closing_ticket("P1")
    assert ticket.refusal is not None
    assert "27 Nov have expired" in ticket.refusal
    with pytest.raises(OrderRefusedError, match="have expired"):
        await desk.broker.close_position(ticket)


async def test_a_folder_that_another_owns_takes_no_orders(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as owner:
        position = await owner.broker.open_position(await owner.broker.opening_ticket(condor()), 1)
        async with open_desk(tmp_path) as guest:
            assert dict(guest.boards.positions.items()) == {"P1": position}
            ticket = await guest.broker.opening_ticket(condor())
            with pytest.raises(OrderRefusedError, match="owned by process"):
                await guest.broker.open_position(ticket, 1)
            with pytest.raises(OrderRefusedError, match="owned by process"):
                await guest.broker.close_position(await guest.broker.closing_ticket("P1"))


async def test_a_cockpit_that_only_looks_follows_the_one_that_trades(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as owner, open_desk(tmp_path) as guest:
        await owner.broker.open_position(await owner.broker.opening_ticket(condor()), 1)
        await guest.marker.mark()
        await owner.marker.mark()
        assert guest.boards.positions.get("P1") == owner.boards.positions.get("P1")
        assert account(guest) == account(owner)
        await owner.broker.close_position(await owner.broker.closing_ticket("P1"))
        await guest.marker.mark()
        assert len(guest.boards.positions) == 0
        assert account(guest) == account(owner)


async def test_positions_that_do_not_follow_from_the_fills_are_damage(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.broker.open_position(await desk.broker.opening_ticket(condor()), 1)
    async with open_database(Paths(tmp_path, tmp_path)) as database, database.write() as connection:
        await connection.execute("UPDATE portfolio_positions SET credit_e4 = credit_e4 + 1")
    with pytest.raises(DamagedError, match="does not add up"):
        async with open_desk(tmp_path):
            pass


async def test_fills_are_never_changed(desk: Desk) -> None:
    await desk.broker.open_position(await desk.broker.opening_ticket(condor()), 1)
    for statement in ("UPDATE portfolio_fills SET price_e4 = 0", "DELETE FROM portfolio_fills"):
        with pytest.raises(Exception, match="a fill is never"):
            async with desk.database.write() as connection:
                await connection.execute(statement)


def test_the_clock_of_these_tests_is_in_regular_hours() -> None:
    assert HandClock().now().date() < EXPIRY
