"""The expected absolute move that a chain implies, by every method in use. All are fractions of the price."""

from bisect import bisect_left
from math import sqrt

from cockpit.options.chain import OptionChain
from cockpit.options.contract import Right
from cockpit.options.pricing import expected_absolute_move
from cockpit.options.smile import Smile

MEDIAN_SHARE = 0.85
"""Of the mean absolute move, what the median is (0.8453 for a normal move): the whole mathematics of the 0.85 rule."""
ONE_SD = 1.2533
"""Standard deviations of a normal move per mean absolute move: sqrt(pi / 2)."""
_SAME_STRIKE = 0.01


def straddle(chain: OptionChain, strike: float) -> float | None:
    """Mid price of call plus put at a strike; None where a side has no mid."""
    return _pair(chain, strike, strike)


def nearest_strike(chain: OptionChain, spot: float) -> float | None:
    """The listed strike nearest to the price, the higher of two equally near; None for an empty chain."""
    return min(chain.strikes, key=lambda strike: (abs(strike - spot), -strike), default=None)


def nearest(chain: OptionChain, spot: float) -> float | None:
    """The straddle of the nearest strike over the price."""
    strike = nearest_strike(chain, spot)
    price = straddle(chain, strike) if strike is not None else None
    return None if price is None else price / spot


def interpolated(chain: OptionChain, spot: float) -> float | None:
    """The straddle at the price, linear between the two strikes around it; one of them alone where the other is dead.

    The chord of a convex function: too high by 0.8 % to 12 % half-way between strikes.
    """
    strikes = chain.strikes
    exact = nearest_strike(chain, spot)
    if exact is None:
        return None
    if abs(exact - spot) < _SAME_STRIKE:
        return nearest(chain, spot)
    index = bisect_left(strikes, spot)
    if index in (0, len(strikes)):
        return None
    below, above = strikes[index - 1], strikes[index]
    low, high = straddle(chain, below), straddle(chain, above)
    if low is None or high is None:
        single = high if low is None else low
        return None if single is None else single / spot
    share = (spot - below) / (above - below)
    return (low + share * (high - low)) / spot


def at_the_money_forward(smile: Smile) -> float | None:
    """``E|S/F - 1|`` at the at-the-money-forward volatility: within 1 % of the truth wherever the strikes fall."""
    volatility = smile.at_the_money()
    return None if volatility is None else expected_absolute_move(volatility * sqrt(smile.years))


def weighted_strangles(chain: OptionChain, spot: float) -> float | None:
    """0.6 of the straddle, 0.3 of the first and 0.1 of the second strangle around it, over the price."""
    strike = nearest_strike(chain, spot)
    if strike is None:
        return None
    strikes = chain.strikes
    index = strikes.index(strike)
    if index < 2 or index + 2 >= len(strikes):
        return None
    prices = (
        straddle(chain, strike),
        _pair(chain, strikes[index - 1], strikes[index + 1]),
        _pair(chain, strikes[index - 2], strikes[index + 2]),
    )
    if any(price is None for price in prices):
        return None
    return sum(weight * price for weight, price in zip((0.6, 0.3, 0.1), prices, strict=True) if price) / spot


def implied_moves(smile: Smile, spot: float) -> dict[str, float]:
    """Every method that the quotes allow, by the name it has in the settings.

    ``atmf``, ``nearest``, ``interp`` and ``tos`` are mean absolute moves, ``x085`` is the median, ``sd`` one standard
    deviation; a price stays within the mean absolute move 57.5 % of the time, not 68 %.
    """
    at_nearest = nearest(smile.chain, spot)
    found = {
        "atmf": at_the_money_forward(smile),
        "nearest": at_nearest,
        "interp": interpolated(smile.chain, spot),
        "x085": None if at_nearest is None else MEDIAN_SHARE * at_nearest,
        "tos": weighted_strangles(smile.chain, spot),
        "sd": None if at_nearest is None else ONE_SD * at_nearest,
    }
    return {name: move for name, move in found.items() if move is not None}


def _pair(chain: OptionChain, put_strike: float, call_strike: float) -> float | None:
    put, call = chain.quote(Right.PUT, put_strike), chain.quote(Right.CALL, call_strike)
    if put is None or call is None or put.mid is None or call.mid is None:
        return None
    return put.mid + call.mid
