"""The feed: one connection to an exchange, kept alive for ever, onto the boards and into the recorder.

The reader never waits: it validates the order of trade ids, updates the symbol's tape and puts the trade into the
recorder's ring. Boards are filled by a task of their own at a human pace. Ids that were missed are asked for over REST.
"""

import asyncio
import logging
import math
import random
from collections import deque
from collections.abc import Sequence

from cockpit.boards import Boards
from cockpit.clock import Clock
from cockpit.errors import ProviderError, Refusal
from cockpit.health.metrics import LatencyRing, Tally
from cockpit.health.status import FeedStatus, State
from cockpit.providers.ports import Exchange, Rejected, StreamEvent
from cockpit.settings import TickSettings
from cockpit.ticks.gaps import Gap, Step
from cockpit.ticks.quote import BookTop
from cockpit.ticks.recorder import Recorder
from cockpit.ticks.tape import Rate, Tape
from cockpit.ticks.trade import Trade

log = logging.getLogger(__name__)

_PUBLISH_SECONDS = 0.2
_IDLE_PUBLISHES = 5
_FIRST_DELAY = 0.5
_LONGEST_DELAY = 30.0
_RESTRICTED_DELAY = 300.0
_HEALTHY_SECONDS = 5.0
_RESCHEDULE_SECONDS = 0.5
_REBASE_SECONDS = 5.0
_LAG_SAMPLES = 128
_PAGE = 1000
_LARGEST_FILL = 100_000
_FILL_TRIES = 5


class Feed:
    """Streams the trades of some symbols for ever.

    Args:
        exchange: where from.
        symbols: exchange symbols in upper case, in the order of the screen.
        clock: wall time for lags, monotonic time for everything else.
        boards: ``ticks`` and the ``feed`` row of ``health`` are written.
        recorder: takes every trade.
        settings: ``mute_seconds`` without a frame, and the connection is taken for dead.
    """

    def __init__(
        self,
        exchange: Exchange,
        symbols: Sequence[str],
        *,
        clock: Clock,
        boards: Boards,
        recorder: Recorder,
        settings: TickSettings,
    ) -> None:
        self._exchange = exchange
        self._symbols = tuple(symbols)
        self._clock = clock
        self._boards = boards
        self._recorder = recorder
        self._mute_seconds = settings.mute_seconds
        self._tapes = {symbol: Tape(symbol) for symbol in self._symbols}
        self._rate = Rate()
        self._lag = LatencyRing(_LAG_SAMPLES)
        self._random = random.Random()
        self._state = State.STARTING
        self._message = ""
        self._connections = 0
        self._received = 0
        self._rejected = Tally()
        self._last_frame_at: float | None = None
        self._up_since: float | None = None
        self._lenient_until = -math.inf
        self._gaps: deque[tuple[Tape, Gap]] = deque()
        self._gap_found = asyncio.Event()

    async def run(self) -> None:
        """Stream for ever; returns only where the exchange has no more to give, as a recording at its end."""
        async with asyncio.TaskGroup() as group:
            helpers = [
                group.create_task(self._publish_steadily()),
                group.create_task(self._fill_gaps()),
                group.create_task(self._load_day()),
            ]
            try:
                await self._stay_connected()
                await self._recorder.drain()
            finally:
                for helper in helpers:
                    helper.cancel()
                self._publish(everything=True)

    def rebase(self) -> None:
        """Forget the order of trade ids after a jump of the market's clock.

        What is still on its way from before the jump comes together with what comes after it, so for a few seconds
        no jump of an id counts as a gap.
        """
        self._lenient_until = self._clock.monotonic() + _REBASE_SECONDS
        self._gaps.clear()
        for tape in self._tapes.values():
            tape.sequence.restart()

    def status(self) -> FeedStatus:
        """How the stream is now."""
        now = self._clock.monotonic()
        lag = self._lag.p50
        trouble = self._message or self._recorder.message
        state = State.DEGRADED if self._state is State.UP and trouble else self._state
        return FeedStatus(
            venue=self._exchange.name,
            state=state,
            message=trouble,
            rate=0.0 if state is State.OFF else self._rate.per_second(now),
            lag_ms=None if lag is None else round(lag, 1),
            last_message_at=self._last_frame_at,
            up_since=self._up_since,
            ring_fill=self._recorder.fill,
            gaps=sum(tape.sequence.missing for tape in self._tapes.values()) + self._recorder.overflowed,
            reconnects=max(0, self._connections - 1),
            rejected=self._rejected.total + self._recorder.rejected,
            received=self._received,
            stored=self._recorder.stored,
        )

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            delay = 0.0
            before = self._clock.monotonic()
            try:
                await self._stream()
            except ProviderError as error:
                if error.retry_after == math.inf:
                    self._set(State.OFF, str(error))
                    return
                self._set(State.DOWN, str(error))
                delay = _RESTRICTED_DELAY if error.refusal is Refusal.RESTRICTED else error.retry_after or 0.0
            up_since, self._up_since = self._up_since, None
            last = self._last_frame_at
            if up_since is not None and last is not None and last - max(before, up_since) >= _HEALTHY_SECONDS:
                failures = 0
            longest = min(_LONGEST_DELAY, _FIRST_DELAY * 2**failures)
            failures = min(failures + 1, 16)
            await asyncio.sleep(max(delay, self._random.uniform(0.0, longest)))

    async def _stream(self) -> None:
        """One connection, until it ends, breaks or falls mute."""
        async with self._exchange.connect(self._symbols) as stream:
            self._connections += 1
            self._up_since = self._clock.monotonic()
            self._set(State.UP, "")
            loop = asyncio.get_running_loop()
            try:
                async with asyncio.timeout(self._mute_seconds) as mute:
                    rescheduled_at = loop.time()
                    async for event in stream:
                        now = self._clock.monotonic()
                        self._last_frame_at = now
                        self._take(event, now)
                        if (at := loop.time()) - rescheduled_at >= _RESCHEDULE_SECONDS:
                            rescheduled_at = at
                            mute.reschedule(at + self._mute_seconds + _RESCHEDULE_SECONDS)
            except TimeoutError:
                self._set(State.DOWN, f"{self._exchange.name} was mute for {self._mute_seconds:g} s; reconnecting")
            else:
                reason = getattr(stream, "ended", "") or "the venue closed the connection"
                self._set(State.DOWN, f"{self._exchange.name}: {reason}; reconnecting")

    def _take(self, event: StreamEvent | Rejected, now: float) -> None:
        if isinstance(event, Rejected):
            self._rejected.add(event.kind)
            if self._rejected[event.kind] == 1:
                log.warning("%s: %s: %s", self._exchange.name, event.kind, event.sample)
            return
        tape = self._tapes.get(event.symbol)
        if tape is None:
            self._rejected.add("unknown symbol")
        elif isinstance(event, Trade):
            self._trade(tape, event, now)
        elif isinstance(event, BookTop):
            tape.book(event, now)
        else:
            tape.day(event, now)

    def _trade(self, tape: Tape, trade: Trade, now: float) -> None:
        self._received += 1
        step = tape.trade(trade, now)
        if step is Step.SEEN:
            return
        if step is Step.DOUBTFUL:
            self._rejected.add("implausible id")
            return
        self._rate.add(now)
        self._lag.record(self._clock.now().timestamp() * 1000.0 - trade.time_ms)
        self._recorder.record(trade)
        if step is Step.JUMP:
            gap = tape.sequence.newest_gap
            if now < self._lenient_until:
                tape.sequence.forgive(gap)
                return
            self._gaps.append((tape, gap))
            self._gap_found.set()

    async def _load_day(self) -> None:
        """The day before the first ticker of the stream; without it the stream alone fills the rows."""
        try:
            for day in await self._exchange.day_tickers(self._symbols):
                if tape := self._tapes.get(day.symbol):
                    tape.day(day, self._clock.monotonic())
        except ProviderError as error:
            log.warning("%s", error)

    async def _fill_gaps(self) -> None:
        """Ask for missing trades, the oldest first; what the venue does not give stays counted as missing."""
        while True:
            await self._gap_found.wait()
            self._gap_found.clear()
            while self._gaps:
                await self._fill(*self._gaps.popleft())

    async def _fill(self, tape: Tape, gap: Gap) -> None:
        if len(gap) > _LARGEST_FILL:
            log.warning("%s: %d trades are missing from id %d on: too many", tape.symbol, len(gap), gap.first_id)
            return
        next_id, failures = gap.first_id, 0
        while next_id <= gap.last_id and tape.sequence.missing:
            limit = min(_PAGE, gap.last_id - next_id + 1)
            try:
                trades = await self._exchange.trades_from(tape.symbol, next_id, limit)
            except ProviderError as error:
                failures += 1
                if failures == _FILL_TRIES:
                    log.warning("%s: trades from id %d on stay missing: %s", tape.symbol, next_id, error)
                    return
                await asyncio.sleep(error.retry_after or self._random.uniform(0.0, 2.0**failures))
                continue
            wanted = [trade for trade in trades if next_id <= trade.trade_id <= gap.last_id]
            if not wanted:
                return
            for trade in wanted:
                if tape.sequence.find(trade.trade_id):
                    self._recorder.record(trade)
            next_id = wanted[-1].trade_id + 1

    async def _publish_steadily(self) -> None:
        rounds = 0
        while True:
            self._publish(everything=rounds % _IDLE_PUBLISHES == 0)
            rounds += 1
            await asyncio.sleep(_PUBLISH_SECONDS)

    def _publish(self, *, everything: bool) -> None:
        """Put changed rows on the board; now and then all of them, since rates and sparks change with time alone."""
        now = self._clock.monotonic()
        for symbol, tape in self._tapes.items():
            if everything or tape.changed:
                self._boards.ticks.put(symbol, tape.ticker(now))
        if everything:
            self._boards.health.put("feed", self.status())

    def _set(self, state: State, message: str) -> None:
        self._state, self._message = state, message
        self._boards.health.put("feed", self.status())
