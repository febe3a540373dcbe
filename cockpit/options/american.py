"""American options on a Leisen-Reimer tree (Peizer-Pratt inversion 2), with escrowed cash dividends."""

from collections.abc import Sequence
from math import copysign, exp, isfinite, log, nan, sqrt
from typing import NamedTuple

from cockpit.options.pricing import price as european_price

STEPS = 101


class CashDividend(NamedTuple):
    """An amount per share that leaves the price in so many years."""

    years: float
    amount: float


def american_price(
    sign: int,
    spot: float,
    strike: float,
    years: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    dividends: Sequence[CashDividend] = (),
    *,
    steps: int = STEPS,
) -> float:
    """Price of an American option, dollars per share; within 2 parts in 1000 of the exact one at 101 steps.

    Cash dividends before expiry are escrowed: what diffuses is the price less their present value, while exercise
    pays on the whole price. NaN for inputs that are no numbers or too large to compute with; never an exception.
    """
    inputs = (spot, strike, years, rate, dividend_yield, volatility)
    if not all(map(isfinite, inputs)):
        return nan
    try:
        pending = tuple(dividend for dividend in dividends if 0.0 < dividend.years <= years)
        escrowed = spot - sum(dividend.amount * exp(-rate * dividend.years) for dividend in pending)
        if years <= 0.0 or volatility <= 0.0 or escrowed <= 0.0 or strike <= 0.0:
            return max(sign * (spot - strike), european_price(sign, spot, strike, years, rate, dividend_yield, 0.0))
        return _tree(sign, escrowed, strike, years, rate, dividend_yield, volatility, pending, steps | 1)
    except (ArithmeticError, ValueError):
        return nan


def _tree(
    sign: int,
    escrowed: float,
    strike: float,
    years: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    pending: Sequence[CashDividend],
    count: int,
) -> float:
    step = years / count
    deviation = volatility * sqrt(years)
    d2 = (log(escrowed / strike) + (rate - dividend_yield) * years) / deviation - 0.5 * deviation
    p = _peizer_pratt(d2, count)
    p_carried = _peizer_pratt(d2 + deviation, count)
    growth = exp((rate - dividend_yield) * step)
    up = growth * p_carried / p
    down = growth * (1.0 - p_carried) / (1.0 - p)
    discount = exp(-rate * step)
    rise, fall = discount * p, discount * (1.0 - p)

    ratio = up / down
    values = []
    node = escrowed * down**count
    for _ in range(count + 1):
        values.append(max(sign * (node - strike), 0.0))
        node *= ratio
    for level in range(count - 1, -1, -1):
        elapsed = level * step
        # An ex-date between two levels counts at the nearer one: exercise pays most just before it.
        still_owed = sum(
            dividend.amount * exp(-rate * (dividend.years - elapsed))
            for dividend in pending
            if dividend.years > elapsed - 0.5 * step
        )
        node = escrowed * down**level
        exercise_strike = strike - still_owed
        for index in range(level + 1):
            held = rise * values[index + 1] + fall * values[index]
            exercised = sign * (node - exercise_strike)
            values[index] = held if held > exercised else exercised
            node *= ratio
    return values[0]


def _peizer_pratt(z: float, count: int) -> float:
    scaled = z / (count + 1.0 / 3.0 + 0.1 / (count + 1.0))
    spread = 0.5 * sqrt(max(1.0 - exp(-scaled * scaled * (count + 1.0 / 6.0)), 0.0))
    # Kept off 0 and 1, where the tree's other branch would have no weight to divide by.
    return min(max(0.5 + copysign(spread, z), 1e-15), 1.0 - 1e-15)
