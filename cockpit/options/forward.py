"""Time to expiry, and the forward price that a chain itself quotes."""

from datetime import date, datetime
from math import exp, inf
from typing import NamedTuple

from cockpit.options.calendar import NEW_YORK, closes_at, is_session, opens_at, sessions_between
from cockpit.options.chain import OptionChain

SECONDS_A_YEAR = 365.0 * 86_400.0
SESSIONS_A_YEAR = 252.0
MIN_SECONDS = 60.0
_MAX_DEVIATION = 0.01
_BELOW_INTRINSIC = 0.05
"""Share of the price by which a mid may lie under its intrinsic value before the pair is not believed."""


class Forward(NamedTuple):
    """The underlying's forward price for one expiry.

    Attributes:
        price: dollars per share.
        strike: where call and put were the closest; None where no strike quotes both and the spot was carried instead.
        deviation: fraction by which the chain's forward differs from the carried spot.
    """

    price: float
    strike: float | None
    deviation: float

    @property
    def flagged(self) -> bool:
        """True where the chain disagrees with the carried spot by more than 1 %: a dividend, or a hard borrow."""
        return abs(self.deviation) > _MAX_DEVIATION


def years_to_expiry(expiry: date, now: datetime) -> float:
    """Calendar years of 365 days to the close of the expiry's session, to the second, never under 60 seconds."""
    return max((closes_at(expiry) - now).total_seconds(), MIN_SECONDS) / SECONDS_A_YEAR


def trading_years(expiry: date, now: datetime) -> float:
    """Sessions left to the close of the expiry, with the fraction of the present one, over 252.

    The time in which variance accrues; never under the 60 seconds' share of a session.
    """
    today = now.astimezone(NEW_YORK).date()
    sessions = float(sessions_between(today, expiry))
    if today <= expiry and is_session(today):
        opened, closed = opens_at(today), closes_at(today)
        sessions += min(max((closed - now) / (closed - opened), 0.0), 1.0)
    return max(sessions, MIN_SECONDS / 23_400.0) / SESSIONS_A_YEAR


def chain_forward(chain: OptionChain, spot: float, years: float, rate: float, dividend_yield: float = 0.0) -> Forward:
    """The forward by put-call parity at the strike where call and put are closest.

    ``F = K + (C - P) / df``. A pair with a mid far below its intrinsic value is a broken quote and left out. Without a
    strike that quotes both sides, the carried spot stands in and says so.
    """
    slack = _BELOW_INTRINSIC * spot
    carried = spot * exp((rate - dividend_yield) * years)
    least, strike, difference = inf, 0.0, 0.0
    for call, put in chain.pairs():
        call_mid, put_mid = call.mid, put.mid
        if call_mid is None or put_mid is None or not abs(call_mid - put_mid) < least:
            continue
        if call_mid + slack < spot - call.strike or put_mid + slack < call.strike - spot:
            continue
        strike, difference = call.strike, call_mid - put_mid
        least = abs(difference)
    if least == inf:
        return Forward(carried, None, 0.0)
    forward = strike + difference * exp(rate * years)
    if forward <= 0.0:
        return Forward(carried, None, 0.0)
    return Forward(forward, strike, forward / carried - 1.0)
