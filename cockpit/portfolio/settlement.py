"""What expiry makes of options: exercise and assignment by exception, physical and in cash.

An option in the money by a cent or more at the official close is exercised (OCC exercise by exception); whoever is
short of it is assigned. All amounts are Decimal dollars.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from cockpit.portfolio.margin import CONTRACT, ZERO, OptionLeg

EXERCISE_THRESHOLD = Decimal("0.01")
PIN_DISTANCE = Decimal("0.005")


class Fate(StrEnum):
    """What becomes of an option at expiry."""

    EXERCISE = "exercise"
    ASSIGN = "assign"
    EXPIRE = "expire"


@dataclass(frozen=True, slots=True)
class SettlementEvent:
    """One leg's fate.

    Attributes:
        price: dollars per share at which cash settlement closes the leg; zero where it expires.
    """

    fate: Fate
    leg: OptionLeg
    price: Decimal

    def __str__(self) -> str:
        strike = f"{self.leg.strike.normalize():f}"
        return f"{self.fate.value} {abs(self.leg.quantity)} {self.leg.right.value}{strike}"


@dataclass(frozen=True, slots=True)
class Settlement:
    """All legs of one expiry at its settlement price.

    Attributes:
        cash_amount: dollars that cash settlement pays (negative: takes).
        physical_cash: dollars that change hands for shares at the strikes.
        shares: signed shares that physical settlement leaves.
        pinned: a short strike is within half a percent of the price, so that assignment is uncertain.
    """

    price: Decimal
    cash_amount: Decimal
    physical_cash: Decimal
    shares: int
    pinned: bool
    events: tuple[SettlementEvent, ...]

    @property
    def physical_value(self) -> Decimal:
        """Dollars of physical settlement with the shares at the settlement price; equals ``cash_amount``."""
        return self.physical_cash + self.shares * self.price

    @property
    def note(self) -> str:
        """One line for the records: the events, and the shares that physical delivery would leave."""
        words = [f"settled at {self.price.normalize():f}: " + "; ".join(str(event) for event in self.events)]
        if self.shares:
            words.append(f"physical delivery would leave {self.shares:+d} shares and {self.physical_cash:+.2f} cash")
        if self.pinned:
            words.append("pinned: assignment near the strike is uncertain")
        return ". ".join(words)


def settle(legs: Sequence[OptionLeg], price: Decimal) -> Settlement:
    """Settle legs of one underlying and expiry at its official closing price."""
    events: list[SettlementEvent] = []
    cash = physical = ZERO
    shares = 0
    for leg in legs:
        intrinsic = leg.intrinsic(price)
        if intrinsic < EXERCISE_THRESHOLD:
            events.append(SettlementEvent(Fate.EXPIRE, leg, ZERO))
            continue
        events.append(SettlementEvent(Fate.EXERCISE if leg.quantity > 0 else Fate.ASSIGN, leg, intrinsic))
        delivered = leg.right.sign * leg.quantity * int(CONTRACT)
        cash += leg.quantity * intrinsic * CONTRACT
        physical -= delivered * leg.strike
        shares += delivered
    pinned = any(leg.quantity < 0 and abs(price - leg.strike) / leg.strike <= PIN_DISTANCE for leg in legs)
    return Settlement(price, cash, physical, shares, pinned, tuple(events))
