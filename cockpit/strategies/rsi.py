"""Wilder's index of the closes: long when it crosses back up through the low mark, out when it reaches the high one."""

from typing import Annotated

from cockpit.strategies.api import Bar, Between, Signal, Strategy
from cockpit.strategies.indicators import RelativeStrength


class Rsi(Strategy):
    """Buys what has fallen too far and has begun to rise again; never short."""

    length: Annotated[int, Between(1, 10_000)] = 14
    low: Annotated[float, Between(0, 100)] = 30.0
    high: Annotated[float, Between(0, 100)] = 70.0

    @property
    def warm_up(self) -> int:
        """The index needs a change more than its length, and a cross the index of the bar before."""
        return self.length + 2

    def start(self) -> None:
        """Make the index."""
        if self.low >= self.high:
            raise ValueError(f"low ({self.low:g}) must be below high ({self.high:g})")
        self._index = RelativeStrength(self.length)
        self._before: float | None = None
        self._long = False

    def on_bar(self, bar: Bar) -> Signal | None:
        """Speak where the index enters or leaves."""
        before, self._before = self._before, self._index.update(float(bar.close))
        now = self._before
        if before is None or now is None:
            return None
        if not self._long and before < self.low <= now:
            self._long = True
            return Signal(1.0, f"RSI {self.length} up through {self.low:g}: {before:.1f}, now {now:.1f}")
        if self._long and now >= self.high:
            self._long = False
            return Signal(0.0, f"RSI {self.length} at {now:.1f}, at or over {self.high:g}")
        return None
