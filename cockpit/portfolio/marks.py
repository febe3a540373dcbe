"""What open positions are worth at a chain's quotes: pure arithmetic, and None wherever a quote is missing."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from cockpit.options.chain import OptionChain
from cockpit.options.contract import OptionQuote
from cockpit.options.forward import chain_forward, years_to_expiry
from cockpit.options.smile import Smile
from cockpit.portfolio.fills import dollars
from cockpit.portfolio.margin import CONTRACT
from cockpit.portfolio.position import Position, PositionLeg


def chain_smile(chain: OptionChain, now: datetime, rate: float) -> Smile | None:
    """The chain's volatilities at its own forward; None without the underlying's price."""
    if chain.spot is None or chain.spot <= 0.0:
        return None
    years = years_to_expiry(chain.expiry, now)
    return Smile(chain, chain_forward(chain, chain.spot, years, rate), years, rate)


def option_delta(quote: OptionQuote | None, smile: Smile | None) -> float | None:
    """Delta at our own volatility, or the vendor's where ours cannot be had; None without either."""
    if quote is None:
        return None
    own = smile.greeks(quote.right, quote.strike) if smile is not None else None
    greeks = own if own is not None else quote.greeks
    return None if greeks is None else greeks.delta


def leg_mark(quantity: int, quote: OptionQuote | None) -> Decimal | None:
    """Dollars per share at mid. Where nobody bids, a bought wing counts half its offer and a sold leg has no mark."""
    if quote is None:
        return None
    if quote.mid is not None and quote.bid is not None and quote.ask is not None:
        return (dollars(quote.bid) + dollars(quote.ask)) / 2
    if quantity > 0 and quote.bid == 0.0 and quote.ask is not None and quote.ask > 0.0:
        return dollars(quote.ask) / 2
    return None


def marked(position: Position, chain: OptionChain, smile: Smile | None) -> Position:
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
        delta=_delta(position, quotes, smile),
        marked_at=min(times, default=None),
    )


def _debit(legs: tuple[PositionLeg, ...], contracts: int) -> Decimal | None:
    total = Decimal(0)
    for leg in legs:
        if leg.mark is None:
            return None
        total -= leg.mark * (leg.quantity // contracts)
    return total


def _delta(position: Position, quotes: list[OptionQuote | None], smile: Smile | None) -> float | None:
    total = 0.0
    for leg, quote in zip(position.legs, quotes, strict=True):
        delta = option_delta(quote, smile)
        if delta is None:
            return None
        total += leg.quantity * delta
    return total
