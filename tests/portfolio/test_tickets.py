"""Tickets: sizes that follow today's book, and one pricing for the scan and for the fill."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.portfolio.book import Book
from cockpit.portfolio.fills import FillModel
from cockpit.portfolio.position import Action, Position, Ticket
from cockpit.portfolio.tickets import priced, sized
from cockpit.settings import SizingSettings
from cockpit.spreads.exposure import Exposure, OpenBook
from cockpit.spreads.pricing import FRACTIONS, package_prices
from cockpit.spreads.structure import Leg, Size
from tests.portfolio.market import P, condor, open_desk

ticks = st.integers(1, 2000).map(lambda n: n / 100)


@given(st.lists(st.tuples(ticks, st.integers(0, 100)), min_size=4, max_size=4), st.sampled_from(FillModel))
def test_the_scan_and_the_fill_price_alike(quotes: list[tuple[float, int]], model: FillModel) -> None:
    legs = [
        Leg(leg.quantity, replace(leg.quote, bid=bid, ask=round(bid + width / 100, 2)))
        for leg, (bid, width) in zip(condor().legs, quotes, strict=True)
    ]
    scanned = package_prices(legs, FRACTIONS[model.value])
    filled = priced(legs, Action.OPEN, model)
    assert scanned is not None
    assert filled is not None
    assert (scanned.mid, scanned.natural, scanned.fill) == (filled.mid, filled.natural, filled.net)


@pytest.mark.parametrize(
    ("size", "cash", "held", "contracts", "bound_by"),
    [
        (Size(0.20, 0.05, 35, "trade_cap"), 100_000.0, 0, 35, "trade_cap"),
        (Size(0.04, 0.02, 14, "kelly"), 100_000.0, 0, 14, "kelly"),
        (Size(0.04, 0.01, 7, "kelly", scale=0.5), 100_000.0, 0, 7, "kelly"),
        (Size(0.20, 0.01, 7, "simultaneous", share=0.2), 100_000.0, 0, 7, "simultaneous"),
        (Size(0.20, 0.05, 35, "trade_cap"), 100_000.0, 60, 10, "symbol_cap"),
        (Size(0.20, 0.05, 35, "trade_cap"), 2_000.0, 0, 0, "trade_cap"),
        (Size(None, 0.0, 0, "rejected"), 100_000.0, 0, 0, "rejected"),
    ],
)
async def test_the_size_follows_todays_book(
    tmp_path: Path, size: Size, cash: float, held: int, contracts: int, bound_by: str
) -> None:
    async with open_desk(tmp_path, starting_cash=cash) as desk:
        if held:
            await desk.broker.open_position(await desk.broker.opening_ticket(condor()), held)
            await desk.marker.mark()
        ticket = await desk.broker.opening_ticket(replace(condor(), size=size))
        assert ticket.size is not None
        assert (ticket.contracts, ticket.size.bound_by) == (contracts, bound_by)


async def test_a_credit_that_has_gone_sizes_to_nothing(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        desk.venue.market[P, 130.0] = (1.01, 1.05)
        ticket = await desk.broker.opening_ticket(condor())
        assert ticket.ev is not None
        assert ticket.ev < 0
        assert ticket.contracts == 0
        position = await desk.broker.open_position(ticket, 1)
        assert position.credit == Decimal("0.40")


async def test_reports_of_one_day_and_names_of_one_sector_share_their_caps(tmp_path: Path) -> None:
    day = date(2026, 11, 25)
    known = replace(condor(), size=Size(0.20, 0.05, 35, "trade_cap"), report_date=day, sector="Technology")
    async with open_desk(tmp_path) as desk:
        await desk.broker.open_position(await desk.broker.opening_ticket(known), 60)
        await desk.marker.mark()
        held = next(iter(desk.boards.positions.items()))[1]
        assert (held.report_date, held.sector) == (day, "Technology")
        await desk.broker.load()
        assert next(iter(desk.boards.positions.items()))[1].sector == "Technology"
        ticket = await desk.broker.opening_ticket(known)
        risk = float(held.max_loss)

        def beside(known: Position, ticket: Ticket) -> Exposure:
            book = Book(Decimal(100_000)).with_position(known)
            return OpenBook(100_000.0, stakes=book.stakes).beside(ticket.symbol, ticket.report_date, ticket.sector)

        same = beside(replace(held, symbol="OTHER"), ticket)
        assert same == Exposure(100_000.0, risk, 0.0, risk, risk)
        other = replace(ticket, report_date=day + timedelta(days=1), sector="Utilities")
        assert beside(replace(held, symbol="OTHER"), other) == Exposure(100_000.0, risk)
        unknown = beside(replace(held, report_date=None, sector=None), replace(ticket, sector=None))
        assert unknown == Exposure(100_000.0, risk, risk, sector_risk=None)
        tight = SizingSettings(report_day_cap=0.10, symbol_cap=1.0)
        bound = sized(ticket, known.size, same, tight)
        assert bound.size is not None
        assert bound.size.bound_by == "report_day_cap"
        narrow = SizingSettings(sector_cap=0.10, symbol_cap=1.0)
        bound = sized(ticket, known.size, same, narrow)
        assert bound.size is not None
        assert bound.size.bound_by == "sector_cap"
