"""A run's equity over time: its deepest fall, and how steady its days were. Analytics, so everything is a float."""

from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

DAY_MS = 86_400_000
DAYS_A_YEAR = 365
"""Days of trading; an exchange of coins has no holidays."""


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall from a peak of the equity.

    Attributes:
        depth: share of the peak, 0 where it never fell.
        peak_ms, trough_ms: when it began and when it was deepest, milliseconds since 1970 UTC.
    """

    depth: float
    peak_ms: int
    trough_ms: int


class _Results(NamedTuple):
    """Number, mean and sum of squared deviations of daily results, one after the other (Welford)."""

    days: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def with_one(self, result: float) -> "_Results":
        days, deviation = self.days + 1, result - self.mean
        mean = self.mean + deviation / days
        return _Results(days, mean, self.squares + deviation * (result - mean))


class EquityCurve:
    """Takes the equity at every close, as time rises, and keeps only what the figures need."""

    def __init__(self, stake: float, start_ms: int) -> None:
        """The equity at the start, which is the stake."""
        self._stake = stake
        self._peak, self._peak_ms = stake, start_ms
        self._deepest = Drawdown(0.0, start_ms, start_ms)
        self._day = start_ms // DAY_MS
        self._first_whole = -(-start_ms // DAY_MS)
        self._last_ms = start_ms - 1
        self._last = self._before_day = stake
        self._results = _Results()

    @property
    def drawdown(self) -> Drawdown:
        """The deepest fall so far, as seen at the closes."""
        return self._deepest

    @property
    def days(self) -> int:
        """UTC days so far, whole ones only: a result of a few minutes is not that of a day."""
        return self._with_today().days

    @property
    def sharpe(self) -> float | None:
        """Mean over standard deviation (of a sample) of the results of whole days on the stake, times the root of 365.

        No interest is taken off. None for less than two days, or where all were alike.
        """
        days, mean, squares = self._with_today()
        if days < 2 or squares <= 0.0:
            return None
        return mean / sqrt(squares / (days - 1)) * sqrt(DAYS_A_YEAR)

    def add(self, close_ms: int, equity: float) -> None:
        """Take the equity at a close."""
        day = close_ms // DAY_MS
        while self._day < day:
            self._last_ms = (self._day + 1) * DAY_MS - 1
            self._results, self._before_day = self._with_today(), self._last
            self._day += 1
        self._last, self._last_ms = equity, close_ms
        if equity > self._peak:
            self._peak, self._peak_ms = equity, close_ms
        elif (depth := (self._peak - equity) / self._peak) > self._deepest.depth:
            self._deepest = Drawdown(depth, self._peak_ms, close_ms)

    def _with_today(self) -> _Results:
        """The daily results with the present day, where it is whole."""
        if self._day < self._first_whole or (self._last_ms + 1) % DAY_MS:
            return self._results
        return self._results.with_one((self._last - self._before_day) / self._stake)
