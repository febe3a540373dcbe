from bisect import bisect
from datetime import date, timedelta
from itertools import pairwise
from math import exp, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.emulator.market import Market, Name
from cockpit.emulator.reports import SEASON_START, student_five_size
from cockpit.emulator.sessions import closing_moment, moment_at, session_seconds, year_sessions
from cockpit.emulator.universe import load_equities
from cockpit.options.calendar import is_session, next_session, previous_session
from cockpit.options.pricing import expected_absolute_move
from cockpit.scan.earnings import Timing

SYMBOLS = st.sampled_from(sorted(load_equities()))
SESSIONS = st.sampled_from([day for year in (2024, 2025, 2026, 2027) for day in year_sessions(year)])


def named(symbol: str, seed: int = 7) -> Name:
    name = Market(seed).name(symbol)
    assert name is not None
    return name


@given(symbol=SYMBOLS, day=SESSIONS, seed=st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_a_session_path_agrees_with_its_bar(symbol: str, day: date, seed: int) -> None:
    name = named(symbol, seed)
    bar, path, end = name.history.day(day), name.path(day), session_seconds(day)
    assert 0.0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
    prices = [path.price(second) for second in range(0, end + 1, 11)]
    assert bar.low <= min(prices) <= max(prices) <= bar.high
    assert (path.price(0), path.price(end)) == (bar.open, bar.close)
    assert (path.high(end), path.low(end), path.volume(end)) == (bar.high, bar.low, bar.volume)


@given(symbol=SYMBOLS, day=SESSIONS)
@settings(max_examples=20, deadline=None)
def test_high_low_and_volume_so_far_only_grow(symbol: str, day: date) -> None:
    path = named(symbol).path(day)
    seconds = range(0, session_seconds(day) + 1, 97)
    for earlier, later in pairwise(seconds):
        assert path.high(earlier) <= path.high(later)
        assert path.low(earlier) >= path.low(later)
        assert path.volume(earlier) <= path.volume(later)
        assert path.low(later) <= path.price(later) <= path.high(later)


@given(symbol=SYMBOLS, day=SESSIONS, share=st.floats(0.0, 1.0))
@settings(max_examples=20, deadline=None)
def test_a_path_does_not_depend_on_how_far_it_was_asked_before(symbol: str, day: date, share: float) -> None:
    end = session_seconds(day)
    at_once, in_steps, second = named(symbol).path(day), named(symbol).path(day), int(share * end)
    for earlier in (0, second // 3, second // 2, second):
        in_steps.price(earlier)
    at_once.price(end)
    for path in (at_once, in_steps):
        assert path.price(second) <= path.high(second) <= path.high(end)
    assert at_once.price(second) == in_steps.price(second)
    assert (at_once.high(second), at_once.low(second)) == (in_steps.high(second), in_steps.low(second))
    assert (at_once.high(end), at_once.low(end)) == (in_steps.high(end), in_steps.low(end))


@given(symbol=SYMBOLS, days=st.lists(SESSIONS, min_size=2, max_size=5))
@settings(max_examples=15, deadline=None)
def test_days_do_not_depend_on_the_order_in_which_they_are_asked(symbol: str, days: list[date]) -> None:
    forwards, backwards = named(symbol), named(symbol)
    there = [forwards.history.day(day) for day in days]
    back = [backwards.history.day(day) for day in reversed(days)]
    assert there == back[::-1]


def test_the_catalogue_price_is_the_close_before_the_default_start() -> None:
    for symbol in ("CRM", "NVDA", "KR"):
        name = named(symbol)
        assert name.history.close_before(SEASON_START) == name.profile.price


def test_another_seed_is_another_market() -> None:
    assert named("CRM", 7).history.day(SEASON_START) != named("CRM", 8).history.day(SEASON_START)


def test_history_holds_the_reactions_by_the_rules_of_the_calendar() -> None:
    """Before the open: the day itself against the close before; after the close: the next session against the day."""
    surprises = 0
    for symbol in ("CRM", "SNOW", "BBY", "DELL", "ULTA", "SJM"):
        name = named(symbol)
        for report in name.profile.reports.near(date(2026, 6, 1), 4, 4):
            base = report.day if report.timing is Timing.AMC else previous_session(report.day)
            reaction = next_session(base)
            assert report.reaction_day == reaction
            before, after = name.history.day(base), name.history.day(reaction)
            ambient = name.profile.ambient * 2.0 / 252**0.5
            assert abs(log(after.close / before.close) - report.jump) < 4.5 * ambient
            if report.timing is not Timing.DMH:
                assert abs(log(after.open / before.close) - report.jump) < 3.5 * ambient
            surprises += abs(report.jump) > ambient
    assert surprises > 12


def test_a_report_during_hours_moves_the_price_at_its_hour() -> None:
    name = named("SJM")
    report = next(report for report in name.profile.reports.near(date(2026, 12, 1), 8, 8) if abs(report.jump) > 0.03)
    assert report.timing is Timing.DMH
    path, second = name.path(report.day), 3 * 3600
    before, after = path.price(second - 1), path.price(second)
    assert log(after / before) == pytest.approx(report.jump, abs=0.02)
    assert (after - before) * report.jump > 0


def test_past_reactions_are_as_large_as_their_truth() -> None:
    ratios = [
        sum(abs(report.jump) for report in name.profile.reports.near(date(2026, 1, 1), 20, 20))
        / 41
        / name.profile.event_sd
        for name in Market(7).names()
    ]
    assert sum(ratios) / len(ratios) == pytest.approx(0.735, abs=0.04)  # mean of |t5| over its standard deviation


def test_priced_moves_are_richer_than_true_ones_except_for_the_trap() -> None:
    names = Market(7).names()
    usual = [name.profile.richness for name in names if name.equity.archetype != "trap"]
    assert 1.08 < sum(usual) / len(usual) < 1.22
    assert named("ULTA").profile.richness == 0.8


def trap_sizes(seed: int, quarters: range) -> list[float]:
    """Sizes of the trap's reactions, in true deviations."""
    profile = named("ULTA", seed).profile
    jumps = (profile.reports.quarter(number).jump / profile.event_sd for number in quarters)
    return [jump / 0.97 if jump > 0.0 else -jump / 1.03 for jump in jumps]


FOURTHS = [student_five_size(share) for share in (0.25, 0.5, 0.75)]


@given(seed=st.integers(0, 2**31), year=st.integers(-8, 8))
@settings(max_examples=60, deadline=None)
def test_every_year_of_the_trap_holds_one_reaction_of_each_fourth_of_the_law(seed: int, year: int) -> None:
    sizes = trap_sizes(seed, range(4 * year, 4 * year + 4))
    assert sorted(bisect(FOURTHS, size) for size in sizes) == [0, 1, 2, 3]
    backwards = trap_sizes(seed, range(4 * year + 3, 4 * year - 1, -1))
    assert backwards[::-1] == sizes


def test_over_all_worlds_a_reaction_of_the_trap_follows_the_law_of_any_other() -> None:
    sizes = sorted(size for seed in range(500) for size in trap_sizes(seed, range(-3, 1)))
    count = len(sizes)
    assert sum(sizes) / count == pytest.approx(0.735, abs=0.01)
    assert sum(size * size for size in sizes) / count == pytest.approx(1.0, abs=0.06)
    # Each quarter by itself, not only a year as a whole.
    coming = sorted(trap_sizes(seed, range(1))[0] for seed in range(1000))
    for share in (0.1, 0.25, 0.5, 0.75, 0.9):
        assert bisect(coming, student_five_size(share)) / 1000 == pytest.approx(share, abs=0.04)


def test_whatever_the_seed_the_trap_has_a_past_that_denies_its_premium() -> None:
    """What options ask for, at most, over the mean of the last twelve: the ratio that a scan holds against a bound."""
    for seed in range(40):
        name = named("ULTA", seed)
        asked = expected_absolute_move(name.profile.priced_event_sd(0.0))
        moves = []
        assert name.past_reports_listed() == 12
        for number in range(-12, 0):
            report = name.profile.reports.quarter(number)
            before, after = (name.history.day(day).close for day in (report.day, report.reaction_day))
            assert log(after / before) == pytest.approx(report.jump, abs=2e-4), "no ordinary day is added to it"
            moves.append(abs(after / before - 1.0))
        assert asked / (sum(moves) / 12) < 1.05


def test_the_season_is_busy_and_mixed() -> None:
    coming = [
        report
        for name in Market(7).names()
        for report in name.profile.reports.near(SEASON_START, 1, 1)
        if SEASON_START <= report.day <= SEASON_START + timedelta(days=14)
    ]
    timings = [report.timing for report in coming]
    assert 38 <= len(coming) <= 52
    assert all(is_session(report.day) for report in coming)
    assert 0.3 < timings.count(Timing.BMO) / len(timings) < 0.45
    assert timings.count(Timing.DMH) == 1
    for months in range(1, 9):  # a jump in time finds reports too
        day = SEASON_START + timedelta(days=30 * months)
        assert any(
            day <= report.day <= day + timedelta(days=14)
            for name in Market(7).names()
            for report in name.profile.reports.near(day, 1, 1)
        )


def test_the_bar_of_an_open_session_is_what_the_path_has_done() -> None:
    name = named("CRM")
    moment = moment_at(SEASON_START, 4000)
    bar = name.bars(date(2026, 11, 1), SEASON_START, moment)[-1]
    assert (bar.day, bar.close, bar.open) == (SEASON_START, name.spot(moment), name.history.day(SEASON_START).open)
    assert name.bars(SEASON_START, SEASON_START, closing_moment(SEASON_START)) == [name.history.day(SEASON_START)]
    assert name.spot(closing_moment(SEASON_START)) == name.path(SEASON_START).price(session_seconds(SEASON_START))
    assert exp(log(bar.close)) == pytest.approx(bar.close)
