"""Every number behind a candidate, as text that a screen, a command line and a clipboard can all show."""

from collections.abc import Iterator, Sequence

from cockpit.scan.candidate import Candidate, InputSource
from cockpit.scan.charts import reaction_bar
from cockpit.scan.earnings import Timing
from cockpit.scan.event_volatility import EventFlag, ExpectedTerm, decompose
from cockpit.scan.explain_record import record_section
from cockpit.scan.explain_sentiment import sentiment_section
from cockpit.scan.explain_spread import spread_sections, study_section, unbuilt_section, verdict_section
from cockpit.scan.explanation import UNKNOWN, Explanation, Row, Section
from cockpit.scan.liquidity import NOMINAL_CONTRACTS as CONTRACTS
from cockpit.scan.report_dates import date_rows
from cockpit.scan.vendor_greeks import vendor_section
from cockpit.scan.vrp import HIGH_TAIL_RATIO, PRIOR_QUARTERS, PRIOR_RATIO
from cockpit.scan.wording import age, money, number, percent
from cockpit.spreads.law import PRIOR_WEIGHT, REALISED_SHARE, REALISED_WEIGHT, outlook
from cockpit.spreads.structure import Spread
from cockpit.spreads.track_record import ScoredTrade

__all__ = ["UNKNOWN", "Explanation", "Row", "Section", "explain"]

_METHODS = {
    "atmf": "2(2N(s/2)-1) at the at-the-money-forward volatility",
    "nearest": "straddle of the nearest strike / price",
    "interp": "straddle between the two strikes around the price / price",
    "x085": "0.85 of nearest: the median move",
    "tos": "0.6 straddle + 0.3 first + 0.1 second strangle",
    "sd": "1.2533 of nearest: one standard deviation",
}
_HALF_GONE = 0.45
"""A gap from which on a split would have been of two for one and more."""
_EVENT_NOTES = {
    EventFlag.OK: "V1 - forward variance x t1, from two expiries",
    EventFlag.NEGATIVE_FORWARD_VARIANCE: "V1 - realised vol^2 x t1: the term structure is inverted",
    EventFlag.NEGATIVE_EVENT_VARIANCE: "the term structure prices no event",
    EventFlag.ONE_EXPIRY: "V1 - realised vol^2 x t1: there is one expiry only",
}


def explain(
    candidate: Candidate, spreads: Sequence[Spread], trades: Sequence[ScoredTrade] | None = None
) -> Explanation:
    """The arithmetic of a candidate and its spreads, in the order in which it was done.

    Args:
        trades: closed positions with what every scorer had said of them; None where they are not at hand.
    """
    title = f"{candidate.symbol} reports {candidate.report_date:%a %d %b %Y} {_timing(candidate.timing)}"
    if candidate.problem is not None and not candidate.date_sources:
        title = f"{candidate.symbol}: no coming report is known"
    verdict = verdict_section(candidate, spreads) if candidate.problem is None else None
    sections = [*([verdict] if verdict else []), Section("Inputs", tuple(_inputs(candidate)))]
    dates = tuple(
        date_rows(
            candidate.date_sources,
            candidate.confirmations,
            candidate.timing,
            timing_confirmed=candidate.timing_confirmed,
        )
    )
    if dates:
        sections.append(Section("Report date", dates))
    if candidate.problem is None:
        sections.append(Section("Implied move", tuple(_implied(candidate))))
        sections.append(Section("Event", tuple(_event(candidate))))
        sections.append(Section("Term structure", tuple(_term(candidate))))
        sections.append(Section("Skew", tuple(_skew(candidate))))
        sections.append(Section("Past reactions", tuple(_reactions(candidate))))
        sections.append(Section("Volatility risk premium", (*_premium(candidate), *_law(candidate))))
        for spread in spreads:
            sections.extend(spread_sections(spread, candidate))
        if spreads and trades is not None:
            sections.append(record_section(spreads[0].score, trades))
        extras = (
            sentiment_section(candidate),
            vendor_section(candidate, spreads),
            unbuilt_section(candidate),
            study_section(candidate),
        )
        sections.extend(extra for extra in extras if extra is not None)
    return Explanation(title, tuple(sections))


def _inputs(candidate: Candidate) -> Iterator[Row]:
    if candidate.problem is not None:
        yield Row("problem", candidate.problem)
    yield Row("price", money(candidate.spot))
    if candidate.quoted_at is not None:
        seconds = (candidate.scanned_at - candidate.quoted_at).total_seconds()
        stamp = f"{candidate.quoted_at:%Y-%m-%d %H:%M:%S} UTC"
        yield Row("quotes", stamp, f"{age(seconds)} old when scanned, the newest of the chain")
    for one in candidate.sources:
        yield _source(one, candidate)
    yield Row("scanned", f"{candidate.scanned_at:%Y-%m-%d %H:%M:%S} UTC")
    if candidate.expiry is not None:
        kind = "weekly" if candidate.weekly else "monthly"
        yield Row("expiry", candidate.expiry.isoformat(), f"{kind}, the first to close after the report is out")
    rate = "" if candidate.risk_free is None else f"; rate {candidate.risk_free:.2%}"
    yield Row("forward", money(candidate.forward), f"K + (C - P)/df where call and put are closest{rate}")
    yield Row(
        "liquidity",
        UNKNOWN if candidate.tier is None else candidate.tier.letter,
        f"middle tier of the options within one implied move, {CONTRACTS} contracts",
    )
    interest = UNKNOWN if candidate.open_interest is None else f"{candidate.open_interest:,}"
    yield Row("open interest", interest, "the middle one of the same options")
    if candidate.sector is not None:
        yield Row("sector", candidate.sector, "what is open in it counts against sizing.sector_cap")
    elif candidate.best_spread is not None:
        yield Row("sector", UNKNOWN, "not known: nothing holds the size to sizing.sector_cap")
    for flag in candidate.flags:
        yield Row("doubt", flag)


def _source(one: InputSource, candidate: Candidate) -> Row:
    old = None if one.at is None else f"{age((candidate.scanned_at - one.at).total_seconds())} old when scanned"
    return Row(f"source of the {one.what}", one.source or UNKNOWN, "; ".join(filter(None, (one.note, old))))


def _implied(candidate: Candidate) -> Iterator[Row]:
    yield Row("at-the-money volatility", percent(candidate.atm_iv), "out-of-the-money quotes, at the forward")
    for one in candidate.implied_moves:
        used = ", used" if one.method == candidate.implied_method else ""
        yield Row(one.method, percent(one.move, 2), f"{_METHODS.get(one.method, '')}{used}")
    if candidate.implied_move is not None and candidate.forward is not None:
        low, high = (candidate.forward * (1.0 + side * candidate.implied_move) for side in (-1, 1))
        yield Row("range", f"{low:.2f} to {high:.2f}", "holds 57.5 % of normal moves, not 68 %")


def _event(candidate: Candidate) -> Iterator[Row]:
    before = candidate.event_before
    if before is not None:
        note = f"{before.years * 252.0:.2f} sessions, all before the report: ambient alone"
        yield Row("V0", f"{before.variance:.6f}", note)
    elif candidate.before_note:
        yield Row("V0", UNKNOWN, f"of an expiry before the report: {candidate.before_note}")
    for index, point in enumerate(candidate.event_variances, 1):
        sessions = f"{point.years * 252.0:.2f} sessions to expiry"
        yield Row(f"V{index}", f"{point.variance:.6f}", f"volatility^2 x calendar years; {sessions}")
    if candidate.event_residual is not None:
        yield Row("residual of the fit", percent(candidate.event_residual, 2), "of V1, over all expiries")
    yield Row("event deviation", percent(candidate.event_sd, 2), _event_note(candidate))
    if before is not None and len(candidate.event_variances) > 1:
        other = decompose(candidate.event_variances, candidate.realised_vol)
        yield Row("by later expiries", percent(None if other is None else other.event_sd, 2), "the same without V0")
    yield Row("event move", percent(candidate.event_move, 2), "2(2N(E/2)-1): the report alone")
    yield Row("ambient volatility", percent(candidate.ambient_vol), "what remains without the report")
    yield Row("realised volatility", percent(candidate.realised_vol), "last 20 closes without reports, around zero")


def _event_note(candidate: Candidate) -> str:
    if not candidate.event_flag:
        return "not to be had: one expiry, and too few closes for a realised volatility"
    flag = EventFlag(candidate.event_flag)
    if flag is EventFlag.OK and candidate.event_before is not None:
        return "V1 - V0/t0 x t1: what V1 holds beyond the sessions before the report"
    if flag is EventFlag.OK and len(candidate.event_variances) > 2:
        return f"least squares through {len(candidate.event_variances)} expiries, weights 1/V^2"
    return _EVENT_NOTES[flag]


def _law(candidate: Candidate) -> Iterator[Row]:
    if candidate.tails == "fat":
        tails = "the report's part 90 % normal and 10 % 2.2 times as wide, at the same mean absolute move"
    else:
        tails = "all of it normal"
    yield Row(
        "law of the price",
        f"{candidate.tails} tails",
        f"variance ambient^2 t + (E/clip(premium, 0.8, 1.5))^2; {tails}",
    )
    expected = outlook(candidate)
    if expected is not None:
        closer = f"realised^{REALISED_WEIGHT:g} x ({REALISED_SHARE:g} ambient)^{1.0 - REALISED_WEIGHT:g}"
        yield Row("expected ambient", percent(expected.ambient), f"{closer}: 20 closes alone err by 16 %")
        prior = f"towards {PRIOR_RATIO:g} with the weight of {PRIOR_WEIGHT:g} quarters"
        yield Row("expected premium", number(expected.premium), f"the plain VRP {prior}: what money is staked on")


def _term(candidate: Candidate) -> Iterator[Row]:
    if not candidate.term:
        yield Row("volatility by expiry", UNKNOWN, "no expiry has two-sided quotes at the money")
    for one in candidate.term:
        yield Row(f"{one.expiry:%d %b}", percent(one.volatility), _term_note(one))


def _term_note(one: ExpectedTerm) -> str:
    if not one.holds_report:
        return f"ends before the report; {percent(one.trading)} in trading time, all of it ambient"
    if one.after is None:
        return "before the report; unknown after it"
    if one.crush is None:
        return f"before the report; {percent(one.after)} on the morning after"
    change = f"{one.crush:.0%} less" if one.crush >= 0.0 else f"{-one.crush:.0%} more"
    words = f"{percent(one.trading)} in trading time, {percent(one.trading_after)} after the report: {change}"
    quoted = f"quoted {percent(one.after)} on the morning after"
    if one.hours_left is not None and one.hours_left < 24.0:
        quoted += f", {one.hours_left:.1f} h before it ends, all in session"
    return f"{words}; {quoted}"


def _skew(candidate: Candidate) -> Iterator[Row]:
    found = candidate.skew
    if found is None:
        yield Row("risk reversal", UNKNOWN, "fewer than five strikes quote, or they do not reach 25 delta")
        return
    fit = f"quadratic through {found.points} out-of-the-money strikes"
    yield Row("risk reversal", percent(found.reversal), f"(25-delta put - call) / at the money; {fit}")
    yield Row("butterfly", percent(found.butterfly), "mean of the two / at the money - 1")
    yield Row("residual", percent(found.residual), "of the fit; a bias needs less than half of the reversal")
    yield Row("bias", candidate.bias.replace("_", " "), "only beyond 10 %; v2 scores verticals by it")


def _reactions(candidate: Candidate) -> Iterator[Row]:
    if not candidate.reactions:
        yield Row("none", UNKNOWN, "no past report has its daily bars")
        yield from _left_out(candidate)
        return
    implied = candidate.event_move if candidate.event_move is not None else candidate.implied_move
    largest = max([abs(one.close_move) for one in candidate.reactions] + ([implied] if implied else []))
    for one in candidate.reactions:
        yield Row(
            f"{one.report_date} {one.timing.value}", f"{one.close_move:+.2%}", reaction_bar(one, implied, largest)
        )
        if one.like_split and one.gap < _HALF_GONE:
            yield Row(
                "  or a split", "", "it opened where a small split would have put it, with no more money than usual"
            )
        elif one.like_split:
            yield Row(
                "  no split", "", "it opened at a whole multiple, but a multiple of the usual money changed hands"
            )
    yield from _left_out(candidate)
    yield Row("mean", percent(candidate.historical_mean, 2), f"of {candidate.quarters}, close to close")
    yield Row("median", percent(candidate.historical_median, 2))
    yield Row("dispersion", number(candidate.dispersion), "median absolute deviation / median")
    tail = "over 2.5 halves the size" if candidate.tail_ratio and candidate.tail_ratio > HIGH_TAIL_RATIO else ""
    yield Row("tail ratio", number(candidate.tail_ratio), f"largest / mean{'; ' + tail if tail else ''}")
    yield Row("consistency", number(candidate.consistency, 0), f"of 100; moves are {candidate.trend or UNKNOWN}")


def _left_out(candidate: Candidate) -> Iterator[Row]:
    for one in candidate.left_out:
        yield Row(f"{one.report_date} {one.timing.value}", UNKNOWN, f"left out: {one.reason}")


def _premium(candidate: Candidate) -> Iterator[Row]:
    basis = {"event": "the event move", "": "an implied move"}.get(candidate.vrp_basis, candidate.vrp_basis)
    if candidate.vrp is None:
        yield Row("VRP", UNKNOWN, f"{candidate.quarters} quarters are too few, or there is no implied move")
        return
    prior = f"towards {PRIOR_RATIO:g} with the weight of {PRIOR_QUARTERS:g} quarters"
    yield Row("VRP, shrunk", number(candidate.vrp), f"{prior}; n = {candidate.quarters}; ranks and sizes")
    yield Row("VRP, plain", number(candidate.vrp_mean), f"{basis} / mean; {candidate.vrp_tier}")
    yield Row("VRP, by median", number(candidate.vrp_median), "0.8453 x move / median")
    yield Row("VRP, decayed", number(candidate.vrp_ewma), "each quarter 0.85 of the one after")
    yield Row("VRP, capped", number(candidate.vrp_winsor), "reactions cut at 2.5 medians")
    if candidate.quarters:
        yield Row("error of the mean", f"{0.76 / candidate.quarters**0.5:.0%}", "0.76 / sqrt(n); more with fat tails")


def _timing(timing: Timing) -> str:
    return "at an unknown time" if timing is Timing.UNKNOWN else timing.value
