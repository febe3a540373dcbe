"""Option quotes and greeks of one name, expiry and moment, from the variance model and a smile.

The pricing here is the emulator's own on purpose: what it tests must not be what it is made of.
"""

from dataclasses import dataclass
from datetime import date
from math import erfc, exp, log, pi, sqrt, tanh
from typing import NamedTuple

from msgspec import Struct

from cockpit.emulator.noise import mix
from cockpit.emulator.profile import RATE, Profile
from cockpit.emulator.sessions import Moment, years_left
from cockpit.emulator.universe import BROKEN_QUOTES
from cockpit.emulator.volatility import Term

_ROOT_HALF = sqrt(0.5)
_DENSITY = 1.0 / sqrt(2.0 * pi)
_FURTHEST = 4.0
_SATURATION = 4.5
_MOST_IV = 9.0


@dataclass(frozen=True, slots=True)
class _Spread:
    """A liquidity class: relative half spread, its least size in dollars, share of intrinsic value, ticks in cents."""

    relative: float
    least: float
    intrinsic: float
    tick_below_three: int
    tick: int


_SPREADS = {
    "A": _Spread(0.01, 0.01, 0.003, 1, 5),
    "B": _Spread(0.04, 0.03, 0.006, 5, 10),
    "C": _Spread(0.08, 0.05, 0.010, 5, 10),
    "D": _Spread(0.16, 0.05, 0.015, 5, 10),
}


class Valued(NamedTuple):
    """Model values of a strike, dollars per share; ``deviation`` is the strike's total standard deviation."""

    strike: float
    call: float
    put: float
    deviation: float
    moneyness: float


class Quote(NamedTuple):
    """Bid and ask of one option, dollars per share."""

    bid: float
    ask: float


Ivs = tuple[float, float, float]
"""Volatilities of an option's bid, mid and ask."""


class StrikeGreeks(Struct, gc=False):
    """Greeks of a strike in the vendor's units: per calendar day and per point; call and put share all but delta."""

    call_delta: float
    gamma: float
    theta: float
    vega: float
    rho: float
    phi: float
    smv: float
    call_ivs: Ivs
    put_ivs: Ivs


_new = tuple.__new__
"""Makes a named tuple of a tuple at half the price of a call with its fields: a scan makes a hundred thousand."""


def value_strikes(profile: Profile, spot: float, term: Term, years: float, strikes: tuple[float, ...]) -> list[Valued]:
    """Model values by Black's formula on the forward, never below intrinsic value.

    The volatility of a strike over that at the money is ``1 - a z + b z^2`` with z the log moneyness in standard
    deviations; the more of the variance reports bring, the flatter it is. Far out it levels off smoothly: a corner
    there would be worth a butterfly of a cent.
    """
    forward = spot * exp((RATE - profile.dividend) * years)
    discount = exp(-RATE * years)
    half_forward, half_discount = 0.5 * discount * forward, 0.5 * discount
    share, base = term.event_share, term.deviation
    slope, bend = 0.080 - 0.045 * share, 0.020 + 0.005 * share
    rows = []
    for strike in strikes:
        x = log(forward / strike)
        moneyness = -x / base
        z = _SATURATION * tanh(moneyness / _SATURATION)
        deviation = base * (1.0 - slope * z + bend * z * z)
        d1 = (x / deviation + 0.5 * deviation) * _ROOT_HALF
        d2 = d1 - deviation * _ROOT_HALF
        if x < 0.0:
            call = half_forward * erfc(-d1) - half_discount * strike * erfc(-d2)
            if call < 0.0:
                call = 0.0
            put = call - discount * (forward - strike)
        else:
            put = half_discount * strike * erfc(d2) - half_forward * erfc(d1)
            if put < 0.0:
                put = 0.0
            call = put + discount * (forward - strike)
        inside = spot - strike
        call, put = call if call > inside else inside, put if put > -inside else -inside
        rows.append(_new(Valued, (strike, call, put, deviation, moneyness)))
    return rows


def quote_strikes(
    profile: Profile, spot: float, values: list[Valued], widening: float, expiry: date
) -> list[tuple[Quote, Quote]]:
    """Call and put quotes: a half spread around the value, outwards to the tick."""
    terms = _SPREADS[profile.liquidity]
    broken = profile.equity.symbol == BROKEN_QUOTES
    least, relative, deep = terms.least * widening, terms.relative * widening, terms.intrinsic * widening
    quotes = []
    for strike, call, put, _, moneyness in values:
        z = moneyness if -_FURTHEST < moneyness < _FURTHEST else _FURTHEST
        half = (call if call < put else put) * relative * (1.0 + 0.5 * z * z)
        if half < least:
            half = least
        inside = spot - strike
        pair = (
            _to_ticks(call, half + inside * deep if inside > 0.0 else half, terms),
            _to_ticks(put, half - inside * deep if inside < 0.0 else half, terms),
        )
        if broken:
            pair = (_break(pair[0], profile, expiry, strike, 1), _break(pair[1], profile, expiry, strike, -1))
        quotes.append(pair)
    return quotes


def greeks_of(
    profile: Profile, spot: float, values: list[Valued], quotes: list[tuple[Quote, Quote]], years: float
) -> list[StrikeGreeks]:
    """Greeks and volatilities of every strike."""
    root = sqrt(years)
    carry, discount = exp(-profile.dividend * years), exp(-RATE * years)
    forward, carried = spot * carry / discount, spot * carry
    decay, payout = -0.5 * spot * carry, profile.dividend * spot * carry
    rows = []
    for (strike, call, put, deviation, _), (call_quote, put_quote) in zip(values, quotes, strict=True):
        d1 = log(forward / strike) / deviation + 0.5 * deviation
        d2 = d1 - deviation
        density = _DENSITY * exp(-0.5 * d1 * d1)
        n1, n2 = 0.5 * erfc(-d1 * _ROOT_HALF), 0.5 * erfc(-d2 * _ROOT_HALF)
        iv = deviation / root
        vega = carried * density * root
        theta = (decay * density * iv / root - RATE * strike * discount * n2 + payout * n1) / 365.0
        slope = vega if vega > 0.01 else 0.01
        rows.append(
            StrikeGreeks(
                carry * n1,
                carry * density / (spot * deviation),
                theta,
                vega / 100.0,
                strike * years * discount * n2 / 100.0,
                -spot * years * carry * n1 / 100.0,
                iv,
                _side_ivs(iv, slope, call, call_quote),
                _side_ivs(iv, slope, put, put_quote),
            )
        )
    return rows


def years_to(moment: Moment, expiry: date) -> float:
    """Calendar years from a moment to an expiry's close."""
    return years_left(moment, expiry)


def _side_ivs(iv: float, slope: float, value: float, quote: Quote) -> Ivs:
    """Volatilities of bid, mid and ask to first order. As the vendor has it, a worthless bid makes mid equal ask."""
    bid, ask = quote
    ask_iv = iv + (ask - value) / slope
    if not 0.0 < ask_iv < _MOST_IV:
        ask_iv = 0.0 if ask_iv <= 0.0 else _MOST_IV
    bid_iv = iv + (bid - value) / slope if bid > 0.0 else 0.0
    return (bid_iv, 0.5 * (bid_iv + ask_iv), ask_iv) if bid_iv > 0.0 else (0.0, ask_iv, ask_iv)


def _to_ticks(value: float, half: float, spread: _Spread) -> Quote:
    tick = spread.tick_below_three if value < 3.0 else spread.tick
    # Whole steps by // 1.0, which floors at half the price of floor() and negated is ceil().
    bid = ((value - half) * 100.0 / tick + 1e-6) // 1.0 * tick
    if bid < 0.0:
        bid = 0.0
    ask = -(-((value + half) * 100.0 / tick - 1e-6) // 1.0) * tick
    return _new(Quote, (bid / 100.0, (ask if ask > bid else bid + tick) / 100.0))


def _break(quote: Quote, profile: Profile, expiry: date, strike: float, sign: int) -> Quote:
    """One quote in six crossed, one in six at zero."""
    kind = mix(profile.salt, expiry.toordinal(), round(strike * 100), sign, 6) % 6
    if kind == 0 and quote.bid > 0.0:
        return Quote(quote.ask, quote.bid)
    return Quote(0.0, 0.0) if kind == 1 else quote
