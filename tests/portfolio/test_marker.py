"""Marks: at mid, unknown where a quote is missing, and the day's change from the equity of the day before."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cockpit.options.calendar import closes_at
from cockpit.portfolio.position import Account, Position
from tests.portfolio.market import EXPIRY, C, Desk, P, condor, open_desk, without


async def _open(desk: Desk, contracts: int = 2) -> None:
    await desk.broker.open_position(await desk.broker.opening_ticket(condor()), contracts)


def _position(desk: Desk) -> Position:
    position = desk.boards.positions.get("P1")
    assert position is not None
    return position


def _account(desk: Desk) -> Account:
    account = desk.boards.account.get("account")
    assert account is not None
    return account


async def test_nothing_is_asked_while_nothing_is_open(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.marker.mark()
        assert desk.venue.asked == []
        assert _account(desk).equity == Decimal(100_000)
        assert _account(desk).day == 0
        assert desk.broker.equity() == 100_000.0


async def test_a_position_is_marked_at_mid(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await _open(desk)
        assert desk.broker.equity() == 99_717.2
        desk.venue.market[P, 130.0] = (1.41, 1.45)
        await desk.marker.mark()
        assert desk.venue.asked[-1] is False
        position = _position(desk)
        assert [leg.mark for leg in position.legs] == [Decimal(text) for text in ("0.99", "1.43", "1.04", "0.66")]
        assert position.mark == Decimal("0.82")
        assert position.unrealised == Decimal("-46.80")
        assert position.delta == pytest.approx(0.0, abs=0.05)
        assert position.marked_at == desk.clock.now() - timedelta(seconds=1)
        account = _account(desk)
        value = sum(leg.quantity * leg.mark * 100 for leg in position.legs if leg.mark is not None)
        assert account.equity == account.cash + value == Decimal("99953.20")
        assert account.day == account.unrealised == Decimal("-46.80")
        assert desk.broker.equity() == 99_953.2


async def test_only_a_bought_wing_is_marked_without_a_bid(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await _open(desk)
        desk.venue.market[P, 128.0] = (0.0, 0.10)
        await desk.marker.mark()
        assert _position(desk).legs[0].mark == Decimal("0.05")
        assert _position(desk).mark is not None
        desk.venue.market[P, 130.0] = (0.0, 0.10)
        await desk.marker.mark()
        assert _position(desk).legs[1].mark is None
        assert _position(desk).mark is None
        assert _position(desk).unrealised is None
        assert _account(desk).equity is None
        assert _account(desk).day is None


async def test_a_leg_or_a_delta_that_is_missing_is_unknown(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await _open(desk)
        desk.venue.delta = None
        desk.venue.market = without(desk.venue.market, C, 156.0)
        await desk.marker.mark()
        position = _position(desk)
        assert (position.mark, position.delta) == (None, None)
        assert position.legs[0].mark == Decimal("0.99")


async def test_the_vendors_delta_stands_in_where_ours_cannot_be_had(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await _open(desk)
        desk.venue.spot = None
        await desk.marker.mark()
        assert _position(desk).delta == 0.0
        desk.venue.delta = None
        await desk.marker.mark()
        assert _position(desk).delta is None


async def test_a_silent_venue_leaves_the_last_marks_with_their_time(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await _open(desk)
        await desk.marker.mark()
        before = _position(desk)
        desk.clock.forward(minutes=5)
        desk.venue.down = True
        await desk.marker.mark()
        assert _position(desk) == before


async def test_the_day_counts_from_the_last_equity_of_the_day_before(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await _open(desk)
        desk.venue.market[P, 130.0] = (1.41, 1.45)
        await desk.marker.mark()
        assert _account(desk).day == Decimal("-46.80")
        clock = desk.clock
    clock.instant = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
    async with open_desk(tmp_path, clock) as desk:
        desk.venue.market[P, 130.0] = (1.31, 1.35)
        await desk.marker.mark()
        assert _account(desk).day == Decimal("20.00")
        clock.instant = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
        await desk.marker.mark()
        assert _account(desk).day == 0


async def test_the_day_is_unknown_where_no_equity_was_seen_before(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await _open(desk)
        desk.clock.instant = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
        await desk.marker.mark()
        assert _account(desk).equity is not None
        assert _account(desk).day is None


async def test_the_running_marker_marks_a_fill_at_once_and_settles_it_at_the_end(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        cursor = desk.boards.positions.cursor()
        running = asyncio.create_task(desk.marker.run())
        try:
            await _open(desk)
            await _until(lambda: _position(desk).mark is not None)
            desk.clock.instant = closes_at(EXPIRY) + timedelta(hours=1)
            desk.venue.closes = {EXPIRY: 142.0}
            desk.broker.changed.set()
            await _until(lambda: len(desk.boards.positions) == 0)
            assert "P1" in cursor.drain()
        finally:
            running.cancel()
        assert _account(desk).equity == Decimal("100117.20")


async def _until(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail("it has not come to pass")
