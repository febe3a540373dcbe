"""The feed: an exchange's stream, kept alive for ever, onto the boards and into the recorder.

The reader never waits: it validates the order of trade ids, updates the symbol's tape and puts the trade into the
recorder's ring. Boards are filled by a task of their own at a human pace. Ids that were missed are asked for over REST.
"""

import asyncio
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cockpit.boards import Boards
from cockpit.clock import Clock
from cockpit.errors import CockpitError, ProviderError
from cockpit.health.metrics import LatencyRing
from cockpit.health.status import FeedStatus, State
from cockpit.providers.ports import Exchange, Rejected, StreamEvent
from cockpit.settings import TickSettings
from cockpit.storage.database import Database
from cockpit.ticks.connection import Uplink
from cockpit.ticks.gaps import Gap, Step
from cockpit.ticks.offset import ClockOffset
from cockpit.ticks.quote import BookTop
from cockpit.ticks.recorder import Recorder
from cockpit.ticks.refill import Refill
from cockpit.ticks.rejects import Rejects
from cockpit.ticks.tape import Tape
from cockpit.ticks.trade import Trade

log = logging.getLogger(__name__)

_PUBLISH_SECONDS = 0.2
_IDLE_PUBLISHES = 5
_REBASE_SECONDS = 5.0
_LAG_SAMPLES = 128
_LOOK_SECONDS = 1.0
_SECOND_LOOK_SECONDS = 1.0
_LONGEST_PROBE_SECONDS = 300.0
_FIRST_TRIPS = 3
_TRIP_SECONDS = 60.0


@dataclass(slots=True)
class _Silence:
    """What was found out about a symbol that says nothing."""

    probe_at: float = -math.inf
    pause: float = 0.0


class Audience(Protocol):
    """Whoever wants to hear of the stream as it comes. It must neither wait nor raise."""

    def trade(self, trade: Trade) -> None:
        """A trade that is new."""
        ...

    def book(self, top: BookTop) -> None:
        """A bid and ask."""
        ...

    def moved(self) -> None:
        """The market was moved: what comes next is of another time."""
        ...


class Feed:
    """Streams the trades of some symbols for ever.

    Args:
        exchange: where from.
        symbols: exchange symbols in upper case, in the order of the screen.
        clock: wall time for lags, monotonic time for everything else.
        boards: ``ticks`` and the ``feed`` row of ``health`` are written.
        recorder: takes every trade.
        database: of the ledger of gaps, and of the trades that fill them.
        settings: when a connection or a symbol is taken for dead, and how far back is filled.
        audience: told of every trade and book top.
    """

    def __init__(
        self,
        exchange: Exchange,
        symbols: Sequence[str],
        *,
        clock: Clock,
        boards: Boards,
        recorder: Recorder,
        database: Database,
        settings: TickSettings,
        audience: Audience | None = None,
    ) -> None:
        self._exchange = exchange
        self._audience = audience
        self._symbols = tuple(symbols)
        self._clock = clock
        self._boards = boards
        self._recorder = recorder
        self._tapes = {symbol: Tape(symbol, settings.quiet_seconds) for symbol in self._symbols}
        self._refill = Refill(
            exchange, self._tapes, database=database, recorder=recorder, clock=clock, settings=settings
        )
        self._uplink = Uplink(
            exchange, self._symbols, clock=clock, settings=settings, take=self._take, report=self._set
        )
        self._quiet_seconds = settings.quiet_seconds
        self._lag = LatencyRing(_LAG_SAMPLES)
        self._offset = ClockOffset()
        self._offset_ms = 0.0
        self._rejects = Rejects()
        self._silences: dict[str, _Silence] = {}
        self._skipped_from: dict[str, int] = {}
        self._state = State.STARTING
        self._message = ""
        self._received = 0
        self._lenient_until = -math.inf

    async def run(self) -> None:
        """Stream for ever; returns only where the exchange has no more to give, as a recording at its end."""
        await self._refill.prepare()
        async with asyncio.TaskGroup() as group:
            work = [self._publish_steadily(), self._refill.run(), self._load_day()]
            if self._exchange.live:
                work += [self._watch_symbols(), self._watch_clock()]
            beside = [group.create_task(each) for each in work]
            try:
                await self._uplink.run()
                await self._recorder.drain()
            finally:
                for task in beside:
                    task.cancel()
                self._publish(everything=True)
        await self._refill.settle()

    def rebase(self) -> None:
        """Forget the order of trade ids after a jump of the market's clock.

        On a live stream what is still on its way from before the jump comes together with what comes after it, so for a
        few seconds no jump of an id counts as a gap. A recording is moved between two frames: there every jump counts.
        """
        if self._exchange.live:
            self._lenient_until = self._clock.monotonic() + _REBASE_SECONDS
        self._refill.forget()
        self._offset.forget()
        self._silences.clear()
        for symbol, tape in self._tapes.items():
            if tape.sequence.last_id is not None:
                self._skipped_from[symbol] = tape.sequence.last_id + 1
            tape.restart()
        if self._audience is not None:
            self._audience.moved()

    def lost(self, symbol: str, trade_id: int) -> None:
        """A trade that came could not be kept after all: have it fetched again."""
        if symbol in self._tapes:
            self._refill.lost(symbol, trade_id)

    def status(self) -> FeedStatus:
        """How the stream is now."""
        now = self._clock.monotonic()
        lag, offset = self._lag.p50, self._offset.milliseconds
        trouble = self._message or self._recorder.message or self._refill.message or self._exchange.notice
        state = State.DEGRADED if self._state is State.UP and trouble else self._state
        return FeedStatus(
            venue=self._exchange.name,
            state=state,
            message=trouble,
            rate=0.0 if state is State.OFF else sum(tape.trades_per_second(now) for tape in self._tapes.values()),
            lag_ms=None if lag is None else round(lag, 1),
            clock_offset_ms=None if offset is None else round(offset, 1),
            last_message_at=self._uplink.last_frame_at,
            up_since=self._uplink.up_since,
            ring_fill=self._recorder.fill,
            gaps=sum(tape.sequence.missing for tape in self._tapes.values()),
            open_gaps=self._refill.waiting,
            backfilled=sum(tape.backfilled for tape in self._tapes.values()),
            reconnects=max(0, self._uplink.connections - 1),
            rejected=self._rejects.total + self._recorder.rejected,
            received=self._received,
            stored=self._recorder.stored + self._refill.stored,
        )

    def _take(self, event: StreamEvent | Rejected, now: float) -> None:
        if isinstance(event, Rejected):
            self._rejects.add(self._exchange.name, event.kind, event.start, now)
            return
        tape = self._tapes.get(event.symbol)
        if tape is None:
            self._reject("unknown symbol", event.symbol, now)
        elif isinstance(event, Trade):
            self._trade(tape, event, now)
        elif isinstance(event, BookTop):
            tape.book(event, now)
            if self._audience is not None:
                self._audience.book(event)
        else:
            tape.day(event, now)

    def _trade(self, tape: Tape, trade: Trade, now: float) -> None:
        self._received += 1
        if not tape.is_plausible(trade):
            self._reject("implausible trade", f"{trade.symbol} {trade.price} at {trade.time_ms}", now)
            return
        step = tape.trade(trade, now)
        if step is Step.SEEN:
            return
        if step is Step.DOUBTFUL:
            self._reject("implausible id", f"{trade.symbol} {trade.trade_id}", now)
            return
        if now >= tape.lag_due and self._exchange.live:
            lag = self._clock.now().timestamp() * 1000.0 + self._offset_ms - trade.time_ms
            self._lag.record(lag)
            tape.lag(lag, now)
        if self._skipped_from:
            self._skip_to(tape, trade.trade_id)
        if step is Step.JUMP:
            gap, first_ms = tape.sequence.newest_gap, tape.jumped_from_ms
            if now < self._lenient_until:
                self._refill.skip(tape, gap)
            else:
                self._refill.found(tape, gap, "missing in the stream", first_ms, trade.time_ms)
        if not self._recorder.record(trade):
            self._refill.lost(trade.symbol, trade.trade_id)
        if self._audience is not None:
            self._audience.trade(trade)

    def _skip_to(self, tape: Tape, trade_id: int) -> None:
        """What lies between a jump of the clock and the first trade after it must not be looked for later."""
        skipped_from = self._skipped_from.pop(tape.symbol, None)
        if skipped_from is not None and skipped_from < trade_id:
            self._refill.skip(tape, Gap(skipped_from, trade_id - 1))

    def _reject(self, kind: str, sample: str, now: float) -> None:
        self._rejects.add(self._exchange.name, kind, sample, now)

    async def _load_day(self) -> None:
        """The day before the first ticker of the stream; without it the stream alone fills the rows."""
        try:
            for day in await self._exchange.day_tickers(self._symbols):
                if tape := self._tapes.get(day.symbol):
                    tape.day(day, self._clock.monotonic())
        except ProviderError as error:
            log.warning("%s", error)

    async def _watch_clock(self) -> None:
        """Estimate how far the venue's clock is from ours."""
        trips = 0
        while True:
            sent = self._clock.now()
            try:
                venue = await self._exchange.server_time()
            except ProviderError as error:
                log.info("the venue's clock: %s", error)
            else:
                moments = (sent, venue, self._clock.now())
                self._offset.add(*(moment.timestamp() * 1000.0 for moment in moments))
                self._offset_ms = self._offset.milliseconds or 0.0
            trips += 1
            await asyncio.sleep(_LOOK_SECONDS if trips < _FIRST_TRIPS else _TRIP_SECONDS)

    async def _watch_symbols(self) -> None:
        """Look for symbols that say nothing while others do."""
        while True:
            await asyncio.sleep(min(_LOOK_SECONDS, self._quiet_seconds / 4))
            up_since = self._uplink.up_since
            if up_since is None or self._state is not State.UP:
                continue
            now = self._clock.monotonic()
            quiet = []
            for symbol, tape in self._tapes.items():
                if not tape.pulse.is_strange(now, up_since):
                    if symbol in self._silences:
                        del self._silences[symbol]
                        self._refill.resumed(tape)
                elif now >= self._silences.setdefault(symbol, _Silence()).probe_at:
                    quiet.append(tape)
            if quiet:
                try:
                    await self._probe(quiet)
                except CockpitError as error:
                    log.warning("quiet symbols: %s", error)

    async def _probe(self, quiet: Sequence[Tape]) -> None:
        """Ask over REST whether symbols that say nothing have traded; only then are they dead."""
        asked_at = self._clock.monotonic()
        for tape in quiet:
            silence = self._silences[tape.symbol]
            silence.pause = min(_LONGEST_PROBE_SECONDS, silence.pause * 2 or self._quiet_seconds)
            silence.probe_at = asked_at + silence.pause
        newest = await self._exchange.last_ids([tape.symbol for tape in quiet])
        await asyncio.sleep(min(_SECOND_LOOK_SECONDS, self._quiet_seconds / 4))  # what REST was first to know may come
        dead = []
        for tape in quiet:
            last_id = newest.get(tape.symbol)
            if last_id is None or (tape.pulse.last or 0.0) > asked_at:
                continue
            gap = tape.sequence.expect(last_id)
            if gap is not None:
                self._refill.found(tape, gap, "the stream of the symbol was mute", tape.traded_ms)
                tape.pulse.interrupt()
                dead.append(tape.symbol)
            else:
                self._refill.halted(tape, "no trade for strangely long, and the venue has none either")
        if dead:
            log.warning("%s: the stream of %s is mute", self._exchange.name, ", ".join(dead))
            self._uplink.replace(f"the stream of {', '.join(dead)} is mute")

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
