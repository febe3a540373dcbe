"""When every name reports, before and after any start, and what each report does to its price."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from math import atan, pi, sqrt
from random import Random

from cockpit.emulator.rng import draws
from cockpit.emulator.universe import EXPIRY_FRIDAY, HOLIDAY_EXPIRY, Equity
from cockpit.options.calendar import NEW_YORK, next_session, opens_at, session_on_or_after
from cockpit.scan.earnings import Timing

SEASON_START = date(2026, 11, 24)
"""The day of the default start; the busy fourteen days of the cycle begin here."""
CYCLE_DAYS = 91
MIDDAY_RELEASE = time(12, 30)

_RELEASE = {Timing.BMO: time(7, 0), Timing.AMC: time(16, 15), Timing.DMH: MIDDAY_RELEASE}
_SEASON = {"B": Timing.BMO, "A": Timing.AMC, "D": Timing.DMH}
_FIXED = {EXPIRY_FRIDAY: date(2026, 12, 4), HOLIDAY_EXPIRY: date(2026, 12, 22)}
# Days after the season's start on which its reports fall, one entry per share of them: few around Thanksgiving.
_BEFORE_OPEN_DAYS = (1, 1, 1, 3, 6, 7, 7, 8, 8, 8, 9, 9, 9, 10, 13, 14)
_OTHER_DAYS = (0, 0, 0, 1, 1, 1, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 10, 13, 14)
_RUN = 4
"""Quarters of which the trap's reactions show the whole law of their sizes: a year, one from each fourth of it."""
_UNIT = sqrt(5.0 / 3.0)
"""Standard deviation of a Student variate of five degrees of freedom."""
_CUT = 6.0


@dataclass(frozen=True, slots=True)
class Report:
    """One quarterly report.

    Attributes:
        day: its day in New York.
        quarter: number of the quarter, 0 in the default season.
        released_at: when the figures come out, UTC.
        reaction_day: first session that knows them.
        moves_at: the instant at which the price jumps, UTC: the open, or the release during hours.
        jump: the jump, a log return.
        alone: the session ends where the jump has put the price: no ordinary day is added to it.
    """

    symbol: str
    day: date
    timing: Timing
    quarter: int
    released_at: datetime
    reaction_day: date
    moves_at: datetime
    jump: float
    alone: bool = False


class ReportPlan:
    """The reports of one name, by quarter. Every 91 days, a little moved, never on a closed day.

    Sizes are drawn one by one, so that a dozen of them may tell anything of the law that they come from. Those of the
    trap are drawn by strata and stand alone in their sessions: under every seed its past shows what its options do
    not ask for.
    """

    def __init__(self, seed: int, equity: Equity, event_sd: float) -> None:
        """Plan for a name.

        Args:
            seed: of the market.
            equity: the name.
            event_sd: true standard deviation of a report's move.
        """
        rng = draws(seed, equity.symbol, "reports")
        self._seed = seed
        self._symbol = equity.symbol
        self._event_sd = event_sd
        trap = equity.archetype == "trap"
        self._strata = tuple(draws(seed, equity.symbol, "strata").sample(range(_RUN), _RUN)) if trap else ()
        self.timing = _SEASON[equity.season] if equity.season else _drawn_timing(rng.random())
        if equity.symbol in _FIXED:
            self.timing = Timing.AMC
            self._first = _FIXED[equity.symbol]
        elif equity.season:
            days = _BEFORE_OPEN_DAYS if self.timing is Timing.BMO else _OTHER_DAYS
            self._first = SEASON_START + timedelta(days=rng.choice(days))
        else:
            # Tuesday to Thursday for most, in the eleven weeks that the season leaves.
            week, weekday = rng.randrange(2, 13), rng.choice((0, 1, 1, 2, 2, 3, 3))
            self._first = SEASON_START + timedelta(days=7 * week + weekday - 1)
        self.quarter = lru_cache(maxsize=128)(self._quarter)

    def near(self, day: date, before: int = 2, after: int = 3) -> list[Report]:
        """Reports around a day, rising: so many quarters before and after the nearest one."""
        middle = round((day - self._first).days / CYCLE_DAYS)
        return [self.quarter(number) for number in range(middle - before, middle + after + 1)]

    def until(self, instant: datetime, last_day: date) -> list[Report]:
        """Reports that move the price after an instant, with their day not after ``last_day``."""
        quarters = (last_day - instant.date()).days // CYCLE_DAYS + 2
        return [
            report
            for report in self.near(instant.date(), 1, quarters)
            if report.moves_at > instant and report.day <= last_day
        ]

    def latest(self, instant: datetime) -> Report:
        """The last report whose jump has happened at an instant."""
        return [report for report in self.near(instant.date(), 3, 1) if report.moves_at <= instant][-1]

    def released(self, instant: datetime, count: int) -> list[Report]:
        """The last ``count`` reports whose figures are out at an instant, newest first."""
        known = [report for report in self.near(instant.date(), count + 1, 1) if report.released_at <= instant]
        return known[::-1][:count]

    def _quarter(self, number: int) -> Report:
        rng = draws(self._seed, self._symbol, "report", number)
        moved = rng.choice((-1, 0, 0, 0, 1)) if number else 0
        day = self._first + timedelta(days=CYCLE_DAYS * number + moved)
        day = session_on_or_after(day)
        released = datetime.combine(day, _RELEASE[self.timing], NEW_YORK).astimezone(UTC)
        reaction = next_session(day) if self.timing is Timing.AMC else day
        moves = released if self.timing is Timing.DMH else opens_at(reaction)
        size = (self._by_strata(number) if self._strata else _student_five(rng)) * self._event_sd
        jump = size * 0.97 if rng.random() < 0.48 else -size * 1.03
        return Report(self._symbol, day, self.timing, number, released, reaction, moves, jump, bool(self._strata))

    def _by_strata(self, number: int) -> float:
        """A size of the same law from the fourth of it that is the quarter's own.

        The largest of a run lies high in its fourth where the others lie low in theirs, and the other way round: what
        the tail adds to a run's mean the rest takes away.
        """
        run, place = divmod(number, _RUN)
        share, stratum = draws(self._seed, self._symbol, "run", run).random(), self._strata[place]
        return student_five_size((stratum + (share if stratum == _RUN - 1 else 1.0 - share)) / _RUN)


def student_five_size(share: float) -> float:
    """The size that this share of all is under: of a Student variate of five degrees, of unit variance, cut at six."""
    low, high = 0.0, _CUT * _UNIT
    while high - low > 1e-12:
        middle = 0.5 * (low + high)
        # P(|T| < t) in closed form.
        sine, cosine = middle / sqrt(5.0 + middle * middle), sqrt(5.0 / (5.0 + middle * middle))
        within = 2.0 / pi * (atan(middle / sqrt(5.0)) + sine * cosine * (1.0 + 2.0 / 3.0 * cosine * cosine))
        low, high = (middle, high) if within < share else (low, middle)
    return high / _UNIT


def _student_five(rng: Random) -> float:
    """Size of a Student variate of five degrees of freedom, scaled to unit variance and cut at six."""
    chi_squared = rng.gammavariate(2.5, 2.0)
    return min(_CUT, abs(rng.gauss(0.0, 1.0)) / sqrt(chi_squared / 5.0) / _UNIT)


def _drawn_timing(share: float) -> Timing:
    """39 % before the open, 59 % after the close, 2 % during hours."""
    return Timing.BMO if share < 0.39 else Timing.AMC if share < 0.98 else Timing.DMH
