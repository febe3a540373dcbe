"""What no market would say: a sentence or a flag for each, never a number and never an exception."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from math import inf, isfinite, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.options.chain import OptionChain
from cockpit.options.contract import OptionQuote, Right
from cockpit.scan.candidate import Candidate
from cockpit.scan.earnings import PastReport, Timing
from cockpit.scan.explain import explain
from cockpit.scan.findings import Findings, Inputs, find
from cockpit.scan.moves import DailyBar, reaction, realised_volatility, split_days
from cockpit.settings import Settings
from cockpit.spreads.exposure import OpenBook
from cockpit.spreads.structure import Rejection
from tests.scan.market import EXPIRIES, NOW, bars, chain, moves_of, past_reports, report

PAST = past_reports()
HISTORY = bars(PAST, moves_of(0.05))
ODD = st.one_of(
    st.none(),
    st.sampled_from((0.0, -1.0, nan, inf, -inf, 1e-9, 1e12)),
    st.floats(0.01, 20.0),
)


def found(
    *chains: OptionChain,
    spot: float = 100.0,
    history: list[DailyBar] | None = None,
    past: list[PastReport] | None = None,
) -> Findings:
    given_chains = chains or (chain(), chain(expiry=EXPIRIES[2]))
    return find(
        Inputs(
            report(),
            spot,
            given_chains,
            HISTORY if history is None else history,
            PAST if past is None else past,
            OpenBook(1e5),
        ),
        NOW,
        Settings(),
    )


def edited(of: OptionChain, change: Callable[[OptionQuote], OptionQuote]) -> OptionChain:
    return OptionChain(of.underlying, of.expiry, tuple(map(change, of.quotes)), of.spot, of.fetched_at, of.source)


def figures(candidate: Candidate) -> list[float]:
    named = (
        *("forward", "implied_move", "event_move", "event_sd", "ambient_vol", "atm_iv", "historical_mean", "vrp"),
        *("vrp_mean", "dispersion", "tail_ratio", "score", "realised_vol", "consistency"),
    )
    return [value for name in named if (value := getattr(candidate, name)) is not None]


def sound(findings: Findings) -> None:
    """Every figure is a number, what is not there is said, and the explanation can be read."""
    assert all(map(isfinite, figures(findings.candidate)))
    for spread in findings.spreads:
        known = (spread.pop, spread.ev, spread.ev_exit, spread.pop_exit, spread.score.total, spread.reward_risk)
        assert all(isfinite(value) for value in known if value is not None)
        assert spread.size.contracts >= 0
    words = [
        row.value + row.note
        for section in explain(findings.candidate, findings.spreads).sections
        for row in section.rows
    ]
    assert not any(" nan" in f" {word}" or "None" in word for word in words)


@pytest.mark.parametrize("spot", [nan, inf, 0.0, -5.0])
def test_a_price_that_is_none(spot: float) -> None:
    answer = found(spot=spot)
    assert answer.candidate.problem == "there is no price for ACME"
    assert answer.spreads == ()
    sound(answer)


def test_an_empty_chain() -> None:
    answer = found(OptionChain("ACME", EXPIRIES[1], (), 100.0, NOW, "memory"))
    assert answer.candidate.problem == f"the chain of {EXPIRIES[1]} is empty"
    sound(answer)


def test_a_chain_of_one_strike() -> None:
    of = chain()
    alone = tuple(one for one in of.quotes if one.strike == 100.0)
    answer = found(OptionChain("ACME", of.expiry, alone, 100.0, NOW, "memory"))
    assert answer.candidate.problem == f"the chain of {EXPIRIES[1]} lists one strike only"
    assert answer.candidate.implied_move is None
    sound(answer)


def test_a_chain_that_is_crossed_throughout() -> None:
    answer = found(edited(chain(), lambda one: replace(one, bid=3.0, ask=2.0)))
    assert answer.candidate.problem == f"every quote in the chain of {EXPIRIES[1]} is crossed"
    assert "crossed quotes" in answer.candidate.flags
    sound(answer)


def test_expiries_in_the_past_are_none_of_this_report() -> None:
    answer = found(chain(expiry=date(2026, 11, 20)))
    assert answer.candidate.problem is not None
    assert "no listed expiry covers the report" in answer.candidate.problem
    sound(answer)


def test_an_expiry_that_comes_twice_counts_once() -> None:
    answer = found(chain(), chain(), chain(expiry=EXPIRIES[2]))
    assert answer.candidate.problem is None
    assert len(answer.candidate.event_variances) == 2


def test_duplicate_strikes_are_flagged() -> None:
    of = chain()
    answer = found(OptionChain("ACME", of.expiry, (*of.quotes, of.quotes[3]), 100.0, NOW, "memory"))
    assert "duplicate strikes" in answer.candidate.flags
    sound(answer)


@pytest.mark.parametrize("odd", [nan, inf, -1.0])
def test_quotes_that_are_no_numbers_are_flagged_and_not_used(odd: float) -> None:
    def broken(one: OptionQuote) -> OptionQuote:
        return replace(one, ask=odd) if one.strike in (97.5, 102.5) else one

    answer = found(edited(chain(), broken), chain(expiry=EXPIRIES[2]))
    assert "broken quotes" in answer.candidate.flags
    assert answer.candidate.event_sd == pytest.approx(0.08, abs=4e-3)
    sound(answer)


def test_fewer_than_four_quarters() -> None:
    answer = found(past=PAST[:3])
    assert "3 quarters" in answer.candidate.flags
    assert (answer.candidate.vrp, answer.candidate.score) == (None, None)
    assert all(spread.ev is None and spread.size.contracts == 0 for spread in answer.spreads)
    sound(answer)


def split(history: list[DailyBar], day: date, factor: float) -> list[DailyBar]:
    """The bars as a vendor gives them that has missed a split on a day: more shares for as much money."""
    return [
        replace(
            one,
            open=one.open / factor,
            high=one.high / factor,
            low=one.low / factor,
            close=one.close / factor,
            volume=round(one.volume * factor),
        )
        if one.day >= day
        else one
        for one in history
    ]


@pytest.mark.parametrize("factor", [2.0, 4.0, 10.0, 0.1])
def test_a_split_inside_the_history_is_said_and_makes_no_reaction(factor: float) -> None:
    clean = found()
    day = clean.candidate.reactions[4].reaction_day
    answer = found(history=split(HISTORY, day, factor))
    assert "unadjusted split" in answer.candidate.flags
    assert day not in {one.reaction_day for one in answer.candidate.reactions}
    [left_out] = answer.candidate.left_out
    assert left_out.report_date == clean.candidate.reactions[4].report_date
    rows = {row.label: row for section in explain(answer.candidate, ()).sections for row in section.rows}
    shown = rows[f"{left_out.report_date} AMC"]
    assert shown.value == "?"
    assert shown.note.startswith(f"left out: a split on {day}: it opened at ")
    assert answer.candidate.quarters == clean.candidate.quarters - 1
    assert answer.candidate.historical_mean == pytest.approx(clean.candidate.historical_mean, rel=0.2)
    sound(answer)


def test_a_split_between_reports_harms_no_figure() -> None:
    clean = found()
    day = HISTORY[-5].day
    answer = found(history=split(HISTORY, day, 3.0))
    assert "unadjusted split" in answer.candidate.flags
    assert answer.candidate.historical_mean == clean.candidate.historical_mean
    assert answer.candidate.realised_vol == pytest.approx(clean.candidate.realised_vol, rel=1e-6)


def test_half_the_price_gone_in_a_crowd_is_a_reaction_and_said() -> None:
    day = found().candidate.reactions[4].reaction_day
    fallen = [
        replace(one, volume=20 * one.volume) if one.day == day else replace(one, volume=max(one.volume // 2, 1))
        for one in split(HISTORY, day, 2.0)
    ]
    answer = found(history=fallen)
    [real] = [one for one in answer.candidate.reactions if one.reaction_day == day]
    assert real.close_move == pytest.approx(-0.5, abs=0.05)
    assert answer.candidate.quarters == 12
    assert answer.candidate.left_out == ()
    assert "split-like move" in answer.candidate.flags
    assert "unadjusted split" not in answer.candidate.flags
    rows = [row for section in explain(answer.candidate, ()).sections for row in section.rows]
    assert any(row.label == "  no split" for row in rows)
    sound(answer)


def test_a_report_without_its_bars_is_left_out_and_said() -> None:
    clean = found()
    gone = clean.candidate.reactions[2]
    answer = found(history=[one for one in HISTORY if one.day != gone.reaction_day])
    assert answer.candidate.quarters == 11
    [left_out] = answer.candidate.left_out
    assert (left_out.report_date, left_out.reason) == (gone.report_date, f"no daily bar of {gone.reaction_day}")


def test_a_collapse_is_no_split() -> None:
    before = DailyBar(date(2026, 1, 14), 100.0, 101.0, 99.0, 100.0, 1)
    for close in (45.0, 53.0, 60.0, 140.0, 170.0, 190.0):
        after = DailyBar(date(2026, 1, 15), close, close + 1.0, close - 1.0, close, 1)
        assert split_days([before, after]) == ()
        moved = reaction(PastReport("X", before.day, Timing.AMC), {before.day: before, after.day: after})
        assert moved is not None
        assert moved.close_move == pytest.approx(close / 100.0 - 1.0)


@pytest.mark.parametrize("odd", [nan, inf, 0.0, -3.0])
@pytest.mark.parametrize("field", ["open", "high", "low", "close"])
def test_a_bar_that_is_none_makes_no_reaction(odd: float, field: str) -> None:
    bad = [replace(one, **{field: odd}) if one.day > HISTORY[-1].day - timedelta(days=120) else one for one in HISTORY]  # type: ignore[arg-type]  # whatever the field is
    answer = found(history=bad)
    assert answer.candidate.quarters == 11
    assert realised_volatility(bad[-15:]) is None
    sound(answer)


def test_legs_that_do_not_share_an_expiry_are_refused() -> None:
    def moved(one: OptionQuote) -> OptionQuote:
        return replace(one, expiry=EXPIRIES[2]) if one.strike <= 90.0 and one.right is Right.PUT else one

    answer = found(edited(chain(), moved), chain(expiry=EXPIRIES[2]))
    refused = [spread for spread in answer.spreads if spread.rejection is Rejection.EXPIRIES]
    assert refused
    for spread in refused:
        assert spread.rejected == "its legs do not expire on one day"
        assert spread.size.contracts == 0


@settings(max_examples=60, deadline=None)
@given(
    seed=st.lists(st.tuples(st.integers(0, 65), ODD, ODD), max_size=40),
    spot=st.one_of(st.just(100.0), st.sampled_from((nan, inf, 0.0, 1e-9, 1e9))),
)
def test_no_chain_breaks_the_analysis(seed: list[tuple[int, float | None, float | None]], spot: float) -> None:
    of = chain()
    quotes = list(of.quotes)
    for index, bid, ask in seed:
        quotes[index % len(quotes)] = replace(quotes[index % len(quotes)], bid=bid, ask=ask)
    sound(
        found(OptionChain("ACME", of.expiry, tuple(quotes), 100.0, NOW, "memory"), chain(expiry=EXPIRIES[2]), spot=spot)
    )


@settings(max_examples=15, deadline=None)
@given(scale=st.sampled_from((0.5, 2.0, 5.0, 10.0)))
def test_another_currency_changes_dollars_and_nothing_else(scale: float) -> None:
    def scaled(one: OptionQuote) -> OptionQuote:
        return replace(one, strike=one.strike * scale, bid=(one.bid or 0.0) * scale, ask=(one.ask or 0.0) * scale)

    def whole(of: OptionChain) -> OptionChain:
        return OptionChain(of.underlying, of.expiry, tuple(map(scaled, of.quotes)), 100.0 * scale, NOW, "memory")

    history = [
        DailyBar(one.day, one.open * scale, one.high * scale, one.low * scale, one.close * scale, one.volume)
        for one in HISTORY
    ]
    config = Settings.model_validate({"portfolio": {"commission": 0.0, "fill_model": "mid"}})
    inputs = Inputs(report(), 100.0, (chain(), chain(expiry=EXPIRIES[2])), HISTORY, PAST, OpenBook(1e7))
    moved = replace(inputs, spot=100.0 * scale, chains=tuple(map(whole, inputs.chains)), history=history)
    one, other = find(inputs, NOW, config), find(moved, NOW, config)
    assert other.candidate.vrp == pytest.approx(one.candidate.vrp)
    assert other.candidate.event_sd == pytest.approx(one.candidate.event_sd)
    by_kind = {spread.kind: spread for spread in other.spreads}
    for spread in one.spreads:
        twin = by_kind[spread.kind]
        # The fill is floored to the cent, which is a smaller share of larger prices.
        slack = 0.011 / max(spread.fill, 0.1) * max(1.0, 1.0 / scale)
        assert twin.max_loss == pytest.approx(spread.max_loss * scale, rel=slack)
        assert twin.pop == pytest.approx(spread.pop, abs=slack)


SMALL = st.sampled_from((1.5, 4.0 / 3.0, 1.25))
QUIET = HISTORY[-12].day
"""A day without a report, among those that the realised volatility looks at."""


@settings(max_examples=25, deadline=None)
@given(factor=SMALL, drift=st.floats(-0.01, 0.01), money=st.floats(0.4, 1.2))
def test_a_small_split_between_reports_harms_no_figure(factor: float, drift: float, money: float) -> None:
    """Three for two and the like, on a day of the usual money: the price opens where the split has put it."""
    missed = [
        replace(one, open=one.open * (1.0 + drift), volume=round(one.volume * money)) if one.day == QUIET else one
        for one in split(HISTORY, QUIET, factor)
    ]
    clean, answer = found(), found(history=missed)
    assert split_days(missed) == (QUIET,)
    assert "unadjusted split" in answer.candidate.flags
    assert answer.candidate.historical_mean == pytest.approx(clean.candidate.historical_mean)
    assert answer.candidate.realised_vol == pytest.approx(clean.candidate.realised_vol, rel=0.1)
    sound(answer)


@settings(max_examples=25, deadline=None)
@given(factor=SMALL, drift=st.floats(-0.014, 0.014), money=st.floats(1.3, 30.0), report=st.booleans())
def test_a_fall_by_as_much_in_a_crowd_is_no_split(factor: float, drift: float, money: float, report: bool) -> None:
    day = found().candidate.reactions[4].reaction_day if report else QUIET
    fallen = [
        replace(one, open=one.open * (1.0 + drift), volume=round(one.volume * money)) if one.day == day else one
        for one in split(HISTORY, day, factor)
    ]
    answer = found(history=fallen)
    assert split_days(fallen) == ()
    assert {"unadjusted split", "split-like move"}.isdisjoint(answer.candidate.flags)
    assert (answer.candidate.quarters, answer.candidate.left_out) == (12, ())


@settings(max_examples=15, deadline=None)
@given(factor=SMALL, money=st.floats(0.4, 1.2))
def test_the_fall_of_a_report_stays_even_where_it_may_have_been_a_small_split(factor: float, money: float) -> None:
    """Nothing in daily bars tells the two from each other: no real reaction is ever thrown away for it."""
    day = found().candidate.reactions[4].reaction_day
    at_once = {one.day: before.close for before, one in pairwise(HISTORY)}[day]
    fallen = [
        replace(one, open=at_once / factor, volume=round(one.volume * money)) if one.day == day else one
        for one in split(HISTORY, day, factor)
    ]
    answer = found(history=fallen)
    assert (answer.candidate.quarters, answer.candidate.left_out) == (12, ())
    assert "split-like move" in answer.candidate.flags
    assert "unadjusted split" not in answer.candidate.flags
    rows = [row for section in explain(answer.candidate, ()).sections for row in section.rows]
    assert any(row.label == "  or a split" for row in rows)
