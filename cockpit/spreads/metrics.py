"""The figures of a structure: extremes, breakevens, probabilities and the expected value under the physical law."""

from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.options.contract import Greeks
from cockpit.options.payoff import Payoff, PayoffLeg, total_greeks
from cockpit.options.smile import Smile
from cockpit.scan.liquidity import Tier, quote_tier
from cockpit.spreads.structure import Leg

MIN_RATIO, MAX_RATIO = 0.8, 1.5
"""Bounds of the premium that the physical law takes out of the event: luck shows beyond them more often than truth."""


@dataclass(frozen=True, slots=True)
class PhysicalLaw:
    """A lognormal of the price at expiry as it is expected to happen, not as it is priced.

    ``variance = realised_vol^2 t + (event_sd / rho)^2``, with rho the shrunk premium within its bounds.
    """

    forward: float
    variance: float
    ratio: float


def physical_law(
    forward: float, trading_years: float, realised_vol: float, event_sd: float, premium: float
) -> PhysicalLaw:
    """The law for a shrunk ``premium`` of implied over historical moves."""
    ratio = min(max(premium, MIN_RATIO), MAX_RATIO)
    return PhysicalLaw(forward, realised_vol**2 * trading_years + (event_sd / ratio) ** 2, ratio)


def payoff_of(legs: Sequence[Leg], credit: float, commission: float) -> Payoff:
    """The payoff at expiry of one unit, with its opening commission in dollars."""
    return Payoff(
        tuple(PayoffLeg(leg.quantity, leg.quote.right.sign, leg.quote.strike) for leg in legs), credit, commission
    )


def spread_greeks(legs: Sequence[Leg], smile: Smile) -> Greeks | None:
    """Greeks of one unit in dollars, from our own volatilities; None where a leg has none."""
    return total_greeks([(leg.quantity, smile.greeks(leg.quote.right, leg.quote.strike)) for leg in legs])


def pop_by_delta(legs: Sequence[Leg], smile: Smile) -> float | None:
    """One minus the absolute deltas of the shorts: an approximation for display, low by 2 to 4 points."""
    total = 0.0
    for leg in legs:
        if leg.quantity < 0:
            greeks = smile.greeks(leg.quote.right, leg.quote.strike)
            if greeks is None or greeks.delta is None:
                return None
            total += abs(greeks.delta)
    return max(1.0 - total, 0.0)


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
