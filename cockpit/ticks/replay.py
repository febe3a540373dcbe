"""A recording as an exchange, so that the same feed, boards and panes play it."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

from cockpit.clock import Anchor, SimulatedClock
from cockpit.errors import CockpitError, DamagedError, ProviderError, Refusal, UsageError
from cockpit.providers.binance_frames import decode_frame
from cockpit.providers.ports import Rejected, StreamEvent, Tap, TradeStream
from cockpit.storage.database import whole
from cockpit.ticks.kline import Kline
from cockpit.ticks.playback import Playback, other_speed
from cockpit.ticks.quote import DayTicker
from cockpit.ticks.recording import RecordedFrame, Recording
from cockpit.ticks.trade import Trade

log = logging.getLogger(__name__)

_NAME = "replay"
_READ_AHEAD = 500
_SHORTEST_SLEEP = 0.001
_BEHIND = 0.02


class ReplayExchange:
    """Implements :class:`cockpit.providers.ports.Exchange` with a recording.

    It can be paused, hurried and moved on the recording's own clock while it plays.

    Args:
        file: the recording.
        speed: in times the recorded pace.
        hold: at the end wait to be moved back, instead of ending for good.

    Attributes:
        watch: told whenever something other than the position has changed.
        clock: shows the recording's time, from its first frame on.
        symbols: those that the recording has streams of; known after :meth:`open`.
    """

    name = _NAME
    live = False
    notice = ""

    def __init__(self, file: Path, speed: float = 1.0, *, hold: bool = False) -> None:
        if not speed > 0.0:
            raise ValueError("the speed of a replay is greater than zero")
        self.symbols: tuple[str, ...] = ()
        self.clock = SimulatedClock(Anchor(0.0, datetime.fromtimestamp(0, UTC), 0.0))
        self.watch: Callable[[Playback], None] = _ignore
        self._recording = Recording(file)
        self._hold = hold
        self._frames: Iterator[RecordedFrame] = iter(())
        self._ahead: list[RecordedFrame] = []
        self._reading: asyncio.Task[None] | None = None
        self._damage: CockpitError | None = None
        self._first_ns = 0
        self._playback = Playback(datetime.fromtimestamp(0, UTC), speed=speed)
        self._running = False
        self._mark = 0.0, 0
        """Monotonic time and the recording's, at which the present stretch began."""
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()

    async def open(self) -> None:
        """Look at the start of the recording.

        Raises:
            DamagedError: it is no recording.
            UsageError: there is no such file, or it cannot be read.
        """
        self.symbols = await asyncio.to_thread(self._recording.symbols)
        if not self.symbols:
            raise DamagedError(
                f"{self._recording.path} holds no stream of a symbol; what can be replayed is a recording, such as "
                "--record FILE writes"
            )
        frames = iter(self._recording)
        first = await asyncio.to_thread(next, frames)
        self._frames = chain([first], frames)
        self._first_ns = first.received_ns
        self._set(start=_instant(first.received_ns))
        self._go_on_from(first.received_ns)

    async def measure(self) -> None:
        """Find out where the recording ends; where that cannot be read it stays unknown."""
        try:
            last_ns = await asyncio.to_thread(self._recording.last_received_ns)
        except UsageError as error:
            log.warning("%s", error)
            return
        if last_ns is not None:
            self._set(end=_instant(last_ns))

    # --- how it is played -----------------------------------------------------------------------------------------

    @property
    def playback(self) -> Playback:
        """How it is played now."""
        return self._playback

    @property
    def damage(self) -> CockpitError | None:
        """Where the recording breaks off; None while nothing is known of it."""
        return self._damage

    def pause(self) -> None:
        """Stop the recording's time, or let it go on."""
        self._go_on_from(self._position_ns(), paused=not self._playback.paused)

    def change_speed(self, steps: int) -> None:
        """Play so many steps faster or slower."""
        self._go_on_from(self._position_ns(), speed=other_speed(self._playback.speed, steps))

    async def seek(self, seconds: float, jumped: Callable[[], None]) -> None:
        """Move by so much of the recording's time, at most to its start or its end.

        Args:
            seconds: below zero to go back.
            jumped: called between the last frame of before and the first one of after.
        """
        async with self._turn:
            here = self._position_ns()
            target = max(self._first_ns, here + round(seconds * 1e9))
            self._set(seeking=True)
            try:
                if self._reading is not None:
                    await asyncio.wait({self._reading})
                await whole(asyncio.to_thread(self._move, target, back=target < here))
                ended = not self._ahead
                if ended:
                    target = min(target, await self._last_ns(here))
            except BaseException:
                self._go_on_from(here, seeking=False)
                raise
            # From here on nothing waits: whoever plays the next frame has seen the jump before it.
            self._go_on_from(target, seeking=False, ended=ended)
            jumped()

    def _move(self, target: int, *, back: bool) -> None:
        """Have the next frames be those from a time on."""
        if back:
            self._ahead.clear()
            self._frames = self._recording.frames(target)
            self._damage = None
        self._ahead = [frame for frame in self._ahead if frame.received_ns >= target]
        while not self._ahead and (taken := self._take()):
            self._ahead = [frame for frame in reversed(taken) if frame.received_ns >= target]

    async def _last_ns(self, otherwise: int) -> int:
        last_ns = await asyncio.to_thread(self._recording.last_received_ns)
        return otherwise if last_ns is None else last_ns

    def _position_ns(self) -> int:
        since, from_ns = self._mark
        speed = self._playback.speed if self._plays else 0.0
        return from_ns + round((self.clock.monotonic() - since) * speed * 1e9)

    @property
    def _plays(self) -> bool:
        return self._running and not (self._playback.paused or self._playback.ended)

    def _go_on_from(self, ns: int, **changes: Any) -> None:
        self._set(**changes)
        now = self.clock.monotonic()
        self._mark = now, ns
        self.clock.anchor = Anchor(now, _instant(ns), self._playback.speed if self._plays else 0.0)
        self._changed.set()

    def _set(self, **changes: Any) -> None:
        playback = replace(self._playback, **changes)
        if playback != self._playback:
            self._playback = playback
            self.watch(playback)

    # --- the exchange ---------------------------------------------------------------------------------------------

    def tap(self, take: Tap) -> None:
        """Refused.

        Raises:
            UsageError: a replay is a recording already.
        """
        raise UsageError("a replay is a recording already; nothing of it is recorded again")

    @asynccontextmanager
    async def connect(self, symbols: Sequence[str]) -> AsyncIterator[TradeStream]:
        """Play on from where the last connection left off.

        Raises:
            ProviderError: never to be asked again (``retry_after`` is infinite) where the recording has ended.
        """
        yield _ReplayStream(self, frozenset(symbols))

    async def day_tickers(self, symbols: Sequence[str]) -> list[DayTicker]:
        """None: a recording answers no requests."""
        return []

    async def trades_from(self, symbol: str, from_id: int, limit: int = 1000) -> list[Trade]:
        """None: what a recording lacks is not to be had."""
        return []

    def history_delay(self) -> float:
        """None: the answer is always at hand, and empty."""
        return 0.0

    async def last_ids(self, symbols: Sequence[str]) -> dict[str, int]:
        """None: a recording knows of no trade that it does not hold."""
        return {}

    async def first_id_since(self, symbol: str, start: datetime) -> int | None:
        """None: a recording answers no requests."""
        return None

    async def klines(self, symbol: str, length_ms: int, start_ms: int, end_ms: int) -> list[Kline]:
        """Refused.

        Raises:
            ProviderError: a recording answers no requests.
        """
        raise ProviderError(self.name, Refusal.NOT_FOUND, "a recording has no prices but its own")

    async def server_time(self) -> datetime:
        """The recording's own clock."""
        return self.clock.now()

    async def next_frame(self) -> RecordedFrame:
        """The next frame, at its time."""
        if not self._running:
            self._running = True
            self._go_on_from(self._first_ns)
        while True:
            playback = self._playback
            if playback.paused or playback.seeking or playback.ended:
                await self._change(None)
            elif not self._ahead:
                await self._fill()
            elif (delay := self._delay(self._ahead[-1].received_ns)) > _SHORTEST_SLEEP:
                await self._change(delay)
            else:
                return self._ahead.pop()

    async def _change(self, seconds: float | None) -> None:
        """Wait until it is played in another way, or for so long."""
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    async def _fill(self) -> None:
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_ahead())
        # A connection that is given up must not take with it what is being read for the next one.
        await asyncio.shield(self._reading)
        self._reading = None

    async def _read_ahead(self) -> None:
        self._ahead = (await asyncio.to_thread(self._take))[::-1]
        if self._ahead:
            return
        if self._hold:
            self.notice = "" if self._damage is None else str(self._damage)
            self._go_on_from(self._position_ns(), ended=True)
            return
        self._running = False
        self._go_on_from(self._position_ns())
        if self._damage is not None:
            raise ProviderError(_NAME, Refusal.MALFORMED, str(self._damage), retry_after=math.inf)
        ended = f"the recording {self._recording.path.name} has ended"
        raise ProviderError(_NAME, Refusal.UNAVAILABLE, ended, retry_after=math.inf)

    def _take(self) -> list[RecordedFrame]:
        """The next frames; what comes before a damage is played before the damage is told."""
        taken: list[RecordedFrame] = []
        try:
            taken.extend(islice(self._frames, _READ_AHEAD))
        except CockpitError as error:
            self._damage = error
        return taken

    def _delay(self, received_ns: int) -> float:
        """Seconds until a frame is due."""
        delay = (received_ns - self._position_ns()) / 1e9 / self._playback.speed
        if delay < -_BEHIND:
            # Faster than this machine can play it: the clock waits for the frames, not the other way round.
            self._go_on_from(received_ns)
        return delay


class _ReplayStream:
    """One connection's worth of a recording."""

    def __init__(self, exchange: ReplayExchange, symbols: frozenset[str]) -> None:
        self._exchange = exchange
        self._symbols = symbols
        self.ended = ""

    def abort(self) -> None:
        """Nothing to break."""

    async def __aiter__(self) -> AsyncIterator[StreamEvent | Rejected]:
        """Events at their time. Whoever is behind still lets others run now and then."""
        frames = 0
        while True:
            recorded = await self._exchange.next_frame()
            event = decode_frame(recorded.frame, self._symbols)
            if event is not None:
                yield event
            frames += 1
            if frames % _READ_AHEAD == 0:
                await asyncio.sleep(0)


def _ignore(playback: Playback) -> None:
    """Nobody watches."""


def _instant(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)
