"""One strategy at work on one symbol: warmed up from what is stored, told of every closed bar once, filled on paper.

A bar that was decided on is never decided on again, in this session or another.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress

from cockpit.clock import Clock
from cockpit.errors import CockpitError, StrategyError, UsageError
from cockpit.health.metrics import LatencyRing
from cockpit.health.status import State
from cockpit.portfolio.ledger import Holding
from cockpit.storage.database import Database
from cockpit.storage.strategies import Event, StoredRun, StrategyRows
from cockpit.strategies.api import Bar
from cockpit.strategies.backtest import PastBar
from cockpit.strategies.decider import Decider, opened
from cockpit.strategies.deciding import deciding
from cockpit.strategies.jail import JailedStrategy, JailRules
from cockpit.strategies.journal import Journal
from cockpit.strategies.live_bars import ClosedBar
from cockpit.strategies.paper import PaperAccount, Word
from cockpit.strategies.roster import Entry
from cockpit.strategies.standing import Standing
from cockpit.strategies.stored_bars import Patience, StoredBars
from cockpit.strategies.tap import BarQueue, SymbolTap
from cockpit.strategies.terms import Terms
from cockpit.ticks.bars import flat_bars, floor_ms

log = logging.getLogger(__name__)

_RETRY_SECONDS = 2.0


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
        answers: how long bars took to be answered.
        restarts: how often it was started again.
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
        self._entry = entry
        self._tap = tap
        self._rows = rows
        self._clock = clock
        self._rules = rules
        self._resumes = resumes
        self._stored = StoredBars(database, entry.symbol, entry.timeframe, patience)
        self._journal = Journal(Standing(entry.label, entry.strategy, entry.symbol, entry.timeframe), rows, clock)
        self._queue = BarQueue(entry.symbol, entry.length_ms)
        self._account = PaperAccount(
            queue=self._queue,
            rows=rows,
            journal=self._journal,
            clock=clock,
            terms=terms,
            quote_seconds=patience.quote,
        )
        self._decider: Decider | None = None
        self._of_decider = AsyncExitStack()
        self._renewed = False
        self._again = asyncio.Event()
        self._run: StoredRun | None = None
        self._last: Bar | None = None
        if left is not None:
            self._account.take_up(left)

    @property
    def entry(self) -> Entry:
        """The line of the roster."""
        return self._entry

    @property
    def standing(self) -> Standing:
        """How it stands; marks are for whoever shows it to add."""
        return self._journal.standing

    @property
    def last_error(self) -> str:
        """Why it was stopped or refused last; it stays after a restart."""
        return self._journal.last_error

    @property
    def holding(self) -> Holding:
        """What it holds."""
        return self._account.holding

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
        self._entry, self._account.terms, self._rules = entry, terms, rules
        if changed:
            self.renew()

    def renew(self) -> None:
        """Load the strategy anew: where it has stopped it starts again, where it runs it goes on if that fails."""
        self._renewed = True
        self._again.set()
        self._queue.stirred.set()

    async def run(self) -> None:
        """Work until cancelled. What the strategy does wrong stops it, until it is renewed."""
        self._tap.open(self._queue)
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
                    self._journal.tell(State.DEGRADED, str(error))
                    await self._drop()
                    await asyncio.sleep(_RETRY_SECONDS)
        finally:
            self._tap.close(self._queue)
            await self._drop()

    async def _work(self) -> None:
        self._renewed = False
        self._again.clear()
        self._journal.change(state=State.STARTING, message="loads", heard=0)
        await self._open()
        self._journal.change(message=f"waits for a trade of {self._entry.symbol}", warm_up=self._warm_up)
        word = await self._begin()
        await self._journal.audit(Event.STARTED, self._started())
        while True:
            self._queue.stirred.clear()
            if self._queue.take_move() and not self._resumes:
                return await self._begin_anew()
            if self._renewed:
                await self._reload()
            await self._account.try_order()
            # Of several bars that wait, only what was said last is still to be done.
            while (closed := self._queue.next()) is not None:
                word = await self._bar(closed) or word
            if word is not None:
                await self._account.act(word, self._last)
                word = None
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._account.waits_until):
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
        self._journal.change(message="", warm_up=self._warm_up)
        await self._journal.audit(Event.STARTED, f"{self._started()}, loaded anew")

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
        self._journal.change(heard=bars, state=State.UP if bars >= self._warm_up - 1 else State.STARTING)

    # --- what it hears --------------------------------------------------------------------------------------------

    async def _begin(self) -> Word | None:
        """Take up the run where it was left, or begin one, and hear what is stored up to the present bar.

        What it said last to a bar that nobody has acted on yet, if anything.
        """
        first = await self._tap.newest()
        now_ms = floor_ms(first.time_ms, self._entry.length_ms)
        if not await self._stored.join(first):
            self._journal.change(message="waits for the trades before this one to be stored")
            await self._stored.wait_before(first)
        entry = self._entry
        self._run = run = await self._rows.open_run(entry.label, entry.strategy, entry.symbol, entry.timeframe, now_ms)
        self._account.take_up(run)
        self._journal.change(message="")
        word = await self._hear_past(run, now_ms)
        return await self._account.take_up_order(run, word, self._last)

    async def _hear_past(self, run: StoredRun, end_ms: int) -> Word | None:
        """Tell a strategy that has heard nothing yet of the stored bars before ``end_ms``.

        From the first bar of the run on, so that it knows again what it knew, and from before as many as it needs. The
        last word to any bar of the run.
        """
        self._heard(0)
        word = await self._feed(await self._stored.before(end_ms, run.began_ms, max(0, self._warm_up - 1)))
        return word if word is not None and word.past.bar.open_ms >= run.began_ms else None

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
            past = await self._stored.up_to(closed, last)
            if any(one.missing for one in past):
                log.info("%s: bar %s lacks trades", self._entry.label, opened(bar))
            if last is not None and past[0].bar.open_ms > last.close_ms + 1:
                # What it has heard does not join what comes: it hears afresh what does.
                self._last, self._renewed = bar, True
                self._queue.stirred.set()
                return None
        return await self._feed(past)

    # --- what is told ---------------------------------------------------------------------------------------------

    def _started(self) -> str:
        heard, needs = self.standing.heard, self._warm_up
        confined = f", held by {', '.join(self.held)}" if self.held else ""
        return f"runs{confined}, with {heard} bars heard of the {needs} that it needs"

    async def _stopped(self, error: CockpitError) -> None:
        """It is stopped, or could not be started at all; what it holds it goes on holding."""
        event = Event.REFUSED if isinstance(error, UsageError) or self._decider is None else Event.STOPPED
        self._journal.tell(State.DOWN, f"{event.value}: {error}", told=True)
        await self._journal.audit(event, str(error))

    async def _refused(self, error: CockpitError) -> None:
        self._journal.tell(self.standing.state, f"refused, the one before runs on: {error}", told=True)
        await self._journal.audit(Event.REFUSED, f"{error}; the one before runs on")
