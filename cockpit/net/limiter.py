"""Rate limits that are never broken: a strict sliding log with weights.

Token buckets and GCRA let up to twice the limit through in some rolling window, and vendors that count so answer
with 429 and bans. A log of what was sent does not: a request leaves only while the sum of the last ``seconds`` stays
within the limit, for every window at once.
"""

import asyncio
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from cockpit.clock import Clock
from cockpit.health.status import Window
from cockpit.settings import parse_limit

_NEVER = float("-inf")
_SHORTEST_SLEEP = 0.001
_SAME_WINDOW = 1.5
_LONG_WINDOW = 3600.0


class LimitError(Exception):
    """The limit leaves no room within the caller's patience; ``wait`` is how many seconds it would take."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"no room for {wait:.0f} s")
        self.wait = wait


class _Log:
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

    def record(self, now: float, weight: int) -> None:
        """Write down what is sent now."""
        self._total += weight
        self._expiries.append(now + self.seconds + self._margin)
        self._totals.append(self._total)

    def wait(self, now: float, weight: int) -> float:
        """Seconds until ``weight`` fits; 0 where it fits now."""
        excess = self.used() + min(weight, self.allowed) - self.allowed
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

    def adopt(self, now: float, used: int, resets_in: float | None, allowed: int | None) -> None:
        """Take over the vendor's count where it is higher than ours: somebody else spends the same allowance."""
        if allowed is not None:
            self.allowed = max(1, min(self.limit, allowed))
        own = self._total - self._base
        until = now + self.seconds
        known = 0
        if resets_in is not None:
            until = now + resets_in
            if abs(until - self._foreign_until) < _SAME_WINDOW:
                known = self._foreign  # others' use only grows within one window; answers may overtake each other
            before = bisect_right(self._expiries, until + self._margin)  # sent before the vendor's window began
            own = self._total - (self._totals[before - 1] if before else self._base)
        self._foreign = max(known, used - own, 0)
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


@dataclass(frozen=True, slots=True)
class LimiterMemory:
    """Uses as (age in seconds, weight) by the window's length, the oldest first; and seconds of a pause left."""

    uses: Mapping[float, Sequence[tuple[float, int]]]
    paused_for: float


class Limiter:
    """Several windows at once, checked and recorded in one step; callers are served in order of arrival.

    Args:
        limits: such as ``("120/1m",)``; a request must fit into every one.
        clock: its monotonic seconds are the only time used.
        margin: seconds by which each window is held longer, so that uneven delays on the way to the vendor cannot
            press two windows' worth into one.
        sleep: how to wait; a test may drive it.
    """

    def __init__(
        self,
        limits: Sequence[str],
        clock: Clock,
        *,
        margin: float = 0.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._logs = sorted((_Log(*parse_limit(text), margin) for text in limits), key=lambda log: log.seconds)
        self._clock = clock
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self._paused_until = _NEVER
        self.waiting = 0
        """Callers in the queue now."""
        self.capacity = min((log.limit for log in self._logs), default=None)
        """The greatest weight that one request can have; None without limits."""

    def attempt(self, weight: int = 1) -> float:
        """Check every window and record the request if it fits; returns 0.0, or else the seconds to wait.

        Raises:
            ValueError: the weight is not positive, or is more than a whole window.
        """
        if weight < 1:
            raise ValueError(f"a request weighs at least 1, not {weight}")
        if self.capacity is not None and weight > self.capacity:
            raise ValueError(f"a request of weight {weight} can never fit into a limit of {self.capacity}")
        now = self._clock.monotonic()
        wait = max(0.0, self._paused_until - now)
        for log in self._logs:
            log.expire(now)
            wait = max(wait, log.wait(now, weight))
        if wait <= 0.0:
            for log in self._logs:
                log.record(now, weight)
        return wait

    async def acquire(self, weight: int = 1, patience: float = float("inf")) -> None:
        """Wait for this caller's turn and for room, then record the request.

        Args:
            weight: what the vendor charges for the request.
            patience: seconds that the one at the head of the queue is ready to wait.

        Raises:
            LimitError: there is no room within the patience; nothing was recorded.
            ValueError: as in :meth:`attempt`.
        """
        if self.waiting == 0 and self.attempt(weight) <= 0.0:
            return
        self.waiting += 1
        try:
            async with self._turn:
                while (wait := self.attempt(weight)) > 0.0:
                    if wait > patience:
                        raise LimitError(wait)
                    await self._sleep(max(wait, _SHORTEST_SLEEP))
        finally:
            self.waiting -= 1

    def adopt(self, used: int, *, seconds: float, resets_in: float | None = None, allowed: int | None = None) -> None:
        """Learn from a vendor's headers.

        Args:
            used: weight that the vendor has counted in its window, whoever spent it.
            seconds: length of the vendor's window; a configured window of the same length is corrected.
            resets_in: seconds until the vendor's fixed window ends; None where it does not say.
            allowed: the vendor's own limit; it can only lower the configured one.
        """
        now = self._clock.monotonic()
        for log in self._logs:
            if log.seconds == seconds:
                log.expire(now)
                log.adopt(now, used, resets_in if resets_in is not None and 0 < resets_in <= seconds else None, allowed)

    def pause(self, seconds: float) -> None:
        """Let nothing through for so long; a longer pause in force stays."""
        self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)

    @property
    def paused_for(self) -> float:
        """Seconds of a pause that are left; 0 without one."""
        return max(0.0, self._paused_until - self._clock.monotonic())

    def windows(self) -> tuple[Window, ...]:
        """Every window as health shows it, the tightest (the least share left) first."""
        now = self._clock.monotonic()
        found = []
        for log in self._logs:
            log.expire(now)
            found.append(Window(log.allowed, log.seconds, log.used(), log.resets_in(now)))
        return tuple(sorted(found, key=lambda window: (window.limit - window.used) / window.limit))

    def memory(self) -> LimiterMemory:
        """What must outlive the process: the uses of windows of an hour and longer, and a pause in force."""
        now = self._clock.monotonic()
        uses = {}
        for log in self._logs:
            log.expire(now)
            if log.seconds >= _LONG_WINDOW:
                uses[log.seconds] = log.uses(now)
        return LimiterMemory(uses, self.paused_for)

    def remember(self, memory: LimiterMemory, elapsed: float) -> None:
        """Go on from a memory that is ``elapsed`` seconds old; before the first request, or it changes nothing."""
        now = self._clock.monotonic()
        if memory.paused_for > elapsed:
            self.pause(memory.paused_for - elapsed)
        for log in self._logs:
            log.expire(now)
            if log.used():
                continue
            for age, weight in memory.uses.get(log.seconds, ()):
                log.record(now - age - elapsed, weight)
