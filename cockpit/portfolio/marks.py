"""What open positions are worth at a chain's quotes: pure arithmetic, and None wherever a quote is missing."""

from dataclasses import replace
from decimal import Decimal

from cockpit.options.chain import OptionChain
from cockpit.options.contract import OptionQuote
from cockpit.portfolio.fills import dollars
from cockpit.portfolio.margin import CONTRACT
from cockpit.portfolio.position import Position, PositionLeg


def leg_mark(quantity: int, quote: OptionQuote | None) -> Decimal | None:
    """Dollars per share at mid. Where nobody bids, a bought wing counts half its offer and a sold leg has no mark."""
    if quote is None:
        return None
    if quote.mid is not None and quote.bid is not None and quote.ask is not None:
        return (dollars(quote.bid) + dollars(quote.ask)) / 2
    if quantity > 0 and quote.bid == 0.0 and quote.ask is not None and quote.ask > 0.0:
        return dollars(quote.ask) / 2
    return None


def marked(position: Position, chain: OptionChain) -> Position:
    """The position at these quotes; ``unrealised`` is after opening commission."""
    quotes = [chain.quote(leg.right, float(leg.strike)) for leg in position.legs]
    legs = tuple(
        replace(leg, mark=leg_mark(leg.quantity, quote)) for leg, quote in zip(position.legs, quotes, strict=True)
    )
    mark = _debit(legs, position.contracts)
    times = [quote.quoted_at or chain.fetched_at for quote in quotes if quote is not None]
    return replace(
        position,
        legs=legs,
        mark=mark,
        unrealised=None if mark is None else (position.credit - mark) * CONTRACT * position.contracts - position.fees,
        delta=_delta(position, quotes),
        marked_at=min(times, default=None),
    )


def _debit(legs: tuple[PositionLeg, ...], contracts: int) -> Decimal | None:
    total = Decimal(0)
    for leg in legs:
        if leg.mark is None:
            return None
        total -= leg.mark * (leg.quantity // contracts)
    return total


def _delta(position: Position, quotes: list[OptionQuote | None]) -> float | None:
    total = 0.0
    for leg, quote in zip(position.legs, quotes, strict=True):
        delta = quote.greeks.delta if quote is not None and quote.greeks is not None else None
        if delta is None:
            return None
        total += leg.quantity * delta
    return total
