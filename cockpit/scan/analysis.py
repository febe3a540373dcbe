"""Everything a scan finds out about one name, out of what its vendors gave. Pure: no I/O and no clock of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import inf, sqrt
from typing import TYPE_CHECKING

from cockpit.options.calendar import NEW_YORK, closes_at, is_monthly_expiry
from cockpit.options.chain import OptionChain
from cockpit.options.forward import trading_years, years_to_expiry
from cockpit.options.smile import Smile, Smiles
from cockpit.scan.candidate import Candidate, InputSource, MethodMove
from cockpit.scan.earnings import EarningsReport, PastReport, Timing
from cockpit.scan.event_volatility import EventFlag, EventVolatility, ExpectedTerm, TermPoint, decompose
from cockpit.scan.expiry import covers, event_instant, morning_after, preceding_expiry
from cockpit.scan.hygiene import crossed, examine
from cockpit.scan.implied_move import implied_moves
from cockpit.scan.liquidity import Tier, quote_tier
from cockpit.scan.moves import DailyBar, Reaction, realised_volatility, review, split_days
from cockpit.scan.skew import skew
from cockpit.scan.vrp import HIGH_TAIL_RATIO, History, history_of, premium, tier

if TYPE_CHECKING:
    from cockpit.settings import ScanSettings

_EVENT_DOUBTS = {
    EventFlag.NEGATIVE_FORWARD_VARIANCE: "inverted term structure",
    EventFlag.NEGATIVE_EVENT_VARIANCE: "no event priced",
    EventFlag.ONE_EXPIRY: "one expiry",
}
_AMBIENT_TIER = Tier.GOOD
"""An expiry before the report gives the ambient volatility where its options near the money are no worse than this."""
_APART = 0.25
"""Estimates of the event's deviation that differ by more of the larger are a doubt."""


@dataclass(frozen=True, slots=True)
class _Priced:
    """What the covering expiry's chain says."""

    smile: Smile
    moves: dict[str, float]
    at_the_money: float


def without_figures(report: EarningsReport, now: datetime, problem: str) -> Candidate:
    """A row that says in one sentence why there is nothing to show."""
    return Candidate(
        symbol=report.symbol,
        name=report.name,
        report_date=report.report_date,
        timing=report.timing,
        scanned_at=now,
        sector=report.sector,
        problem=problem,
    )


def analyse(
    report: EarningsReport,
    spot: float | None,
    chains: Sequence[OptionChain],
    history: Sequence[DailyBar],
    past: Sequence[PastReport],
    now: datetime,
    settings: "ScanSettings",
    *,
    doubts: Sequence[str] = (),
    before: OptionChain | None = None,
    listed: Sequence[date] = (),
    smiles: Smiles | None = None,
) -> Candidate:
    """A candidate out of what is known; what is not known stays None and is said in flags or in ``problem``.

    Args:
        spot: dollars; None takes the price that came with the chain.
        chains: of expiries that hold the report, nearest first; the first is the one that is traded.
        history: daily bars, rising.
        past: past reports in any order.
        doubts: flags that the caller already knows of, for instance a vendor that gave no history.
        before: of the last expiry before the report, where it was read.
        listed: every expiry that the venue lists.
        smiles: at ``spot``, where the caller wants them afterwards.
    """
    by_expiry = {chain.expiry: chain for chain in reversed(chains)}
    held = [by_expiry[day] for day in sorted(by_expiry) if covers(day, report.report_date, report.timing)]
    if event_instant(report) <= now:
        return without_figures(report, now, f"{report.symbol} has reported on {report.report_date}")
    if not held:
        return replace(
            without_figures(report, now, f"no listed expiry covers the report of {report.report_date}"),
            spot=spot,
            flags=("no covering expiry",),
        )
    first = held[0]
    price = spot if spot is not None else first.spot
    if price is None or not 0.0 < price < inf:
        return without_figures(report, now, f"there is no price for {report.symbol}")
    smiles = smiles or Smiles(price, now, settings.risk_free)
    past_moves, left_out = review(_before(past, now), history, settings.max_quarters)
    remembered = history_of(past_moves)
    flags = [
        *doubts,
        *_doubts(report, held, history, past_moves),
        *_doubts_of_history(remembered, past_moves, settings),
    ]
    candidate = replace(
        without_figures(report, now, ""),
        spot=price,
        expiry=first.expiry,
        weekly=not is_monthly_expiry(first.expiry),
        reactions=past_moves,
        left_out=left_out,
        quoted_at=_age_reference(first),
        problem=None,
        sources=_sources(report, first, history, past_moves, now),
        risk_free=settings.risk_free,
        quarters=len(past_moves),
        historical_mean=None if remembered is None else remembered.mean / 100.0,
        historical_median=None if remembered is None else remembered.median / 100.0,
        dispersion=None if remembered is None else remembered.dispersion,
        tail_ratio=None if remembered is None else remembered.tail_ratio,
        trend=None if remembered is None else remembered.trend_word,
        consistency=None if remembered is None else remembered.consistency,
    )
    priced = _price(first, price, smiles)
    if isinstance(priced, str):
        return replace(candidate, problem=priced, flags=tuple(flags))
    ambient = _before_the_report(report, before, listed, price, now, smiles)
    candidate = _with_moves(candidate, priced, settings, now, flags)
    candidate = _with_event(candidate, priced, held[1:], ambient, history, now, smiles, flags)
    return _with_premium(candidate, remembered, settings, flags)


def near_the_money_tier(smile: Smile, move: float) -> Tier:
    """Tier that half of the out-of-the-money options within the implied move reach.

    The middle rather than the worst: single dead strikes between good ones are not what would be traded.
    """
    forward = smile.forward.price
    reach = forward * max(move, 1e-9)
    tiers = sorted(
        quote_tier(quote)
        for strike in smile.chain.strikes
        if abs(strike - forward) <= reach and (quote := smile.quote(strike)) is not None
    )
    if not tiers:
        nearest = min(smile.chain.strikes, key=lambda strike: abs(strike - forward))
        quote = smile.quote(nearest)
        return Tier.REJECT if quote is None else quote_tier(quote)
    return tiers[len(tiers) // 2]


def near_the_money_interest(smile: Smile, move: float) -> int | None:
    """The middle open interest of the options within one implied move; None where one of them has none."""
    forward = smile.forward.price
    near = [
        quote.open_interest
        for strike in smile.chain.strikes
        if abs(strike - forward) <= forward * move and (quote := smile.quote(strike)) is not None
    ]
    counts = sorted(count for count in near if count is not None)
    return counts[len(counts) // 2] if counts and len(counts) == len(near) else None


def _before(past: Sequence[PastReport], now: datetime) -> list[PastReport]:
    today = now.astimezone(NEW_YORK).date()
    return [report for report in past if report.report_date < today]


def _age_reference(chain: OptionChain) -> datetime:
    stamps = [quote.quoted_at for quote in chain.quotes if quote.quoted_at is not None]
    return max(stamps, default=chain.fetched_at)


def _sources(
    report: EarningsReport,
    chain: OptionChain,
    history: Sequence[DailyBar],
    past_moves: Sequence[Reaction],
    now: datetime,
) -> tuple[InputSource, ...]:
    last = min(closes_at(history[-1].day), now) if history else None
    bars = f"{len(history)} daily bars, {len(past_moves)} reactions"
    return (
        InputSource("report", report.source, None),
        InputSource("chain", chain.source, chain.fetched_at),
        InputSource("history", chain.source, last, bars),
    )


def _doubts(
    report: EarningsReport, held: Sequence[OptionChain], history: Sequence[DailyBar], past_moves: Sequence[Reaction]
) -> Iterator[str]:
    if report.timing is Timing.UNKNOWN:
        yield "no timing"
    if any(crossed(quote) for chain in held for quote in chain.quotes):
        yield "crossed quotes"
    if any(chain.duplicates for chain in held):
        yield "duplicate strikes"
    reacted = {one.reaction_day for one in past_moves}
    if any(day not in reacted for day in split_days(history)):
        yield "unadjusted split"
    if any(one.like_split for one in past_moves):
        yield "split-like move"


def _doubts_of_history(past: History | None, past_moves: Sequence[Reaction], settings: "ScanSettings") -> Iterator[str]:
    if len(past_moves) < settings.min_quarters:
        yield f"{len(past_moves)} quarter{'' if len(past_moves) == 1 else 's'}"
    if past is not None and past.tail_ratio > HIGH_TAIL_RATIO:
        yield "heavy tail"


def _price(chain: OptionChain, spot: float, smiles: Smiles) -> _Priced | str:
    if not chain.quotes:
        return f"the chain of {chain.expiry} is empty"
    if len(chain.strikes) == 1:
        return f"the chain of {chain.expiry} lists one strike only"
    if all(map(crossed, chain.quotes)):
        return f"every quote in the chain of {chain.expiry} is crossed"
    smile = smiles.of(chain)
    at_the_money = smile.at_the_money()
    if at_the_money is None:
        return f"the chain of {chain.expiry} has no two-sided quotes at the money"
    return _Priced(smile, implied_moves(smile, spot), at_the_money)


def _with_moves(
    candidate: Candidate, priced: _Priced, settings: "ScanSettings", now: datetime, flags: list[str]
) -> Candidate:
    smile = priced.smile
    if smile.forward.strike is None:
        flags.append("no parity forward")
    elif smile.forward.flagged:
        flags.append("forward off spot")
    reach = priced.moves["atmf"] * smile.forward.price
    near = [quote for quote in smile.chain.quotes if abs(quote.strike - smile.forward.price) <= reach]
    flags.extend(examine(near or smile.chain.quotes, now).flags)
    move = priced.moves.get(settings.implied_move)
    if move is None:
        flags.append(f"no {settings.implied_move}")
    lean = skew(smile)
    return replace(
        candidate,
        skew=lean,
        bias="" if lean is None else lean.bias,
        forward=smile.forward.price,
        atm_iv=priced.at_the_money,
        implied_move=move,
        implied_method=settings.implied_move,
        implied_moves=tuple(MethodMove(method, move) for method, move in priced.moves.items()),
        tier=near_the_money_tier(smile, priced.moves["atmf"]),
        open_interest=near_the_money_interest(smile, priced.moves["atmf"]),
    )


def _before_the_report(
    report: EarningsReport,
    before: OptionChain | None,
    listed: Sequence[date],
    spot: float,
    now: datetime,
    smiles: Smiles,
) -> _Priced | str:
    """The expiry before the report where it is quoted well enough to be believed; else why not."""
    expiry = preceding_expiry(listed if before is None else (before.expiry,), report.report_date, report.timing, now)
    if expiry is None:
        return "none is known that has a session and more to go"
    if before is None:
        return f"{expiry:%d %b} was not read"
    priced = _price(before, spot, smiles)
    if isinstance(priced, str):
        return priced
    tier = near_the_money_tier(priced.smile, priced.moves["atmf"])
    if tier > _AMBIENT_TIER:
        return f"{expiry:%d %b} is quoted too widely: liquidity {tier.letter} near the money"
    return priced


def _with_event(
    candidate: Candidate,
    priced: _Priced,
    later: Sequence[OptionChain],
    before: _Priced | str,
    history: Sequence[DailyBar],
    now: datetime,
    smiles: Smiles,
    flags: list[str],
) -> Candidate:
    skip = {reaction.reaction_day for reaction in candidate.reactions}
    realised = realised_volatility(history, skip=skip)
    points = [_term_point(priced.smile, priced.at_the_money, now)]
    term = [(priced.smile.chain.expiry, priced.at_the_money, points[0])]
    for chain in later:
        smile = smiles.of(chain)
        volatility = smile.at_the_money()
        if volatility is not None:
            points.append(_term_point(smile, volatility, now))
            term.append((chain.expiry, volatility, points[-1]))
    calm: tuple[ExpectedTerm, ...] = ()
    ambient: TermPoint | None = None
    if not isinstance(before, str):
        ambient = _term_point(before.smile, before.at_the_money, now)
        expiry = before.smile.chain.expiry
        calm = (ExpectedTerm(expiry, before.at_the_money, None, ambient.volatility, holds_report=False),)
    found: EventVolatility | None = decompose(points, realised, before=ambient)
    if found is None:
        flags.append(_EVENT_DOUBTS[EventFlag.ONE_EXPIRY])
    elif found.flag in _EVENT_DOUBTS:
        flags.append(_EVENT_DOUBTS[found.flag])
    if found is not None and ambient is not None and len(points) > 1 and _apart(found, decompose(points, realised)):
        flags.append("event estimates differ")
    return replace(
        candidate,
        before_note=before if isinstance(before, str) else "",
        realised_vol=realised,
        event_variances=tuple(points),
        event_before=ambient,
        term=(*calm, *_expected_term(term, candidate, None if found is None else found.ambient_vol)),
        ambient_vol=None if found is None else found.ambient_vol,
        event_sd=None if found is None else found.event_sd,
        event_move=None if found is None else found.event_move,
        event_flag="" if found is None else found.flag.value,
        event_residual=found.residual if found is not None and len(points) + (ambient is not None) > 2 else None,
    )


def _apart(one: EventVolatility, other: EventVolatility | None) -> bool:
    """True where the two ways to take the event out of the term structure are no two views of one event."""
    if other is None:
        return False
    return abs(one.event_sd - other.event_sd) > _APART * max(one.event_sd, other.event_sd)


def _expected_term(
    term: Sequence[tuple[date, float, TermPoint]], candidate: Candidate, ambient_vol: float | None
) -> tuple[ExpectedTerm, ...]:
    """Volatilities now, and what is quoted on the morning after if the ambient volatility alone remains."""
    morning = morning_after(candidate.report_date, candidate.timing)

    def expected(expiry: date, volatility: float, point: TermPoint) -> ExpectedTerm:
        hours = (closes_at(expiry) - morning).total_seconds() / 3600.0
        if ambient_vol is None or hours <= 0.0:
            return ExpectedTerm(expiry, volatility, None, point.volatility)
        after = ambient_vol * sqrt(trading_years(expiry, morning) / years_to_expiry(expiry, morning))
        return ExpectedTerm(expiry, volatility, after, point.volatility, ambient_vol, hours)

    return tuple(expected(*one) for one in term)


def _term_point(smile: Smile, volatility: float, now: datetime) -> TermPoint:
    return TermPoint(volatility * volatility * smile.years, trading_years(smile.chain.expiry, now))


def _with_premium(
    candidate: Candidate, past: History | None, settings: "ScanSettings", flags: Sequence[str]
) -> Candidate:
    """The ratios stand on the event's own move, because a straddle also pays for the days around the report."""
    said = tuple(dict.fromkeys(flags))
    basis = "event" if candidate.event_move is not None else candidate.implied_method
    move = candidate.event_move if candidate.event_move is not None else candidate.implied_move
    if past is None or move is None or past.quarters < settings.min_quarters:
        return replace(candidate, flags=said)
    ratios = premium(move * 100.0, past)
    return replace(
        candidate,
        flags=said,
        vrp=ratios.shrunk,
        vrp_mean=ratios.mean,
        vrp_median=ratios.by_median,
        vrp_ewma=ratios.ewma,
        vrp_winsor=ratios.winsorised,
        vrp_tier=tier(ratios.mean, settings.vrp_tiers),
        vrp_basis=basis,
    )
