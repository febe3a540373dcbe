"""Indicators of a series of prices, each fed one value at a time. None until there are enough values.

Conventions: the exponential average starts from a simple one and decays by ``2 / (n + 1)``; the relative strength
index is Wilder's, started from the plain mean of the first ``n`` changes. One that is started from the first change
instead is off by up to 20 points on its first bar and by 2 to 4 after 25.
"""

from collections import deque
from collections.abc import Iterable
from math import sqrt
from typing import NamedTuple, Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

NEUTRAL_RSI = 50.0
"""The index of prices that have not moved at all."""


class Indicator(Protocol[T_co]):
    """Something that takes values in order and gives a figure for each, None while it warms up."""

    def update(self, value: float) -> T_co | None:
        """Take the next value."""
        ...


class Bands(NamedTuple):
    """An average with a number of standard deviations around it, in the unit of the values."""

    lower: float
    middle: float
    upper: float


class SimpleAverage:
    """The mean of the last ``length`` values; the first one comes with value number ``length``."""

    def __init__(self, length: int) -> None:
        self._length = _checked(length)
        self._values: deque[float] = deque(maxlen=length)

    def update(self, value: float) -> float | None:
        """Take the next value."""
        self._values.append(value)
        # Summed afresh: a running sum would keep the rounding of every value that has ever passed.
        return sum(self._values) / self._length if len(self._values) == self._length else None


class ExponentialAverage:
    """An average that starts as a simple one of ``length`` values and then decays by ``2 / (length + 1)``."""

    def __init__(self, length: int) -> None:
        self._length = _checked(length)
        self._share = 2.0 / (length + 1.0)
        self._count = 0
        self._sum = 0.0
        self._average = 0.0

    def update(self, value: float) -> float | None:
        """Take the next value."""
        if self._count < self._length:
            self._count += 1
            self._sum += value
            if self._count < self._length:
                return None
            self._average = self._sum / self._length
        else:
            self._average += self._share * (value - self._average)
        return self._average


class RelativeStrength:
    """Wilder's index, 0 to 100, of ``length`` changes; the first one comes with value number ``length + 1``.

    100 where nothing has fallen, 0 where nothing has risen, and 50 where nothing has moved.
    """

    def __init__(self, length: int = 14) -> None:
        self._length = _checked(length)
        self._last: float | None = None
        self._changes = 0
        self._gain = self._loss = 0.0

    def update(self, value: float) -> float | None:
        """Take the next value."""
        if self._last is None:
            self._last = value
            return None
        change, self._last = value - self._last, value
        gain, loss = max(change, 0.0), max(-change, 0.0)
        if self._changes < self._length:
            self._changes += 1
            self._gain += gain / self._length
            self._loss += loss / self._length
            if self._changes < self._length:
                return None
        else:
            self._gain += (gain - self._gain) / self._length
            self._loss += (loss - self._loss) / self._length
        moved = self._gain + self._loss
        return 100.0 * (self._gain / moved) if moved > 0.0 else NEUTRAL_RSI


class BollingerBands:
    """The mean of the last ``length`` values and so many of their (population) standard deviations around it."""

    def __init__(self, length: int = 20, deviations: float = 2.0) -> None:
        self._length = _checked(length)
        self._deviations = deviations
        self._values: deque[float] = deque(maxlen=length)

    def update(self, value: float) -> Bands | None:
        """Take the next value."""
        self._values.append(value)
        if len(self._values) < self._length:
            return None
        middle = sum(self._values) / self._length
        reach = self._deviations * sqrt(sum((one - middle) ** 2 for one in self._values) / self._length)
        return Bands(middle - reach, middle, middle + reach)


def over(indicator: Indicator[T], values: Iterable[float]) -> list[T | None]:
    """The indicator's figure at every value."""
    return [indicator.update(value) for value in values]


def _checked(length: int) -> int:
    if length < 1:
        raise ValueError(f"an indicator looks at one value at least, not at {length}")
    return length
