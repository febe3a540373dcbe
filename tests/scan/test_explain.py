"""The explanation holds every number that the verdict stands on."""

from dataclasses import replace

import pytest

from cockpit.boards import Boards
from cockpit.scan.explain import Explanation, explain
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
