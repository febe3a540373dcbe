"""One window of a rate limit as a strict sliding log: what was used when, and what the vendor told of others' use.

Token buckets and GCRA let up to twice the limit through in some rolling window, and vendors that count so answer
with 429 and bans. A log of what was sent does not.
"""

from bisect import bisect_left, bisect_right
from collections import deque

_NEVER = float("-inf")
_SAME_WINDOW = 1.5
DATED_TO = 1.0
"""Seconds by which a window may have begun earlier than a vendor's headers tell."""


class WindowLog:
    """One window: when each use expires, and the running total up to it, so that any sum is one subtraction."""

    __slots__ = (
        "_base",
        "_expiries",
        "_foreign",
        "_foreign_until",
        "_margin",
        "_total",
        "_totals",
        "allowed",
        "limit",
        "seconds",
    )

    def __init__(self, limit: int, seconds: float, margin: float) -> None:
        self.limit = limit
        self.seconds = seconds
        self.allowed = limit
        self._margin = margin
        self._expiries: deque[float] = deque()
        self._totals: deque[int] = deque()
        self._total = 0
        self._base = 0
        self._foreign = 0
        self._foreign_until = _NEVER

    def resize(self, limit: int) -> None:
        """Another limit of ours; a lower one that the vendor has told of stays."""
        told = self.allowed if self.allowed < self.limit else limit
        self.limit, self.allowed = limit, min(limit, told)

    def expire(self, now: float) -> None:
        """Forget what left the window."""
        while self._expiries and self._expiries[0] <= now:
            self._expiries.popleft()
            self._base = self._totals.popleft()
        if self._foreign and now >= self._foreign_until:
            self._foreign = 0

    def used(self) -> int:
        """Weight in the window: ours, and what the vendor has told of others'."""
        return self._total - self._base + self._foreign

    def own(self) -> int:
        """Weight in the window that is ours."""
        return self._total - self._base

    def foreign(self, now: float) -> int:
        """Weight in the window that the vendor told of and that is not ours."""
        return self._foreign if now < self._foreign_until else 0

    def foreign_ends_in(self, now: float) -> float:
        """Seconds until others' use is taken to be over; 0 where there is none."""
        return max(0.0, self._foreign_until - now) if self._foreign else 0.0

    def record(self, now: float, weight: int) -> None:
        """Write down what is sent now."""
        self._total += weight
        self._expiries.append(now + self.seconds + self._margin)
        self._totals.append(self._total)

    def move(self, at: float, now: float, weight: int) -> None:
        """Count what was recorded at ``at`` from now on: it may have reached the vendor as late as this."""
        expiry = at + self.seconds + self._margin
        index = bisect_left(self._expiries, expiry)
        while index < len(self._expiries) and self._expiries[index] == expiry:
            before = self._totals[index - 1] if index else self._base
            if self._totals[index] - before == weight:
                del self._expiries[index], self._totals[index]
                for later in range(index, len(self._totals)):
                    self._totals[later] -= weight
                self._total -= weight
                break
            index += 1
        self.record(now, weight)

    def wait(self, now: float, weight: int) -> float:
        """Seconds until ``weight`` fits; 0 where it fits now. What left the window is forgotten first."""
        if self._foreign or (self._expiries and self._expiries[0] <= now):
            self.expire(now)
        allowed = self.allowed
        excess = self._total - self._base + self._foreign + (weight if weight < allowed else allowed) - allowed
        if excess <= 0:
            return 0.0
        with_others = max(self._foreign_until - now, self._wait_for_own(now, excess - self._foreign))
        return min(with_others, self._wait_for_own(now, excess)) if self._foreign else self._wait_for_own(now, excess)

    def resets_in(self, now: float) -> float:
        """Seconds until the oldest use expires; 0 in an empty window."""
        waits = [self._expiries[0] - self._margin - now] if self._expiries else []
        if self._foreign:
            waits.append(self._foreign_until - now)
        return max(0.0, min(waits, default=0.0))

    def adopt(
        self, now: float, used: int, resets_in: float | None, allowed: int | None, known: int | None = None
    ) -> None:
        """Take over the vendor's count where it is higher than ours: somebody else spends the same allowance.

        Args:
            now: monotonic seconds.
            used: what the vendor has counted in its window.
            resets_in: seconds until its fixed window ends; None for one that rolls.
            allowed: the vendor's own limit.
            known: what all cockpits together have used in that window; None: only this one's log counts.
        """
        if allowed is not None:
            self.allowed = max(1, min(self.limit, allowed))
        own = self._total - self._base
        until = now + self.seconds
        told = 0
        if resets_in is not None:
            until = now + resets_in
            if abs(until - self._foreign_until) < _SAME_WINDOW:
                told = self._foreign  # others' use only grows within one window; answers may overtake each other
            # Sent before the vendor's window began, which it dates to the second.
            before = bisect_right(self._expiries, until - DATED_TO + self._margin)
            own = self._total - (self._totals[before - 1] if before else self._base)
        self._foreign = max(told, used - (own if known is None else known), 0)
        self._foreign_until = until

    def uses(self, now: float) -> list[tuple[float, int]]:
        """What is in the window as (age in seconds, weight), the oldest first."""
        found = []
        before = self._base
        for expiry, total in zip(self._expiries, self._totals, strict=True):
            found.append((max(0.0, now - (expiry - self.seconds - self._margin)), total - before))
            before = total
        return found

    def _wait_for_own(self, now: float, weight: int) -> float:
        """Seconds until so much of our own weight has left; infinite where we have not used so much."""
        if weight <= 0:
            return 0.0
        index = bisect_left(self._totals, self._base + weight)
        return self._expiries[index] - now if index < len(self._totals) else float("inf")
