"""A trade from beginning to end, as values: what was known when it was opened, and what came of it.

Prices are Decimal dollars per share as signed credits (a debit is negative), moves and volatilities fractions; None is
unknown.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from math import isfinite

from cockpit.options.calendar import closes_at
from cockpit.portfolio.fills import TICK
from cockpit.portfolio.margin import OptionLeg
from cockpit.portfolio.position import Ticket
from cockpit.scan.candidate import Candidate
from cockpit.scan.earnings import Timing
from cockpit.scan.expiry import SETTLED_AFTER, morning_after
from cockpit.spreads.structure import StructureKind


@dataclass(frozen=True, slots=True)
class Entry:
    """What was known at opening.

    Attributes:
        spot, atm_iv: of the chain that the fill was priced from; the volatility is at the money of the traded expiry.
        implied_move: expected absolute move by ``implied_method``, as the scan saw it at ``scanned_at``.
        event_move: expected absolute move of the report alone.
        vrp: shrunk ratio of implied to past moves, over ``quarters`` reports; ``vrp_tier`` is its word.
        report_date, timing: of the coming report; None where none was known.
        pop: probability of profit at the breakevens; ``pop_delta``: one minus the deltas of the shorts.
        ev: expected profit in dollars for one contract, after costs, held to expiry.
        mid, natural: net credit at the mids and at the far sides, beside the credit of the fill.
    """

    spot: float | None = None
    atm_iv: float | None = None
    implied_move: float | None = None
    implied_method: str | None = None
    event_move: float | None = None
    vrp: float | None = None
    vrp_tier: str | None = None
    quarters: int | None = None
    report_date: date | None = None
    timing: Timing = Timing.UNKNOWN
    pop: float | None = None
    pop_delta: float | None = None
    ev: float | None = None
    score: float | None = None
    scorer: str | None = None
    mid: Decimal | None = None
    natural: Decimal | None = None
    scanned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Exit:
    """The market when a position ended; at expiry only the settlement price, as ``spot``, is known."""

    spot: float | None = None
    atm_iv: float | None = None
    mid: Decimal | None = None
    natural: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the report did.

    Attributes:
        base_day, reaction_day: the sessions between which the price moved.
        gap: signed move from the close before to the open; ``close_move``: to the close.
        atm_iv: at-the-money volatility of the traded expiry on the first look after the report, at ``iv_at``; a first
            look into a market that has just opened gives way to the first one of that day when it has settled.
        problem: why the move is missing, after the last try at ``tried_at``; empty where nothing was in the way.
    """

    base_day: date | None = None
    reaction_day: date | None = None
    gap: float | None = None
    close_move: float | None = None
    atm_iv: float | None = None
    iv_at: datetime | None = None
    problem: str = ""
    tried_at: datetime | None = None


class Passage(StrEnum):
    """How a trade stands to the report that it was opened for."""

    UNKNOWN = "no report known"
    AHEAD = "report ahead"
    BEFORE = "before the report"
    THROUGH = "after the report"


@dataclass(frozen=True, slots=True)
class Trade:
    """One spread, open or closed, never its legs alone.

    Attributes:
        legs: of one contract of the spread.
        credit: net credit per share at entry; ``debit``: per share at the end, None while open.
        max_loss: dollars at expiry for all contracts, opening commission included.
        fees: dollars paid so far, both ways.
        realised: dollars after all fees; None while open.
        reason: ``closed`` or ``expired``; None while open.
        report_date: as the calendar last said while the trade was open; ``entry`` has the one of the opening.
        note: of the settlement.
        entry, exit, outcome: None where nothing was kept, as for positions older than the scorecard.
    """

    position_id: str
    spread_id: str
    symbol: str
    kind: StructureKind
    expiry: date
    contracts: int
    credit: Decimal
    max_loss: Decimal
    fees: Decimal
    opened_at: datetime
    legs: tuple[OptionLeg, ...]
    fill_model: str | None = None
    closed_at: datetime | None = None
    reason: str | None = None
    debit: Decimal | None = None
    realised: Decimal | None = None
    note: str | None = None
    entry: Entry | None = None
    exit: Exit | None = None
    outcome: Outcome | None = None
    report_date: date | None = None

    @property
    def settled_from(self) -> datetime | None:
        """When quotes and volatilities of that session have found their level, UTC; None without a report."""
        if self.entry is None or self.report_date is None:
            return None
        return morning_after(self.report_date, self.entry.timing)

    @property
    def priced_from(self) -> datetime | None:
        """The open of the first session that surely knows the report, UTC; None without a report."""
        settled = self.settled_from
        return None if settled is None else settled - SETTLED_AFTER

    def passage(self, now: datetime) -> Passage:
        """Whether the trade has been through its report. One that was out when the trade was opened is none of it."""
        priced = self.priced_from
        if priced is None or priced <= self.opened_at:
            return Passage.UNKNOWN
        end = self.ended_at or min(closes_at(self.expiry), now)
        if end >= priced:
            return Passage.THROUGH
        return Passage.AHEAD if self.closed_at is None and now < priced else Passage.BEFORE

    @property
    def ended_at(self) -> datetime | None:
        """When it was closed or expired; None while open. The settlement may have been booked long after the expiry."""
        return None if self.closed_at is None else min(self.closed_at, closes_at(self.expiry))

    @property
    def after(self) -> tuple[float, datetime] | None:
        """The expiry's at-the-money volatility after the report with its time: of a look, or else of the exit."""
        priced = self.priced_from
        if priced is None:
            return None
        seen = self.outcome
        # What was seen before the calendar moved the report is no look after it.
        if seen is not None and seen.atm_iv is not None and seen.iv_at is not None and seen.iv_at >= priced:
            return seen.atm_iv, seen.iv_at
        if self.exit is None or self.exit.atm_iv is None or self.closed_at is None:
            return None
        return (self.exit.atm_iv, self.closed_at) if self.passage(self.closed_at) is Passage.THROUGH else None

    @property
    def ending(self) -> str | None:
        """How it ended: ``expired``, ``closed before the report``, ``closed after the report``, or ``closed``."""
        if self.closed_at is None or self.reason != "closed":
            return self.reason
        passage = self.passage(self.closed_at)
        return "closed" if passage is Passage.UNKNOWN else f"closed {passage.value}"


def entry_of(ticket: Ticket, candidate: Candidate | None) -> Entry:
    """What a ticket and the scan behind it know. A scan of another expiry tells nothing of this one's implied move."""
    known = candidate if candidate is not None and candidate.problem is None else None
    same = known is not None and known.expiry == ticket.expiry
    return Entry(
        spot=_finite(ticket.spot),
        atm_iv=_finite(ticket.atm_iv),
        implied_move=_finite(known.implied_move) if known and same else None,
        implied_method=known.implied_method if known and same else None,
        event_move=_finite(known.event_move) if known else None,
        vrp=_finite(known.vrp) if known else None,
        vrp_tier=known.vrp_tier if known else None,
        quarters=known.quarters if known else None,
        report_date=known.report_date if known else ticket.report_date,
        timing=known.timing if known else Timing.UNKNOWN,
        pop=_finite(ticket.pop),
        pop_delta=_finite(ticket.pop_delta),
        ev=_finite(ticket.ev),
        score=_finite(ticket.score),
        scorer=ticket.scorer,
        mid=_kept(ticket.mid),
        natural=_kept(ticket.natural),
        scanned_at=known.scanned_at if known else None,
    )


def exit_of(ticket: Ticket) -> Exit:
    """The market of a closing ticket."""
    return Exit(_finite(ticket.spot), _finite(ticket.atm_iv), _kept(ticket.mid), _kept(ticket.natural))


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def _kept(price: Decimal | None) -> Decimal | None:
    """To a hundredth of a cent: finer is not stored, and must not stop a fill."""
    return None if price is None else price.quantize(TICK)
