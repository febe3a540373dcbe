"""The path of one session that agrees with its daily bar: from open to close by way of high and low.

On a grid of minutes it is a chain of Brownian bridges between those pins, folded back at high and low; within a minute
it stays between the minute's ends, so that high and low so far follow from the grid alone.
"""

from collections.abc import Iterator
from itertools import accumulate, islice, pairwise
from math import exp, pi, sin, sqrt
from random import Random

from cockpit.emulator.history import Day, Nature
from cockpit.emulator.noise import mix, uniform
from cockpit.emulator.reports import MIDDAY_RELEASE, Report
from cockpit.emulator.rng import draws
from cockpit.emulator.sessions import session_seconds
from cockpit.options.calendar import OPEN
from cockpit.scan.earnings import Timing

_MINUTE = 60


class Path:
    """The price of one name at every second of one session. It is drawn as far as it has been asked for."""

    def __init__(self, seed: int, symbol: str, salt: int, bar: Day, nature: Nature) -> None:
        self._bar = bar
        self._salt = salt
        self._seconds = session_seconds(bar.day)
        self._jump_minute = _jump_minute(nature.report)
        rng = draws(seed, symbol, bar.day, "path")
        pins = _pins(bar, nature.report, self._seconds // _MINUTE, self._jump_minute, rng)
        self._coming = _bridges(pins, bar, nature.diffusion, rng)
        self._grid: list[float] = []
        self._highs: list[float] = []
        self._lows: list[float] = []

    def price(self, second: int) -> float:
        """Dollars at a second after the open; the close at the last one."""
        minute, within = divmod(second, _MINUTE)
        self._reach(minute + 1)
        start = self._grid[minute]
        if within == 0 or minute + 1 == self._jump_minute:
            return start
        end = self._grid[minute + 1]
        lower, upper = (start, end) if start < end else (end, start)
        swing = 0.7 * (uniform(mix(self._salt, self._bar.day.toordinal(), second)) - 0.5) * (upper - lower)
        return round(min(upper, max(lower, start + (end - start) * within / _MINUTE + swing)), 2)

    def high(self, second: int) -> float:
        """The highest price up to a second."""
        price = self.price(second)
        return max(self._highs[second // _MINUTE], price)

    def low(self, second: int) -> float:
        """The lowest price up to a second."""
        price = self.price(second)
        return min(self._lows[second // _MINUTE], price)

    def volume(self, second: int) -> int:
        """Shares up to a second: busy at both ends of the session."""
        return int(self._bar.volume * day_share(second / self._seconds))

    def _reach(self, minute: int) -> None:
        """Draw the grid up to a minute, or to the close where that comes first."""
        missing = minute + 1 - len(self._grid)
        if missing > 0:
            drawn = list(islice(self._coming, missing))
            for grid, extreme in ((self._highs, max), (self._lows, min)):
                grid += accumulate(drawn if not grid else (grid.pop(), *drawn), extreme)
            self._grid += drawn


def day_share(elapsed: float) -> float:
    """Share of a day's volume that is done after a share of its session."""
    return min(1.0, elapsed + 0.12 * sin(2.0 * pi * elapsed))


def _jump_minute(report: Report | None) -> int:
    """Minute of the session at whose start the price jumps; 0 where it does not."""
    if report is None or report.timing is not Timing.DMH:
        return 0
    return (MIDDAY_RELEASE.hour - OPEN.hour) * 60 + MIDDAY_RELEASE.minute - OPEN.minute


def _pins(bar: Day, report: Report | None, minutes: int, jump: int, rng: Random) -> dict[int, float]:
    """Minutes at which the price is known: both ends, high and low, and either side of a jump during hours."""
    pins = {0: bar.open, minutes: bar.close}
    upwards = report is not None and report.jump > 0.0
    if jump and report is not None:
        pins[jump - 1] = bar.open
        pins[jump] = min(bar.high, max(bar.low, bar.open * exp(report.jump)))
    for price, after_jump in ((bar.high, upwards), (bar.low, not upwards)):
        if price not in (bar.open, bar.close):
            first, last = (1, minutes) if not jump else (jump + 1, minutes) if after_jump else (1, jump - 1)
            minute = rng.randrange(first, last)
            while minute in pins:
                minute = rng.randrange(first, last)
            pins[minute] = price
    return pins


def _bridges(pins: dict[int, float], bar: Day, diffusion: float, rng: Random) -> Iterator[float]:
    """Prices at every minute, rounded to cents."""
    minutes = sorted(pins)
    step = bar.open * diffusion / sqrt(minutes[-1])
    gauss, low, high = rng.gauss, bar.low, bar.high
    yield bar.open
    for start, end in pairwise(minutes):
        price, target = pins[start], pins[end]
        for left in range(end - start, 1, -1):
            price += (target - price) / left + step * sqrt((left - 1) / left) * gauss(0.0, 1.0)
            price = _fold(price, low, high)
            yield round(price, 2)
        yield round(target, 2)


def _fold(price: float, low: float, high: float) -> float:
    """A price reflected at both ends of the day's range."""
    if price > high:
        price = 2.0 * high - price
        return price if price >= low else low
    if price < low:
        price = 2.0 * low - price
        return price if price <= high else high
    return price
