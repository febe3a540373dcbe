"""One strategy at work on one symbol: warmed up from what is stored, told of every closed bar once, filled on paper.

What it wants is written down before anybody tries to fill it, and filled at the first bid and ask that come after:
bought at the ask, sold at the bid, with the taker's fee. A fill is committed before it is shown. A bar that was decided
on is never decided on again, in this session or another.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from cockpit.clock import Clock
from cockpit.errors import CockpitError, StorageError, StrategyError, UsageError
from cockpit.health.metrics import LatencyRing
from cockpit.health.status import State
from cockpit.portfolio.ledger import ZERO, CostMethod, Fill, Holding
from cockpit.storage.database import Database
from cockpit.storage.gaps import open_gaps, stored_end
from cockpit.storage.strategies import AuditEntry, Event, Outcome, StoredRun, StoredSignal, StrategyRows
from cockpit.strategies.api import Bar, Signal
from cockpit.strategies.backtest import PastBar
from cockpit.strategies.decider import Decider
from cockpit.strategies.deciding import deciding
from cockpit.strategies.history import read_past
from cockpit.strategies.jail import JailedStrategy, JailRules
from cockpit.strategies.live_bars import ClosedBar
from cockpit.strategies.roster import Entry
from cockpit.strategies.standing import Standing
from cockpit.strategies.tap import BarQueue, SymbolTap
from cockpit.strategies.terms import Terms
from cockpit.ticks.bars import flat_bars, floor_ms, parse_timeframe
from cockpit.ticks.quote import BookTop

log = logging.getLogger(__name__)

_LONGEST_HISTORY = 20_000
_NOTICED_SECONDS = 1.5
_LOOK_SECONDS = 0.1
_RETRY_SECONDS = 2.0
_COIN = Holding(multiplier=ZERO + 1, method=CostMethod.AVERAGE)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds.

    Attributes:
        stored: that trades of the stream may take to the database.
        filled: that missing trades may take until they have been fetched.
        quote: that a signal waits for a bid and ask.
    """

    stored: float = 10.0
    filled: float = 20.0
    quote: float = 30.0


class Word(NamedTuple):
    """What was said to a bar."""

    past: PastBar
    signal: Signal


class StrategyAtWork:
    """A line of the roster, run for as long as the session has it.

    Args:
        entry: what runs, on what and with what.
        tap: of its symbol.
        rows: where signals and fills are kept.
        database: of the stored bars.
        clock: for the times of what is written down.
        terms: stake and fee.
        rules: of the jail.
        left: the run as another session has left it; None where there is none.
        resumes: False where every session begins anew, as that of a recording does.
        patience: how long it waits for what.

    Attributes:
        standing: how it stands; marks are for whoever shows it to add.
        answers: how long bars took to be answered.
        restarts: how often it was started again.
        last_error: why it was stopped or refused last; it stays after a restart.
    """

    def __init__(
        self,
        entry: Entry,
        *,
        tap: SymbolTap,
        rows: StrategyRows,
        database: Database,
        clock: Clock,
        terms: Terms,
        rules: JailRules,
        left: StoredRun | None = None,
        resumes: bool = True,
        patience: Patience,
    ) -> None:
        self.answers = LatencyRing()
        self.restarts = 0
        self.last_error = ""
        self.standing = Standing(entry.label, entry.strategy, entry.symbol, entry.timeframe)
        self._entry = entry
        self._tap = tap
        self._rows = rows
        self._database = database
        self._clock = clock
        self._terms = terms
        self._rules = rules
        self._resumes = resumes
        self._patience = patience
        self._queue = BarQueue(entry.symbol, entry.length_ms)
        self._decider: Decider | None = None
        self._of_decider = AsyncExitStack()
        self._renewed = False
        self._again = asyncio.Event()
        self._run: StoredRun | None = None
        self._holding = _COIN
        self._wanted = 0.0
        self._last: Bar | None = None
        self._order: StoredSignal | None = None
        self._order_until = 0.0
        if left is not None:
            self._take_up(left)

    @property
    def entry(self) -> Entry:
        """The line of the roster."""
        return self._entry

    @property
    def holding(self) -> Holding:
        """What it holds."""
        return self._holding

    @property
    def pid(self) -> int | None:
        """The process of its child; None where it has none."""
        return self._decider.pid if isinstance(self._decider, JailedStrategy) else None

    @property
    def held(self) -> tuple[str, ...]:
        """What confines its child; empty where it has none."""
        return self._decider.held if isinstance(self._decider, JailedStrategy) else ()

    def reconfigure(self, entry: Entry, terms: Terms, rules: JailRules) -> None:
        """Other terms from the next fill on; other parameters or another file as soon as they are taken."""
        changed = entry != self._entry
        self._entry, self._terms, self._rules = entry, terms, rules
        if changed:
            self.renew()

    def renew(self) -> None:
        """Load the strategy anew: where it has stopped it starts again, where it runs it goes on if that fails."""
        self._renewed = True
        self._again.set()
        self._queue.stirred.set()

    async def run(self) -> None:
        """Work until cancelled. What the strategy does wrong stops it, until it is renewed."""
        self._queue = self._tap.open(self._entry.length_ms)
        try:
            while True:
                try:
                    await self._work()
                except (StrategyError, UsageError) as error:
                    await self._stopped(error)
                    await self._drop()
                    await self._again.wait()
                    self.restarts += 1
                except CockpitError as error:  # of the database: it is tried again
                    self._tell(State.DEGRADED, str(error))
                    await self._drop()
                    await asyncio.sleep(_RETRY_SECONDS)
        finally:
            self._tap.close(self._queue)
            await self._drop()

    async def _work(self) -> None:
        self._renewed, self._order = False, None
        self._again.clear()
        self._change(state=State.STARTING, message="loads", heard=0)
        await self._open()
        self._change(message=f"waits for a trade of {self._entry.symbol}", warm_up=self._warm_up)
        word = await self._begin()
        await self._audit(Event.STARTED, self._started())
        while True:
            self._queue.stirred.clear()
            if self._queue.take_move() and not self._resumes:
                return await self._begin_anew()
            if self._renewed:
                await self._reload()
            await self._try_order()
            # Of several bars that wait, only what was said last is still to be done.
            while (closed := self._queue.next()) is not None:
                word = await self._bar(closed) or word
            if word is not None:
                await self._act(word)
                word = None
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._order_until if self._order is not None else None):
                    await self._queue.stirred.wait()

    async def _begin_anew(self) -> None:
        """A recording was moved: what was decided belongs to another pass over it."""
        await self._rows.end_runs(self._clock.now(), self._entry.label)
        await self._drop()
        self._last = None

    # --- the strategy ---------------------------------------------------------------------------------------------

    async def _open(self) -> None:
        """Load the strategy; the one before goes only once this one stands."""
        entry, opening = self._entry, AsyncExitStack()
        try:
            made = deciding(entry.strategy, entry.file, entry.parameters, self._rules)
            decider = await opening.enter_async_context(made)
        except BaseException:
            await opening.aclose()
            raise
        await self._drop()
        self._decider, self._of_decider = decider, opening

    async def _drop(self) -> None:
        of_decider, self._of_decider, self._decider = self._of_decider, AsyncExitStack(), None
        await of_decider.aclose()

    async def _reload(self) -> None:
        """Take a changed file or changed parameters, with the past that the one before has heard."""
        self._renewed = False
        self._again.clear()
        try:
            await self._open()
        except (StrategyError, UsageError) as error:
            await self._refused(error)
            return
        self.restarts += 1
        if self._run is not None and self._last is not None:
            await self._hear_past(self._run, self._last.close_ms + 1)
        self._change(message="", warm_up=self._warm_up)
        await self._audit(Event.STARTED, f"{self._started()}, loaded anew")

    @property
    def _warm_up(self) -> int:
        return self._decider.warm_up if self._decider is not None else 0

    async def _feed(self, past: Sequence[PastBar]) -> Word | None:
        """Tell it of bars; the last word that it says to them."""
        if not past or self._decider is None:
            return None
        loop = asyncio.get_running_loop()
        began = loop.time()
        signals = await self._decider.feed([one.bar for one in past])
        self.answers.record((loop.time() - began) * 1000.0 / len(past))
        self._last = past[-1].bar
        self._heard(self.standing.heard + len(past))
        words = [Word(one, signal) for one, signal in zip(past, signals, strict=True) if signal is not None]
        return words[-1] if words else None

    def _heard(self, bars: int) -> None:
        """It is at work once the next bar can make it speak."""
        self._change(heard=bars, state=State.UP if bars >= self._warm_up - 1 else State.STARTING)

    # --- the past -------------------------------------------------------------------------------------------------

    async def _begin(self) -> Word | None:
        """Take up the run where it was left, or begin one, and hear what is stored up to the present bar.

        What it said last to a bar that nobody has acted on yet, if anything.
        """
        first = await self._tap.newest()
        now_ms = floor_ms(first.time_ms, self._entry.length_ms)
        stored = await stored_end(self._database, self._entry.symbol)
        if stored is not None and stored.trade_id < first.trade_id - 1:
            self._change(message="waits for the trades before this one to be stored")
            await asyncio.sleep(_NOTICED_SECONDS)
            await self._until_filled(self._patience.filled)
            await self._until_stored(first.trade_id - 1, self._patience.stored)
        entry = self._entry
        self._run = run = await self._rows.open_run(entry.label, entry.strategy, entry.symbol, entry.timeframe, now_ms)
        self._take_up(run)
        word = await self._hear_past(run, now_ms)
        after_ms = run.last.bar_ms if run.last is not None else run.began_ms - 1
        waiting = run.last if run.last is not None and run.last.outcome is Outcome.WAITING else None
        if word is not None and word.past.bar.open_ms > after_ms:
            if waiting is not None:
                await self._lapse(waiting, "a later bar has been decided on")
            return word
        if waiting is not None and now_ms - waiting.bar_ms <= 2 * entry.length_ms:
            self._place(waiting)
        elif waiting is not None:
            await self._lapse(waiting, "the session ended before the next bid and ask")
        return None

    def _take_up(self, run: StoredRun) -> None:
        self._holding = _held(run.fills)
        self._wanted = run.filled.target if run.filled is not None else 0.0
        self._change(message="", **shown(run))

    async def _until_stored(self, trade_id: int, seconds: float) -> None:
        """Wait until the recorder has stored the stream up to this trade, at most so long."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while (end := await stored_end(self._database, self._entry.symbol)) is None or end.trade_id < trade_id:
            if loop.time() >= deadline:
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _until_filled(self, seconds: float) -> None:
        """Wait until no gap of the symbol is asked for any more, at most so long."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while any(gap.symbol == self._entry.symbol for gap in await open_gaps(self._database)):
            if loop.time() >= deadline:
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _hear_past(self, run: StoredRun, end_ms: int) -> Word | None:
        """Tell a strategy that has heard nothing yet of the stored bars before ``end_ms``.

        From the first bar of the run on, so that it knows again what it knew, and from before as many as it needs; of
        all that the stretch after the last hole. The last word to any bar of the run.
        """
        self._heard(0)
        start_ms = max(run.began_ms, end_ms - _LONGEST_HISTORY * self._entry.length_ms)
        start_ms -= max(0, self._warm_up - 1) * self._entry.length_ms
        word = await self._feed([past for past in await self._read(start_ms, end_ms) if past.bar.open_ms < end_ms])
        return word if word is not None and word.past.bar.open_ms >= run.began_ms else None

    async def _read(self, start_ms: int, last_ms: int) -> list[PastBar]:
        """Stored bars up to the one that opens at ``last_ms``: the stretch after the last bar of which nothing came."""
        symbol, timeframe, length_ms = self._entry.symbol, self._entry.timeframe, self._entry.length_ms
        before = max(0, last_ms - start_ms) // length_ms
        span = last_ms, last_ms + length_ms
        stretch: list[PastBar] = []
        async for page in read_past(self._database, symbol, timeframe, *span, warm_up=before):
            for past in page:
                if past.missing and past.bar.is_gap_fill:
                    stretch.clear()
                else:
                    stretch.append(past)
        return stretch

    # --- the present ----------------------------------------------------------------------------------------------

    async def _bar(self, closed: ClosedBar) -> Word | None:
        """Tell it of a bar that has closed, and of those before it that it has not heard; its last word."""
        bar, last = closed.bar, self._last
        if last is not None and bar.open_ms <= last.open_ms:
            return None
        if closed.whole:
            quiet = flat_bars(last, bar.open_ms) if last is not None else ()
            past = [*map(PastBar, quiet), PastBar(bar)]
        elif last is None and self._run is not None and bar.open_ms <= self._run.began_ms:
            return None  # nothing before it is known, and it had begun before the stream did
        else:
            past = await self._stored(closed)
            if last is not None and past[0].bar.open_ms > last.close_ms + 1:
                # What it has heard does not join what comes: it hears afresh what does.
                self._last, self._renewed = bar, True
                self._queue.stirred.set()
                return None
        return await self._feed(past)

    async def _stored(self, closed: ClosedBar) -> list[PastBar]:
        """A bar that the stream has not seen whole, and those before it, from what is stored and fetched by now.

        Those of which nothing came and nothing could be fetched are not there, nor are any before them.
        """
        await self._until_stored(closed.last_id, self._patience.stored)
        await self._until_filled(self._patience.filled)
        bar, last = closed.bar, self._last
        start_ms = bar.open_ms if last is None else last.close_ms + 1
        start_ms = max(start_ms, bar.open_ms - _LONGEST_HISTORY * self._entry.length_ms)
        stored = await self._read(start_ms, bar.open_ms)
        if not stored or stored[-1].bar.open_ms < bar.open_ms:
            stored.append(PastBar(bar, missing=True))
        if any(one.missing for one in stored):
            log.info("%s: bar %s lacks trades", self._entry.label, _opened(bar))
        return stored

    async def _act(self, word: Word) -> None:
        """Write down what it wants, and bring the position there."""
        run, bar, signal = self._run, word.past.bar, word.signal
        if run is None:
            return
        outcome = Outcome.KEPT if signal.target == self._wanted else Outcome.WAITING
        said = (run.run, bar.open_ms, signal.target, signal.reason, self._clock.now())
        stored = await self._rows.add_signal(*said, missing=word.past.missing, outcome=outcome)
        if stored is None:
            return
        await self._lapse_order("a later bar has been decided on")
        self._change(**_shown_signal(stored, self._entry.length_ms))
        if outcome is Outcome.WAITING:
            if self._last is not None and bar.open_ms < self._last.open_ms:
                await self._audit(Event.LATE, f"acts now on what it said to bar {_opened(bar)}: {signal.reason}")
            self._place(stored)

    def _place(self, signal: StoredSignal) -> None:
        """Have a signal filled at the next bid and ask."""
        self._order = signal
        self._order_until = asyncio.get_running_loop().time() + self._patience.quote
        self._queue.ask_for_book()

    async def _try_order(self) -> None:
        """Fill what waits, if a bid and ask have come; where none comes in time, it lapses."""
        if self._order is None:
            return
        trouble = f"no bid and ask came within {self._patience.quote:.0f} s"
        top = self._queue.take_book()
        if top is not None:
            try:
                if 0 < top.bid <= top.ask:
                    await self._fill(self._order, top)
                    self._order = None
                    return
            except StorageError as error:
                trouble = str(error)
                log.warning("%s: %s", self._entry.label, error)
            self._queue.ask_for_book()
        if asyncio.get_running_loop().time() >= self._order_until:
            await self._lapse_order(trouble)

    async def _fill(self, signal: StoredSignal, top: BookTop) -> None:
        fills = self._fills(signal.target, top)
        outcome = Outcome.FILLED if fills else Outcome.KEPT
        if not await self._rows.settle(signal, outcome, fills, self._clock.now()):
            return
        self._wanted = signal.target
        self._holding = _held(fills, self._holding)
        settled = replace(signal, outcome=outcome)
        position = _shown_holding(self._holding, self.standing.fills + len(fills))
        self._change(**position, **_shown_signal(settled, self._entry.length_ms))
        for fill in fills:
            log.info("%s: %+f at %f, %s", self._entry.label, fill.quantity, fill.price, signal.reason)

    def _fills(self, target: float, top: BookTop) -> tuple[Fill, ...]:
        """To the target at the touch: what is bought at the ask, what is sold at the bid."""
        held = self._holding.quantity
        fills = self._terms.fills(top.symbol, held, target, top.ask)
        if fills and fills[0].quantity < 0:
            fills = self._terms.fills(top.symbol, held, target, top.bid)
        return fills

    async def _lapse_order(self, why: str) -> None:
        order, self._order = self._order, None
        if order is not None:
            await self._lapse(order, why)

    async def _lapse(self, signal: StoredSignal, why: str) -> None:
        if await self._rows.settle(signal, Outcome.LAPSED, (), self._clock.now()):
            self._change(**_shown_signal(replace(signal, outcome=Outcome.LAPSED), self._entry.length_ms))
            await self._audit(Event.LAPSED, f"nothing was filled of what was said ({signal.reason}): {why}")

    # --- what is told ---------------------------------------------------------------------------------------------

    def _started(self) -> str:
        heard, needs = self.standing.heard, self._warm_up
        confined = f", held by {', '.join(self.held)}" if self.held else ""
        return f"runs{confined}, with {heard} bars heard of the {needs} that it needs"

    async def _stopped(self, error: CockpitError) -> None:
        """It is stopped, or could not be started at all; what it holds it goes on holding."""
        event = Event.REFUSED if isinstance(error, UsageError) or self._decider is None else Event.STOPPED
        self._tell(State.DOWN, f"{event.value}: {error}", told=True)
        await self._audit(event, str(error))

    async def _refused(self, error: CockpitError) -> None:
        self._tell(self.standing.state, f"refused, the one before runs on: {error}", told=True)
        await self._audit(Event.REFUSED, f"{error}; the one before runs on")

    def _tell(self, state: State, sentence: str, *, told: bool = False) -> None:
        self.last_error = sentence
        log.warning("%s %s", self._entry.label, sentence)
        self._change(state=state, message=sentence, told=self.standing.told + told)

    async def _audit(self, event: Event, sentence: str) -> None:
        try:
            await self._rows.audit(AuditEntry(self._clock.now(), self._entry.label, event, sentence))
        except StorageError as error:
            log.warning("%s %s: %s; it could not be written down: %s", self._entry.label, event, sentence, error)

    def _change(self, **changes: object) -> None:
        self.standing = replace(self.standing, **changes)  # type: ignore[arg-type]  # fields of the standing


def shown(run: StoredRun) -> dict[str, object]:
    """What a stored run adds to its standing."""
    signal = {} if run.last is None else _shown_signal(run.last, parse_timeframe(run.timeframe))
    return {**_shown_holding(_held(run.fills), len(run.fills)), **signal}


def _shown_holding(holding: Holding, fills: int) -> dict[str, object]:
    return {
        "quantity": holding.quantity,
        "average": holding.average if holding.quantity else None,
        "realised": holding.realised,
        "fees": holding.fees,
        "unrealised": None if holding.quantity else ZERO,
        "fills": fills,
    }


def _shown_signal(signal: StoredSignal, length_ms: int) -> dict[str, object]:
    return {
        "reason": signal.reason,
        "signal_at": datetime.fromtimestamp((signal.bar_ms + length_ms) / 1000, UTC),
        "signal_target": signal.target,
        "outcome": signal.outcome.value,
        "incomplete": signal.missing,
    }


def _held(fills: Sequence[Fill], holding: Holding = _COIN) -> Holding:
    for fill in fills:
        holding = holding.after(fill)
    return holding


def _opened(bar: Bar) -> str:
    return f"{datetime.fromtimestamp(bar.open_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
