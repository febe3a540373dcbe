"""Spreads for one candidate: built, priced, measured, scored, sized and put in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from cockpit.options.chain import OptionChain
from cockpit.options.payoff import Payoff
from cockpit.options.smile import Smiles
from cockpit.scan.candidate import Candidate
from cockpit.scan.liquidity import Tier
from cockpit.spreads.builder import Plan, Unbuildable, build
from cockpit.spreads.exposure import OpenBook
from cockpit.spreads.metrics import payoff_of, pop_by_delta, pop_by_history, spread_greeks, spread_tier
from cockpit.spreads.morning import HeldOption, Outcome
from cockpit.spreads.pricing import PackagePrices, package_prices
from cockpit.spreads.refusal import Refusal, refusal
from cockpit.spreads.scoring import Bias, Facts
from cockpit.spreads.setup import Setup, setup_of
from cockpit.spreads.sizing import contracts, mixture_kelly
from cockpit.spreads.structure import (
    Leg,
    Rejection,
    ScorerTotal,
    Size,
    Spread,
    StructureKind,
    Study,
    Unbuilt,
    spread_id,
)
from cockpit.spreads.studies import studies

if TYPE_CHECKING:
    from cockpit.settings import Settings


@dataclass(frozen=True, slots=True)
class Proposals:
    """What a candidate's chains allow.

    Attributes:
        spreads: best first; rejected ones last, with the reason.
        unbuilt: structures of the settings that the chain does not give.
        studies: structures that are shown and never traded.
    """

    spreads: tuple[Spread, ...] = ()
    unbuilt: tuple[Unbuilt, ...] = ()
    studies: tuple[Study, ...] = ()


@dataclass(frozen=True, slots=True)
class _Figures:
    payoff: Payoff
    breakevens: tuple[float, ...]
    max_profit: float
    max_loss: float
    reward_risk: float | None
    pop: float | None
    ev: float | None
    exit: Outcome | None


def proposals(
    candidate: Candidate,
    chains: Sequence[OptionChain],
    now: datetime,
    settings: "Settings",
    book: OpenBook,
    *,
    listed: Sequence[date] = (),
    smiles: Smiles | None = None,
) -> Proposals:
    """Every structure of the settings on the candidate's expiry. A candidate without an implied move has none.

    Args:
        chains: that of the candidate's expiry, and later ones for a calendar.
        book: the account that sizes are measured against.
        listed: every expiry that the venue lists, for the calendar's far leg; empty where that is not known.
        smiles: those that the candidate was analysed with, where they are at hand.
    """
    spot, move = candidate.spot, candidate.implied_move
    chain = next((chain for chain in chains if chain.expiry == candidate.expiry), None)
    if spot is None or move is None or chain is None:
        return Proposals()
    smiles = smiles or Smiles(spot, now, settings.scan.risk_free)
    smile = smiles.of(chain)
    setup = setup_of(candidate, smile, spot, now, settings, book)
    plan = Plan(smile, spot, move, settings.spreads)
    found: list[Spread] = []
    unbuilt: list[Unbuilt] = []
    for name in dict.fromkeys(settings.spreads.structures):
        kind = StructureKind(name)
        legs = build(kind, plan)
        if isinstance(legs, Unbuildable):
            unbuilt.append(Unbuilt(kind, legs.reason))
            continue
        prices = package_prices(legs, setup.fraction)
        if prices is None:
            unbuilt.append(Unbuilt(kind, _unpriced(legs)))
        else:
            found.append(_spread(kind, legs, prices, setup))
    later = [one for one in chains if one.expiry > chain.expiry]
    return Proposals(tuple(sorted(found, key=rank)), tuple(unbuilt), studies(plan, setup, later, smiles, listed))


def rank(spread: Spread) -> tuple[bool, float, float, Tier, str]:
    """Sort key: tradable first, then score, expected value over risk, tier, and the id."""
    return_on_risk = spread.ev / spread.max_loss if spread.ev is not None and spread.max_loss > 0.0 else float("-inf")
    return (spread.rejected is not None, -spread.score.total, -return_on_risk, spread.tier, spread.spread_id)


def _unpriced(legs: Sequence[Leg]) -> str:
    broken = next(leg for leg in legs if package_prices((leg,), Decimal(0)) is None)
    return f"{broken.label[1:]} has no two-sided market"


def _spread(kind: StructureKind, legs: tuple[Leg, ...], prices: PackagePrices, setup: Setup) -> Spread:
    commission = setup.commission(sum(abs(leg.quantity) for leg in legs))
    fill = float(prices.fill)
    figures = _measure(legs, prices, commission, setup)
    tier = spread_tier(legs)
    refused = refusal(
        kind, legs, fill, commission, figures.reward_risk, tier, setup.settings.spreads, setup.candidate.vrp_mean
    )
    size = _size(figures, refused, setup)
    greeks = spread_greeks(legs, setup.smile)
    facts = _facts(kind, figures, tier, size, None if greeks is None else (greeks.theta, greeks.vega), setup)
    scores = [scorer.score(facts) for scorer in setup.scorers]
    least = setup.settings.scoring.min_score
    if refused is None and scores[0].total < least:
        sentence = f"a score of {scores[0].total:.1f} is under scoring.min_score {least:g}"
        refused, size = Refusal(Rejection.SCORE, sentence), Size(size.full_kelly, 0.0, 0, "rejected")
    stamps = [leg.quote.quoted_at for leg in legs]
    return Spread(
        spread_id=spread_id(
            setup.candidate.symbol, setup.smile.chain.expiry, kind, tuple(leg.quote.strike for leg in legs)
        ),
        symbol=setup.candidate.symbol,
        kind=kind,
        expiry=setup.smile.chain.expiry,
        legs=legs,
        mid=float(prices.mid),
        natural=float(prices.natural),
        fill=fill,
        max_profit=figures.max_profit,
        max_loss=figures.max_loss,
        breakevens=figures.breakevens,
        reward_risk=figures.reward_risk if figures.reward_risk is not None else 0.0,
        commission=commission,
        pop=figures.pop,
        pop_delta=pop_by_delta(kind, legs, setup.smile),
        ev=figures.ev,
        greeks=greeks,
        tier=tier,
        score=scores[0],
        size=size,
        rejected=None if refused is None else refused.sentence,
        quoted_at=None if any(stamp is None for stamp in stamps) else min(stamp for stamp in stamps if stamp),
        rejection=None if refused is None else refused.rejection,
        ev_exit=None if figures.exit is None else figures.exit.ev,
        pop_exit=None if figures.exit is None else figures.exit.pop,
        exit_at=None if setup.exit is None else setup.exit.at,
        totals=tuple(ScorerTotal(score.scorer, score.total) for score in scores),
        report_date=setup.candidate.report_date,
        sector=setup.candidate.sector,
        pop_hist=pop_by_history(figures.payoff, setup.spot, setup.candidate.reactions),
        pop_hist_reports=len(setup.candidate.reactions),
    )


def _measure(legs: Sequence[Leg], prices: PackagePrices, commission: float, setup: Setup) -> _Figures:
    payoff = payoff_of(legs, float(prices.fill), commission)
    law = setup.law
    return _Figures(
        payoff=payoff,
        breakevens=payoff.breakevens,
        max_profit=payoff.max_profit,
        max_loss=payoff.max_loss,
        reward_risk=payoff.reward_risk,
        pop=None if law is None else law.mean(payoff.probability_of_profit),
        ev=None if law is None else law.mean(payoff.expected_value),
        exit=_exit(legs, prices, commission, setup),
    )


def _exit(legs: Sequence[Leg], prices: PackagePrices, commission: float, setup: Setup) -> Outcome | None:
    """Bought back at model values, less the share of today's spreads that the fill model gives away."""
    after = setup.exit
    if after is None:
        return None
    held = [HeldOption(leg.quantity, leg.quote.right.sign, leg.quote.strike, after.years_left) for leg in legs]
    given_away = 100.0 * float(setup.fraction * (prices.mid - prices.natural))
    return after.prices.outcome(held, float(prices.fill), 2.0 * commission + given_away)


def _size(figures: _Figures, refused: Refusal | None, setup: Setup) -> Size:
    if refused is not None:
        return Size(None, 0.0, 0, "rejected")
    law = setup.law
    kelly = None if law is None else mixture_kelly(figures.payoff, law.forward, law.components)
    tail = setup.candidate.tail_ratio
    return contracts(
        None if kelly is None else kelly.fraction,
        figures.max_loss,
        setup.exposure,
        setup.settings.sizing,
        scale=0.5 if tail is not None and tail > setup.settings.sizing.tail_ratio else 1.0,
    )


def _facts(
    kind: StructureKind,
    figures: _Figures,
    tier: Tier,
    size: Size,
    decay: tuple[float | None, float | None] | None,
    setup: Setup,
) -> Facts:
    candidate = setup.candidate
    theta, vega = decay if decay is not None else (None, None)
    zone = None
    if len(figures.breakevens) == 2:
        zone = (figures.breakevens[1] - figures.breakevens[0]) / setup.spot
    return Facts(
        kind=kind,
        pop=figures.pop,
        reward_risk=figures.reward_risk,
        vrp=candidate.vrp_mean,
        contracts=size.contracts,
        theta=None if theta is None else theta * size.contracts,
        vega=None if vega is None else vega * size.contracts,
        tier=tier,
        vrp_shrunk=candidate.vrp,
        ev=figures.ev,
        max_loss=figures.max_loss,
        quarters=candidate.quarters,
        dispersion=candidate.dispersion,
        zone=zone,
        move=candidate.implied_move,
        bias=Bias[candidate.bias.upper()] if candidate.bias else Bias.NEUTRAL,
    )
