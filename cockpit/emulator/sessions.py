"""Sessions of the exchange by number, and the moments at which the embedded market shows a new quote."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from cockpit.options.calendar import (
    closes_at,
    is_session,
    opens_at,
    previous_session,
)

QUOTE_SECONDS = 5
"""Market seconds between two quotes of a name."""
YEAR_SECONDS = 365.0 * 86400.0
_EPOCH_YEAR = 2020


@dataclass(frozen=True, slots=True)
class Moment:
    """A point within a session, both ends included.

    Attributes:
        second: since the open.
        length: of the session, seconds.
        instant: the same point, UTC.
    """

    day: date
    second: int
    length: int
    instant: datetime

    @property
    def closed(self) -> bool:
        """True at the closing bell."""
        return self.second == self.length


@lru_cache(maxsize=128)
def year_sessions(year: int) -> tuple[date, ...]:
    """The sessions of a calendar year."""
    first = date(year, 1, 1)
    return tuple(
        day for day in (first + timedelta(days=offset) for offset in range(366)) if day.year == year and is_session(day)
    )


@lru_cache(maxsize=128)
def _sessions_before(year: int) -> int:
    if year == _EPOCH_YEAR:
        return 0
    if year > _EPOCH_YEAR:
        return _sessions_before(year - 1) + len(year_sessions(year - 1))
    return _sessions_before(year + 1) - len(year_sessions(year))


@lru_cache(maxsize=4096)
def session_number(day: date) -> int:
    """How many sessions there are up to this day, itself included, from a fixed one on."""
    return _sessions_before(day.year) + bisect_right(year_sessions(day.year), day)


@lru_cache(maxsize=256)
def session_seconds(day: date) -> int:
    """Length of a session."""
    return int((closes_at(day) - opens_at(day)).total_seconds())


def moment_at(day: date, second: int) -> Moment:
    """The moment so many seconds after a session's open."""
    return Moment(day, second, session_seconds(day), opens_at(day) + timedelta(seconds=second))


def closing_moment(day: date) -> Moment:
    """The closing bell of a session."""
    return moment_at(day, session_seconds(day))


def quote_moment(now: datetime, offset: int = 0) -> Moment:
    """The moment of the latest quote: within the session every five seconds, else the last closing bell.

    Args:
        now: any zone.
        offset: 0 to 4 seconds by which this name's quotes lag the round five, so that not all change at once.
    """
    now = now.astimezone(UTC)
    # The New York and the UTC date of a session are the same: it runs from 13:30 or 14:30 to 20:00 or 21:00 UTC.
    day = now.date()
    if is_session(day):
        opening = opens_at(day)
        if now >= opening:
            length = session_seconds(day)
            elapsed = int((now - opening).total_seconds())
            if elapsed >= length:
                return closing_moment(day)
            second = max(0, (elapsed - offset) // QUOTE_SECONDS * QUOTE_SECONDS + offset)
            return Moment(day, min(second, elapsed), length, opening + timedelta(seconds=min(second, elapsed)))
    return closing_moment(previous_session(day))


def sessions_left(moment: Moment, day: date) -> float:
    """Sessions from a moment to the close of ``day``, the rest of the current one as a fraction; at least 0."""
    whole = session_number(day) - session_number(moment.day)
    return max(0.0, whole + 1.0 - moment.second / moment.length)


def years_left(moment: Moment, day: date) -> float:
    """Calendar years (365 days) from a moment to the close of ``day``, at least a minute."""
    return max(60.0, (closes_at(day) - moment.instant).total_seconds()) / YEAR_SECONDS
