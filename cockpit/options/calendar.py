"""The New York Stock Exchange's calendar by rule: closures, early closes, sessions and listed monthly expiries.

Rules: NYSE Rule 7.2 and its practice since 2001. A holiday on a Sunday is observed on Monday, one on a Saturday on
Friday, except New Year's Day on a Saturday, for which the exchange does not close.
"""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
OPEN = time(9, 30)
CLOSE = time(16, 0)
EARLY_CLOSE = time(13, 0)
PRE_MARKET_OPEN = time(4, 0)
POST_MARKET_CLOSE = time(20, 0)

_SPECIAL_CLOSURES = frozenset(
    {
        *(date(2001, 9, day) for day in (11, 12, 13, 14)),
        date(2004, 6, 11),
        date(2007, 1, 2),
        date(2012, 10, 29),
        date(2012, 10, 30),
        date(2018, 12, 5),
        date(2025, 1, 9),
    }
)


class Phase(StrEnum):
    """Where the exchange is in its day."""

    PRE = "pre"
    OPEN = "open"
    POST = "post"
    CLOSED = "closed"


class SessionState(NamedTuple):
    """The phase now, the session day it belongs to (the next one while closed), and when it changes (UTC)."""

    phase: Phase
    day: date
    changes_at: datetime


def is_session(day: date) -> bool:
    """True where the exchange opens on this day."""
    return day.weekday() < 5 and day not in _closures(day.year)


def is_early_close(day: date) -> bool:
    """True where the session ends at 13:00: the day after Thanksgiving, July 3rd and Christmas Eve on weekdays."""
    if not is_session(day):
        return False
    if day == _nth_weekday(day.year, 11, 3, 4) + timedelta(days=1):
        return True
    return (day.month, day.day) in {(7, 3), (12, 24)} and day.weekday() < 4


def close_time(day: date) -> time:
    """The official close of a session day, New York time."""
    return EARLY_CLOSE if is_early_close(day) else CLOSE


@lru_cache(maxsize=1024)
def opens_at(day: date) -> datetime:
    """The instant at which a session opens, UTC."""
    return datetime.combine(day, OPEN, NEW_YORK).astimezone(UTC)


@lru_cache(maxsize=1024)
def closes_at(day: date) -> datetime:
    """The instant at which a session closes, UTC: also when options expiring that day stop trading."""
    return datetime.combine(day, close_time(day), NEW_YORK).astimezone(UTC)


def next_session(day: date) -> date:
    """The first session day after this one."""
    return session_on_or_after(day + timedelta(days=1))


def previous_session(day: date) -> date:
    """The last session day before this one."""
    return session_on_or_before(day - timedelta(days=1))


def session_on_or_after(day: date) -> date:
    """This day if it is a session, else the next that is."""
    while not is_session(day):
        day += timedelta(days=1)
    return day


def session_on_or_before(day: date) -> date:
    """This day if it is a session, else the last that was."""
    while not is_session(day):
        day -= timedelta(days=1)
    return day


@lru_cache(maxsize=1024)
def sessions_between(start: date, end: date) -> int:
    """Number of session days in (start, end]; 0 where end is not after start. A scan asks for the same few again."""
    count = 0
    day = start
    while day < end:
        day += timedelta(days=1)
        count += is_session(day)
    return count


def third_friday(year: int, month: int) -> date:
    """The third Friday, whether a session or not."""
    return _nth_weekday(year, month, 4, 3)


def monthly_expiry(year: int, month: int) -> date:
    """The listed monthly expiry: the third Friday, or the last session before it where that is a holiday."""
    return session_on_or_before(third_friday(year, month))


def is_monthly_expiry(day: date) -> bool:
    """True where this day is its month's standard expiry."""
    return day == monthly_expiry(day.year, day.month)


def session_state(instant: datetime) -> SessionState:
    """The exchange's phase at an instant (any zone)."""
    local = instant.astimezone(NEW_YORK)
    day = local.date()
    if is_session(day):
        steps = (
            (Phase.CLOSED, PRE_MARKET_OPEN),
            (Phase.PRE, OPEN),
            (Phase.OPEN, close_time(day)),
            (Phase.POST, POST_MARKET_CLOSE),
        )
        for phase, until in steps:
            if local.time() < until:
                return SessionState(phase, day, datetime.combine(day, until, NEW_YORK).astimezone(UTC))
    following = next_session(day)
    return SessionState(Phase.CLOSED, following, datetime.combine(following, PRE_MARKET_OPEN, NEW_YORK).astimezone(UTC))


@lru_cache(maxsize=64)
def _closures(year: int) -> frozenset[date]:
    new_year = date(year, 1, 1)
    days = {
        _nth_weekday(year, 1, 0, 3),  # Martin Luther King Jr. Day
        _nth_weekday(year, 2, 0, 3),  # Presidents' Day
        _easter(year) - timedelta(days=2),  # Good Friday
        _last_monday_of_may(year),  # Memorial Day
        _observed(date(year, 7, 4)),
        _nth_weekday(year, 9, 0, 1),  # Labor Day
        _nth_weekday(year, 11, 3, 4),  # Thanksgiving
        _observed(date(year, 12, 25)),
    }
    if new_year.weekday() != 5:
        days.add(_observed(new_year))
    if year >= 2022:
        days.add(_observed(date(year, 6, 19)))  # Juneteenth
    return frozenset(days) | _SPECIAL_CLOSURES


def _observed(day: date) -> date:
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())


def _easter(year: int) -> date:
    """Gregorian Easter Sunday (Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
