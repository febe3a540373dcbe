"""Every number behind one spread, and behind the structures that are shown and not traded."""

from collections.abc import Iterator, Sequence

from cockpit.scan.candidate import Candidate
from cockpit.scan.charts import payoff_rows
from cockpit.scan.explanation import UNKNOWN, Row, Section
from cockpit.scan.liquidity import NOMINAL_CONTRACTS as CONTRACTS
from cockpit.scan.liquidity import TIGHT_SPREAD, interest_tier, spread_tier
from cockpit.scan.wording import money, number, percent
from cockpit.spreads.exposure import Exposure
from cockpit.spreads.law import outlook
from cockpit.spreads.metrics import payoff_of
from cockpit.spreads.sizing import cap_words
from cockpit.spreads.structure import Leg, Score, Spread, Study
from cockpit.spreads.verdict import breakeven_credit, breakeven_premium


def spread_sections(spread: Spread, candidate: Candidate) -> tuple[Section, Section]:
    """The arithmetic of one spread, and its payoff."""
    name = f"{spread.kind.label} {spread.strikes_label}"
    payoff = payoff_of(spread.legs, spread.fill, spread.commission)
    chart = tuple(payoff_rows(payoff, tuple(_marks(spread, candidate))))
    return Section(name, tuple(_spread(spread))), Section(f"Payoff of {name} at expiry, dollars a contract", chart)


def verdict_section(candidate: Candidate, spreads: Sequence[Spread]) -> Section | None:
    """The best spread, and what would change the verdict on it; None where there is no spread at all."""
    if not spreads:
        return None
    return Section("Verdict", tuple(_verdict(candidate, spreads[0])))


def unbuilt_section(candidate: Candidate) -> Section | None:
    """Structures that the chain does not give."""
    rows = tuple(Row(one.kind.label, one.reason) for one in candidate.unbuilt)
    return Section("Not to be built", rows) if rows else None


def study_section(candidate: Candidate) -> Section | None:
    """Structures for comparison."""
    rows = tuple(row for study in candidate.studies for row in _study(study))
    return Section("For comparison, never traded here", rows) if rows else None


def _verdict(candidate: Candidate, best: Spread) -> Iterator[Row]:
    name = f"{best.kind.label} {best.strikes_label}"
    if best.ev is not None and best.ev <= 0.0:
        yield Row("no trade", name, f"the expected value after costs is {best.ev:+.2f}: score 0, size 0")
    elif best.rejected is not None:
        yield Row("no trade", name, best.rejected)
    elif best.ev is None:
        yield Row("no trade", name, "without a VRP nothing is known of what it would earn")
    else:
        yield Row("best", name, f"score {best.score.total:.1f}, {best.size.contracts} contracts")
    credit = breakeven_credit(best)
    if credit is not None:
        room = best.fill - credit
        yield Row(
            "turns at a credit of", f"{credit:.3f}", f"now {best.fill:.2f}, {room:+.3f} a share from an EV of nothing"
        )
    premium = breakeven_premium(candidate, best)
    if premium is not None:
        expected = outlook(candidate)
        now = "not known now" if expected is None else f"now {expected.premium:.2f}, expected"
        yield Row("turns at a VRP of", f"{premium:.2f}", f"{now}; below it the EV is negative and the score 0")
    elif best.ev is not None:
        yield Row("turns at a VRP of", UNKNOWN, "no ratio between 0.3 and 5 changes the sign of the EV")
    if best.size.caps:
        first, *others = best.size.caps
        following = next((cap for cap in others if cap.contracts > first.contracts), None)
        note = "" if following is None else f"without it {following.contracts}, bound by {cap_words(following.name)}"
        yield Row("size is bound by", f"{cap_words(first.name)} at {first.contracts}", note)


def _spread(spread: Spread) -> Iterator[Row]:
    yield Row("id", spread.spread_id)
    if spread.rejected is not None:
        yield Row("rejected", "" if spread.rejection is None else spread.rejection.value, spread.rejected)
    for leg in spread.legs:
        yield _leg(leg)
    fills = f"{spread.mid:.3f} / {spread.natural:.2f} / {spread.fill:.2f}"
    yield Row("mid / natural / fill", fills, "credit per share")
    yield Row("max profit", money(spread.max_profit), f"100 x credit - commission {spread.commission:.2f}")
    yield Row("max loss", money(spread.max_loss), "worst payoff at expiry, commission included")
    yield Row("breakevens", " / ".join(f"{price:.2f}" for price in spread.breakevens) or "none")
    yield Row("reward/risk", number(spread.reward_risk))
    yield from _chances(spread)
    if spread.greeks is not None:
        yield Row("theta", money(spread.greeks.theta, signed=True), "a day, our own from the quotes")
        yield Row("vega", money(spread.greeks.vega, signed=True), "a volatility point")
    else:
        yield Row("greeks", UNKNOWN, "a leg has no volatility")
    yield from _score(spread.score)
    if spread.totals:
        ranking, *others = spread.totals
        beside = ", ".join(f"{one.scorer} {one.total:.1f}" for one in others)
        yield Row("all scorers", f"{ranking.scorer} {ranking.total:.1f}", f"ranks; {beside}")
    yield from _size(spread)


def _chances(spread: Spread) -> Iterator[Row]:
    yield Row("POP", percent(spread.pop), "at the breakevens, under the law of the price")
    if spread.pop_delta is None and spread.kind.two_sided:
        yield Row("POP by delta", UNKNOWN, "says nothing where the shorts are at the money")
    else:
        yield Row("POP by delta", percent(spread.pop_delta), "1 - deltas of the shorts: an approximation")
    sample = f"{spread.pop_hist_reports} past reactions, each up and down, + half a case"
    yield Row("POP by history", percent(spread.pop_hist), sample)
    share = f"{spread.ev / spread.max_loss:+.1%} of risk; same law" if spread.ev is not None and spread.max_loss else ""
    yield Row("EV to expiry", money(spread.ev, signed=True), f"after costs; {share}" if share else "after costs")
    when = "" if spread.exit_at is None else f"{spread.exit_at:%d %b %H:%M} UTC; "
    at_model = "bought back at the ambient volatility, today's half spreads and a second commission paid"
    yield Row("EV to the morning after", money(spread.ev_exit, signed=True), f"{when}{at_model}")
    yield Row("POP on that morning", percent(spread.pop_exit), "61 prices under the same law")


def _score(score: Score) -> Iterator[Row]:
    for part in score.parts:
        yield Row(
            f"score: {part.name}",
            UNKNOWN if part.value is None else f"{part.value:.3f}",
            f"{part.points:.1f} of {part.weight:.1f} points" if part.weight else f"{part.points:+.1f} points",
        )
    yield Row("score", f"{score.total:.1f}", f"scorer {score.scorer}: {score.rationale}")
    for flag in score.flags:
        yield Row("score note", flag, _flag_note(score, flag))


def _flag_note(score: Score, flag: str) -> str:
    name, _, state = flag.rpartition(" ")
    if state != "unknown":
        return ""
    if any(part.name == name and part.points > 0.0 for part in score.parts):
        return f"{score.scorer} gives it full marks all the same; ev gives none"
    return "earned nothing"


def _size(spread: Spread) -> Iterator[Row]:
    size = spread.size
    if size.full_kelly is not None:
        why = "after the Kelly fraction and the cap a trade"
        if size.scale < 1.0:
            why += f", times {size.scale:g} for the heavy tail"
        if size.share < 1.0:
            why += f", times {size.share:.2f} for the other bets of its report day"
        yield Row("full Kelly", percent(size.full_kelly), "share of equity at max loss, on the whole payoff")
        yield Row("asked", percent(size.fraction, 2), why)
    yield Row("contracts", str(size.contracts), f"bound by {cap_words(size.bound_by)}")
    if size.exposure is not None and size.exposure.open_risk:
        yield Row("open risk", money(size.exposure.open_risk), _beside(size.exposure))
    if size.caps:
        allowed = ", ".join(f"{cap_words(cap.name)} {cap.contracts}" for cap in size.caps)
        yield Row("caps", str(len(size.caps)), f"contracts by each alone: {allowed}")


def _beside(exposure: Exposure) -> str:
    parts = [
        f"{money(exposure.symbol_risk)} of it in this name",
        f"{money(exposure.report_day_risk)} on its report day",
    ]
    if exposure.sector_risk is not None:
        parts.append(f"{money(exposure.sector_risk)} in its sector")
    if exposure.buying_power is not None:
        parts.append(f"buying power {money(exposure.buying_power)}")
    return ", ".join(parts)


def _marks(spread: Spread, candidate: Candidate) -> Iterator[tuple[float, str]]:
    for leg in spread.legs:
        yield leg.quote.strike, f"{'short' if leg.quantity < 0 else 'long'} {leg.label[1:]}"
    for price in spread.breakevens:
        yield price, "breakeven"
    if candidate.forward is not None:
        yield candidate.forward, "forward"
        if candidate.implied_move is not None:
            for side, word in ((-1, "lower"), (1, "upper")):
                yield candidate.forward * (1.0 + side * candidate.implied_move), f"{word} end of the implied move"


def _leg(leg: Leg) -> Row:
    quote = leg.quote
    market = f"{money(quote.bid)} x {money(quote.ask)}"
    interest = UNKNOWN if quote.open_interest is None else f"{quote.open_interest:,}"
    tiers = (
        f"interest {interest_tier(quote.open_interest, CONTRACTS).letter}, "
        f"spread {spread_tier(quote.bid, quote.ask, tight=TIGHT_SPREAD).letter}"
    )
    verb = "sell" if leg.quantity < 0 else "buy"
    return Row(f"{verb} {leg.label[1:]}", market, f"open interest {interest}; {tiers}")


def _study(study: Study) -> Iterator[Row]:
    legs = " ".join(study.legs)
    if study.problem is not None:
        yield Row(study.kind.value, UNKNOWN, f"{study.problem}{'; ' + legs if legs else ''}")
        return
    price = UNKNOWN if study.credit is None else f"{study.credit:+.2f}"
    yield Row(study.kind.value, price, f"{legs}; credit a share, a debit is negative")
    if study.breakevens:
        ends = " / ".join(f"{one:.2f}" for one in study.breakevens)
        yield Row("  breakevens", ends, "its loss has no limit beyond them")
    if study.ev is not None:
        yield Row("  EV / POP to expiry", f"{money(study.ev, signed=True)} / {percent(study.pop)}", "after costs")
    exit_figures = f"{money(study.ev_exit, signed=True)} / {percent(study.pop_exit)}"
    yield Row("  EV / POP next morning", exit_figures, "after both commissions and half spreads")
