"""What a structure can lose at expiry, and what is left to risk: Decimal, dollars."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cockpit.options.contract import Right

ZERO = Decimal(0)
CONTRACT = Decimal(100)
"""Shares a standard contract."""


@dataclass(frozen=True, slots=True)
class OptionLeg:
    """Signed contracts of one option, as far as its value at expiry is concerned."""

    quantity: int
    right: Right
    strike: Decimal

    def intrinsic(self, price: Decimal) -> Decimal:
        """Dollars per share of one bought contract when the underlying stands at ``price``."""
        return max(self.right.sign * (price - self.strike), ZERO)


def expiry_value(legs: Iterable[OptionLeg], price: Decimal) -> Decimal:
    """Dollars per share that the legs are worth at expiry, signed for the holder."""
    return sum((leg.quantity * leg.intrinsic(price) for leg in legs), ZERO)


def worst_value(legs: Sequence[OptionLeg]) -> Decimal | None:
    """The least that the legs can be worth at expiry, dollars per share; None where there is no floor.

    The value is linear between strikes, so its extremes stand at zero and at the strikes, or far above them all
    where more calls are sold than bought.
    """
    if sum(leg.quantity for leg in legs if leg.right is Right.CALL) < 0:
        return None
    return min(expiry_value(legs, price) for price in _corners(legs))


def best_value(legs: Sequence[OptionLeg]) -> Decimal | None:
    """The most that the legs can be worth at expiry, dollars per share; None where there is no ceiling."""
    if sum(leg.quantity for leg in legs if leg.right is Right.CALL) > 0:
        return None
    return max(expiry_value(legs, price) for price in _corners(legs))


def requirement(legs: Sequence[OptionLeg]) -> Decimal | None:
    """Dollars set aside for one contract of the structure: its worst value at expiry, premium left out.

    None where the loss is unbounded. A condor needs the wider side only, since both cannot be lost.
    """
    worst = worst_value(legs)
    return None if worst is None else max(-worst, ZERO) * CONTRACT


def separate_wings_requirement(legs: Sequence[OptionLeg]) -> Decimal | None:
    """The requirement where a condor counts as one only with equal wings; unequal ones are added up.

    Source: Interactive Brokers' knowledge base, article 600.
    """
    whole = requirement(legs)
    sides = [requirement([leg for leg in legs if leg.right is right]) for right in Right]
    if whole is None or any(side is None for side in sides):
        return None
    first, second = (side for side in sides if side is not None)
    return whole if first == second else first + second


def buying_power_effect(legs: Sequence[OptionLeg], credit: Decimal, contracts: int) -> Decimal | None:
    """Dollars of buying power that opening takes: requirement less the credit per share, fees left out."""
    one = requirement(legs)
    return None if one is None else (one - credit * CONTRACT) * contracts


def buying_power(cash: Decimal, requirements: Iterable[Decimal]) -> Decimal:
    """What is left for new risk: cash, premium received included, less what open structures may need."""
    return cash - sum(requirements, ZERO)


def _corners(legs: Sequence[OptionLeg]) -> set[Decimal]:
    return {ZERO, *(leg.strike for leg in legs)}
