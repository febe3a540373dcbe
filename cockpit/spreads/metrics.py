"""The figures of a structure: its payoff, greeks, tier, width, and probabilities by delta and by history."""

from collections.abc import Sequence

from cockpit.options.contract import Greeks
from cockpit.options.payoff import Payoff, PayoffLeg, total_greeks
from cockpit.options.smile import Smile
from cockpit.scan.liquidity import Tier, quote_tier
from cockpit.scan.moves import Reaction
from cockpit.spreads.structure import Leg, StructureKind


def payoff_of(legs: Sequence[Leg], credit: float, commission: float) -> Payoff:
    """The payoff at expiry of one unit, with its opening commission in dollars."""
    return Payoff(
        tuple(PayoffLeg(leg.quantity, leg.quote.right.sign, leg.quote.strike) for leg in legs), credit, commission
    )


def spread_greeks(legs: Sequence[Leg], smile: Smile) -> Greeks | None:
    """Greeks of one unit in dollars, from our own volatilities; None where a leg has none."""
    return total_greeks([(leg.quantity, smile.greeks(leg.quote.right, leg.quote.strike)) for leg in legs])


def pop_by_delta(kind: StructureKind, legs: Sequence[Leg], smile: Smile) -> float | None:
    """One minus the absolute deltas of the shorts: an approximation for display, low by 2 to 4 points.

    None for a butterfly: both of its shorts are at the money, and it earns on either side of them.
    """
    if kind is StructureKind.IRON_BUTTERFLY:
        return None
    total = 0.0
    for leg in legs:
        if leg.quantity < 0:
            greeks = smile.greeks(leg.quote.right, leg.quote.strike)
            if greeks is None or greeks.delta is None:
                return None
            total += abs(greeks.delta)
    return max(1.0 - total, 0.0)


def pop_by_history(payoff: Payoff, price: float, reactions: Sequence[Reaction]) -> float | None:
    """Share of past reactions, each taken up and down, that would have left a profit; half a case added to each answer.

    The laws' own cross-check: it knows no volatility, no days around the report, and only so many quarters.
    """
    moves = [side * one.close_move for one in reactions for side in (1, -1)]
    if not moves:
        return None
    profits = sum(low < price * (1.0 + move) < high for move in moves for low, high in payoff.profit_intervals)
    return (profits + 0.5) / (len(moves) + 1.0)


def spread_tier(legs: Sequence[Leg]) -> Tier:
    """The worst tier of all legs, longs included: they have to be traded as well."""
    return max(quote_tier(leg.quote) for leg in legs)


def width(legs: Sequence[Leg]) -> float:
    """The widest distance between a short and a long of one side: what the structure can owe per share."""
    widest = 0.0
    for short in legs:
        for wing in legs:
            if short.quantity < 0 < wing.quantity and short.quote.right is wing.quote.right:
                widest = max(widest, abs(wing.quote.strike - short.quote.strike))
    return widest
