"""Every number behind a candidate, as text that a screen, a command line and a clipboard can all show."""

from collections.abc import Iterator, Sequence

from cockpit.scan.candidate import Candidate
from cockpit.scan.earnings import Timing
from cockpit.scan.event_volatility import EventFlag
from cockpit.scan.explanation import UNKNOWN, Explanation, Row, Section
from cockpit.scan.liquidity import NOMINAL_CONTRACTS as CONTRACTS
from cockpit.scan.liquidity import TIGHT_SPREAD, interest_tier, spread_tier
from cockpit.scan.moves import Reaction
from cockpit.scan.report_dates import date_rows
from cockpit.scan.vrp import HIGH_TAIL_RATIO, PRIOR_QUARTERS, PRIOR_RATIO
from cockpit.spreads.structure import Leg, Spread

__all__ = ["UNKNOWN", "Explanation", "Row", "Section", "explain"]

_BAR_WIDTH = 24
_METHODS = {
    "atmf": "2(2N(s/2)-1) at the at-the-money-forward volatility",
    "nearest": "straddle of the nearest strike / price",
    "interp": "straddle between the two strikes around the price / price",
    "x085": "0.85 of nearest: the median move",
    "tos": "0.6 straddle + 0.3 first + 0.1 second strangle",
    "sd": "1.2533 of nearest: one standard deviation",
}
_EVENT_NOTES = {
    EventFlag.OK: "V1 - forward variance x t1, from two expiries",
    EventFlag.NEGATIVE_FORWARD_VARIANCE: "V1 - realised vol^2 x t1: the term structure is inverted",
    EventFlag.NEGATIVE_EVENT_VARIANCE: "the term structure prices no event",
    EventFlag.ONE_EXPIRY: "V1 - realised vol^2 x t1: there is one expiry only",
}


def explain(candidate: Candidate, spreads: Sequence[Spread]) -> Explanation:
    """The arithmetic of a candidate and its spreads, in the order in which it was done."""
    title = f"{candidate.symbol} reports {candidate.report_date:%a %d %b %Y} {_timing(candidate.timing)}"
    sections = [Section("Inputs", tuple(_inputs(candidate)))]
    dates = tuple(
        date_rows(candidate.date_sources, candidate.confirmations, timing_confirmed=candidate.timing_confirmed)
    )
    if dates:
        sections.append(Section("Report date", dates))
    if candidate.problem is None:
        sections.append(Section("Implied move", tuple(_implied(candidate))))
        sections.append(Section("Event", tuple(_event(candidate))))
        sections.append(Section("Past reactions", tuple(_reactions(candidate))))
        sections.append(Section("Volatility risk premium", tuple(_premium(candidate))))
    structures = (
        Section(f"{spread.kind.label} {spread.strikes_label}", tuple(_spread(spread, candidate))) for spread in spreads
    )
    return Explanation(title, (*sections, *structures))


def _inputs(candidate: Candidate) -> Iterator[Row]:
    if candidate.problem is not None:
        yield Row("problem", candidate.problem)
    yield Row("price", _money(candidate.spot))
    if candidate.quoted_at is not None:
        age = (candidate.scanned_at - candidate.quoted_at).total_seconds()
        yield Row("quotes", f"{candidate.quoted_at:%Y-%m-%d %H:%M:%S} UTC", f"{age:.0f} s old when scanned")
    yield Row("scanned", f"{candidate.scanned_at:%Y-%m-%d %H:%M:%S} UTC")
    if candidate.expiry is not None:
        kind = "weekly" if candidate.weekly else "monthly"
        yield Row("expiry", candidate.expiry.isoformat(), f"{kind}, the first to close after the report is out")
    yield Row("forward", _money(candidate.forward), "K + (C - P)/df where call and put are closest")
    yield Row(
        "liquidity",
        UNKNOWN if candidate.tier is None else candidate.tier.letter,
        f"middle tier of the options within one implied move, {CONTRACTS} contracts",
    )
    for flag in candidate.flags:
        yield Row("doubt", flag)


def _implied(candidate: Candidate) -> Iterator[Row]:
    yield Row("at-the-money volatility", _percent(candidate.atm_iv), "out-of-the-money quotes, at the forward")
    for one in candidate.implied_moves:
        used = ", used" if one.method == candidate.implied_method else ""
        yield Row(one.method, _percent(one.move, 2), f"{_METHODS.get(one.method, '')}{used}")
    if candidate.implied_move is not None and candidate.forward is not None:
        low, high = (candidate.forward * (1.0 + side * candidate.implied_move) for side in (-1, 1))
        yield Row("range", f"{low:.2f} to {high:.2f}", "holds 57.5 % of normal moves, not 68 %")


def _event(candidate: Candidate) -> Iterator[Row]:
    for index, point in enumerate(candidate.event_variances, 1):
        sessions = f"{point.years * 252.0:.2f} sessions to expiry"
        yield Row(f"V{index}", f"{point.variance:.6f}", f"volatility^2 x calendar years; {sessions}")
    note = _EVENT_NOTES[EventFlag(candidate.event_flag)] if candidate.event_flag else "not to be had"
    yield Row("event deviation", _percent(candidate.event_sd, 2), note)
    yield Row("event move", _percent(candidate.event_move, 2), "2(2N(E/2)-1): the report alone")
    yield Row("ambient volatility", _percent(candidate.ambient_vol), "what remains without the report")
    yield Row("realised volatility", _percent(candidate.realised_vol), "last 20 closes without reports, around zero")


def _reactions(candidate: Candidate) -> Iterator[Row]:
    if not candidate.reactions:
        yield Row("none", UNKNOWN, "no past report has its daily bars")
        return
    implied = candidate.event_move if candidate.event_move is not None else candidate.implied_move
    largest = max([abs(one.close_move) for one in candidate.reactions] + ([implied] if implied else []))
    for one in candidate.reactions:
        yield Row(f"{one.report_date} {one.timing.value}", f"{one.close_move:+.2%}", _bar(one, implied, largest))
    yield Row("mean", _percent(candidate.historical_mean, 2), f"of {candidate.quarters}, close to close")
    yield Row("median", _percent(candidate.historical_median, 2))
    yield Row("dispersion", _number(candidate.dispersion), "median absolute deviation / median")
    tail = "over 2.5 halves the size" if candidate.tail_ratio and candidate.tail_ratio > HIGH_TAIL_RATIO else ""
    yield Row("tail ratio", _number(candidate.tail_ratio), f"largest / mean{'; ' + tail if tail else ''}")
    yield Row("consistency", _number(candidate.consistency, 0), f"of 100; moves are {candidate.trend or UNKNOWN}")


def _premium(candidate: Candidate) -> Iterator[Row]:
    basis = {"event": "the event move", "": "an implied move"}.get(candidate.vrp_basis, candidate.vrp_basis)
    if candidate.vrp is None:
        yield Row("VRP", UNKNOWN, f"{candidate.quarters} quarters are too few, or there is no implied move")
        return
    prior = f"towards {PRIOR_RATIO:g} with the weight of {PRIOR_QUARTERS:g} quarters"
    yield Row("VRP, shrunk", _number(candidate.vrp), f"{prior}; n = {candidate.quarters}; ranks and sizes")
    yield Row("VRP, plain", _number(candidate.vrp_mean), f"{basis} / mean; {candidate.vrp_tier}")
    yield Row("VRP, by median", _number(candidate.vrp_median), "0.8453 x move / median")
    yield Row("VRP, decayed", _number(candidate.vrp_ewma), "each quarter 0.85 of the one after")
    yield Row("VRP, capped", _number(candidate.vrp_winsor), "reactions cut at 2.5 medians")
    if candidate.quarters:
        yield Row("error of the mean", f"{0.76 / candidate.quarters**0.5:.0%}", "0.76 / sqrt(n); more with fat tails")


def _spread(spread: Spread, candidate: Candidate) -> Iterator[Row]:
    yield Row("id", spread.spread_id)
    if spread.rejected is not None:
        yield Row("rejected", spread.rejected)
    for leg in spread.legs:
        yield _leg(leg)
    yield Row(
        "mid / natural / fill", f"{spread.mid:.3f} / {spread.natural:.2f} / {spread.fill:.2f}", "credit per share"
    )
    yield Row("max profit", _money(spread.max_profit), f"100 x credit - commission {spread.commission:.2f}")
    yield Row("max loss", _money(spread.max_loss), "worst payoff at expiry, commission included")
    yield Row("breakevens", " / ".join(f"{price:.2f}" for price in spread.breakevens) or "none")
    yield Row("reward/risk", _number(spread.reward_risk))
    premium = "clip(VRP, 0.8, 1.5)"
    law = f"lognormal, realised vol^2 t + (E/{premium})^2"
    yield Row("POP", _percent(spread.pop), f"at the breakevens; {law}")
    yield Row("POP by delta", _percent(spread.pop_delta), "1 - deltas of the shorts: an approximation")
    return_on_risk = (
        f"{spread.ev / spread.max_loss:+.1%} of risk; same law" if spread.ev is not None and spread.max_loss else ""
    )
    yield Row("EV after costs", _money(spread.ev, signed=True), return_on_risk)
    if spread.ev is not None:
        yield Row("worst fill worth it", f"{spread.fill - spread.ev / 100.0:.3f}", "credit at which the EV is nothing")
    if spread.greeks is not None:
        yield Row("theta", _money(spread.greeks.theta, signed=True), "a day, our own from the quotes")
        yield Row("vega", _money(spread.greeks.vega, signed=True), "a volatility point")
    else:
        yield Row("greeks", UNKNOWN, "a leg has no volatility")
    for part in spread.score.parts:
        yield Row(
            f"score: {part.name}",
            UNKNOWN if part.value is None else f"{part.value:.3f}",
            f"{part.points:.1f} of {part.weight:.1f} points" if part.weight else f"{part.points:+.1f} points",
        )
    yield Row("score", f"{spread.score.total:.1f}", f"scorer {spread.score.scorer}: {spread.score.rationale}")
    for flag in spread.score.flags:
        yield Row("score note", flag)
    yield from _size(spread, candidate)


def _leg(leg: Leg) -> Row:
    quote = leg.quote
    market = f"{_money(quote.bid)} x {_money(quote.ask)}"
    interest = UNKNOWN if quote.open_interest is None else f"{quote.open_interest:,}"
    tiers = (
        f"interest {interest_tier(quote.open_interest, CONTRACTS).letter}, "
        f"spread {spread_tier(quote.bid, quote.ask, tight=TIGHT_SPREAD).letter}"
    )
    verb = "sell" if leg.quantity < 0 else "buy"
    return Row(f"{verb} {leg.label[1:]}", market, f"open interest {interest}; {tiers}")


def _size(spread: Spread, candidate: Candidate) -> Iterator[Row]:
    size = spread.size
    if size.full_kelly is not None:
        halved = ", halved for the heavy tail" if (candidate.tail_ratio or 0.0) > HIGH_TAIL_RATIO else ""
        yield Row("full Kelly", _percent(size.full_kelly), "share of equity at max loss, on the whole payoff")
        yield Row("asked", _percent(size.fraction, 2), f"after the Kelly fraction and the cap a trade{halved}")
    yield Row("contracts", str(size.contracts), f"bound by {size.bound_by}")


def _bar(one: Reaction, implied: float | None, largest: float) -> str:
    """A bar of the reaction with the implied move as a line through it."""
    scale = _BAR_WIDTH / largest if largest > 0.0 else 0.0
    length = round(abs(one.close_move) * scale)
    cells = ["#" if index < length else " " for index in range(_BAR_WIDTH + 1)]
    if implied:
        cells[min(round(implied * scale), _BAR_WIDTH)] = "|"
    weight = "" if one.weight == 1.0 else f"  weight {one.weight:g}"
    return "".join(cells).rstrip() + weight


def _timing(timing: Timing) -> str:
    return "at an unknown time" if timing is Timing.UNKNOWN else timing.value


def _percent(value: float | None, places: int = 1) -> str:
    return UNKNOWN if value is None else f"{100.0 * value:.{places}f} %"


def _number(value: float | None, places: int = 2) -> str:
    return UNKNOWN if value is None else f"{value:.{places}f}"


def _money(value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return UNKNOWN
    return f"{value:+,.2f}" if signed else f"{value:,.2f}"
