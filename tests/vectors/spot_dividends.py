"""Options on a price that drops by cash dividends as it goes (the spot model): an oracle beside the escrowed one."""

from collections.abc import Sequence
from math import exp, log, sqrt

from cockpit.options.american import CashDividend, american_price
from cockpit.options.pricing import normal_pdf, price

_NODES = 96
_NODES_WITHIN = 28
"""Enough for a smooth function of a normal variable; a dividend within another's mean is one."""
_REACH = 6.5
_STEPS = 31


def spot_model_price(
    sign: int,
    spot: float,
    strike: float,
    years: float,
    rate: float,
    volatility: float,
    dividends: Sequence[CashDividend],
    *,
    american: bool,
    nodes: int = _NODES,
) -> float:
    """The mean over the price just before each dividend of the better of exercise and the rest, discounted.

    A call is only ever exercised just before a dividend, a put after one; after the last, a tree takes over.
    """
    if not dividends:
        if american and sign < 0:
            return american_price(sign, spot, strike, years, rate, 0.0, volatility, steps=_STEPS)
        return price(sign, spot, strike, years, rate, 0.0, volatility)
    first, *rest = dividends
    later = [CashDividend(one.years - first.years, one.amount) for one in rest]
    deviation = volatility * sqrt(first.years)
    centre = log(spot) + rate * first.years - 0.5 * deviation**2
    step = 2.0 * _REACH / nodes
    total = 0.0
    for index in range(nodes + 1):
        z = -_REACH + step * index
        before = exp(centre + deviation * z)
        after = max(before - first.amount, 1e-9)
        value = spot_model_price(
            sign, after, strike, years - first.years, rate, volatility, later, american=american, nodes=_NODES_WITHIN
        )
        if american:
            value = max(value, sign * ((before if sign > 0 else after) - strike))
        total += value * normal_pdf(z) * step
    return exp(-rate * first.years) * total
