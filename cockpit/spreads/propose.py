"""Spreads for one candidate: built, priced, measured, scored, sized and put in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cockpit.options.chain import OptionChain
from cockpit.options.forward import trading_years
from cockpit.options.payoff import Payoff
from cockpit.options.smile import Smile
from cockpit.scan.analysis import smile_of
from cockpit.scan.candidate import Candidate
from cockpit.scan.liquidity import Tier
from cockpit.scan.vrp import HIGH_TAIL_RATIO
from cockpit.settings import PortfolioSettings, Settings, SizingSettings, SpreadSettings
from cockpit.spreads.builder import Plan, Unbuildable, build
from cockpit.spreads.metrics import (
    PhysicalLaw,
    payoff_of,
    physical_law,
    pop_by_delta,
    spread_greeks,
    spread_tier,
    width,
)
from cockpit.spreads.pricing import FRACTIONS, PackagePrices, package_prices
from cockpit.spreads.scoring import Facts, Scorer, scorer
from cockpit.spreads.sizing import contracts, payoff_kelly
from cockpit.spreads.structure import Leg, Score, Size, Spread, StructureKind, spread_id

_MIN_NET_CREDIT = 0.02
"""Dollars a share: two ticks must remain of a credit after commissions."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """What all structures of one candidate share."""

    candidate: Candidate
    smile: Smile
    spot: float
    law: PhysicalLaw | None
    spreads: SpreadSettings
    sizing: SizingSettings
    portfolio: PortfolioSettings
    scorer: Scorer
    equity: float


@dataclass(frozen=True, slots=True)
class _Figures:
    payoff: Payoff
    breakevens: tuple[float, ...]
    max_profit: float
    max_loss: float
    reward_risk: float | None
    pop: float | None
    ev: float | None


def propose(
    candidate: Candidate, chain: OptionChain, now: datetime, settings: Settings, equity: float
) -> tuple[Spread, ...]:
    """Every structure of the settings that the chain allows, best first; rejected ones last, with the reason.

    A structure without strikes or prices is absent. A candidate without an implied move has none.

    Args:
        chain: of the candidate's expiry.
        equity: dollars that the caps are shares of.
    """
    spot, move = candidate.spot, candidate.implied_move
    if spot is None or move is None or candidate.expiry != chain.expiry:
        return ()
    smile = smile_of(chain, spot, now, settings.scan.risk_free)
    desk = _Desk(
        candidate,
        smile,
        spot,
        _law(candidate, smile, now),
        settings.spreads,
        settings.sizing,
        settings.portfolio,
        scorer(settings.scoring),
        equity,
    )
    plan = Plan(smile, spot, move, settings.spreads)
    found = []
    for name in dict.fromkeys(settings.spreads.structures):
        kind = StructureKind(name)
        legs = build(kind, plan)
        if isinstance(legs, Unbuildable):
            continue
        prices = package_prices(legs, FRACTIONS[settings.portfolio.fill_model])
        if prices is not None:
            found.append(_spread(kind, legs, prices, desk))
    return tuple(sorted(found, key=rank))


def rank(spread: Spread) -> tuple[bool, float, float, Tier, str]:
    """Sort key: tradable first, then score, expected value over risk, tier, and the id."""
    return_on_risk = spread.ev / spread.max_loss if spread.ev is not None and spread.max_loss > 0.0 else float("-inf")
    return (spread.rejected is not None, -spread.score.total, -return_on_risk, spread.tier, spread.spread_id)


def _law(candidate: Candidate, smile: Smile, now: datetime) -> PhysicalLaw | None:
    """None where the premium or the event is not known: then nothing is expected of a trade."""
    volatility = candidate.realised_vol if candidate.realised_vol is not None else candidate.ambient_vol
    if candidate.vrp is None or candidate.event_sd is None or volatility is None:
        return None
    years = trading_years(smile.chain.expiry, now)
    return physical_law(smile.forward.price, years, volatility, candidate.event_sd, candidate.vrp)


def _spread(kind: StructureKind, legs: tuple[Leg, ...], prices: PackagePrices, desk: _Desk) -> Spread:
    commission = desk.portfolio.commission * sum(abs(leg.quantity) for leg in legs)
    fill = float(prices.fill)
    figures = _measure(legs, fill, commission, desk.law)
    tier = spread_tier(legs)
    refused = _refusal(legs, fill, commission, figures, tier, desk.spreads)
    size = _size(figures, refused, desk)
    greeks = spread_greeks(legs, desk.smile)
    score = _score(kind, figures, tier, size, None if greeks is None else (greeks.theta, greeks.vega), desk)
    stamps = [leg.quote.quoted_at for leg in legs]
    return Spread(
        spread_id=spread_id(
            desk.candidate.symbol, desk.smile.chain.expiry, kind, tuple(leg.quote.strike for leg in legs)
        ),
        symbol=desk.candidate.symbol,
        kind=kind,
        expiry=desk.smile.chain.expiry,
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
        pop_delta=pop_by_delta(legs, desk.smile),
        ev=figures.ev,
        greeks=greeks,
        tier=tier,
        score=score,
        size=size,
        rejected=refused,
        quoted_at=None if any(stamp is None for stamp in stamps) else min(stamp for stamp in stamps if stamp),
    )


def _measure(legs: Sequence[Leg], fill: float, commission: float, law: PhysicalLaw | None) -> _Figures:
    payoff = payoff_of(legs, fill, commission)
    return _Figures(
        payoff=payoff,
        breakevens=payoff.breakevens,
        max_profit=payoff.max_profit,
        max_loss=payoff.max_loss,
        reward_risk=payoff.reward_risk,
        pop=None if law is None else payoff.probability_of_profit(law.forward, law.variance),
        ev=None if law is None else payoff.expected_value(law.forward, law.variance),
    )


def _refusal(
    legs: Sequence[Leg], fill: float, commission: float, figures: _Figures, tier: Tier, settings: SpreadSettings
) -> str | None:
    """Why a structure is not to be traded, as one sentence."""
    unwanted = next((leg for leg in legs if leg.quantity < 0 and not leg.quote.bid), None)
    net = fill - commission / 100.0
    if unwanted is not None:
        return f"nobody bids for the short {unwanted.label[1:]}"
    if fill <= 0.0:
        return f"there is no credit: the fill would be {fill:.2f}"
    if fill >= width(legs):
        return f"a credit of {fill:.2f} is not less than the width of {width(legs):g}: a quote is wrong"
    if net < _MIN_NET_CREDIT:
        return f"commissions leave less than two ticks of the {fill:.2f} credit"
    if fill < settings.min_credit:
        return f"a credit of {fill:.2f} is under spreads.min_credit {settings.min_credit:.2f}"
    if figures.reward_risk is None or figures.reward_risk < settings.min_reward_risk:
        ratio = figures.reward_risk if figures.reward_risk is not None else 0.0
        return f"a reward/risk of {ratio:.2f} is under spreads.min_reward_risk {settings.min_reward_risk:.2f}"
    if tier is Tier.REJECT:
        return "a leg cannot be traded: its market is too wide or its open interest too small"
    return None


def _size(figures: _Figures, refused: str | None, desk: _Desk) -> Size:
    if refused is not None:
        return Size(None, 0.0, 0, "rejected")
    law = desk.law
    kelly = None if law is None else payoff_kelly(figures.payoff, law.forward, law.variance)
    tail = desk.candidate.tail_ratio
    return contracts(
        None if kelly is None else kelly.fraction,
        figures.max_loss,
        desk.equity,
        desk.sizing,
        scale=0.5 if tail is not None and tail > HIGH_TAIL_RATIO else 1.0,
    )


def _score(
    kind: StructureKind,
    figures: _Figures,
    tier: Tier,
    size: Size,
    decay: tuple[float | None, float | None] | None,
    desk: _Desk,
) -> Score:
    candidate = desk.candidate
    theta, vega = decay if decay is not None else (None, None)
    zone = None
    if len(figures.breakevens) == 2:
        zone = (figures.breakevens[1] - figures.breakevens[0]) / desk.spot
    return desk.scorer.score(
        Facts(
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
        )
    )
