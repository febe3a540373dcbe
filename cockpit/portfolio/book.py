"""The book as one value: what was realised and what is open, and the account that follows from both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from cockpit.portfolio.ledger import Fill, Ledger
from cockpit.portfolio.margin import CONTRACT, ZERO
from cockpit.portfolio.position import Account, ClosedPosition, Position
from cockpit.spreads.exposure import Stake


@dataclass(frozen=True, slots=True)
class Book:
    """Everything the paper broker knows, in dollars.

    Attributes:
        realised: sum over closed positions, after all their fees.
        closed_fees: fees of the closed positions.
        positions: open ones by id, in the order of opening.
    """

    starting_cash: Decimal
    realised: Decimal = ZERO
    closed_fees: Decimal = ZERO
    positions: Mapping[str, Position] = field(default_factory=dict)

    @property
    def cash(self) -> Decimal:
        """After every fill and fee."""
        premium = (p.credit * CONTRACT * p.contracts - p.fees for p in self.positions.values())
        return self.starting_cash + self.realised + sum(premium, ZERO)

    @property
    def fees(self) -> Decimal:
        """Paid so far, on open and closed positions."""
        return self.closed_fees + sum((p.fees for p in self.positions.values()), ZERO)

    @property
    def at_risk(self) -> Decimal:
        """What the open positions lose together at their worst."""
        return sum((p.max_loss for p in self.positions.values()), ZERO)

    @property
    def stakes(self) -> tuple[Stake, ...]:
        """What every open position can lose, for the caps of a new one."""
        return tuple(Stake(p.symbol, float(p.max_loss), p.report_date, p.sector) for p in self.positions.values())

    @property
    def buying_power(self) -> Decimal:
        """Left for new risk: cash less every requirement, which is what remains if all open positions fail."""
        return self.starting_cash + self.realised - self.at_risk

    @property
    def unrealised(self) -> Decimal | None:
        """After opening fees; None where a position cannot be marked."""
        total = ZERO
        for position in self.positions.values():
            if position.unrealised is None:
                return None
            total += position.unrealised
        return total

    @property
    def equity(self) -> Decimal | None:
        """Cash plus the marked value of all legs; None where a position cannot be marked."""
        unrealised = self.unrealised
        return None if unrealised is None else self.starting_cash + self.realised + unrealised

    def account(self, baseline: Decimal | None) -> Account:
        """The account; ``baseline`` is the equity that the day counts from, None where it is unknown."""
        equity = self.equity
        return Account(
            cash=self.cash,
            realised=self.realised,
            unrealised=self.unrealised,
            equity=equity,
            day=None if equity is None or baseline is None else equity - baseline,
            fees=self.fees,
            at_risk=self.at_risk,
            buying_power=self.buying_power,
            open_positions=len(self.positions),
        )

    def with_position(self, position: Position) -> "Book":
        """The book with a position opened, or marked anew."""
        return replace(self, positions={**self.positions, position.position_id: position})

    def without(self, closed: ClosedPosition) -> "Book":
        """The book after a position has ended; nothing changes where it is not open."""
        if closed.position_id not in self.positions:
            return self
        rest = {key: position for key, position in self.positions.items() if key != closed.position_id}
        return replace(
            self,
            realised=self.realised + closed.realised,
            closed_fees=self.closed_fees + closed.fees,
            positions=rest,
        )


def disagreement(book: Book, fills: Iterable[Fill]) -> str | None:
    """What the fills say against the book; None where they agree to the last digit.

    The instrument of a fill reads ``POSITION:OPTION``, since two positions may hold the same option.
    """
    ledger = Ledger(book.starting_cash).after(*fills)
    if ledger.cash != book.cash:
        return f"the fills leave {ledger.cash:,.2f} in cash, the positions {book.cash:,.2f}"
    held = {
        f"{position.position_id}:{leg.option}": Decimal(leg.quantity)
        for position in book.positions.values()
        for leg in position.legs
    }
    for instrument in sorted(held.keys() | ledger.holdings.keys()):
        holding = ledger.holdings.get(instrument)
        quantity = holding.quantity if holding is not None else ZERO
        if quantity != held.get(instrument, ZERO):
            return f"the fills hold {quantity} of {instrument}, the positions {held.get(instrument, ZERO)}"
    return None
