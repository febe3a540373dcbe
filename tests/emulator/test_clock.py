from datetime import UTC, datetime

import pytest

from cockpit.emulator.clock import EmulatorClock
from cockpit.errors import UsageError


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_frozen_clock_stands_where_it_was_put() -> None:
    clock = EmulatorClock(at("2026-11-24T10:42:00-05:00"), 0.0)
    assert clock.now() == clock.now() == at("2026-11-24T10:42:00-05:00")
    assert clock.monotonic() <= clock.monotonic()


def test_running_clock_agrees_with_its_anchor() -> None:
    clock = EmulatorClock(at("2026-11-24T10:42:00-05:00"), 3600.0)
    before, now, after = clock.monotonic(), clock.now(), clock.monotonic()
    assert clock.anchor.at(before) <= now <= clock.anchor.at(after)


@pytest.mark.parametrize(
    ("now", "opening"),
    [
        ("2026-11-24T10:42:00-05:00", "2026-11-25T09:30:00-05:00"),
        ("2026-11-25T10:00:00-05:00", "2026-11-27T09:30:00-05:00"),  # over Thanksgiving
        ("2026-11-25T08:00:00-05:00", "2026-11-25T09:30:00-05:00"),
        ("2026-11-25T09:30:00-05:00", "2026-11-27T09:30:00-05:00"),
        ("2026-11-28T12:00:00-05:00", "2026-11-30T09:30:00-05:00"),
    ],
)
def test_next_session_is_the_next_opening_bell(now: str, opening: str) -> None:
    clock = EmulatorClock(at(now), 0.0)
    anchor = clock.to_next_session()
    assert clock.now() == anchor.instant == at(opening)


def test_clock_never_goes_back() -> None:
    clock = EmulatorClock(at("2026-11-24T10:42:00-05:00"), 0.0)
    with pytest.raises(UsageError, match="only moves forward"):
        clock.jump_to(at("2026-11-24T10:41:59-05:00"))


def test_a_time_without_a_zone_is_refused() -> None:
    naive = at("2026-11-24T10:42:00-05:00").replace(tzinfo=None)
    with pytest.raises(UsageError, match="time zone"):
        EmulatorClock(naive)
    with pytest.raises(UsageError, match="backwards"):
        EmulatorClock(at("2026-11-24T10:42:00-05:00"), -1.0)
