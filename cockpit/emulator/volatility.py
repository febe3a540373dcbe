"""What options of a name price in: ambient variance by sessions, and every report before the expiry."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import exp, expm1, sqrt

from cockpit.emulator.profile import Profile
from cockpit.emulator.reports import Report
from cockpit.emulator.sessions import Moment, session_number, sessions_left
from cockpit.options.calendar import closes_at

_SESSIONS_A_YEAR = 252.0
_REVERSION_YEARS = 0.25
_SHOCK_SESSIONS = 12.0
_OPENING_SETTLED = 0.70
"""Share of the way from the old to the new volatility that the open after a report brings at once."""
_SETTLED_AFTER = 45 * 60
_WIDE_FOR = 15 * 60
_WIDENING = 3.0
_SHORTEST_SESSIONS = 0.002
"""Sessions of variance that even an expiring option keeps: under a minute's worth."""


@dataclass(frozen=True, slots=True)
class Term:
    """One expiry's variance at one moment.

    Attributes:
        deviation: standard deviation of the log price up to the expiry, at the money.
        event_share: share of its variance that reports bring; the smile is flatter the more they do.
    """

    deviation: float
    event_share: float


class Volatility:
    """The variance model of one name."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self.term = lru_cache(maxsize=256)(self._term)

    def ambient(self, moment: Moment) -> float:
        """Ambient volatility now: slow waves around the usual one, and what the last report left behind.

        A fall of the price raises it and a rise lowers it, by ``1 - 0.6 m / (1 + |m|)`` for a move ``m``, and that
        wears off over some weeks.
        """
        profile = self._profile
        last = profile.reports.latest(moment.instant)
        move = expm1(last.jump)
        sessions = session_number(moment.day) - session_number(last.reaction_day)
        shock = -0.6 * move / (1.0 + abs(move)) * exp(-sessions / _SHOCK_SESSIONS)
        return profile.ambient * profile.mood(moment.day.toordinal()) * (1.0 + shock)

    def _term(self, expiry: date, moment: Moment) -> Term:
        profile = self._profile
        years = max(sessions_left(moment, expiry), _SHORTEST_SESSIONS) / _SESSIONS_A_YEAR
        now = self.ambient(moment)
        level = profile.ambient + (now - profile.ambient) * exp(-years / _REVERSION_YEARS)
        events = self._events(expiry, moment)
        variance = level * level * years + events
        settled = self._settled(moment)
        deviation = sqrt(variance)
        if settled < 1.0:
            gone = profile.priced_event_sd(0.0) ** 2
            deviation += (1.0 - settled) * (sqrt(variance + gone) - deviation)
            events += (1.0 - settled) * gone
        return Term(deviation, min(1.0, events / (deviation * deviation)))

    def _events(self, expiry: date, moment: Moment) -> float:
        """Sum of the priced variances of the reports that move the price before the expiry stops trading."""
        profile, end = self._profile, closes_at(expiry)
        return sum(
            profile.priced_event_sd(self.sessions_until(report, moment)) ** 2
            for report in profile.reports.until(moment.instant, expiry)
            if report.moves_at <= end
        )

    def _settled(self, moment: Moment) -> float:
        """1, or less within 45 minutes of a report's move: then options still price part of what has happened."""
        since = self._since_move(moment)
        if since >= _SETTLED_AFTER:
            return 1.0
        return _OPENING_SETTLED + (1.0 - _OPENING_SETTLED) * since / _SETTLED_AFTER

    def sessions_until(self, report: Report, moment: Moment) -> float:
        """Sessions from a moment to the open that brings a report's move; fractions of the current one count."""
        return session_number(report.reaction_day) - session_number(moment.day) - moment.second / moment.length

    def widening(self, moment: Moment) -> float:
        """Multiplier of half spreads: 3 when a report has just moved the price, 1 from fifteen minutes later on."""
        return 1.0 + (_WIDENING - 1.0) * max(0.0, 1.0 - self._since_move(moment) / _WIDE_FOR)

    def _since_move(self, moment: Moment) -> float:
        """Seconds since the last report moved the price; session seconds matter, a closed night does not."""
        return (moment.instant - self._profile.reports.latest(moment.instant).moves_at).total_seconds()
