"""Rate limits that are never broken: a strict sliding log with weights.

A request leaves only while the sum of the last ``seconds`` stays within the limit, for every window at once. One that
was answered late is counted from its answer: it may have reached the vendor as late as that, and no delay on the way
can then press two windows' worth into one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from cockpit.clock import Clock
from cockpit.health.status import Window
from cockpit.net.window_log import WindowLog
from cockpit.setting_values import parse_limit

_NEVER = float("-inf")
_SHORTEST_SLEEP = 0.001
_LONGEST_SLEEP = 5.0
_LONG_WINDOW = 3600.0


class LimitError(Exception):
    """The limit leaves no room within the caller's patience; ``wait`` is how many seconds it would take."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"no room for {wait:.0f} s")
        self.wait = wait


class Use(NamedTuple):
    """A request that was let through: when (monotonic seconds), how much of it, and its name in a shared log."""

    at: float
    weight: int
    ticket: str = ""


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
        self._margin = margin
        self._clock = clock
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self._paused_until = _NEVER
        self._admitted_at = _NEVER
        self._under_way: dict[int, Use] = {}
        self.waiting = 0
        """Callers in the queue now."""
        self._logs: list[WindowLog] = []
        self.capacity: int | None = None
        """The greatest weight that one request can have; None without limits."""
        self._set_windows([WindowLog(*parse_limit(text), margin) for text in limits])

    def reconfigure(self, limits: Sequence[str]) -> None:
        """Go by other limits from now on. What was let through lately counts, as far as a former window knows of it.

        Whoever waits in the queue looks at them within five seconds.
        """
        now = self._clock.monotonic()
        for log in self._logs:
            log.expire(now)
        before = {log.seconds: log for log in self._logs}
        windows: list[WindowLog] = []
        for limit, seconds in map(parse_limit, limits):
            if seconds in before:
                windows.append(before.pop(seconds))
                windows[-1].resize(limit)
            else:
                windows.append(self._successor(WindowLog(limit, seconds, self._margin), now))
        self._set_windows(windows)

    def _successor(self, window: WindowLog, now: float) -> WindowLog:
        """A new window with the uses of the shortest former one that is as long, or else of the longest."""
        longer = [log for log in self._logs if log.seconds >= window.seconds]
        source = longer[0] if longer else self._logs[-1] if self._logs else None
        for age, weight in source.uses(now) if source is not None else ():
            if age < window.seconds + self._margin:
                window.record(now - age, weight)
        return window

    def _set_windows(self, windows: Sequence[WindowLog]) -> None:
        self._logs = sorted(windows, key=lambda log: log.seconds)
        self._shortest = min((log.seconds for log in self._logs), default=0.0)
        self.capacity = min((log.limit for log in self._logs), default=None)

    def attempt(self, weight: int = 1) -> float:
        """Check every window and record the request if it fits; returns 0.0, or else the seconds to wait.

        Raises:
            ValueError: the weight is not positive, or is more than a whole window.
        """
        if type(weight) is not int or weight < 1 or (self.capacity is not None and weight > self.capacity):
            self._check(weight)
        now = self._clock.monotonic()
        if self._under_way:
            self._hold(now)
        wait = self._paused_until - now if self._paused_until > now else 0.0
        for log in self._logs:
            needed = log.wait(now, weight)
            if needed > wait:
                wait = needed
        if wait <= 0.0:
            for log in self._logs:
                log.record(now, weight)
            self._admitted_at = now
        return wait

    def delay(self, weight: int = 1) -> float:
        """Seconds until a request of this weight fits, for all that is known now; 0 if at once. Nothing is recorded."""
        now = self._clock.monotonic()
        if self._under_way:
            self._hold(now)
        return max(0.0, self._paused_until - now, *(log.wait(now, weight) for log in self._logs))

    async def acquire(
        self, weight: int = 1, patience: float = float("inf"), still: Callable[[], None] | None = None
    ) -> Use:
        """Wait for this caller's turn and for room, then record the request and return what was recorded.

        Args:
            weight: what the vendor charges for the request.
            patience: seconds that the one at the head of the queue is ready to wait.
            still: asked at the head of the queue before anything is recorded; what it raises ends the waiting.

        Raises:
            LimitError: there is no room within the patience; nothing was recorded.
            ValueError: as in :meth:`attempt`.
        """
        if self.waiting == 0 and self._attempts_alone and self.attempt(weight) <= 0.0:
            return Use(self._admitted_at, weight)
        self._check(weight)
        self.waiting += 1
        try:
            async with self._turn:
                while True:
                    if still is not None:
                        still()
                    outcome = await self._admit(weight)
                    if isinstance(outcome, Use):
                        return outcome
                    if outcome > patience:
                        raise LimitError(outcome)
                    await self._sleep(max(min(outcome, _LONGEST_SLEEP), _SHORTEST_SLEEP))
        finally:
            self.waiting -= 1

    @contextmanager
    def under_way(self, use: Use) -> Iterator[None]:
        """The time from sending a request to its answer, or to giving it up.

        Within it the use does not leave its windows: the vendor may count the request as late as its end. Where that
        took no longer than the margin, the use counts from when it was let through.
        """
        key = id(use)
        self._under_way[key] = use
        try:
            yield
        finally:
            use, now = self._under_way.pop(key), self._clock.monotonic()
            if now - use.at > self._margin:
                self._move(use, now)

    def _hold(self, now: float) -> None:
        """Let no use leave while its request is under way."""
        for key, use in list(self._under_way.items()):
            if now - use.at > self._shortest / 2:
                self._under_way[key] = self._move(use, now)

    def _move(self, use: Use, now: float) -> Use:
        for log in self._logs:
            log.expire(now)
            log.move(use.at, now, use.weight)
        return use._replace(at=now)

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

    async def learn(self, used: int, *, seconds: float, resets_in: float | None, allowed: int | None) -> None:
        """:meth:`adopt`, after asking what other cockpits have used where the limits are shared."""
        self.adopt(used, seconds=seconds, resets_in=resets_in, allowed=allowed)

    async def beat(self) -> None:
        """Be heard of by other cockpits where the limits are shared."""

    async def aclose(self) -> None:
        """Finish what is still to be told to other cockpits."""

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

    _attempts_alone = True
    """This process's own log decides alone."""

    async def _admit(self, weight: int) -> Use | float:
        """What was recorded, or else the seconds to wait."""
        wait = self.attempt(weight)
        return Use(self._admitted_at, weight) if wait <= 0.0 else wait

    def _check(self, weight: int) -> None:
        if type(weight) is not int or weight < 1:
            raise ValueError(f"a request weighs a whole number of at least 1, not {weight!r}")
        if self.capacity is not None and weight > self.capacity:
            raise ValueError(f"a request of weight {weight} can never fit into a limit of {self.capacity}")
