"""Why an order is not taken, as the sentences a trader would be given. Each function answers None where all is well."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from cockpit.options.calendar import NEW_YORK, Phase, closes_at, next_session, opens_at, session_state
from cockpit.portfolio.fills import QuotedLeg, dollars
from cockpit.portfolio.position import Action
from cockpit.spreads.structure import Leg

AGAIN = {Action.OPEN: "press o again", Action.CLOSE: "press c again"}


def market_closed(now: datetime) -> str | None:
    """Options fill in regular hours only."""
    state = session_state(now)
    if state.phase is Phase.OPEN:
        return None
    day = next_session(state.day) if state.phase is Phase.POST else state.day
    opening = opens_at(day).astimezone(NEW_YORK)
    return f"the options market is closed; it opens {opening:%a} {opening.day} {opening:%b at %H:%M} ET"


def past_expiry(expiry: date, now: datetime) -> str | None:
    """Nothing trades after its expiry's close."""
    if now < closes_at(expiry):
        return None
    return f"options of {expiry.day} {expiry:%b} have expired; they are settled at the official close, not traded"


def unquoted(legs: Sequence[Leg], action: Action) -> str | None:
    """Every leg needs a market on the side that it trades on."""
    return next((sentence for leg in legs if (sentence := _unquoted(leg, action))), None)


def quoted(legs: Sequence[Leg], action: Action) -> tuple[QuotedLeg, ...] | None:
    """The legs with exact markets, or None where :func:`unquoted` has a word to say.

    A bought wing that nobody bids for is half its offer at the mid. One that is sold to close is given away for
    nothing, as a trader does who closes the whole package.
    """
    if unquoted(legs, action) is not None:
        return None
    markets = []
    for leg in legs:
        bid, ask = leg.quote.bid or 0.0, leg.quote.ask or 0.0
        if leg.quantity < 0 and bid <= 0.0:
            ask = 0.0
        markets.append(QuotedLeg(leg.quantity, dollars(bid), dollars(ask)))
    return tuple(markets)


def oldest(legs: Sequence[Leg], fetched_at: datetime) -> datetime:
    """Time of the oldest leg's quote; where a vendor gives none, the time of asking stands in."""
    return min(leg.quote.quoted_at or fetched_at for leg in legs)


def stale(quoted_at: datetime | None, now: datetime, limit: float, action: Action) -> str | None:
    """A price is taken only while its quotes are young; ``limit`` is in seconds."""
    if quoted_at is None:
        return f"the quote has no time, so its age is unknown; {AGAIN[action]}"
    age = now - quoted_at
    if age <= timedelta(seconds=limit):
        return None
    return f"quote is {_duration(age)} old, and none older than {limit:g} s fills; {AGAIN[action]}"


def bad_credit(net: Decimal, worst: Decimal | None) -> str | None:
    """An opening credit spread must take in something, and less than it can lose before the credit.

    Args:
        net: credit per share.
        worst: the least that the legs can be worth at expiry, dollars per share; None without a floor.
    """
    if worst is None:
        return "the loss of these legs has no limit; only defined-risk spreads are opened"
    if net <= 0:
        return f"the fill would be a credit of {net}: nothing is left to earn"
    if net >= -worst:
        return f"a credit of {net} on a width of {-worst:.2f} cannot be; the quotes are wrong"
    return None


def over_buying_power(max_loss: Decimal, contracts: int, buying_power: Decimal) -> str | None:
    """The worst case of everything open must stay payable. ``max_loss`` is dollars for one contract of the spread."""
    needed = max_loss * contracts
    if needed <= buying_power:
        return None
    plural = "" if contracts == 1 else "s"
    left = max(buying_power, Decimal(0))
    return f"{contracts} contract{plural} would take {needed:,.2f} of buying power, and only {left:,.2f} is left"


def _unquoted(leg: Leg, action: Action) -> str | None:
    quote = leg.quote
    name = leg.label[1:]
    if quote.ask is None or quote.bid is None:
        side = "ask" if quote.ask is None else "bid"
        return f"{name} has no {side}, so the spread has no price"
    if quote.ask < quote.bid:
        return f"{name} is crossed (bid {quote.bid:.2f} over ask {quote.ask:.2f}); wait for a sound quote"
    if leg.quantity > 0 and quote.ask <= 0.0:
        return f"{name} has no ask, so it cannot be bought"
    if leg.quantity < 0 and quote.bid <= 0.0 and action is Action.OPEN:
        return f"{name} has no bid, so it cannot be sold"
    return None


def _duration(age: timedelta) -> str:
    seconds = age.total_seconds()
    if seconds < 600:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
