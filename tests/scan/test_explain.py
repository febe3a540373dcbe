"""The explanation holds every number that the verdict stands on."""

from dataclasses import replace

import pytest

from cockpit.boards import Boards
from cockpit.scan.explain import Explanation, explain
from cockpit.spreads.structure import Rejection, StructureKind, Unbuilt
from tests.scan.market import market
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
    assert f"bound by {best.size.bound_by}" in words
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
    assert [section.title for section in found.sections] == ["Inputs"]
    assert found.sections[0].rows[0].value == "the calendar has no coming report of ZZZ"
    assert "?" in text(explain(replace(result.candidates[0], problem=None), ()))


async def test_the_verdict_says_what_would_turn_it() -> None:
    result = await scanner(*market(["AAA"]), Boards()).scan()
    candidate, spreads = result.candidates[0], result.spreads["AAA"]
    words = text(explain(candidate, spreads))
    best = spreads[0]
    assert best.ev is not None
    assert f"Verdict|best|{best.kind.label} {best.strikes_label}|score {best.score.total:.1f}" in words
    assert f"Verdict|turns at a credit of|{best.fill - best.ev / 100.0:.3f}|now {best.fill:.2f}" in words
    assert "Verdict|turns at a VRP of|" in words
    assert f"Verdict|size is bound by|{best.size.bound_by} at {best.size.contracts}|without it" in words


async def test_a_name_that_is_not_worth_it_says_so() -> None:
    result = await scanner(*market(["AAA"], size=0.16), Boards()).scan()
    words = text(explain(result.candidates[0], result.spreads["AAA"]))
    assert "Verdict|no trade|" in words
    assert "score 0, size 0" in words


async def test_the_sides_of_the_report_stand_beside_each_other() -> None:
    result = await scanner(*market(["AAA"]), Boards()).scan()
    candidate, spreads = result.candidates[0], result.spreads["AAA"]
    words = text(explain(candidate, spreads))
    for one in candidate.term:
        assert one.after is not None
        assert one.crush is not None
        assert 0.0 < one.crush < 0.6
        line = f"Term structure|{one.expiry:%d %b}|{100.0 * one.volatility:.1f} %|before the report; "
        assert f"{line}{100.0 * one.after:.1f} % on the morning after" in words
    assert candidate.term[0].volatility > candidate.term[1].volatility
    assert "Skew|risk reversal|" in words
    assert "Inputs|source of the history|venue|" not in words
    assert "Inputs|source of the chain|memory|0 s old when scanned" in words
    assert "12 reactions" in words
    for spread in spreads:
        assert spread.ev is not None
        assert spread.ev_exit is not None
        assert f"|EV to expiry|{spread.ev:+,.2f}|" in words
        assert f"|EV to the morning after 03 Dec 15:15 UTC|{spread.ev_exit:+,.2f}|" in words
        beside = ", ".join(f"{one.scorer} {one.total:.1f}" for one in spread.totals[1:])
        assert f"ranks; {beside}" in words
    assert "|POP by history|" in words


async def test_a_payoff_is_drawn_at_every_price_that_matters() -> None:
    result = await scanner(*market(["AAA"]), Boards()).scan()
    candidate, spreads = result.candidates[0], result.spreads["AAA"]
    condor = next(spread for spread in spreads if spread.kind is StructureKind.IRON_CONDOR)
    section = next(one for one in explain(candidate, spreads).sections if one.title.startswith("iron condor"))
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
