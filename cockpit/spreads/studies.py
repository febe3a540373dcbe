"""Straddle, strangle and calendar around a report, for comparison only: what they would be worth, never a trade.

A short straddle or strangle has no limit to its loss; a calendar's two expiries share no payoff, so only its worth on
the morning after the report is computed.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from cockpit.options.chain import OptionChain
from cockpit.options.contract import OptionQuote, Right
from cockpit.options.forward import trading_years
from cockpit.options.smile import Smiles
from cockpit.spreads.builder import Plan
from cockpit.spreads.metrics import payoff_of
from cockpit.spreads.morning import HeldOption
from cockpit.spreads.pricing import package_prices
from cockpit.spreads.setup import Setup
from cockpit.spreads.structure import Leg, Study, StudyKind

_CALENDAR_AFTER = timedelta(days=30)


def far_expiry(listed: Iterable[date], front: date) -> date | None:
    """The expiry that a calendar buys: the one nearest to 30 days after the front; None where none comes after it."""
    target = front + _CALENDAR_AFTER
    return min((day for day in listed if day > front), key=lambda day: (abs(day - target), day), default=None)


def studies(
    plan: Plan, setup: Setup, later: Sequence[OptionChain], smiles: Smiles, listed: Sequence[date] = ()
) -> tuple[Study, ...]:
    """The three of them; each says why where it has no figures.

    Args:
        later: chains of later expiries, one of which is the calendar's far leg if it was read.
        smiles: of the name.
        listed: every expiry that the venue lists; empty where only those of ``later`` are known.
    """
    body = plan.body
    if body is None:
        straddle = Study(StudyKind.STRADDLE, problem="no strike lists both a call and a put")
    else:
        straddle = _short_pair(StudyKind.STRADDLE, *body, setup)
    put, call = plan.shorts[Right.PUT], plan.shorts[Right.CALL]
    if put is None or call is None:
        strangle = Study(
            StudyKind.STRANGLE, problem=f"no strike on a side satisfies the short rule {plan.settings.short_rule}"
        )
    else:
        strangle = _short_pair(StudyKind.STRANGLE, put, call, setup)
    return straddle, strangle, _calendar(plan, setup, later, smiles, listed)


def _short_pair(kind: StudyKind, put: OptionQuote, call: OptionQuote, setup: Setup) -> Study:
    legs = (Leg(-1, put), Leg(-1, call))
    prices = package_prices(legs, setup.fraction)
    if prices is None or put.mid is None or call.mid is None:
        return Study(kind, _labels(legs), problem="a leg has no two-sided market")
    commission = setup.commission(2)
    payoff = payoff_of(legs, float(prices.fill), commission)
    law, after = setup.law, setup.exit
    outcome = None
    if after is not None:
        held = [HeldOption(-1, quote.right.sign, quote.strike, after.years_left) for quote in (put, call)]
        given_away = 100.0 * float(setup.fraction * (prices.mid - prices.natural))
        outcome = after.prices.outcome(held, float(prices.fill), 2.0 * commission + given_away)
    return Study(
        kind,
        _labels(legs),
        credit=float(prices.fill),
        max_profit=payoff.max_profit,
        breakevens=payoff.breakevens,
        pop=None if law is None else law.mean(payoff.probability_of_profit),
        ev=None if law is None else law.mean(payoff.expected_value),
        pop_exit=None if outcome is None else outcome.pop,
        ev_exit=None if outcome is None else outcome.ev,
    )


def _calendar(plan: Plan, setup: Setup, later: Sequence[OptionChain], smiles: Smiles, listed: Sequence[date]) -> Study:
    """Sell the front call at the forward, buy the same strike about 30 days later."""
    front = plan.smile.chain
    body = plan.body
    if body is None:
        return Study(StudyKind.CALENDAR, problem="no strike lists both a call and a put")
    sold = body[1]
    expiry = far_expiry(listed or [chain.expiry for chain in later], front.expiry)
    if expiry is None:
        return Study(StudyKind.CALENDAR, problem=f"no later expiry than {front.expiry} is known")
    chain = next((chain for chain in later if chain.expiry == expiry), None)
    if chain is None:
        symbol = setup.candidate.symbol
        problem = f'{expiry}, the expiry nearest to 30 days later, was not read; "scan --tickers {symbol}" reads it'
        return Study(StudyKind.CALENDAR, problem=problem)
    bought = chain.quote(Right.CALL, sold.strike)
    if bought is None:
        return Study(StudyKind.CALENDAR, problem=f"{expiry}, nearest to 30 days later, does not list {sold.strike:g}")
    legs = (Leg(-1, sold), Leg(1, bought))
    prices = package_prices(legs, setup.fraction)
    if prices is None or sold.mid is None or bought.mid is None:
        return Study(StudyKind.CALENDAR, _labels(legs), problem="a leg has no two-sided market")
    after = setup.exit
    if after is None:
        return Study(StudyKind.CALENDAR, _labels(legs), credit=float(prices.fill))
    far_forward = smiles.of(chain).forward.price
    held = (
        HeldOption(-1, sold.right.sign, sold.strike, after.years_left),
        HeldOption(
            1,
            bought.right.sign,
            bought.strike,
            trading_years(chain.expiry, after.at),
            far_forward / plan.smile.forward.price,
        ),
    )
    given_away = 100.0 * float(setup.fraction * (prices.mid - prices.natural))
    outcome = after.prices.outcome(held, float(prices.fill), 2.0 * setup.commission(2) + given_away)
    return Study(StudyKind.CALENDAR, _labels(legs), credit=float(prices.fill), pop_exit=outcome.pop, ev_exit=outcome.ev)


def _labels(legs: Sequence[Leg]) -> tuple[str, ...]:
    return tuple(f"{leg.label} {leg.quote.expiry:%d %b}" for leg in legs)
