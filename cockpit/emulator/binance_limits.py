"""Request weight of one address: counted in minutes of real time, refused with 429, then banned with 418."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

_MINUTE = 60.0
_PATIENCE = 10
_FIRST_BAN = 120.0
_LONGEST_BAN = 3 * 86_400.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a request.

    Attributes:
        used: weight of this minute, this request included.
        status: 200, 429 or 418.
        retry_after: whole seconds until a request makes sense again; 0 for 200.
    """

    used: int
    status: int
    retry_after: int


class WeightLimit:
    """One address. Whoever goes on after 429 is banned: two minutes at first, twice as long each time."""

    def __init__(self, allowed: int, monotonic: Callable[[], float]) -> None:
        """Start counting.

        Args:
            allowed: weight a minute; 0 for no limit.
            monotonic: real seconds.
        """
        self.allowed = allowed
        self._monotonic = monotonic
        self._window = -1
        self._used = 0
        self._refused = 0
        self._ban = _FIRST_BAN
        self._banned_until = 0.0

    def spend(self, weight: int) -> Verdict:
        """Count a request of some weight."""
        now = self._monotonic()
        window = int(now // _MINUTE)
        if window != self._window:
            self._window, self._used, self._refused = window, 0, 0
        if now < self._banned_until:
            return Verdict(self._used, 418, ceil(self._banned_until - now))
        self._used += weight
        if not 0 < self.allowed < self._used:
            return Verdict(self._used, 200, 0)
        self._refused += 1
        if self._refused > _PATIENCE:
            self._banned_until = now + self._ban
            self._ban = min(_LONGEST_BAN, 2 * self._ban)
            return Verdict(self._used, 418, ceil(self._banned_until - now))
        return Verdict(self._used, 429, ceil((window + 1) * _MINUTE - now))
