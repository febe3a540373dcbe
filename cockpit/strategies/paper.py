"""What one strategy trades on paper: every word written down before anybody acts on it, and filled at the touch.

What is bought is bought at the ask, what is sold is sold at the bid, with the taker's fee, at the first bid and ask
that come after the word. A fill is committed before it is shown.
"""

import asyncio
import logging
from dataclasses import replace
from typing import NamedTuple

from cockpit.clock import Clock
from cockpit.errors import StorageError
from cockpit.portfolio.ledger import Fill, Holding
from cockpit.storage.strategies import Event, Outcome, StoredRun, StoredSignal, StrategyRows
from cockpit.strategies.api import Bar, Signal
from cockpit.strategies.backtest import PastBar
from cockpit.strategies.decider import opened
from cockpit.strategies.journal import FLAT, Journal, held_after
from cockpit.strategies.tap import BarQueue
from cockpit.strategies.terms import Terms
from cockpit.ticks.quote import BookTop

log = logging.getLogger(__name__)


class Word(NamedTuple):
    """What was said to a bar."""

    past: PastBar
    signal: Signal


class PaperAccount:
    """The position of one strategy, and the one signal that waits to be filled.

    Args:
        queue: where the bid and ask come from.
        rows: where signals and fills are kept.
        journal: where is told what came of them.
        clock: for the times of what is written down.
        terms: stake and fee.
        quote_seconds: that a signal waits for a bid and ask.

    Attributes:
        terms: they may be others from the next fill on.
        holding: what is held.
    """

    def __init__(
        self,
        *,
        queue: BarQueue,
        rows: StrategyRows,
        journal: Journal,
        clock: Clock,
        terms: Terms,
        quote_seconds: float,
    ) -> None:
        self.terms = terms
        self.holding: Holding = FLAT
        self._queue = queue
        self._rows = rows
        self._journal = journal
        self._clock = clock
        self._quote_seconds = quote_seconds
        self._run: StoredRun | None = None
        self._wanted = 0.0
        self._order: StoredSignal | None = None
        self._order_until = 0.0

    @property
    def waits_until(self) -> float | None:
        """When the signal that waits lapses, by the clock of the loop; None where none does."""
        return None if self._order is None else self._order_until

    def take_up(self, run: StoredRun) -> None:
        """Go on with a run as it was left; what waits in it is still to be placed, or to lapse."""
        self._run, self._order = run, None
        self.holding = held_after(run.fills)
        self._wanted = run.filled.target if run.filled is not None else 0.0
        self._journal.run(run)

    async def take_up_order(self, run: StoredRun, word: Word | None, last: Bar | None) -> Word | None:
        """What is still to be done of what was said while nobody could act on it.

        Only the last word is: a later one than all that is written down, which is returned, or the one that waits, as
        long as the strategy still says it and nothing after it. Whatever else waits lapses.

        Args:
            word: the last that it says to the bars of the run that are stored by now.
            last: the last of these bars.
        """
        waiting = run.last if run.last is not None and run.last.outcome is Outcome.WAITING else None
        after_ms = run.last.bar_ms if run.last is not None else run.began_ms - 1
        if word is not None and word.past.bar.open_ms > after_ms:
            if waiting is not None:
                await self._lapse(waiting, "a later bar has been decided on")
            return word
        if waiting is None:
            return None
        if word is not None and (word.past.bar.open_ms, word.signal.target) == (waiting.bar_ms, waiting.target):
            self._place(waiting)
            await self._audit_late(word, last)
        else:
            await self._lapse(waiting, "it is not what the strategy says to the bars that are stored")
        return None

    async def act(self, word: Word, last: Bar | None) -> None:
        """Write down what the strategy wants, and have the position brought there. ``last``: the last bar it heard."""
        run, bar, signal = self._run, word.past.bar, word.signal
        if run is None:
            return
        outcome = Outcome.KEPT if signal.target == self._wanted else Outcome.WAITING
        said = (run.run, bar.open_ms, signal.target, signal.reason, self._clock.now())
        stored = await self._rows.add_signal(*said, missing=word.past.missing, outcome=outcome)
        if stored is None:
            return
        await self._lapse_order("a later bar has been decided on")
        self._journal.signal(stored)
        if outcome is Outcome.WAITING:
            self._place(stored)
            await self._audit_late(word, last)

    async def try_order(self) -> None:
        """Fill what waits, if a bid and ask have come; where none comes in time, it lapses."""
        if self._order is None:
            return
        trouble = f"no bid and ask came within {self._quote_seconds:.0f} s"
        top = self._queue.take_book()
        if top is not None:
            try:
                if 0 < top.bid <= top.ask:
                    await self._fill(self._order, top)
                    self._order = None
                    return
            except StorageError as error:
                trouble = str(error)
                log.warning("%s: %s", self._journal.standing.label, error)
            self._queue.ask_for_book()
        if asyncio.get_running_loop().time() >= self._order_until:
            await self._lapse_order(trouble)

    def _place(self, signal: StoredSignal) -> None:
        """Have a signal filled at the next bid and ask."""
        self._order = signal
        self._order_until = asyncio.get_running_loop().time() + self._quote_seconds
        self._queue.ask_for_book()

    async def _fill(self, signal: StoredSignal, top: BookTop) -> None:
        fills = fills_at(top, self.terms, self.holding, signal.target)
        outcome = Outcome.FILLED if fills else Outcome.KEPT
        if not await self._rows.settle(signal, outcome, fills, self._clock.now()):
            return
        self._wanted = signal.target
        self.holding = held_after(fills, self.holding)
        self._journal.filled(self.holding, len(fills))
        self._journal.signal(replace(signal, outcome=outcome))
        for fill in fills:
            log.info("%s: %+f at %f, %s", self._journal.standing.label, fill.quantity, fill.price, signal.reason)

    async def _audit_late(self, word: Word, last: Bar | None) -> None:
        bar = word.past.bar
        if last is not None and bar.open_ms < last.open_ms:
            await self._journal.audit(
                Event.LATE, f"acts now on what it said to bar {opened(bar)}: {word.signal.reason}"
            )

    async def _lapse_order(self, why: str) -> None:
        order, self._order = self._order, None
        if order is not None:
            await self._lapse(order, why)

    async def _lapse(self, signal: StoredSignal, why: str) -> None:
        if await self._rows.settle(signal, Outcome.LAPSED, (), self._clock.now()):
            self._journal.signal(replace(signal, outcome=Outcome.LAPSED))
            await self._journal.audit(Event.LAPSED, f"nothing was filled of what was said ({signal.reason}): {why}")


def fills_at(top: BookTop, terms: Terms, holding: Holding, target: float) -> tuple[Fill, ...]:
    """To the target at the touch: what is bought at the ask, what is sold at the bid."""
    fills = terms.fills(top.symbol, holding.quantity, target, top.ask)
    if fills and fills[0].quantity < 0:
        fills = terms.fills(top.symbol, holding.quantity, target, top.bid)
    return fills
