"""Expiry: what is settled, when, at which price, and what the record keeps."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.options.calendar import closes_at
from cockpit.options.contract import Right
from cockpit.portfolio.margin import CONTRACT, OptionLeg, requirement, worst_value
from cockpit.portfolio.settlement import settle
from tests.portfolio.market import EXPIRY, condor, open_desk

AFTER = closes_at(EXPIRY) + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("close", "debit", "realised", "fate", "shares"),
    [
        (142.0, "0", "117.20", "expire 2 P128; expire 2 P130; expire 2 C154; expire 2 C156", ""),
        (129.0, "1", "-82.80", "expire 2 P128; assign 2 P130", "+200 shares and -26000.00 cash"),
        (100.0, "2", "-282.80", "exercise 2 P128; assign 2 P130", ""),
        (155.5, "1.5", "-182.80", "assign 2 C154; expire 2 C156", "-200 shares and +30800.00 cash"),
    ],
)
async def test_expired_positions_are_settled_at_the_official_close(
    tmp_path: Path, close: float, debit: str, realised: str, fate: str, shares: str
) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.broker.open_position(await desk.broker.opening_ticket(condor()), 2)
        desk.clock.instant = AFTER
        desk.venue.closes = {EXPIRY: close}
        (closed,) = await desk.broker.settle_expired()
        assert (closed.reason, closed.debit, closed.realised) == ("expired", Decimal(debit), Decimal(realised))
        assert closed.fees == Decimal("2.80")
        assert len(desk.boards.positions) == 0
        book = desk.boards.account.get("account")
        assert book is not None
        assert book.cash == book.buying_power == Decimal(100_000) + Decimal(realised)
        note = (await desk.broker.fills())[-1].note
        assert note is not None
        assert fate in note
        assert shares in note
        assert ("physical delivery" in note) == bool(shares)
        assert await desk.broker.settle_expired() == []
    async with open_desk(tmp_path) as desk:
        assert len(desk.boards.positions) == 0
        assert [closed.realised for closed in await desk.broker.history()] == [Decimal(realised)]


@pytest.mark.parametrize("instant", [closes_at(EXPIRY) - timedelta(seconds=1), closes_at(EXPIRY)])
async def test_nothing_is_settled_before_the_close_is_official(tmp_path: Path, instant: datetime) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.broker.open_position(await desk.broker.opening_ticket(condor()), 1)
        desk.venue.closes = {EXPIRY: 142.0}
        desk.clock.instant = instant
        assert await desk.broker.settle_expired() == []


async def test_a_position_waits_for_a_price_that_cannot_be_had_yet(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.broker.open_position(await desk.broker.opening_ticket(condor()), 1)
        desk.clock.instant = AFTER
        assert await desk.broker.settle_expired() == []
        desk.venue.down = True
        assert await desk.broker.settle_expired() == []
        desk.venue.down = False
        desk.venue.closes = {EXPIRY - timedelta(days=1): 1.0, EXPIRY: 142.0}
        desk.clock.instant = datetime(2026, 12, 15, 15, 0, tzinfo=UTC)
        assert len(await desk.broker.settle_expired()) == 1


async def test_a_reader_settles_nothing(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as owner:
        await owner.broker.open_position(await owner.broker.opening_ticket(condor()), 1)
        async with open_desk(tmp_path) as guest:
            guest.clock.instant = AFTER
            guest.venue.closes = {EXPIRY: 142.0}
            assert await guest.broker.settle_expired() == []


legs = st.lists(
    st.builds(
        OptionLeg,
        st.integers(-3, 3).filter(bool),
        st.sampled_from(Right),
        st.integers(1, 400).map(lambda n: Decimal(n) / 2),
    ),
    min_size=1,
    max_size=4,
)


@given(legs, st.integers(0, 40_000).map(lambda n: Decimal(n) / 100))
def test_cash_and_physical_settlement_are_worth_the_same(legs: list[OptionLeg], price: Decimal) -> None:
    settlement = settle(legs, price)
    assert settlement.physical_value == settlement.cash_amount


@given(legs, st.integers(0, 1_000_000).map(lambda n: Decimal(n) / 100))
def test_no_settlement_takes_more_than_the_requirement(legs: list[OptionLeg], price: Decimal) -> None:
    needed = requirement(legs)
    if needed is None:
        assert worst_value(legs) is None
    else:
        # Options less than a cent in the money expire, so that each leg may fall short by a cent.
        slack = sum(abs(leg.quantity) for leg in legs) * Decimal("0.01") * CONTRACT
        assert settle(legs, price).cash_amount >= -needed - slack
