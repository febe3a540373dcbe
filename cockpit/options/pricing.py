"""Black-Scholes-Merton and Black prices with greeks, on the standard library's ``math`` alone.

``sign`` is +1 for a call and -1 for a put (:attr:`cockpit.options.contract.Right.sign`); years are calendar years of
365 days; rates and yields are continuous; volatilities are annual fractions.
"""

from math import erfc, exp, log, log2, nan, pi, sqrt
from typing import NamedTuple

DAYS_A_YEAR = 365.0
_A_DAY = 1.0 / DAYS_A_YEAR
_SQRT_HALF = sqrt(0.5)
_INVERSE_SQRT_TWO_PI = 1.0 / sqrt(2.0 * pi)
_HALF_LOG_TWO = 0.5 * log(2.0)


class Valuation(NamedTuple):
    """Price and greeks of one European option, per share.

    Attributes:
        delta: per $1 of the underlying.
        gamma: delta per $1.
        theta: dollars per calendar day.
        vega: dollars per volatility point (0.01).
        rho: dollars per 1.00 (100 %) of the rate.
    """

    price: float
    delta: float
    gamma: float
    theta: float
    vega: float
    rho: float

    @property
    def theta_per_year(self) -> float:
        """dV/dt, dollars per year."""
        return self.theta * DAYS_A_YEAR

    @property
    def vega_per_unit(self) -> float:
        """dV/dsigma, dollars per 1.00 (100 %) of volatility."""
        return self.vega * 100.0


def normal_cdf(x: float) -> float:
    """The standard normal distribution, exact in both tails because it never subtracts from one."""
    return 0.5 * erfc(-x * _SQRT_HALF)


def normal_pdf(x: float) -> float:
    """The standard normal density."""
    return _INVERSE_SQRT_TWO_PI * exp(-0.5 * x * x)


Figures = tuple[float, float, float, float, float, float]
"""Price, delta, gamma, theta, vega and rho in the units of :class:`Valuation`."""

_UNKNOWN: Figures = (nan, nan, nan, nan, nan, nan)
# Straight to the tuple: the class's own constructor would cost a quarter of all the rest.
_new = tuple.__new__


def price(
    sign: int, spot: float, strike: float, years: float, rate: float, dividend_yield: float, volatility: float
) -> float:
    """Black-Scholes-Merton price; the discounted forward intrinsic value where time or volatility has run out.

    NaN for inputs that are no numbers or too large to compute with; never an exception.
    """
    try:
        time_left = max(years, 0.0)
        carried = spot * exp(-dividend_yield * time_left)
        discounted = strike * exp(-rate * time_left)
        if years <= 0.0 or volatility <= 0.0 or spot <= 0.0 or strike <= 0.0:
            return max(sign * (carried - discounted), 0.0)
        deviation = volatility * sqrt(years)
        d1 = log(carried / discounted) / deviation + 0.5 * deviation
        return sign * (carried * normal_cdf(sign * d1) - discounted * normal_cdf(sign * (d1 - deviation)))
    except (ArithmeticError, ValueError):
        return nan


def value(
    sign: int, spot: float, strike: float, years: float, rate: float, dividend_yield: float, volatility: float
) -> Valuation:
    """Black-Scholes-Merton price and greeks.

    Where time or volatility has run out, delta is ``sign * exp(-qT)`` strictly in the money and 0 elsewhere, gamma and
    vega are 0, and theta and rho are those of the discounted intrinsic value (theta is 0 at expiry). All NaN for inputs
    that are no numbers or too large to compute with; never an exception.
    """
    return _new(Valuation, figures(sign, spot, strike, years, rate, dividend_yield, volatility))


def figures(
    sign: int, spot: float, strike: float, years: float, rate: float, dividend_yield: float, volatility: float
) -> Figures:
    """The figures of :func:`value` in its order as a plain tuple, for loops in which the names would cost a sixth."""
    try:
        root = sqrt(years)
        deviation = volatility * root
        if not (deviation > 0.0 and spot > 0.0 and strike > 0.0):
            return _expired(sign, spot, strike, years, rate, dividend_yield, volatility)
        carried = spot / exp(dividend_yield * years) if dividend_yield else spot
        discounted = strike / exp(rate * years)
        # d1 and deviation over the root of two, as erfc and the density want them; log2 because log is slow to call.
        w = _SQRT_HALF * deviation
        u = _HALF_LOG_TWO * log2(carried / discounted) / w + 0.5 * w
        bell = _INVERSE_SQRT_TWO_PI * carried * exp(-u * u)
        slope = bell * root
        # By side rather than by multiplying with the sign: this line is run for every option of every chain.
        if sign > 0:
            asset = 0.5 * carried * erfc(-u)
            cash = 0.5 * discounted * erfc(w - u)
        else:
            asset = -0.5 * carried * erfc(u)
            cash = -0.5 * discounted * erfc(u - w)
        return (
            asset - cash,
            asset / spot,
            bell / (spot * spot * deviation),
            (dividend_yield * asset - rate * cash - 0.5 * slope * volatility / years) * _A_DAY,
            slope * 0.01,
            cash * years,
        )
    except (ArithmeticError, ValueError):
        return _expired(sign, spot, strike, years, rate, dividend_yield, volatility)


def _expired(
    sign: int, spot: float, strike: float, years: float, rate: float, dividend_yield: float, volatility: float
) -> Figures:
    if not (years <= 0.0 or volatility <= 0.0 or spot <= 0.0 or strike <= 0.0):
        return _UNKNOWN
    try:
        time_left = max(years, 0.0)
        carry = exp(-dividend_yield * time_left)
        carried = spot * carry
        discounted = strike * exp(-rate * time_left)
    except (ArithmeticError, ValueError):
        return _UNKNOWN
    intrinsic = sign * (carried - discounted)
    if intrinsic <= 0.0:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    decay = sign * (dividend_yield * carried - rate * discounted) if time_left else 0.0
    return intrinsic, sign * carry, 0.0, decay * _A_DAY, 0.0, sign * discounted * time_left


def black(sign: int, forward: float, strike: float, variance: float) -> float:
    """Undiscounted Black price for a total variance (volatility squared times years)."""
    if variance <= 0.0 or strike <= 0.0 or forward <= 0.0:
        return max(sign * (forward - strike), 0.0)
    deviation = sqrt(variance)
    try:
        d1 = log(forward / strike) / deviation + 0.5 * deviation
    except (ArithmeticError, ValueError):
        return nan
    side = sign * _SQRT_HALF
    return sign * 0.5 * (forward * erfc(-side * d1) - strike * erfc(side * (deviation - d1)))


def expected_absolute_move(deviation: float) -> float:
    """``E|S/F - 1|`` of a lognormal with this standard deviation: twice the at-the-money-forward price over F."""
    return 2.0 * (2.0 * normal_cdf(0.5 * deviation) - 1.0)
