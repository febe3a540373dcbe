"""A recording as an exchange, so that the same feed, boards and panes play it."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path

from cockpit.clock import Anchor, SimulatedClock
from cockpit.errors import CockpitError, DamagedError, ProviderError, Refusal
from cockpit.providers.binance_frames import decode_frame
from cockpit.providers.ports import Rejected, StreamEvent, TradeStream
from cockpit.ticks.quote import DayTicker
from cockpit.ticks.recording import RecordedFrame, Recording
from cockpit.ticks.trade import Trade

_NAME = "replay"
_READ_AHEAD = 500
_SHORTEST_SLEEP = 0.001
_BEHIND = 0.02


class ReplayExchange:
    """Implements :class:`cockpit.providers.ports.Exchange` with a recording.

    Args:
        file: the recording.
        speed: in times the recorded pace.

    Attributes:
        clock: shows the recording's time, from its first frame on.
        symbols: those that the recording has streams of; known after :meth:`open`.
    """

    name = _NAME
    live = False
    notice = ""

    def __init__(self, file: Path, speed: float = 1.0) -> None:
        if not speed > 0.0:
            raise ValueError("the speed of a replay is greater than zero")
        self.symbols: tuple[str, ...] = ()
        self.clock = SimulatedClock(Anchor(0.0, datetime.fromtimestamp(0, UTC), 0.0))
        self._recording = Recording(file)
        self._speed = speed
        self._frames: Iterator[RecordedFrame] = iter(())
        self._ahead: list[RecordedFrame] = []
        self._reading: asyncio.Task[None] | None = None
        self._damage: CockpitError | None = None
        self._started: tuple[float, int] | None = None

    async def open(self) -> None:
        """Look at the start of the recording.

        Raises:
            DamagedError: it is no recording.
            UsageError: there is no such file, or it cannot be read.
        """
        self.symbols = await asyncio.to_thread(self._recording.symbols)
        if not self.symbols:
            raise DamagedError(f"{self._recording.path} holds no stream of a symbol")
        frames = iter(self._recording)
        first = await asyncio.to_thread(next, frames)
        self._frames = chain([first], frames)
        self.clock.anchor = Anchor(0.0, _instant(first.received_ns), 0.0)

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

    async def last_ids(self, symbols: Sequence[str]) -> dict[str, int]:
        """None: a recording knows of no trade that it does not hold."""
        return {}

    async def first_id_since(self, symbol: str, start: datetime) -> int | None:
        """None: a recording answers no requests."""
        return None

    async def server_time(self) -> datetime:
        """The recording's own clock."""
        return self.clock.now()

    async def next_frame(self) -> RecordedFrame:
        """The next frame, at its time."""
        while not self._ahead:
            if self._reading is None:
                self._reading = asyncio.create_task(self._read_ahead())
            # A connection that is given up must not take with it what is being read for the next one.
            await asyncio.shield(self._reading)
            self._reading = None
        await self._wait_for(self._ahead[-1].received_ns)
        return self._ahead.pop()

    async def _read_ahead(self) -> None:
        self._ahead = (await asyncio.to_thread(self._take))[::-1]
        if not self._ahead:
            self.clock.anchor = Anchor(0.0, self.clock.now(), 0.0)
            ended = f"the recording {self._recording.path.name} has ended"
            if self._damage is not None:
                raise ProviderError(_NAME, Refusal.MALFORMED, str(self._damage), retry_after=math.inf)
            raise ProviderError(_NAME, Refusal.UNAVAILABLE, ended, retry_after=math.inf)

    def _take(self) -> list[RecordedFrame]:
        """The next frames; what comes before a damage is played before the damage is told."""
        taken: list[RecordedFrame] = []
        try:
            taken.extend(islice(self._frames, _READ_AHEAD))
        except CockpitError as error:
            self._damage = error
        return taken

    async def _wait_for(self, received_ns: int) -> None:
        now = self.clock.monotonic()
        if self._started is None:
            self._started = now, received_ns
            self.clock.anchor = Anchor(now, _instant(received_ns), self._speed)
        start, first_ns = self._started
        delay = start + (received_ns - first_ns) / 1e9 / self._speed - now
        if delay > _SHORTEST_SLEEP:
            await asyncio.sleep(delay)
        elif delay < -_BEHIND:
            # Faster than this machine can play it: the clock waits for the frames, not the other way round.
            self._started = now, received_ns
            self.clock.anchor = Anchor(now, _instant(received_ns), self._speed)


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


def _instant(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)
