"""The way to the exchange: always one healthy connection, and two for a moment where one takes over from the other."""

import asyncio
import logging
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cockpit.clock import Clock
from cockpit.errors import ProviderError, Refusal
from cockpit.health.status import State
from cockpit.providers.ports import SHUTDOWN, Exchange, Rejected, StreamEvent, TradeStream
from cockpit.settings import TickSettings

log = logging.getLogger(__name__)

Take = Callable[[StreamEvent | Rejected, float], None]
"""Gets each event of either connection, and the monotonic time of its receipt. It must neither wait nor raise."""

Report = Callable[[State, str], None]

_FIRST_DELAY = 0.5
_LONGEST_DELAY = 30.0
_LONGEST_UNREACHED = 3.0
_LONGEST_UNPROVEN = 5.0
_RESTRICTED_DELAY = 300.0
_HEALTHY_SECONDS = 5.0
_OVERLAP_SECONDS = 1.0
_LONGEST_OVERLAP = 10.0
_ROLLOVER_JITTER = 0.01
_MOST_FAILURES = 16


@dataclass(slots=True)
class _Link:
    """One connection, open or on its way."""

    stream: TradeStream | None = None
    task: asyncio.Task[None] | None = None
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    opened_at: float = 0.0
    first_at: float | None = None
    last_at: float | None = None
    wanted_gone: str = ""

    @property
    def has_ended(self) -> bool:
        return self.task is not None and self.task.done()

    @property
    def healthy_seconds(self) -> float:
        """For how long data has come."""
        return self.last_at - self.first_at if self.last_at is not None and self.first_at is not None else 0.0


class Uplink:
    """Keeps a connection open for ever.

    A connection that ends is replaced after a jittered delay, which grows until data has come for some time again. One
    that is mute, is about to be closed by the venue or has reached its age is replaced while it still stands: the new
    one is opened, both are read for a moment, and then the old one goes. Whoever takes the events drops what comes
    twice.

    Attributes:
        connections: opened so far.
        last_frame_at: monotonic seconds of the last event; None before the first.
        up_since: monotonic seconds at which the present connection was opened; None where there is none.
    """

    def __init__(
        self,
        exchange: Exchange,
        symbols: Sequence[str],
        *,
        clock: Clock,
        settings: TickSettings,
        take: Take,
        report: Report,
    ) -> None:
        self.connections = 0
        self.last_frame_at: float | None = None
        self.up_since: float | None = None
        self._exchange = exchange
        self._symbols = symbols
        self._clock = clock
        self._mute_seconds = settings.mute_seconds
        self._rollover_seconds = settings.rollover_seconds
        self._healthy_seconds = min(_HEALTHY_SECONDS, settings.rollover_seconds / 4)
        self._take = take
        self._report = report
        self._random = random.Random()
        self._link: _Link | None = None
        self._retiring: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Stay connected; returns only where the exchange has no more to give, as a recording at its end."""
        failures = 0
        old: _Link | None = None
        try:
            while True:
                link = _Link()
                delay = 0.0
                try:
                    await self._open(link)
                except ProviderError as error:
                    if error.retry_after == math.inf:
                        self._report(State.OFF, str(error))
                        return
                    if old is None or old.has_ended:
                        self._report(State.DOWN, str(error))
                    else:
                        log.warning("%s", error)
                    restricted = error.refusal is Refusal.RESTRICTED
                    delay = _RESTRICTED_DELAY if restricted else error.retry_after or 0.0
                    # A network that is back should be noticed soon; the venue allows an attempt a second.
                    unreached = error.refusal is Refusal.UNAVAILABLE
                    failures = await self._back_off(failures, delay, _LONGEST_UNREACHED if unreached else None)
                    continue
                self._link = link
                self._report(State.UP, "")
                if old is not None:
                    self._let_go(old, link)
                reason, stands = await self._tend(link)
                if reason is None:
                    return
                proven = link.healthy_seconds >= self._healthy_seconds
                if proven:
                    failures = 0
                old = link if stands else None
                if not stands:
                    self.up_since = None
                if not (stands and proven):
                    # A link that flaps faster than it can prove itself is to be back soon after it is stable.
                    delivered = link.first_at is not None
                    failures = await self._back_off(failures, longest=_LONGEST_UNPROVEN if delivered else None)
        finally:
            await self._close(old)

    def replace(self, reason: str) -> None:
        """Have a new connection take over from the present one; a sentence for the log says why."""
        if self._link is not None:
            self._link.wanted_gone = self._link.wanted_gone or reason
            self._link.changed.set()

    async def _open(self, link: _Link) -> None:
        """Start reading a new connection.

        Raises:
            ProviderError: it could not be opened.
        """
        link.task = asyncio.create_task(self._read(link), name="uplink")
        opened = asyncio.create_task(link.opened.wait())
        try:
            await asyncio.wait({link.task, opened}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await _end(link.task)
            raise
        finally:
            opened.cancel()
        if not link.opened.is_set():
            await link.task
        self.connections += 1
        self.up_since = link.opened_at

    async def _read(self, link: _Link) -> None:
        """One connection, until it ends."""
        monotonic, take = self._clock.monotonic, self._take
        try:
            async with self._exchange.connect(self._symbols) as stream:
                link.stream = stream
                link.opened_at = monotonic()
                link.opened.set()
                async for event in stream:
                    now = monotonic()
                    link.last_at = self.last_frame_at = now
                    if link.first_at is None:
                        link.first_at = now
                        link.changed.set()
                    if type(event) is Rejected and event.kind == SHUTDOWN:
                        if link is self._link:
                            self.replace(event.sample)
                        continue
                    take(event, now)
        finally:
            link.changed.set()

    async def _tend(self, link: _Link) -> tuple[str | None, bool]:
        """Wait until a connection has ended or is to be replaced: why, and whether it still stands.

        The reason is None where the exchange has no more to give.
        """
        assert link.task is not None
        assert link.stream is not None
        venue = self._exchange.name
        life = self._rollover_seconds * (1.0 - self._random.uniform(0.0, _ROLLOVER_JITTER))
        due = link.opened_at + life if self._exchange.live else math.inf
        while True:
            if link.task.done():
                try:
                    link.task.result()
                except ProviderError as error:
                    self._report(State.OFF if error.retry_after == math.inf else State.DOWN, str(error))
                    return (None if error.retry_after == math.inf else str(error)), False
                reason = f"{venue}: {link.stream.ended or 'the venue closed the connection'}; reconnecting"
                self._report(State.DOWN, reason)
                return reason, False
            now = self._clock.monotonic()
            mute_at = (link.last_at or link.opened_at) + self._mute_seconds if self._exchange.live else math.inf
            if link.wanted_gone:
                log.info("%s: %s; another connection takes over", venue, link.wanted_gone)
                return link.wanted_gone, True
            if now >= mute_at:
                reason = f"{venue} was mute for {self._mute_seconds:g} s; reconnecting"
                self._report(State.DOWN, reason)
                return reason, True
            if now >= due:
                log.info("%s: the connection is %.0f s old; another one takes over", venue, now - link.opened_at)
                return "age", True
            link.changed.clear()
            await _wait(link.changed, None if mute_at == due == math.inf else min(mute_at, due) - now)

    def _let_go(self, old: _Link, new: _Link) -> None:
        task = asyncio.create_task(self._retire(old, new), name="uplink-overlap")
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def _retire(self, old: _Link, new: _Link) -> None:
        """End an old connection once the new one carries data; one that is mute already is broken off at once."""
        assert old.task is not None
        now = self._clock.monotonic()
        mute = now - (old.last_at or old.opened_at) >= self._mute_seconds
        deadline = now + (0.0 if mute else _LONGEST_OVERLAP)
        try:
            while not old.task.done() and (now := self._clock.monotonic()) < deadline:
                if new.first_at is not None and now - new.first_at >= _OVERLAP_SECONDS:
                    break
                await asyncio.sleep(min(_OVERLAP_SECONDS / 4, deadline - now))
            if mute and old.stream is not None:
                old.stream.abort()
        finally:
            await _end(old.task)

    async def _back_off(self, failures: int, delay: float = 0.0, longest: float | None = None) -> int:
        longest = min(longest or _LONGEST_DELAY, _FIRST_DELAY * 2**failures)
        await asyncio.sleep(max(delay, self._random.uniform(0.0, longest)))
        return min(failures + 1, _MOST_FAILURES)

    async def _close(self, old: _Link | None) -> None:
        """End everything that is open."""
        links = {link.task for link in (old, self._link) if link is not None and link.task is not None}
        for task in {*links, *self._retiring}:
            await _end(task)


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for it; how it ended is of no interest any more."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()


async def _wait(event: asyncio.Event, seconds: float | None) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
