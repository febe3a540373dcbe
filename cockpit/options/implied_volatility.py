"""Implied volatility by safeguarded Halley steps on the normalised Black function or its logarithm."""

from math import erfc, exp, inf, isfinite, log, pi, sqrt, ulp

_SQRT_HALF = sqrt(0.5)
_SQRT_TWO_PI = sqrt(2.0 * pi)
_NOISE = 8.0 * ulp(1.0)
_MAX_STEPS = 100
LAST_STEP = 1e-6
"""Share of the deviation: the error that a step of this size leaves is its cube's, under a float's resolution."""


def implied_volatility(
    price: float, sign: int, forward: float, strike: float, years: float, discount: float
) -> float | None:
    """The volatility at which Black's formula gives this price, or None where no volatility does.

    The time value is what parity leaves on the out-of-the-money side, so a price in the money carries no more
    information than its time value. It must lie strictly between 0 and ``min(forward, strike)``; a remainder that is
    no larger than the rounding of its parts counts as nothing.

    Args:
        price: dollars per share.
        sign: +1 call, -1 put.
        forward: forward price of the underlying at expiry.
        years: calendar years to expiry.
        discount: discount factor to expiry.
    """
    if not (0.0 < years < inf and 0.0 < strike < inf and 0.0 < forward < inf and 0.0 < discount < inf):
        return None
    undiscounted = price / discount
    intrinsic = max(sign * (forward - strike), 0.0)
    time_value = undiscounted - intrinsic
    noise = _NOISE * max(forward, strike) if intrinsic > 0.0 else 0.0
    if not noise < time_value < min(forward, strike) * (1.0 - _NOISE):
        return None
    try:
        deviation = _deviation(time_value / sqrt(forward * strike), -abs(log(forward / strike)))
    except (ArithmeticError, ValueError):
        # Beyond what a float can hold: no quote is.
        return None
    return None if deviation is None else deviation / sqrt(years)


def _deviation(target: float, x: float) -> float | None:
    """``s`` with ``b(s) = e^(x/2) N(x/s + s/2) - e^(-x/2) N(x/s - s/2) = target``, for x <= 0.

    The start is the inflection of b; left of it Halley's steps on ``ln b`` and right of it those on ``b`` converge from
    one side. They are of third order: after one of a millionth, nothing is left to find. Convergence is tested before
    the bracket, because the last step of a converging run may land on its edge.
    """
    up, down = exp(0.5 * x), exp(-0.5 * x)
    inflection = -2.0 * x
    s = sqrt(inflection) if x < -1e-8 else target * _SQRT_TWO_PI
    low, high = 0.0, inf
    log_target = log(target)
    for _ in range(_MAX_STEPS):
        ratio, half = x / s, 0.5 * s
        d1 = ratio + half
        b = 0.5 * (up * erfc(-d1 * _SQRT_HALF) - down * erfc((half - ratio) * _SQRT_HALF))
        if b == target:
            return s
        if b < target:
            low = s
        else:
            high = s
        slope = up * exp(-0.5 * d1 * d1) / _SQRT_TWO_PI
        following = inf
        if slope > 0.0 and b > 0.0:
            bend = ratio * ratio / s - 0.5 * half
            if s * s < inflection:
                relative = slope / b
                newton, bend = (log_target - log(b)) / relative, bend - relative
            else:
                newton = (target - b) / slope
            step = newton / max(1.0 + 0.5 * newton * bend, 0.1)
            following = s + step
            if abs(step) <= LAST_STEP * s:
                return following
        if not low < following < high:
            following = 0.5 * (low + high) if high < inf else 2.0 * s
        if following == s or not isfinite(following):
            return s if isfinite(s) else None
        s = following
    return s
