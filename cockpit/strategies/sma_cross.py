"""Two simple averages of the closes: long when the fast one crosses over the slow one, out (or short) when it falls."""

from math import isclose
from typing import Annotated

from cockpit.strategies.api import Bar, Between, Signal, Strategy
from cockpit.strategies.indicators import SimpleAverage

_ROUNDING = 1e-12


class SmaCross(Strategy):
    """Follows the side on which the fast average stands, from its first cross on; to touch the slow one is no cross."""

    fast: Annotated[int, Between(1, 10_000)] = 10
    slow: Annotated[int, Between(2, 10_000)] = 30

    @property
    def warm_up(self) -> int:
        """Both averages, and their sides on the bar before."""
        return self.slow + 1

    def start(self) -> None:
        """Make the averages."""
        if self.fast >= self.slow:
            raise ValueError(f"fast ({self.fast}) must be below slow ({self.slow})")
        self._fast, self._slow = SimpleAverage(self.fast), SimpleAverage(self.slow)
        self._side = 0

    def on_bar(self, bar: Bar) -> Signal | None:
        """Speak where the fast average has changed sides."""
        close = float(bar.close)
        fast, slow = self._fast.update(close), self._slow.update(close)
        # Averages of equal closes differ in their last digit: that is no cross either.
        if fast is None or slow is None or isclose(fast, slow, rel_tol=_ROUNDING):
            return None
        before, self._side = self._side, 1 if fast > slow else -1
        if before in (0, self._side):
            return None
        word = "over" if self._side > 0 else "under"
        return Signal(self._side, f"SMA {self.fast} {fast:,.10g} {word} SMA {self.slow} {slow:,.10g}")
