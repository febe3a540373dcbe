"""What the paper portfolio holds, as values: tickets, positions, closed trades and the account."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from cockpit.options.contract import Right
from cockpit.spreads.structure import Leg, Size, StructureKind


class Action(StrEnum):
    """What a ticket would do."""

    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order as it would be filled now. It carries its own key: never the row under a moving cursor.

    Prices are dollars per share as signed credits (a debit is negative); money is dollars.

    Attributes:
        key: the spread's id for OPEN, the position's id for CLOSE.
        legs: with the quotes that the prices below were made from; for CLOSE the quantities are the closing ones.
        fill: the price that the fill model gives; None where a side is missing (then ``refusal`` says why).
        contracts: suggested for OPEN, held for CLOSE.
        max_profit, max_loss, commission: for one contract of the spread.
        buying_power: available before; each contract opened takes ``max_loss`` of it.
        realised: for CLOSE, what the whole position would realise after costs.
        refusal: why Enter would not be taken; None where it would.
        report_date, sector: of the name, for OPEN; kept with the position for the caps of later orders.
        atm_iv: at-the-money volatility of the expiry, by the chain that the prices come from.
        score: of the spread by ``scorer``, for OPEN.
        order_id: unique key of this order, made with the ticket: however often it is confirmed, it fills once.
        stale_after: age of the quotes in seconds from which the ticket is not filled any more; None: at any age.
    """

    action: Action
    key: str
    symbol: str
    kind: StructureKind
    expiry: date
    legs: tuple[Leg, ...]
    mid: Decimal | None
    natural: Decimal | None
    fill: Decimal | None
    fill_model: str
    contracts: int
    size: Size | None
    max_profit: Decimal
    max_loss: Decimal
    commission: Decimal
    breakevens: tuple[float, ...]
    pop: float | None
    pop_delta: float | None
    ev: float | None
    buying_power: Decimal
    quoted_at: datetime | None
    spot: float | None
    realised: Decimal | None = None
    refusal: str | None = None
    order_id: str = ""
    stale_after: float | None = None
    report_date: date | None = None
    sector: str | None = None
    atm_iv: float | None = None
    score: float | None = None
    scorer: str | None = None


@dataclass(frozen=True, slots=True)
class PositionLeg:
    """One leg of an open position. ``quantity`` is signed contracts in all; prices are dollars per share."""

    option: str
    right: Right
    strike: Decimal
    expiry: date
    quantity: int
    entry_price: Decimal
    mark: Decimal | None


@dataclass(frozen=True, slots=True)
class Position:
    """A row of the portfolio pane: an open spread with its legs.

    Attributes:
        credit: net credit per share at entry.
        max_loss: dollars at expiry for all contracts, opening commission included.
        fees: dollars of opening commission.
        mark: net debit per share to buy it back at mid; None where a leg has no mark.
        unrealised: dollars after opening commission, at ``mark``.
        delta: position delta in shares per contract times contracts over 100, None where a leg's is unknown.
        marked_at: time of the oldest leg's quote; the mark's age counts from here.
        report_date, sector: of the name; None where they were not known.
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
    legs: tuple[PositionLeg, ...]
    mark: Decimal | None = None
    unrealised: Decimal | None = None
    delta: float | None = None
    marked_at: datetime | None = None
    report_date: date | None = None
    sector: str | None = None


@dataclass(frozen=True, slots=True)
class ClosedPosition:
    """A line of the history: ``realised`` is dollars after all fees; ``reason`` is ``closed`` or ``expired``."""

    position_id: str
    symbol: str
    kind: StructureKind
    expiry: date
    contracts: int
    credit: Decimal
    debit: Decimal
    fees: Decimal
    realised: Decimal
    opened_at: datetime
    closed_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Account:
    """The book in one line, dollars.

    Attributes:
        cash: after every fill and fee.
        realised: sum over closed positions, after all their fees.
        unrealised: sum over positions; None where one of them cannot be marked.
        equity: cash plus the marked value of all legs; None as above.
        day: change of realised plus unrealised since the session's start; None as above.
        at_risk: sum of the open positions' max losses.
        buying_power: what is left for new risk.
    """

    cash: Decimal
    realised: Decimal
    unrealised: Decimal | None
    equity: Decimal | None
    day: Decimal | None
    fees: Decimal
    at_risk: Decimal
    buying_power: Decimal
    open_positions: int
