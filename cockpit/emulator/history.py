"""Daily bars of one name for any year, past or to come, with the reactions to its reports in them.

A year is one block of draws, so any day can be asked for first. The close of the session before the default start is
the profile's price; the other years follow from it forwards and backwards.
"""

from bisect import bisect_left, bisect_right
from datetime import date
from functools import lru_cache
from math import cos, exp, log, sin, sqrt, tau
from typing import NamedTuple

from msgspec import Struct

from cockpit.emulator.profile import Profile
from cockpit.emulator.reports import SEASON_START, Report
from cockpit.emulator.rng import draws
from cockpit.emulator.sessions import year_sessions
from cockpit.options.calendar import previous_session
from cockpit.scan.earnings import Timing

_OVERNIGHT_SHARE = 0.25
"""Share of a day's variance that comes between the close and the next open."""
_REALISED = 0.95
"""Realised ambient volatility over the one that options price."""
_YEAR_PULL = 0.6
"""Share of a year's ambient drift that is taken back, so that prices stay near their names' usual ones."""
_GROWTH = 0.05
_MOOD_SESSIONS = 5
_REACTION_CROWD = 2.6


class Day(Struct, frozen=True, gc=False, rename={"day": "date"}):
    """One session of one name, complete, as a vendor's history writes it. Prices in dollars, rounded to cents."""

    day: date
    open: float
    high: float
    low: float
    close: float
    volume: int


class Nature(NamedTuple):
    """What is behind a session's bar.

    Attributes:
        diffusion: standard deviation of the path within the session, as a fraction.
        report: the report that the session reacts to, None on most days.
    """

    diffusion: float
    report: Report | None


class Year(NamedTuple):
    """The sessions of a calendar year: their bars, and what is behind each."""

    bars: list[Day]
    diffusions: list[float]
    reports: list[Report | None]


class History:
    """The daily bars of one name under one seed."""

    def __init__(self, seed: int, profile: Profile) -> None:
        self._seed = seed
        self._profile = profile
        self.year = lru_cache(maxsize=32)(self._bars)
        self._returns = lru_cache(maxsize=2)(self._draw)
        self._year_return = lru_cache(maxsize=64)(self._total)
        self._level = lru_cache(maxsize=64)(self._year_start)

    def day(self, day: date) -> Day:
        """The bar of a session day."""
        return self.year(day.year).bars[_position(year_sessions(day.year), day)]

    def nature(self, day: date) -> Nature:
        """What is behind the bar of a session day."""
        year, place = self.year(day.year), _position(year_sessions(day.year), day)
        return Nature(year.diffusions[place], year.reports[place])

    def between(self, start: date, end: date) -> list[Day]:
        """Bars from ``start`` to ``end`` inclusive, rising."""
        for year in range(end.year, start.year - 1, -1):
            self.year(year)  # newest first: each year's level follows from the next one's, whose draws are then at hand
        bars: list[Day] = []
        for year in range(start.year, end.year + 1):
            sessions = year_sessions(year)
            bars += self.year(year).bars[bisect_left(sessions, start) : bisect_right(sessions, end)]
        return bars

    def close_before(self, day: date) -> float:
        """The close of the session before a day."""
        return self.day(previous_session(day)).close

    def _year_start(self, year: int) -> float:
        """Logarithm of the last close before a year."""
        anchor = previous_session(SEASON_START)
        if year == anchor.year:
            sessions = year_sessions(year)
            returns = self._returns(year)
            return log(self._profile.price) - sum(
                overnight + intraday for overnight, intraday, _, _ in returns[: _position(sessions, anchor) + 1]
            )
        if year > anchor.year:
            return self._level(year - 1) + self._year_return(year - 1)
        return self._level(year + 1) - self._year_return(year)

    def _total(self, year: int) -> float:
        return sum(overnight + intraday for overnight, intraday, _, _ in self._returns(year))

    def _draw(self, year: int) -> list[tuple[float, float, float, Report | None]]:
        """Overnight and intraday log return, diffusion within the day, and the report it reacts to, by session."""
        profile, sessions = self._profile, year_sessions(year)
        random = draws(self._seed, profile.equity.symbol, year, "returns").random
        daily = profile.ambient * _REALISED / sqrt(252.0)
        overnight_share, intraday_share = sqrt(_OVERNIGHT_SHARE), sqrt(1.0 - _OVERNIGHT_SHARE)
        rows = []
        sd = daily
        for number, day in enumerate(sessions):
            if number % _MOOD_SESSIONS == 0:
                sd = daily * profile.mood(day.toordinal())
            # A pair of normals by Box and Muller, as two calls of gauss() would draw it, in a third of their time.
            angle, radius = tau * random(), sqrt(-2.0 * log(1.0 - random()))
            rows.append((cos(angle) * radius * sd * overnight_share, sin(angle) * radius * sd * intraday_share, sd))
        drift = (_GROWTH - _YEAR_PULL * sum(overnight + intraday for overnight, intraday, _ in rows)) / len(rows)
        returns: list[tuple[float, float, float, Report | None]] = [
            (overnight, intraday + drift, sd * intraday_share, None) for overnight, intraday, sd in rows
        ]
        for report in profile.reports.near(date(year, 7, 1), 3, 3):
            if report.reaction_day.year == year:
                place = _position(sessions, report.reaction_day)
                overnight, intraday, diffusion, _ = returns[place]
                if report.alone:
                    overnight = -intraday
                if report.timing is Timing.DMH:
                    intraday += report.jump
                else:
                    overnight += report.jump
                returns[place] = (overnight, intraday, diffusion, report)
        return returns

    def _bars(self, year: int) -> Year:
        random = draws(self._seed, self._profile.equity.symbol, year, "bars").random
        average = self._profile.average_volume
        price = exp(self._level(year))
        returns = self._returns(year)
        bars = []
        for day, (overnight, intraday, diffusion, report) in zip(year_sessions(year), returns, strict=True):
            start = price * exp(overnight)
            price = start * exp(intraday)
            # Extremes of a Brownian bridge from 0 to the day's move, each from its own (reflection) law.
            squared, spread = intraday * intraday, -2.0 * diffusion * diffusion
            high = start * exp((intraday + sqrt(squared + spread * log(1.0 - random()))) / 2.0)
            low = start * exp((intraday - sqrt(squared + spread * log(1.0 - random()))) / 2.0)
            volume = average * (0.55 + 0.5 * random() / (0.35 + random()))
            if report is not None:
                volume *= _REACTION_CROWD
            # (cents + 0.5) // 1.0 is round(), four times as fast: years of every name are drawn when a scan begins.
            bars.append(
                Day(
                    day,
                    (start * 100.0 + 0.5) // 1.0 / 100.0,
                    (high * 100.0 + 0.5) // 1.0 / 100.0,
                    (low * 100.0 + 0.5) // 1.0 / 100.0,
                    (price * 100.0 + 0.5) // 1.0 / 100.0,
                    int(volume),
                )
            )
        return Year(bars, [row[2] for row in returns], [row[3] for row in returns])


def _position(sessions: tuple[date, ...], day: date) -> int:
    return bisect_left(sessions, day)
