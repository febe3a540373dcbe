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

from cockpit.options.implied_volatility import LAST_STEP
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
_WIDEST = 20.0
"""Deviations over the root of two beyond which an exponential of d1 may vanish where d2 is of ordinary size."""


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
        carried = x * np.exp(-q * t)
        discounted = k * np.exp(-r * t)
        w = deviation * _SQRT_HALF
        u = 0.5 * (np.log(carried / discounted) / w + w)
        # One exponential serves the density and both tails: the forward's share of it at d1 is the strike's at d2.
        bell = carried * np.exp(-u * u)
        asset = _share(s, u, carried, bell)
        cash = _share(s, u - w, discounted, bell)
        bell *= _INVERSE_SQRT_TWO_PI
        slope = bell * root
        decay = q * asset - r * cash - 0.5 * slope * v / t
        found = Valuations(asset - cash, asset / x, bell / (x * x * deviation), decay * _A_DAY, slope * 0.01, cash * t)
        regular = (w > 0.0) & (w < _WIDEST) & (x > 0.0) & (k > 0.0)
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
        relative, left = slope / b, s * s < inflection
        newton = np.where(left, (log_target - np.log(b)) / relative, (target - b) / slope)
        bend = ratio * ratio / s - 0.5 * half - np.where(left, relative, 0.0)
        step = newton / np.maximum(1.0 + 0.5 * newton * bend, 0.1)
        step[~((slope > 0.0) & (b > 0.0))] = np.nan
        step[b == target] = 0.0
        arrived = np.abs(step) <= LAST_STEP * s
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


def _share(sign: Array, u: Array, whole: Array, bell: Array) -> Array:
    """``sign * whole * N(sign * u * sqrt(2))``, where ``bell`` is ``whole * exp(-u^2)``; small ones without a loss."""
    tail = 0.5 * bell * _scaled_erfc(np.abs(u))
    return np.asarray(sign * np.where(sign * u < 0.0, tail, whole - tail))


_CENTRE = 3.75
_SCALED = (
    *(-2.623107347133476e-09, -1.9551358868985616e-09, 3.197926671666804e-08, 1.879082322370048e-08),
    *(-2.4857126248016745e-07, -5.084465378687302e-08, 1.7419821586224816e-06, -9.792625707303523e-07),
    *(-1.1438048033346894e-05, 2.2387565714911816e-05, 5.164652974177416e-05, -0.00029015535246077655),
    *(0.000293714378044958, 0.0017556261651970652, -0.009746579683265262, 0.02836227737211114),
    *(-0.05869339857664934, 0.09230432116428125, -0.10880393014244462, 0.08227673848999506),
    *(0.0035854154854790257, -0.14024059858554525, 1.2375126308378275),
)
"""``(1 + 2x) exp(x^2) erfc(x)`` as a polynomial in ``(x - 3.75) / (x + 3.75)``, highest power first: the Chebyshev
series of Shepherd and Laframboise (Math. Comp. 36, 1981, 249), computed to 40 digits and cut at 4e-16."""


def _scaled_erfc(x: Array) -> Array:
    """``exp(x^2) erfc(x)`` for x of nothing or more, relative error of a few ulp."""
    t = (x - _CENTRE) / (x + _CENTRE)
    total = np.full_like(t, _SCALED[0])
    for term in _SCALED[1:]:
        total *= t
        total += term
    total /= 1.0 + 2.0 * x
    return total


def _erfc(x: Array) -> Array:
    """The complementary error function, relative error of a few ulp in both tails."""
    size = np.abs(x)
    tail = _gaussian(size) * _scaled_erfc(size)
    return np.where(x < 0.0, 2.0 - tail, tail)


def _gaussian(y: Array) -> Array:
    """``exp(-y^2)`` with the square split in two, because its rounding would show in the exponent."""
    head = np.trunc(y * 16.0) / 16.0
    return np.asarray(np.exp(-head * head) * np.exp(-(y - head) * (y + head)))
