"""The explanation holds every number that the verdict stands on."""

from dataclasses import replace
from datetime import date

import pytest

from cockpit.boards import Boards
from cockpit.errors import Refusal
from cockpit.scan.earnings import Timing
from cockpit.scan.explain import Explanation, explain
from cockpit.spreads.scoring import ExpectedValue, Facts, VersionTwo
from cockpit.spreads.sizing import cap_words
from cockpit.spreads.structure import Rejection, StructureKind, Unbuilt
from tests.scan.market import EXPIRIES, chain, market, refusal, report
from tests.scan.test_scanner import scanner


def text(explanation: Explanation) -> str:
    return "\n".join(
        [explanation.title]
        + [
            f"{section.title}|{row.label}|{row.value}|{row.note}"
            for section in explanation.sections
            for row in section.rows
        ]
    )


async def test_a_candidate_is_explained_to_the_last_point() -> None:
    result = await scanner(*market(["AAA"]), Boards()).scan()
    candidate, spreads = result.candidates[0], result.spreads["AAA"]
    words = text(explain(candidate, spreads))
    assert "reports Wed 02 Dec 2026 AMC" in words
    assert "s old when scanned" in words
    for one in candidate.implied_moves:
        assert f"Implied move|{one.method}|{100.0 * one.move:.2f} %" in words
    assert "n = 12" in words
    for reaction in candidate.reactions:
        assert f"{reaction.close_move:+.2%}" in words
    best = spreads[0]
    assert f"|score|{best.score.total:.1f}|" in words
    for part in best.score.parts:
        assert f"score: {part.name}" in words
    assert sum(part.points for part in best.score.parts) == pytest.approx(best.score.total)
    assert f"bound by {cap_words(best.size.bound_by)}" in words
    for leg in best.legs:
        assert leg.label[1:] in words


async def test_what_is_unknown_reads_as_a_question_mark() -> None:
    earnings, venue = market(["AAA"])
    earnings.past["AAA"] = earnings.past["AAA"][:2]
    result = await scanner(earnings, venue, Boards()).scan()
    words = text(explain(result.candidates[0], result.spreads["AAA"]))
    assert "Volatility risk premium|VRP|?|" in words
    assert "EV to expiry|?|" in words
    assert "None" not in words


async def test_a_name_without_figures_is_explained_by_its_problem() -> None:
    result = await scanner(*market(["AAA"]), Boards()).scan(["ZZZ"])
    found = explain(result.candidates[0], ())
    assert found.title == "ZZZ: no coming report is known"
    assert [section.title for section in found.sections] == ["Inputs"]
    assert found.sections[0].rows[0].value == "the calendar has no coming report of ZZZ"
    assert "?" in text(explain(replace(result.candidates[0], problem=None), ()))


@pytest.mark.parametrize("missing", ["price", "expirations"])
async def test_a_name_that_fails_keeps_its_report_date(missing: str) -> None:
    earnings, venue = market(["AAA"])
    if missing == "price":
        venue.prices.clear()
    else:
        venue.failing["AAA"] = refusal(Refusal.UNAVAILABLE)
    found = explain((await scanner(earnings, venue, Boards()).scan()).candidates[0], ())
    assert found.title == "AAA reports Wed 02 Dec 2026 AMC"
    assert "Report date|calendar|Wed 02 Dec 2026|timing AMC" in text(found)


async def test_a_timing_that_nobody_knows_is_not_called_estimated() -> None:
    earnings, venue = market(["AAA"])
    earnings.reports = [report("AAA", timing=Timing.UNKNOWN)]
    habit = text(explain((await scanner(earnings, venue, Boards()).scan()).candidates[0], ()))
    assert "Report date|timing|AMC, estimated|by the habit of past reports" in habit
    earnings.past["AAA"] = [replace(one, timing=Timing.UNKNOWN) for one in earnings.past["AAA"]]
    words = text(explain((await scanner(earnings, venue, Boards()).scan()).candidates[0], ()))
    assert "Report date|timing|?|no calendar states it" in words


async def test_the_verdict_says_what_would_turn_it() -> None:
    result = await scanner(*market(["AAA"]), Boards()).scan()
    candidate, spreads = result.candidates[0], result.spreads["AAA"]
    words = text(explain(candidate, spreads))
    best = spreads[0]
    assert best.ev is not None
    assert f"Verdict|best|{best.kind.label} {best.strikes_label}|score {best.score.total:.1f}" in words
    assert f"Verdict|turns at a credit of|{best.fill - best.ev / 100.0:.3f}|now {best.fill:.2f}" in words
    assert "Verdict|turns at a VRP of|" in words
    assert f"Verdict|size is bound by|{cap_words(best.size.bound_by)} at {best.size.contracts}|without it" in words


async def test_a_name_that_is_not_worth_it_says_so() -> None:
    result = await scanner(*market(["AAA"], size=0.16), Boards()).scan()
    words = text(explain(result.candidates[0], result.spreads["AAA"]))
    assert "Verdict|no trade|" in words
    assert "score 0, size 0" in words


async def test_the_sides_of_the_report_stand_beside_each_other() -> None:
    result = await scanner(*market(["AAA"]), Boards()).scan()
    candidate, spreads = result.candidates[0], result.spreads["AAA"]
    words = text(explain(candidate, spreads))
    calm, *shaken = candidate.term
    assert f"Term structure|27 Nov|{100.0 * calm.volatility:.1f} %|ends before the report; " in words
    assert calm.crush is None
    for one in shaken:
        assert one.trading is not None
        assert one.trading_after is not None
        assert one.crush is not None
        assert one.trading_after == pytest.approx(calm.trading)
        assert 0.0 < one.crush < 0.7
        line = (
            f"Term structure|{one.expiry:%d %b}|{100.0 * one.volatility:.1f} %|{100.0 * one.trading:.1f} % in trading"
        )
        assert f"{line} time, {100.0 * one.trading_after:.1f} % after the report: {one.crush:.0%} less" in words
    assert shaken[0].volatility > shaken[1].volatility
    assert "Skew|risk reversal|" in words
    assert "Inputs|source of the history|venue|" not in words
    assert "Inputs|source of the chain|memory|0 s old when scanned" in words
    assert "12 reactions" in words
    for spread in spreads:
        assert spread.ev is not None
        assert spread.ev_exit is not None
        assert f"|EV to expiry|{spread.ev:+,.2f}|" in words
        assert f"|EV to the morning after|{spread.ev_exit:+,.2f}|03 Dec 15:15 UTC; bought back" in words
        beside = ", ".join(f"{one.scorer} {one.total:.1f}" for one in spread.totals[1:])
        assert f"ranks; {beside}" in words
    assert "|POP by history|" in words


async def test_a_payoff_is_drawn_at_every_price_that_matters() -> None:
    result = await scanner(*market(["AAA"]), Boards()).scan()
    candidate, spreads = result.candidates[0], result.spreads["AAA"]
    condor = next(spread for spread in spreads if spread.kind is StructureKind.IRON_CONDOR)
    section = next(one for one in explain(candidate, spreads).sections if one.title.startswith("Payoff of iron condor"))
    chart = [row for row in section.rows if row.label.startswith("at ")]
    prices = [float(row.label.removeprefix("at ").replace(",", "")) for row in chart]
    assert prices == sorted(prices, reverse=True)
    for leg in condor.legs:
        assert leg.quote.strike in prices
    names = " ".join(row.note for row in chart)
    for word in ("breakeven", "forward", "lower end of the implied move", "short P", "long C"):
        assert word in names
    results = {price: int(row.value.replace(",", "")) for price, row in zip(prices, chart, strict=True)}
    assert max(results.values()) == round(condor.max_profit)
    assert min(results.values()) == -round(condor.max_loss)
    for row in chart:
        left, _, right = row.note.partition("|")
        assert len(left) == 12
        assert ("#" in left) == (int(row.value.replace(",", "")) < 0)
        assert not ("#" in left and "#" in right)


async def test_what_is_not_traded_is_shown_with_its_reason() -> None:
    result = await scanner(*market(["AAA"]), Boards()).scan()
    candidate, spreads = result.candidates[0], result.spreads["AAA"]
    words = text(explain(candidate, spreads))
    for kind in ("straddle", "strangle", "calendar"):
        assert f"For comparison, never traded here|{kind}|" in words
    missing = replace(candidate, unbuilt=(Unbuilt(StructureKind.BULL_PUT, "no put is offered beyond 90"),))
    assert "Not to be built|bull put|no put is offered beyond 90|" in text(explain(missing, spreads))
    rejected = replace(spreads[0], rejected="a leg cannot be traded", rejection=Rejection.LEG_TIER)
    assert "|rejected|leg_tier|a leg cannot be traded" in text(explain(candidate, [rejected]))


async def test_an_expiry_that_ends_on_the_morning_after_is_told_in_trading_time() -> None:
    earnings, venue = market(["AAA"])
    earnings.reports = [report("AAA", day=date(2026, 12, 3))]
    candidate = (await scanner(earnings, venue, Boards()).scan()).candidates[0]
    last = next(one for one in candidate.term if one.expiry == EXPIRIES[1])
    assert last.after is not None
    assert last.crush is not None
    assert last.after > last.volatility, "a quote spreads what is left over the few hours of the clock"
    assert last.crush > 0.4
    note = next(
        row.note
        for section in explain(candidate, ()).sections
        if section.title == "Term structure"
        for row in section.rows
        if row.label == "04 Dec"
    )
    assert f"after the report: {last.crush:.0%} less; quoted {100.0 * last.after:.1f} % on the morning after" in note
    assert "5.8 h before it ends" in note
    assert "-" not in note.replace("at-the-money", "")


async def test_the_expiry_before_the_report_gives_the_volatility_without_it() -> None:
    result = await scanner(*market(["AAA"]), Boards()).scan()
    candidate = result.candidates[0]
    before = candidate.event_before
    assert before is not None
    assert candidate.ambient_vol == pytest.approx(before.volatility)
    first = candidate.event_variances[0]
    assert candidate.event_sd == pytest.approx((first.variance - before.variance / before.years * first.years) ** 0.5)
    words = text(explain(candidate, result.spreads["AAA"]))
    assert f"Event|V0|{before.variance:.6f}|2.82 sessions, all before the report: ambient alone" in words
    assert "|V1 - V0/t0 x t1: what V1 holds beyond the sessions before the report" in words
    assert "Event|by later expiries|8." in words


async def test_the_calendar_buys_the_expiry_nearest_to_thirty_days_later() -> None:
    earnings, venue = market(["AAA"])
    months = date(2027, 1, 4), date(2027, 1, 8)
    venue.chains |= {("AAA", day): chain("AAA", day) for day in months}
    whole = await scanner(earnings, venue, Boards()).scan()
    words = text(explain(whole.candidates[0], whole.spreads["AAA"]))
    assert "calendar|?|2027-01-04, the expiry nearest to 30 days later, was not read" in words
    asked = await scanner(earnings, venue, Boards()).scan(["AAA"])
    words = text(explain(asked.candidates[0], asked.spreads["AAA"]))
    assert "-C100 04 Dec +C100 04 Jan; credit a share" in words
    assert len(asked.candidates[0].event_variances) == 2, "the calendar's far leg is no part of the report's variance"


async def test_the_probability_by_history_comes_with_its_sample() -> None:
    result = await scanner(*market(["AAA"]), Boards()).scan()
    assert result.spreads["AAA"]
    for spread in result.spreads["AAA"]:
        assert spread.pop_hist is not None
        assert spread.pop_hist_reports == 12
        words = text(explain(result.candidates[0], [spread]))
        assert f"|POP by history|{100.0 * spread.pop_hist:.1f} %|12 past reactions, each up and down" in words


async def test_what_a_scorer_makes_of_unknown_liquidity_is_said_in_words() -> None:
    result = await scanner(*market(["AAA"]), Boards()).scan()
    spread = result.spreads["AAA"][0]
    facts = Facts(spread.kind, pop=0.7, reward_risk=0.4, vrp=1.5, contracts=3, ev=20.0, max_loss=200.0, vrp_shrunk=1.2)
    generous, strict = VersionTwo().score(facts), ExpectedValue().score(facts)
    liquidity = {
        score.scorer: next(one for one in score.parts if one.name == "liquidity") for score in (generous, strict)
    }
    assert liquidity["v2"].points == liquidity["v2"].weight
    assert liquidity["ev"].points == 0.0
    words = text(explain(result.candidates[0], [replace(spread, score=generous)]))
    assert "|score: liquidity|?|26.0 of 26.0 points" in words
    assert "|score note|liquidity unknown|v2 gives it full marks all the same; ev gives none" in words
    words = text(explain(result.candidates[0], [replace(spread, score=strict)]))
    assert "|score: liquidity|?|0.0 of " in words
    assert "|score note|liquidity unknown|earned nothing" in words
