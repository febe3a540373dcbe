"""Defined-risk structures out of a chain: one vertical builder, two of which make a condor, and the iron butterfly."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING

from cockpit.options.contract import OptionQuote, Right
from cockpit.options.smile import Smile
from cockpit.spreads.structure import Leg, StructureKind

if TYPE_CHECKING:
    from cockpit.settings import SpreadSettings


@dataclass(frozen=True, slots=True)
class Unbuildable:
    """Why a chain gives no such structure, as one sentence."""

    reason: str


@dataclass(frozen=True)
class Plan:
    """What strikes are chosen by, and the choices that several structures share.

    Attributes:
        smile: quotes with their volatilities and the forward.
        spot: dollars.
        move: expected absolute move to expiry, a fraction of the price.
    """

    smile: Smile
    spot: float
    move: float
    settings: "SpreadSettings"

    @cached_property
    def shorts(self) -> dict[Right, OptionQuote | None]:
        """The option to sell on each side; None where none satisfies the short rule."""
        return {right: _short_option(right, self) for right in Right}

    @cached_property
    def verticals(self) -> "dict[Right, tuple[Leg, ...] | Unbuildable]":
        """A credit vertical on each side."""
        return {right: _vertical(right, self) for right in Right}

    @cached_property
    def body(self) -> tuple[OptionQuote, OptionQuote] | None:
        """Put and call of the strike nearest to the forward that lists both, the higher of two equally near."""
        forward = self.smile.forward.price
        nearest = min(
            self.smile.chain.pairs(), key=lambda pair: (abs(pair[0].strike - forward), -pair[0].strike), default=None
        )
        return None if nearest is None else nearest[::-1]


def build(kind: StructureKind, plan: Plan) -> tuple[Leg, ...] | Unbuildable:
    """The legs of a structure, puts before calls and lower strikes first, or why it cannot be built."""
    if kind is StructureKind.IRON_BUTTERFLY:
        return _butterfly(plan)
    puts, calls = plan.verticals[Right.PUT], plan.verticals[Right.CALL]
    if kind is StructureKind.BULL_PUT:
        return puts
    if kind is StructureKind.BEAR_CALL:
        return calls
    if isinstance(puts, Unbuildable):
        return puts
    return calls if isinstance(calls, Unbuildable) else puts + calls


def _vertical(right: Right, plan: Plan) -> tuple[Leg, ...] | Unbuildable:
    """A credit vertical: sell one strike by the short rule, buy one further out by the width rule."""
    short = plan.shorts[right]
    if short is None:
        return Unbuildable(f"no {_word(right)} strike satisfies the short rule {plan.settings.short_rule}")
    return _with_wing(short, short.strike + right.sign * wing_width(plan.spot, plan.settings), plan)


def wing_width(spot: float, settings: "SpreadSettings") -> float:
    """Dollars between the short and the long strike that the width rule asks for; the nearest listed one is taken.

    ``percent`` of the price; ``dollars``: $5, or $3 for a price under $20; ``v1``: 3 % of the price, at least $5.
    """
    if settings.width_rule == "dollars":
        return 5.0 if spot >= 20.0 else 3.0
    if settings.width_rule == "v1":
        return max(0.03 * spot, 5.0)
    return spot * settings.width_pct / 100.0


def _short_option(right: Right, plan: Plan) -> OptionQuote | None:
    """The option to sell: ``outside_move`` and ``im_mult`` by distance from the forward, ``delta`` by nearest delta."""
    settings, forward = plan.settings, plan.smile.forward.price
    if settings.short_rule == "delta":
        known = [
            (abs(delta - settings.short_delta), -abs(quote.strike - forward), quote)
            for quote, delta in _deltas(right, plan.smile)
            if delta is not None
        ]
        return min(known, key=lambda entry: entry[:2])[2] if known else None
    multiple = 1.0 if settings.short_rule == "outside_move" else settings.short_im_mult
    bound = forward * (1.0 + right.sign * multiple * plan.move)
    for quote, delta in _deltas(right, plan.smile, bound):
        if delta is None:
            continue
        if settings.short_rule == "im_mult" or delta <= settings.short_delta:
            return quote
    return None


def _deltas(right: Right, smile: Smile, bound: float | None = None) -> Iterator[tuple[OptionQuote, float | None]]:
    """Out-of-the-money options from the forward (or the bound) outwards, each with its absolute delta."""
    start, sign = smile.forward.price if bound is None else bound, right.sign
    quotes = tuple(smile.chain.side(right))
    for quote in quotes if right is Right.CALL else reversed(quotes):
        if sign * (quote.strike - start) >= 0.0:
            greeks = smile.greeks(right, quote.strike)
            yield quote, None if greeks is None or greeks.delta is None else abs(greeks.delta)


def _butterfly(plan: Plan) -> tuple[Leg, ...] | Unbuildable:
    body = plan.body
    if body is None:
        return Unbuildable("no strike lists both a call and a put")
    reach = plan.smile.forward.price * plan.move * plan.settings.wing_im_mult
    puts = _with_wing(body[0], body[0].strike - reach, plan)
    calls = _with_wing(body[1], body[1].strike + reach, plan)
    if isinstance(puts, Unbuildable):
        return puts
    return calls if isinstance(calls, Unbuildable) else puts + calls


def _with_wing(short: OptionQuote, target: float, plan: Plan) -> tuple[Leg, ...] | Unbuildable:
    """The short with the offered strike of its side nearest to the target, strictly further out of the money."""
    right, sign = short.right, short.right.sign
    wings = [
        quote
        for quote in plan.smile.chain.side(right)
        if sign * (quote.strike - short.strike) > 0.0 and _offered(quote)
    ]
    wing = min(wings, key=lambda quote: (abs(quote.strike - target), abs(quote.strike - short.strike)), default=None)
    if wing is None:
        return Unbuildable(f"no {_word(right)} is offered beyond {short.strike:g} to limit the loss")
    legs = (Leg(-1, short), Leg(1, wing))
    return legs if right is Right.CALL else legs[::-1]


def _offered(quote: OptionQuote) -> bool:
    return quote.bid is not None and quote.ask is not None and 0.0 < quote.ask < inf and quote.ask >= quote.bid


def _word(right: Right) -> str:
    return "call" if right is Right.CALL else "put"
