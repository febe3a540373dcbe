"""The formulas of :mod:`cockpit.options.pricing` on whole arrays, for chains at a time.

Needs numpy (the extra ``fast``), which nothing else in the cockpit imports; import this module only where it is wanted.
The numbers are those of the pure path to 1 part in 10^12: same formulas in the same order. Arguments broadcast against
each other; signs, conventions and units are those of the pure functions.
"""

from collections.abc import Sequence
from math import inf, pi, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cockpit.options.pricing import DAYS_A_YEAR
from cockpit.options.pricing import value as value_of_one
from cockpit.options.smile import Smile

Array = NDArray[np.float64]

_SQRT_HALF = sqrt(0.5)
_SQRT_TWO_PI = sqrt(2.0 * pi)
_INVERSE_SQRT_TWO_PI = 1.0 / _SQRT_TWO_PI
_A_DAY = 1.0 / DAYS_A_YEAR
_NOISE = 8.0 * float(np.finfo(np.float64).eps)
_MAX_STEPS = 100


class Valuations(NamedTuple):
    """Prices and greeks of many European options, one array a figure, in the units of the pure path's Valuation."""

    price: Array
    delta: Array
    gamma: Array
    theta: Array
    vega: Array
    rho: Array


def value(
    sign: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    volatility: ArrayLike,
) -> Valuations:
    """Black-Scholes-Merton prices and greeks of many options at once.

    Options without time or volatility, and inputs that are no numbers or lead to none here, are left to the pure
    function one by one.
    """
    given = [np.asarray(one, np.float64) for one in (sign, spot, strike, years, rate, dividend_yield, volatility)]
    s, x, k, t, r, q, v = given
    with np.errstate(all="ignore"):
        root = np.sqrt(t)
        deviation = v * root
        carry = np.exp(-q * t)
        discounted = k * np.exp(-r * t)
        d1 = np.log(x * carry / discounted) / deviation + 0.5 * deviation
        side = s * _SQRT_HALF
        delta = s * carry * 0.5 * _erfc(-side * d1)
        cash = s * discounted * 0.5 * _erfc(side * (deviation - d1))
        density = carry * _INVERSE_SQRT_TWO_PI * np.exp(-0.5 * d1 * d1)
        asset = x * delta
        slope = x * density
        decay = q * asset - r * cash - 0.5 * slope * v / root
        found = Valuations(
            asset - cash, delta, density / (x * deviation), decay * _A_DAY, slope * root * 0.01, cash * t
        )
        regular = (t > 0.0) & (v > 0.0) & (x > 0.0) & (k > 0.0)
        for column in found:
            regular = regular & np.isfinite(column)
    if regular.all():
        return found
    return _with_irregular(found, regular, given)


def implied_volatility(
    price: ArrayLike, sign: ArrayLike, forward: ArrayLike, strike: ArrayLike, years: ArrayLike, discount: ArrayLike
) -> Array:
    """Implied volatilities of many options at once, NaN where the pure function answers None."""
    given = (price, sign, forward, strike, years, discount)
    p, s, f, k, t, df = np.broadcast_arrays(*(np.asarray(one, np.float64) for one in given))
    found = np.full(p.shape, np.nan)
    with np.errstate(all="ignore"):
        moneyness = s * (f - k)
        intrinsic = np.maximum(moneyness, 0.0)
        time_value = p / df - intrinsic
        noise = np.where(intrinsic > 0.0, _NOISE * np.maximum(f, k), 0.0)
        sound = (t > 0.0) & (k > 0.0) & (f > 0.0) & (df > 0.0) & np.isfinite(p)
        sound &= (noise < time_value) & (time_value < np.minimum(f, k) * (1.0 - _NOISE))
        forward_, strike_ = f[sound], k[sound]
        target = time_value[sound] / np.sqrt(forward_ * strike_)
        deviation = _deviations(target, -np.abs(np.log(forward_ / strike_)))
        found[sound] = deviation / np.sqrt(t[sound])
    return found


class ChainArrays(NamedTuple):
    """All options of a chain in its own order: signs, strikes, volatilities (NaN for none) and valuations."""

    sign: Array
    strike: Array
    volatility: Array
    valuations: Valuations


def chain_arrays(smile: Smile) -> ChainArrays:
    """Volatility, price and greeks of every option, by the smile's rule: each strike at its out-of-the-money side."""
    quotes = smile.chain.quotes
    sign = np.array([quote.right.sign for quote in quotes], np.float64)
    strike = np.array([quote.strike for quote in quotes], np.float64)
    strikes = smile.chain.strikes
    mids, sides = np.full(len(strikes), np.nan), np.ones(len(strikes))
    for index, one in enumerate(strikes):
        quote = smile.quote(one)
        if quote is not None and quote.mid is not None:
            mids[index], sides[index] = quote.mid, quote.right.sign
    by_strike = implied_volatility(mids, sides, smile.forward.price, strikes, smile.years, smile.discount)
    volatility = by_strike[np.searchsorted(strikes, strike)]
    found = value(sign, smile.carried_spot, strike, smile.years, smile.rate, 0.0, volatility)
    return ChainArrays(sign, strike, volatility, found)


def _deviations(target: Array, x: Array) -> Array:
    """The pure path's search for all at once; those that have arrived leave the arrays."""
    up, down = np.exp(0.5 * x), np.exp(-0.5 * x)
    inflection = -2.0 * x
    s = np.where(x < -1e-8, np.sqrt(inflection), target * _SQRT_TWO_PI)
    low, high = np.zeros_like(s), np.full_like(s, inf)
    log_target = np.log(target)
    found = np.full_like(s, np.nan)
    open_ = np.arange(s.size)
    for _ in range(_MAX_STEPS):
        ratio, half = x / s, 0.5 * s
        d1 = ratio + half
        b = 0.5 * (up * _erfc(-d1 * _SQRT_HALF) - down * _erfc((half - ratio) * _SQRT_HALF))
        below = b < target
        low, high = np.where(below, s, low), np.where(below, high, s)
        slope = up * np.exp(-0.5 * d1 * d1) / _SQRT_TWO_PI
        newton = (target - b) / slope
        halley = newton / np.maximum(1.0 + 0.5 * newton * (x * x / (s * s * s) - 0.25 * s), 0.1)
        step = np.where(s * s < inflection, (log_target - np.log(b)) * b / slope, halley)
        step[~((slope > 0.0) & (b > 0.0))] = np.nan
        step[b == target] = 0.0
        arrived = np.abs(step) <= 1e-14 * s
        following = s + step
        inside = (low < following) & (following < high)
        halved = np.where(np.isfinite(high), 0.5 * (low + high), 2.0 * s)
        following = np.where(inside | arrived, following, halved)
        stuck = ~arrived & ((following == s) | ~np.isfinite(following))
        done = arrived | stuck
        if done.any():
            found[open_[done]] = np.where(stuck, s, following)[done]
            going = ~done
            if not going.any():
                break
            open_, x, up, down, inflection, target, log_target, low, high, following = (
                one[going] for one in (open_, x, up, down, inflection, target, log_target, low, high, following)
            )
        s = following
    else:
        found[open_] = s
    return found


def _with_irregular(found: Valuations, regular: NDArray[np.bool_], given: Sequence[Array]) -> Valuations:
    columns = [np.array(np.broadcast_to(column, found.price.shape)) for column in found]
    whole = np.broadcast_arrays(*given)
    for index in zip(*np.nonzero(~np.broadcast_to(regular, found.price.shape)), strict=True):
        sign, *rest = (float(one[index]) for one in whole)
        for column, figure in zip(columns, value_of_one(int(sign), *rest), strict=True):
            column[index] = figure
    return Valuations(*columns)


_SMALL, _LARGE = 0.46875, 4.0
_INVERSE_SQRT_PI = 1.0 / sqrt(pi)
_NEAR = (
    (1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)
_MIDDLE = (
    (
        *(2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1),
        *(2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3),
        1.23033935479799725e3,
    ),
    (
        *(1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3),
        *(3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3),
    ),
)
_FAR = (
    (
        *(1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1),
        *(1.25781726111229246e-1, 1.60837851487422766e-2, 6.58749161529837803e-4),
    ),
    (
        *(1.0, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1),
        *(6.05183413124413191e-2, 2.33520497626869185e-3),
    ),
)
"""Numerators and denominators of Cody's rational approximations (Math. Comp. 23, 1969, 631), highest power first."""


def _erfc(x: Array) -> Array:
    """The complementary error function, relative error of a few ulp in both tails."""
    size = np.abs(x)
    small = size <= _SMALL
    large = size > _LARGE
    middle = ~(small | large)
    found = np.empty_like(x)
    near = x[small]
    found[small] = 1.0 - near * _rational(_NEAR, near * near)
    y = size[middle]
    found[middle] = _gaussian(y) * _rational(_MIDDLE, y)
    if large.any():
        y = size[large]
        inverse = 1.0 / (y * y)
        found[large] = _gaussian(y) * (_INVERSE_SQRT_PI - inverse * _rational(_FAR, inverse)) / y
    return np.where((x < 0.0) & ~small, 2.0 - found, found)


def _gaussian(y: Array) -> Array:
    """``exp(-y^2)`` with the square split in two, because its rounding would show in the exponent."""
    head = np.trunc(y * 16.0) / 16.0
    return np.asarray(np.exp(-head * head) * np.exp(-(y - head) * (y + head)))


def _rational(terms: tuple[tuple[float, ...], tuple[float, ...]], x: Array) -> Array:
    top, bottom = (_polynomial(side, x) for side in terms)
    return top / bottom


def _polynomial(terms: tuple[float, ...], x: Array) -> Array:
    total = np.full_like(x, terms[0])
    for term in terms[1:]:
        total *= x
        total += term
    return total
