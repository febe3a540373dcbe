"""The fill model: what a package of options would trade at, and what each leg then traded at.

Prices are Decimal dollars per share; a package's price is its signed net credit (a debit is negative). The model
moves from the mid towards the far side by a share of the half spread, and rounds to the cent against the trader.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from cockpit.spreads.pricing import FRACTIONS

CENT = Decimal("0.01")
TICK = Decimal("0.0001")
"""The finest price that is kept."""


class FillModel(StrEnum):
    """How far from the mid an order fills."""

    MID = "mid"
    QUARTER = "quarter"
    HALF = "half"
    NATURAL = "natural"

    @property
    def fraction(self) -> Decimal:
        """Share of the half spread that is given up: 0, 0.25, 0.5 or 1."""
        return FRACTIONS[self.value]

    @property
    def label(self) -> str:
        """For instance ``25% of the half spread``."""
        return f"{self.fraction:.0%} of the half spread"


@dataclass(frozen=True, slots=True)
class QuotedLeg:
    """Signed contracts a package, with a market to trade them in: ``0 <= bid <= ask``."""

    quantity: int
    bid: Decimal
    ask: Decimal

    @property
    def mid(self) -> Decimal:
        """Half-way between bid and ask."""
        return (self.bid + self.ask) / 2

    @property
    def half_spread(self) -> Decimal:
        """Half of ask minus bid."""
        return (self.ask - self.bid) / 2

    def price(self, fraction: Decimal) -> Decimal:
        """The leg's own price at a share of the half spread, unrounded: sold below the mid, bought above it."""
        shift = fraction * self.half_spread
        return self.mid + shift if self.quantity > 0 else self.mid - shift


@dataclass(frozen=True, slots=True)
class PackageFill:
    """A priced package.

    Attributes:
        mid, natural: net credit at the mids and at the far sides, exact.
        net: net credit of the fill, whole cents.
        leg_prices: price of each leg; their net is exactly ``net``.
    """

    mid: Decimal
    natural: Decimal
    net: Decimal
    leg_prices: tuple[Decimal, ...]


def dollars(value: float) -> Decimal:
    """A vendor's price as exact Decimal, to a hundredth of a cent."""
    return Decimal(str(value)).quantize(TICK)


def net_credit(legs: Sequence[QuotedLeg], prices: Sequence[Decimal]) -> Decimal:
    """Signed credit per share of trading each leg at its price."""
    return sum((-leg.quantity * price for leg, price in zip(legs, prices, strict=True)), Decimal(0))


def price_package(legs: Sequence[QuotedLeg], model: FillModel) -> PackageFill:
    """Price a package under a fill model."""
    mid = net_credit(legs, [leg.mid for leg in legs])
    natural = net_credit(legs, [leg.price(Decimal(1)) for leg in legs])
    shifted = [leg.price(model.fraction) for leg in legs]
    net = net_credit(legs, shifted).quantize(CENT, ROUND_FLOOR)
    return PackageFill(mid, natural, net, _leg_prices(legs, shifted, net))


def _leg_prices(legs: Sequence[QuotedLeg], shifted: Sequence[Decimal], net: Decimal) -> tuple[Decimal, ...]:
    """Whole cents a leg that add up to the net; odd cents go to the widest legs, inside their markets if they fit."""
    prices = [price.quantize(CENT, ROUND_HALF_EVEN) for price in shifted]
    widest = sorted(range(len(legs)), key=lambda index: legs[index].half_spread, reverse=True)
    residual = net - net_credit(legs, prices)
    while residual:
        movable = (index for index in widest if _moves(legs[index], prices[index], residual))
        index = next(movable, None)
        if index is None:
            index = min(widest, key=lambda index: abs(legs[index].quantity))
            prices[index] -= residual / legs[index].quantity
            break
        prices[index] += _step(legs[index], residual)
        residual = net - net_credit(legs, prices)
    return tuple(prices)


def _step(leg: QuotedLeg, residual: Decimal) -> Decimal:
    return CENT if (residual > 0) == (leg.quantity < 0) else -CENT


def _moves(leg: QuotedLeg, price: Decimal, residual: Decimal) -> bool:
    return abs(leg.quantity) * CENT <= abs(residual) and leg.bid <= price + _step(leg, residual) <= leg.ask
