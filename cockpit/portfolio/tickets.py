"""Tickets: what an order would be filled at now, worked out from one chain; pure arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from cockpit.options.chain import OptionChain
from cockpit.options.contract import OptionQuote
from cockpit.options.payoff import Payoff, PayoffLeg
from cockpit.options.smile import Smile
from cockpit.portfolio.fills import FillModel, PackageFill, dollars, price_package
from cockpit.portfolio.margin import CONTRACT, OptionLeg, best_value, worst_value
from cockpit.portfolio.marks import chain_smile, option_delta
from cockpit.portfolio.position import Action, Position, Ticket
from cockpit.portfolio.refusals import (
    bad_credit,
    market_closed,
    oldest,
    over_buying_power,
    past_expiry,
    quoted,
    stale,
    unquoted,
)
from cockpit.settings import SizingSettings
from cockpit.spreads.exposure import Exposure
from cockpit.spreads.sizing import contracts
from cockpit.spreads.structure import Leg, Size, Spread, StructureKind


@dataclass(frozen=True, slots=True)
class Terms:
    """What the broker brings to a ticket.

    Attributes:
        commission: dollars a contract and leg, each way.
        max_quote_age: seconds after which a quote fills nothing.
        buying_power: dollars available before the order.
        rate: risk-free, as a fraction a year.
    """

    fill_model: FillModel
    commission: Decimal
    max_quote_age: float
    buying_power: Decimal
    rate: float
    now: datetime
    order_id: str

    def commission_of(self, legs: Sequence[Leg]) -> Decimal:
        """Dollars for one contract of the spread, one way."""
        return self.commission * sum(abs(leg.quantity) for leg in legs)


@dataclass(frozen=True, slots=True)
class Requoted:
    """Legs with the quotes of a chain; ``missing`` are the labels of those that it does not list."""

    legs: tuple[Leg, ...]
    missing: tuple[str, ...]


def requote(legs: Sequence[Leg], chain: OptionChain) -> Requoted:
    """Put a chain's quotes into legs; an unlisted leg keeps its old quote, without a market."""
    fresh: list[Leg] = []
    missing: list[str] = []
    for leg in legs:
        quote = chain.quote(leg.quote.right, leg.quote.strike)
        if quote is None:
            missing.append(leg.label[1:])
            quote = replace(leg.quote, bid=None, ask=None)
        fresh.append(Leg(leg.quantity, quote))
    return Requoted(tuple(fresh), tuple(missing))


def strikes_of(legs: Sequence[Leg]) -> tuple[OptionLeg, ...]:
    """The legs as far as their value at expiry is concerned."""
    return tuple(OptionLeg(leg.quantity, leg.quote.right, dollars(leg.quote.strike)) for leg in legs)


def priced(legs: Sequence[Leg], action: Action, model: FillModel) -> PackageFill | None:
    """What the package would trade at; None where a leg has no market."""
    markets = quoted(legs, action)
    return None if markets is None else price_package(markets, model)


def opening_ticket(spread: Spread, chain: OptionChain, terms: Terms) -> Ticket:
    """A ticket that opens a spread. Where it would be refused it says why, and still shows what can be shown.

    The probability of profit is the scan's; the expected value is the scan's, moved by the change of the credit,
    which is exact under the scan's law of the price. The size is for :func:`sized` to say.
    """
    requoted = requote(spread.legs, chain)
    legs = requoted.legs
    package = priced(legs, Action.OPEN, terms.fill_model)
    commission = terms.commission_of(legs)
    strikes = strikes_of(legs)
    worst, best = worst_value(strikes), best_value(strikes)
    max_loss, max_profit = dollars(spread.max_loss), dollars(spread.max_profit)
    crossings = spread.breakevens
    ev = None
    if package is not None and worst is not None and best is not None:
        max_loss = commission - (package.net + worst) * CONTRACT
        max_profit = (package.net + best) * CONTRACT - commission
        crossings = _breakevens(strikes, package.net, commission)
        if spread.ev is not None:
            ev = spread.ev + (float(package.net) - spread.fill) * float(CONTRACT)
    quoted_at = oldest(legs, chain.fetched_at)
    smile = chain_smile(chain, terms.now, terms.rate)
    refusal = (
        _not_tradable(requoted, chain, Action.OPEN, quoted_at, terms)
        or (None if package is None else bad_credit(package.net, worst))
        or over_buying_power(max_loss, 1, terms.buying_power)
    )
    return Ticket(
        action=Action.OPEN,
        key=spread.spread_id,
        symbol=spread.symbol,
        kind=spread.kind,
        expiry=spread.expiry,
        legs=legs,
        mid=None if package is None else package.mid,
        natural=None if package is None else package.natural,
        fill=None if package is None else package.net,
        fill_model=terms.fill_model.value,
        contracts=0,
        size=None,
        max_profit=max_profit,
        max_loss=max_loss,
        commission=commission,
        breakevens=crossings,
        pop=spread.pop,
        pop_delta=_pop_delta(spread.kind, legs, smile),
        ev=ev,
        buying_power=terms.buying_power,
        quoted_at=quoted_at,
        spot=chain.spot,
        refusal=refusal,
        order_id=terms.order_id,
        stale_after=terms.max_quote_age,
        report_date=spread.report_date,
        sector=spread.sector,
        atm_iv=None if smile is None else smile.at_the_money(),
        score=spread.score.total,
        scorer=spread.score.scorer,
    )


def sized(ticket: Ticket, scanned: Size, exposure: Exposure, settings: SizingSettings) -> Ticket:
    """An opening ticket with the number of contracts that today's book allows at the ticket's own max loss.

    The growth-optimal fraction is the scan's, or nothing where the credit has moved so that nothing is to be earned.
    """
    kelly = scanned.full_kelly
    if kelly is None:
        return replace(ticket, size=scanned, contracts=scanned.contracts)
    size = contracts(
        0.0 if ticket.ev is not None and ticket.ev <= 0.0 else kelly,
        float(ticket.max_loss),
        exposure,
        settings,
        scale=scanned.scale,
        share=scanned.share,
    )
    return replace(ticket, size=size, contracts=size.contracts)


def closing_ticket(position: Position, chain: OptionChain, terms: Terms) -> Ticket:
    """A ticket that closes a whole position; ``realised`` is after the commission of both ways."""
    requoted = requote(closing_legs(position), chain)
    legs = requoted.legs
    package = priced(legs, Action.CLOSE, terms.fill_model)
    commission = terms.commission_of(legs)
    held = tuple(OptionLeg(leg.quantity // position.contracts, leg.right, leg.strike) for leg in position.legs)
    opening_fees = position.fees / position.contracts
    best = best_value(held)
    quoted_at = oldest(legs, chain.fetched_at)
    smile = chain_smile(chain, terms.now, terms.rate)
    return Ticket(
        action=Action.CLOSE,
        key=position.position_id,
        symbol=position.symbol,
        kind=position.kind,
        expiry=position.expiry,
        legs=legs,
        mid=None if package is None else package.mid,
        natural=None if package is None else package.natural,
        fill=None if package is None else package.net,
        fill_model=terms.fill_model.value,
        contracts=position.contracts,
        size=None,
        max_profit=(position.credit + (best or Decimal(0))) * CONTRACT - opening_fees,
        max_loss=position.max_loss / position.contracts,
        commission=commission,
        breakevens=_breakevens(held, position.credit, opening_fees),
        pop=None,
        pop_delta=None,
        ev=None,
        buying_power=terms.buying_power,
        quoted_at=quoted_at,
        spot=chain.spot,
        realised=None if package is None else realised_at(position, package.net, commission * position.contracts),
        refusal=_not_tradable(requoted, chain, Action.CLOSE, quoted_at, terms),
        order_id=terms.order_id,
        stale_after=terms.max_quote_age,
        atm_iv=None if smile is None else smile.at_the_money(),
    )


def closing_legs(position: Position) -> tuple[Leg, ...]:
    """The legs that undo one contract of a position, without quotes yet."""
    return tuple(
        Leg(
            -leg.quantity // position.contracts,
            OptionQuote(
                symbol=leg.option,
                underlying=position.symbol,
                expiry=leg.expiry,
                strike=float(leg.strike),
                right=leg.right,
                bid=None,
                ask=None,
            ),
        )
        for leg in position.legs
    )


def realised_at(position: Position, net: Decimal, closing_fees: Decimal) -> Decimal:
    """Dollars that a whole position realises when it ends for ``net`` per share (a debit is negative), after costs."""
    return (position.credit + net) * CONTRACT * position.contracts - position.fees - closing_fees


def _not_tradable(
    requoted: Requoted, chain: OptionChain, action: Action, quoted_at: datetime, terms: Terms
) -> str | None:
    if requoted.missing:
        names = ", ".join(requoted.missing)
        unlisted = f"{names} of {chain.expiry.day} {chain.expiry:%b} is not in the {chain.underlying} chain any more"
    else:
        unlisted = None
    return (
        past_expiry(chain.expiry, terms.now)
        or market_closed(terms.now)
        or unlisted
        or unquoted(requoted.legs, action)
        or stale(quoted_at, terms.now, terms.max_quote_age, action)
    )


def _breakevens(legs: Sequence[OptionLeg], net: Decimal, commission: Decimal) -> tuple[float, ...]:
    shape = tuple(PayoffLeg(leg.quantity, leg.right.sign, float(leg.strike)) for leg in legs)
    return Payoff(shape, float(net), float(commission)).breakevens


def _pop_delta(kind: StructureKind, legs: Sequence[Leg], smile: Smile | None) -> float | None:
    """One minus the deltas of the sold legs, as the probability that none of them ends in the money.

    None for a butterfly, one of whose shorts always does.
    """
    if kind is StructureKind.IRON_BUTTERFLY:
        return None
    total = 1.0
    for leg in legs:
        if leg.quantity < 0:
            delta = option_delta(leg.quote, smile)
            if delta is None:
                return None
            total -= abs(delta)
    return max(total, 0.0)
