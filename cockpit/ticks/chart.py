"""A price chart's maths: bars into as many columns as there is room for, and axes that are labelled at round values."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import NamedTuple

from cockpit.ticks.bar_columns import BarColumns
from cockpit.ticks.bars import MINUTE_MS, floor_ms

_HOUR_MS = 60 * MINUTE_MS
_DAY_MS = 24 * _HOUR_MS

SPANS: Mapping[str, int] = MappingProxyType(
    {"1h": _HOUR_MS, "6h": 6 * _HOUR_MS, "24h": _DAY_MS, "7d": 7 * _DAY_MS, "30d": 30 * _DAY_MS}
)
"""Milliseconds that a chart can reach back, by name."""

_MANTISSAS = (1, 2, 5)
_SHARES_OF_STEP = 5
_FLAT = 0.001
_TIME_STEPS = (*(1, 2, 5, 10, 15, 30), *(60, 120, 180, 240, 360, 720), *(1440 * days for days in (1, 2, 5, 10, 30)))
"""Minutes between the marks of a time axis."""
_DAY_MINUTES = 1440
_QUARTER_MINUTES = 15


class Window(NamedTuple):
    """A stretch of time in columns of one width."""

    start_ms: int
    width_ms: int
    columns: int

    @property
    def end_ms(self) -> int:
        """The first millisecond behind it."""
        return self.start_ms + self.width_ms * self.columns

    def at(self, time_ms: int) -> int:
        """The column of a time; below zero or not below ``columns`` where it lies outside."""
        return (time_ms - self.start_ms) // self.width_ms


def window_until(now_ms: int, span_ms: int, columns: int, together: int = 1) -> Window:
    """The window of about ``span_ms`` whose last columns hold now.

    It moves by ``together`` columns at once, so that a picture of so many columns a cell seldom changes as a whole.
    """
    width = max(1, span_ms // columns)
    stride = width * together
    return Window((now_ms // stride + 1) * stride - width * columns, width, columns)


class Candle(NamedTuple):
    """What was traded in one column. ``volume`` is in base currency."""

    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Candles of a window, None where nothing is known."""

    window: Window
    candles: tuple[Candle | None, ...]

    @property
    def known(self) -> Sequence[Candle]:
        """The candles that are there, rising in time."""
        return [candle for candle in self.candles if candle is not None]

    @property
    def low(self) -> float:
        """The lowest price; NaN where nothing is known."""
        return min((candle.low for candle in self.known), default=math.nan)

    @property
    def high(self) -> float:
        """The highest price; NaN where nothing is known."""
        return max((candle.high for candle in self.known), default=math.nan)

    def with_price(self, price: float, time_ms: int) -> "Chart":
        """The chart after a trade that is in no bar yet. One that lies outside of the window changes nothing."""
        at = self.window.at(time_ms)
        if not 0 <= at < len(self.candles):
            return self
        still = Candle(price, price, price, price, 0.0)
        candles = list(self.candles)
        found = candles[at]
        if found is not None:
            candles[at] = found._replace(high=max(found.high, price), low=min(found.low, price), close=price)
        else:
            # As with bars, all of the minute is known once one trade of it is.
            for column in range(max(0, self.window.at(floor_ms(time_ms, MINUTE_MS))), at + 1):
                candles[column] = candles[column] or still
        for column in range(at + 1, len(candles)):
            if (later := candles[column]) is not None:
                candles[column] = still._replace(volume=later.volume)
        return replace(self, candles=tuple(candles))


def chart_of(bars: BarColumns, window: Window, now_ms: int) -> Chart:
    """Bars in the columns of a window: none of their highs and lows is lost.

    A bar's prices count in the column in which it opens. Where none opens the one before goes on as its close, as long
    as it is. Its volume is shared out over its time. Time after ``now_ms`` is unknown.
    """
    times, lengths, volumes = bars.open_ms, bars.length_ms, bars.volume

    def part(bar: int, start_ms: int) -> float:
        """The volume of a bar that falls on the column from ``start_ms`` on."""
        end_ms = times[bar] + lengths[bar]
        within = min(end_ms, start_ms + window.width_ms) - max(times[bar], start_ms)
        return volumes[bar] * max(0, within) / lengths[bar]

    first = bisect_left(times, window.start_ms)
    candles: list[Candle | None] = []
    for start in range(window.start_ms, window.end_ms, window.width_ms):
        last = bisect_left(times, start + window.width_ms, first)
        before = part(first - 1, start) if first else 0.0
        if last > first:
            span = slice(first, last)
            candles.append(
                Candle(
                    bars.open[first],
                    max(bars.high[span]),
                    min(bars.low[span]),
                    bars.close[last - 1],
                    math.fsum((before, *volumes[first : last - 1], part(last - 1, start))),
                )
            )
        elif last and times[last - 1] + lengths[last - 1] > start and start <= now_ms:
            close = bars.close[last - 1]
            candles.append(Candle(close, close, close, close, before))
        else:
            candles.append(None)
        first = last
    return Chart(window, tuple(candles))


class PriceScale(NamedTuple):
    """A vertical axis from ``bottom`` to ``top`` with marks at round prices, of so many ``decimals``."""

    bottom: float
    top: float
    marks: tuple[float, ...]
    decimals: int

    def place(self, price: float) -> float:
        """0 for the bottom, 1 for the top."""
        return (price - self.bottom) / (self.top - self.bottom)


def price_scale(low: float, high: float, most: int, decimals: int) -> PriceScale:
    """A scale that holds all from ``low`` to ``high``, with at most ``most`` marks, none of more than ``decimals``.

    Its ends are round, too, so that a slightly higher high does not move all that is drawn.

    Raises:
        ValueError: ``low`` is above ``high``, or one of them is no finite number.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ValueError(f"there is no scale from {low} to {high}")
    smallest = max(abs(low), abs(high)) * _FLAT or 1.0
    if high - low < smallest / _SHARES_OF_STEP:
        low, high = low - smallest / 2.0, high + smallest / 2.0
    for mantissa, exponent in _steps((high - low) / max(2, most)):
        if -exponent > decimals:
            continue
        step = mantissa * 10.0**exponent
        fine = step / _SHARES_OF_STEP
        bottom, top = math.floor(low / fine), math.ceil(high / fine)
        rounds = range(-(-bottom // _SHARES_OF_STEP), top // _SHARES_OF_STEP + 1)
        if len(rounds) <= max(2, most):
            marks = tuple(_scaled(number * mantissa, exponent) for number in rounds)
            return PriceScale(min(bottom * fine, low), max(top * fine, high), marks, max(0, -exponent))
    raise AssertionError("steps grow without end")


def _steps(least: float) -> Iterator[tuple[int, int]]:
    """Round steps, mantissa and power of ten, rising from one that is not above ``least``."""
    exponent = math.floor(math.log10(least))
    while True:
        for mantissa in _MANTISSAS:
            yield mantissa, exponent
        exponent += 1


def _scaled(number: int, exponent: int) -> float:
    return float(number * 10**exponent) if exponent >= 0 else number / 10**-exponent


class TimeMark(NamedTuple):
    """A round time on the axis: ``14:30``, or a day such as ``24 Nov`` where one begins."""

    time_ms: int
    label: str


def time_marks(window: Window, zone: tzinfo, most: int) -> list[TimeMark]:
    """At most about ``most`` round times of a zone within a window, rising."""
    minutes = (window.end_ms - window.start_ms) / MINUTE_MS
    step = next((step for step in _TIME_STEPS if minutes / step <= max(1, most)), _TIME_STEPS[-1])
    marks = []
    # No zone is off by less than a quarter of an hour, and of the hour that comes twice each is shown.
    stride = min(step, _QUARTER_MINUTES) * MINUTE_MS
    for time_ms in range(-(-window.start_ms // stride) * stride, window.end_ms, stride):
        local = datetime.fromtimestamp(time_ms / 1000, zone)
        minute = local.hour * 60 + local.minute
        if minute % min(step, _DAY_MINUTES) or local.toordinal() % max(1, step // _DAY_MINUTES):
            continue
        marks.append(TimeMark(time_ms, f"{local:%H:%M}" if minute else f"{local.day} {local:%b}"))
    return marks
