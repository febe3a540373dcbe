"""Clocks, and the exchange's sessions on them."""

import time
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cockpit.clock import Anchor, SimulatedClock, SystemClock, session_now
from cockpit.options import calendar
from cockpit.options.calendar import NEW_YORK, Phase

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=NEW_YORK)


def test_a_simulated_clock_runs_at_its_speed() -> None:
    anchor = Anchor(mono=100.0, instant=NOON, speed=60.0)
    assert anchor.at(101.5) == NOON + timedelta(seconds=90)


def test_a_clock_of_speed_zero_stands_still() -> None:
    clock = SimulatedClock(Anchor(time.monotonic() - 1000, NOON, 0.0))
    assert clock.now() == NOON
    assert session_now(clock).phase is Phase.OPEN


def test_the_system_clock_is_aware() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_the_day_after_thanksgiving_closes_at_one() -> None:
    state = calendar.session_state(datetime(2026, 11, 27, 12, 59, tzinfo=NEW_YORK))
    assert (state.phase, state.changes_at) == (Phase.OPEN, datetime(2026, 11, 27, 18, 0, tzinfo=UTC))
    assert calendar.session_state(datetime(2026, 11, 27, 13, 0, tzinfo=NEW_YORK)).phase is Phase.POST


def test_a_holiday_is_closed_until_the_next_sessions_premarket() -> None:
    state = calendar.session_state(datetime(2026, 11, 26, 11, 0, tzinfo=NEW_YORK))
    assert state == calendar.SessionState(Phase.CLOSED, date(2026, 11, 27), datetime(2026, 11, 27, 9, 0, tzinfo=UTC))


def test_new_years_day_on_a_saturday_closes_nothing() -> None:
    assert calendar.is_session(date(2021, 12, 31))
    assert calendar.is_session(date(2010, 12, 31))


@given(st.integers(0, 17 * 365 * 86_400))
def test_every_instant_has_a_phase_that_ends_later(seconds: int) -> None:
    instant = datetime(2019, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    state = calendar.session_state(instant)
    assert state.changes_at > instant
    assert calendar.session_state(state.changes_at).phase is not state.phase
    assert calendar.is_session(state.day)


@given(st.dates(date(2005, 1, 1), date(2035, 1, 1)))
def test_sessions_step_back_and_forth(day: date) -> None:
    following = calendar.next_session(day)
    assert calendar.previous_session(following) == calendar.session_on_or_before(day)
    assert calendar.sessions_between(day, following) == 1
