"""A limiter whose windows are shared with other cockpits on the same key.

The shared log decides. When it is lost, what was still free in it is split among its holders, so that all together stay
within every window; when it is back, each tells it what it used meanwhile before anybody asks it again.

Strict that is where all lose it. One that alone is cut off spends its share on top of what the others do, who cannot
tell it from one that has died: at most one share a window, until a vendor that counts tells both sides, or the way is
back. ``docs/adr/0014`` says why nothing is held back for it.
"""

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from cockpit.clock import Clock
from cockpit.health.status import Window
from cockpit.net.limiter import Limiter, Use
from cockpit.net.shared_log import Picture, Sent, SharedLog, SharedLogError, Span
from cockpit.net.window_log import DATED_TO, WindowLog

log = logging.getLogger(__name__)

_BEATS_TO_SETTLE = 2.5
_HESITATION = 0.1
_PROMPT = 0.05
_MOST_CORRECTIONS = 5
_NEVER = float("-inf")


class SharedLimiter(Limiter):
    """The interface of :class:`Limiter`, over a shared log.

    Args:
        limits: as of :class:`Limiter`.
        clock: its monotonic seconds are the only time used.
        shared: the log.
        account: whose windows these are, as of :func:`cockpit.net.shared_log.account_of`.
        margin: as of :class:`Limiter`; the log was made with the same one.
        sleep: how to wait.
        wall: epoch seconds, which tell holders apart that must take turns while the log is lost.
        lost_after: for so many seconds a log that does not answer is waited for. One cockpit that goes on alone while
            the others still have the log would be one too many, so that a hiccup must not count as a loss.
    """

    _attempts_alone = False

    def __init__(
        self,
        limits: Sequence[str],
        clock: Clock,
        shared: SharedLog,
        account: str,
        *,
        margin: float = 0.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        wall: Callable[[], float] = time.time,
        lost_after: float = 2.0,
    ) -> None:
        super().__init__(limits, clock, margin=margin, sleep=sleep)
        self._shared = shared
        self._account = account
        self._wall = wall
        self._holder = secrets.token_hex(4)
        self._tickets = 0
        self._asked = ""
        self._sent: deque[Use] = deque()
        self._longest = max((window.seconds for window in self._logs), default=0.0) + margin
        self._picture: Picture | None = None
        self._picture_at = _NEVER
        self._holders, self._rank = 1, 0
        self._epoch = ""
        self._lost_after = lost_after
        self._silent_since: float | None = None
        self._untold = False
        self._lost_at: float | None = None
        self._settled_at: float | None = None
        self._others: tuple[int, ...] = ()
        self._keeper: asyncio.Task[None] | None = None
        self._errands: set[asyncio.Task[None]] = set()

    @property
    def shares(self) -> int | None:
        """Into how many shares the limits are split now; None while the shared log decides."""
        return None if self._lost_at is None else self._holders

    @contextmanager
    def under_way(self, use: Use) -> Iterator[None]:
        """As of :meth:`Limiter.under_way`, in the shared log too."""
        with super().under_way(use):
            if self._keeper is None:
                self._keeper = asyncio.create_task(self._keep_under_way())
            yield

    async def _keep_under_way(self) -> None:
        """Other cockpits cannot know what is on its way: the log is told before it would leave there."""
        try:
            while self._under_way:
                await asyncio.sleep(self._shortest / 4)
                self._hold(self._clock.monotonic())
        finally:
            self._keeper = None

    def _move(self, use: Use, now: float) -> Use:
        super()._move(use, now)
        for index, sent in enumerate(self._sent):
            if sent.ticket == use.ticket:
                del self._sent[index]
                break
        moved = use._replace(at=now)
        self._sent.append(moved)
        self._errand(self._shared.settle(self._account, self._spans(now), [Sent(use.ticket, 0.0, use.weight)]))
        return moved

    async def learn(self, used: int, *, seconds: float, resets_in: float | None, allowed: int | None) -> None:
        """As of :meth:`Limiter.learn`: what no cockpit has used is others' use."""
        window = next((window for window in self._logs if window.seconds == seconds), None)
        if window is None:
            return
        if resets_in is not None and not 0 < resets_in <= seconds:
            resets_in = None
        known = None
        if self._lost_at is None and used > 0:
            age = seconds if resets_in is None else min(seconds, seconds - resets_in + DATED_TO)
            try:
                known = await self._shared.used_within(self._account, seconds, age + self._margin)
            except SharedLogError:
                return
        window.expire(self._clock.monotonic())
        window.adopt(self._clock.monotonic(), used, resets_in, allowed, known)

    def pause(self, seconds: float) -> None:
        """As of :meth:`Limiter.pause`, for all cockpits."""
        super().pause(seconds)
        self._errand(self._shared.pause(self._account, seconds))

    def reconfigure(self, limits: Sequence[str]) -> None:
        """As of :meth:`Limiter.reconfigure`; the log knows the uses of windows that it has been asked for before."""
        super().reconfigure(limits)
        self._longest = max((window.seconds for window in self._logs), default=0.0) + self._margin
        self._others = (max(self._others, default=0),) * len(self._logs)
        self._picture = None
        self._untold = True

    def windows(self) -> tuple[Window, ...]:
        """Every window with what all cockpits have used of it, the tightest first."""
        picture, now = self._picture, self._clock.monotonic()
        if picture is None or self._lost_at is not None:
            return super().windows()
        elapsed = now - self._picture_at
        found = []
        for window, used, resets_in in zip(self._logs, picture.used, picture.resets_in, strict=True):
            window.expire(now)
            ends = [left for left in (resets_in - elapsed, window.foreign_ends_in(now)) if left > 0.0]
            total = max(used, window.own()) + window.foreign(now)
            found.append(Window(window.allowed, window.seconds, total, min(ends, default=0.0)))
        return tuple(sorted(found, key=lambda window: (window.limit - window.used) / window.limit))

    async def beat(self) -> None:
        """Be heard of, look at the log, and find back to it where it was lost; never raises.

        To be called every ``beat_seconds`` of the log.
        """
        now = self._clock.monotonic()
        try:
            picture = await self._shared.take(self._account, self._spans(now), 0, "", "")
            if self._epoch and picture.epoch != self._epoch and self._lost_at is None:
                self._lose()
            if self._lost_at is None:
                self._look_at(picture)
            else:
                await self._return(picture)
        except SharedLogError:
            self._unanswered(now)

    async def aclose(self) -> None:
        """Finish what is still to be told to the log."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        if self._errands:
            await asyncio.wait(self._errands, timeout=1.0)

    async def _admit(self, weight: int) -> Use | float:
        now = self._clock.monotonic()
        if self.paused_for > 0.0:
            return self.paused_for
        if self._lost_at is not None:
            return self._admit_alone(now, weight)
        # A question that got no answer is asked again under the same ticket: it may have been recorded.
        ticket = self._asked = self._asked or self._next_ticket()
        try:
            if not self._epoch:
                await self._introduce()
            if self._untold:
                await self._tell_all(now)
            picture = await self._take(now, weight, ticket)
        except SharedLogError:
            if not self._unanswered(now):
                return _HESITATION
            return self._admit_alone(now, weight)
        if self._epoch and picture.epoch != self._epoch:
            self._lose()
            return self._admit_alone(now, weight)
        self._epoch = picture.epoch
        self._look_at(picture)
        if picture.wait > 0.0:
            return picture.wait
        self._asked = ""
        return self._record(await self._granted_at(now, weight, ticket), weight, ticket)

    async def _granted_at(self, asked_at: float, weight: int, ticket: str) -> float:
        """The time that a use counts from, here and in the log: about now, however long the answer was on its way."""
        now = self._clock.monotonic()
        for _ in range(_MOST_CORRECTIONS):
            if now - asked_at <= max(self._margin, _PROMPT):
                break
            asked_at = now
            with suppress(SharedLogError):
                await self._shared.settle(self._account, self._spans(now), [Sent(ticket, 0.0, weight)])
            now = self._clock.monotonic()
        return now

    def _next_ticket(self) -> str:
        self._tickets += 1
        return f"{self._holder}.{self._tickets}"

    async def _take(self, now: float, weight: int, ticket: str) -> Picture:
        """The log's answer; a caller that is cancelled meanwhile leaves nothing in it."""
        spans = self._spans(now)
        taking = asyncio.create_task(self._shared.take(self._account, spans, weight, ticket, self._epoch))

        async def undo() -> None:
            picture = await taking
            if picture.wait <= 0.0:
                await self._shared.drop(self._account, spans, ticket)

        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            self._asked = ""
            self._errand(undo())
            raise

    async def _introduce(self) -> None:
        """At the first contact: what an earlier process remembered and the log does not know."""
        now = self._clock.monotonic()
        picture = await self._shared.take(self._account, self._spans(now), 0, "", "")
        for window, used in zip(self._logs, picture.used, strict=True):
            if window.own() > used:
                known = [Sent(f"m.{index}", age, weight) for index, (age, weight) in enumerate(window.uses(now))]
                await self._shared.settle(self._account, [Span(window.seconds, window.limit)], known)
        self._look_at(picture)

    def _record(self, now: float, weight: int, ticket: str) -> Use:
        for window in self._logs:
            window.expire(now)
            window.record(now, weight)
        while self._sent and self._sent[0].at <= now - self._longest:
            self._sent.popleft()
        use = Use(now, weight, ticket)
        self._sent.append(use)
        return use

    def _spans(self, now: float) -> list[Span]:
        return [Span(window.seconds, max(0, window.allowed - window.foreign(now))) for window in self._logs]

    async def _tell_all(self, now: float) -> None:
        used = [Sent(use.ticket, now - use.at, use.weight) for use in self._sent if use.at > now - self._longest]
        if used:
            await self._shared.settle(self._account, self._spans(now), used)
        self._untold = False

    def _unanswered(self, now: float) -> bool:
        """Note that the log did not answer; True where it has been silent for so long that it is lost."""
        if self._silent_since is None:
            self._silent_since = now
        if now - self._silent_since >= self._lost_after:
            self._lose()
        return self._lost_at is not None

    def _look_at(self, picture: Picture) -> None:
        self._silent_since = None
        if len(picture.used) == len(self._logs):  # they may have been configured anew since it was asked for
            self._picture, self._picture_at = picture, self._clock.monotonic()
        self._holders, self._rank = max(1, picture.holders), picture.rank
        self._epoch = self._epoch or picture.epoch
        if picture.paused_for > 0.0:
            super().pause(picture.paused_for)

    def _lose(self) -> None:
        """From now on decide alone; what the others had used at the last look is taken to stay for a whole window."""
        self._settled_at = None
        if self._lost_at is not None:
            return
        now = self._clock.monotonic()
        self._lost_at = now
        others = []
        for index, window in enumerate(self._logs):
            window.expire(now)
            used = self._picture.used[index] if self._picture is not None else 0
            others.append(max(0, used - window.own()))
        self._others = tuple(others)
        log.warning(
            "%s: the shared limits (%s) cannot be reached; 1/%d of each until they are back",
            *(self._account.rpartition("-")[0], self._shared.name, self._holders),
        )

    async def _return(self, picture: Picture) -> None:
        """Tell the log all that we used; trust it again when every holder has had the time to do so."""
        now = self._clock.monotonic()
        await self._tell_all(now)
        if self._settled_at is None or picture.epoch != self._epoch:
            self._settled_at = now + _BEATS_TO_SETTLE * self._shared.beat_seconds
            self._epoch = picture.epoch
            return
        if now >= self._settled_at:
            self._lost_at = self._settled_at = None
            self._look_at(picture)
            log.info("%s: the shared limits are back", self._account.rpartition("-")[0])

    def _admit_alone(self, now: float, weight: int) -> Use | float:
        wait = 0.0
        for window, others in zip(self._logs, self._others, strict=True):
            window.expire(now)
            wait = max(wait, self._wait_alone(window, others, now, weight))
        if wait > 0.0:
            return wait
        return self._record(now, weight, self._next_ticket())

    def _wait_alone(self, window: WindowLog, others: int, now: float, weight: int) -> float:
        """Seconds until the weight fits into our share of what the loss left free."""
        assert self._lost_at is not None
        length = window.seconds + self._margin
        allowed, holders = window.allowed, self._holders
        if allowed < holders:
            return self._wait_for_turn(window, now)
        since = [use for use in self._sent if use.at >= self._lost_at and use.at > now - length]
        new = sum(use.weight for use in since)
        old = window.own() - new
        leaving = [
            (use.at + length, use.weight, use.at >= self._lost_at) for use in self._sent if use.at > now - length
        ]
        if others and now < self._lost_at + length:
            old += others
            leaving.append((self._lost_at + length, others, False))
        if foreign := window.foreign(now):
            old += foreign
            leaving.append((now + window.foreign_ends_in(now), foreign, False))
        if new + weight <= max(0, allowed - old) // holders:
            return 0.0
        for expiry, left, ours in sorted(leaving):
            old, new = (old, new - left) if ours else (old - left, new)
            if new + weight <= max(0, allowed - old) // holders:
                return max(expiry - now, 1e-3)
        return float("inf")

    def _wait_for_turn(self, window: WindowLog, now: float) -> float:
        """A limit smaller than the number of holders is used in turns, each followed by an idle window."""
        length = window.seconds + self._margin
        if window.used():
            return max(window.resets_in(now) + self._margin, 1e-3)
        turn, round_ = 2.0 * length, 2.0 * length * self._holders
        phase = (self._wall() - self._rank * turn) % round_
        past_loss = self._lost_at + length - now if self._lost_at is not None else 0.0
        if phase < length / 2 and past_loss <= 0.0:
            return 0.0
        return max(past_loss, round_ - phase, 1e-3)

    def _errand(self, errand: Coroutine[Any, Any, None]) -> None:
        """Tell the log something that nobody has to wait for."""

        async def run() -> None:
            try:
                await errand
            except SharedLogError:
                self._untold = True

        task = asyncio.create_task(run())
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
