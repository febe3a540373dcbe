"""How much each emulated vendor lets one client ask, counted in real time: a client's own limiter runs on that too."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from cockpit.errors import UsageError

QUOTAS: Mapping[str, tuple[int, str]] = {
    "tradier": (120, "requests a minute"),
    "alpha_vantage": (25, "requests a day"),
    "alpha_vantage_second": (0, "requests a second"),
    "binance": (6000, "request weight a minute"),
    "stocktwits": (200, "requests an hour"),
    "reddit": (1000, "requests in ten minutes"),
}
"""Every quota by name: its default, and what it counts. 0 lifts it."""


def read_quotas(values: Mapping[str, int]) -> dict[str, int]:
    """All quotas, the given ones over the defaults.

    Raises:
        UsageError: an unknown name, with the nearest that exists, or a negative number.
    """
    for name, value in values.items():
        if name not in QUOTAS:
            nearest = get_close_matches(name, QUOTAS, n=1, cutoff=0.4)
            hint = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(QUOTAS)}"
            raise UsageError(f"no quota is called {name!r}; {hint}")
        if value < 0:
            raise UsageError(f"quota {name} takes 0 (lifted) or more, not {value}")
    return {name: default for name, (default, _) in QUOTAS.items()} | dict(values)


def lifted_quotas() -> dict[str, int]:
    """Every quota lifted."""
    return dict.fromkeys(QUOTAS, 0)


def parse_quota(text: str) -> tuple[str, int]:
    """Name and number of ``NAME=N``.

    Raises:
        UsageError: it does not read so.
    """
    name, equals, value = text.partition("=")
    if not equals or not value.strip().isdecimal():
        raise UsageError(f"a quota reads NAME=N, such as tradier=60, not {text!r}")
    read_quotas({name.strip(): int(value)})
    return name.strip(), int(value)


@dataclass(frozen=True, slots=True)
class Spent:
    """A window as it stands after a request: what was allowed and used, and when it ends (epoch seconds)."""

    allowed: int
    used: int
    ends: int

    @property
    def over(self) -> bool:
        """True where the request was one too many."""
        return 0 < self.allowed < self.used


class FixedWindow:
    """Counts requests in windows that begin on whole multiples of their length, as Tradier's clock minutes do."""

    def __init__(self, allowed: int, seconds: int, wall: Callable[[], float] = time.time) -> None:
        """Open the first window.

        Args:
            allowed: in one window; 0 for no limit.
            seconds: length of a window.
            wall: epoch seconds.
        """
        self._allowed = allowed
        self._seconds = seconds
        self._wall = wall
        self._window = -1
        self._used = 0

    def spend(self) -> Spent:
        """Count one request."""
        window = int(self._wall() // self._seconds)
        if window != self._window:
            self._window, self._used = window, 0
        self._used += 1
        return Spent(self._allowed, self._used, (window + 1) * self._seconds)
