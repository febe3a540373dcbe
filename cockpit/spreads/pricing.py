"""What a whole package trades for: mid, natural, and a fill between them, exact and rounded against the trader."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from math import inf
from typing import NamedTuple

from cockpit.spreads.structure import Leg

FRACTIONS = {"mid": Decimal(0), "quarter": Decimal("0.25"), "half": Decimal("0.5"), "natural": Decimal(1)}
"""Share of the half spread that each fill model of the settings gives away."""
_CENT = Decimal("0.01")


class PackagePrices(NamedTuple):
    """Net credits per share; a debit is negative.

    Attributes:
        mid: half-way on every leg, not rounded.
        natural: sells at the bid, buys at the ask.
        fill: mid less a share of the half spreads, floored to the cent, so that rounding never favours the trader.
    """

    mid: Decimal
    natural: Decimal
    fill: Decimal


def package_prices(legs: Sequence[Leg], fraction: Decimal) -> PackagePrices | None:
    """Prices of all legs together, or None where a leg is crossed, lacks a side or is not offered.

    A bid of nothing counts as 0: a wing that is bought is then marked at half its ask, and one that is sold brings
    nothing at the natural price. Whether a leg may be sold into no bid is for the caller to say.

    Args:
        fraction: share of the half spread given away, 0 to 1 (:data:`FRACTIONS`).
    """
    mid = half = Decimal(0)
    for leg in legs:
        bid, ask = leg.quote.bid, leg.quote.ask
        if bid is None or ask is None or not 0.0 <= bid <= ask < inf or ask <= 0.0:
            return None
        low, high = Decimal(str(bid)), Decimal(str(ask))
        mid -= leg.quantity * (low + high) / 2
        half += abs(leg.quantity) * (high - low) / 2
    return PackagePrices(mid, mid - half, (mid - fraction * half).quantize(_CENT, ROUND_FLOOR))
