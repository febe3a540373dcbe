"""Fills gaps: every stretch of ids that did not come is written down, asked for over REST, and stored in order.

Filled trades go straight into the database and not through the recorder's ring, so that a large gap neither crowds out
the stream nor is called filled before it is on the disk.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from cockpit.clock import Clock
from cockpit.errors import CockpitError, ProviderError
from cockpit.providers.ports import Exchange
from cockpit.settings import TickSettings
from cockpit.storage.database import Database
from cockpit.storage.gaps import GapRow, GapState, StoredEnd, holes, open_gaps, stored_end, write_gap, write_gaps
from cockpit.storage.ticks import store_trades
from cockpit.ticks.gaps import Gap
from cockpit.ticks.recorder import Recorder
from cockpit.ticks.tape import Tape
from cockpit.ticks.trade import Trade

log = logging.getLogger(__name__)

_PAGE = 1000
_GRACE_SECONDS = 0.25
_LOST_SECONDS = 1.0
_FIRST_DELAY = 0.5
_LONGEST_DELAY = 60.0
_EMPTY_TRIES = 10
_LONGEST_EMPTY_DELAY = 4.0
_LONGEST_BEHIND = 10.0
_EASING = 0.75
_ROOM = 0.5
_HOLES_WITHIN = 100_000
_LOOK_SECONDS = 1.0
_NO_ANSWERS = "a recording answers no requests"


@dataclass(slots=True, eq=False)
class _Work:
    """A gap on its way. ``row`` is what the ledger says of it, or will."""

    tape: Tape
    row: GapRow
    since: float
    ready_at: float
    empty: int = 0
    failures: int = 0
    lost: bool = False

    @property
    def rest(self) -> Gap:
        """What has not been asked for yet."""
        return Gap(self.row.next_id, self.row.last_id)


class Refill:
    """The one task that asks for missing trades, first for the page that closes the most gaps.

    Requests are what is scarce: a link that breaks again and again leaves more gaps than there are requests, but many
    of them lie within one page of ids. What of a page is stored already is passed over.

    Args:
        exchange: where from.
        tapes: by symbol; their sequences say what is missing.
        database: of the ledger and the trades.
        recorder: while its ring is more than half full nothing is fetched.
        clock: market time for ages, monotonic time for delays.
        settings: ``backfill_hours``.

    Attributes:
        stored: trades stored.
        message: why nothing is filled at the moment; empty where all is well.
    """

    def __init__(
        self,
        exchange: Exchange,
        tapes: Mapping[str, Tape],
        *,
        database: Database,
        recorder: Recorder,
        clock: Clock,
        settings: TickSettings,
    ) -> None:
        self.stored = 0
        self.message = ""
        self._exchange = exchange
        self._tapes = tapes
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._backfill = timedelta(hours=settings.backfill_hours)
        self._works: list[_Work] = []
        self._unwritten: list[GapRow] = []
        self._halts: dict[str, GapRow] = {}
        self._ends: dict[str, StoredEnd] = {}
        self._behind = 0.0
        self._random = random.Random()
        self._woken = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Gaps on their way."""
        return len(self._works)

    def found(self, tape: Tape, gap: Gap, reason: str, first_ms: int | None = None, last_ms: int | None = None) -> None:
        """A gap was found, between trades of these times; what comes late within a moment is none. Never waits."""
        ids = (tape.symbol, gap.first_id, gap.last_id, gap.first_id)
        row = GapRow(*ids, self._now_ms(), GapState.OPEN, reason, first_ms, last_ms)
        now = self._clock.monotonic()
        self._add(_Work(tape, row, now, now + max(_GRACE_SECONDS, self._behind)))

    def lost(self, symbol: str, trade_id: int) -> None:
        """A trade came and could not be kept; it is fetched again once there is room. Never waits."""
        tape = self._tapes[symbol]
        tape.sequence.lose(Gap(trade_id, trade_id))
        now = self._clock.monotonic()
        ready_at = now + _LOST_SECONDS
        for work in reversed(self._works):
            if work.lost and work.tape is tape and work.row.row is None and work.row.last_id + 1 == trade_id:
                work.row, work.ready_at = replace(work.row, last_id=trade_id), ready_at
                return
        reason = "the recorder had no room"
        row = GapRow(symbol, trade_id, trade_id, trade_id, self._now_ms(), GapState.OPEN, reason)
        self._add(_Work(tape, row, now, ready_at, lost=True))

    def halted(self, tape: Tape, reason: str) -> None:
        """A symbol says nothing, and the venue has nothing either: no gap, but worth a line in the ledger."""
        last = tape.sequence.last_id
        if last is None or tape.symbol in self._halts:
            return
        row = GapRow(tape.symbol, last + 1, last, last + 1, self._now_ms(), GapState.HALTED, reason, tape.traded_ms)
        self._halts[tape.symbol] = row
        self._write_later(row)

    def resumed(self, tape: Tape) -> None:
        """A halted symbol trades again."""
        row = self._halts.pop(tape.symbol, None)
        if row is not None:
            self._write_later(replace(row, ended_ms=self._now_ms(), last_ms=tape.traded_ms))

    def skip(self, tape: Tape, gap: Gap) -> None:
        """Ids that belong to a time skipped on purpose: no loss, and never to be asked for."""
        tape.sequence.forgive(gap)
        now, reason = self._now_ms(), "the market was moved to another time"
        self._write_later(
            GapRow(tape.symbol, gap.first_id, gap.last_id, gap.first_id, now, GapState.UNFILLABLE, reason, ended_ms=now)
        )

    def forget(self) -> None:
        """Drop everything on its way: the market was moved to another time."""
        self._works.clear()
        self._halts.clear()

    async def prepare(self) -> None:
        """Learn where the stored trades end, before new ones are stored behind them."""
        if self._database.read_only:
            return
        try:
            for symbol in self._tapes:
                if (end := await stored_end(self._database, symbol)) is not None:
                    self._ends[symbol] = end
        except CockpitError as error:
            log.warning("gaps: %s", error)

    async def run(self) -> None:
        """Fill for ever; on a database that is only to be looked at there is nothing to do."""
        if self._database.read_only:
            return
        await self._until_done(self._take_up)
        while True:
            await self._until_done(self._write_rows)
            await self._look_behind()
            works = self._next()
            if not works:
                await self._sleep()
                continue
            try:
                await self._step(works)
            except CockpitError as error:
                self._failed(works, error)

    async def settle(self) -> None:
        """Give every gap on its way its last word in the ledger: nothing more will come."""
        if self._database.read_only:
            return
        rows = [self._given_up(work.row, _NO_ANSWERS) for work in self._works if self._lacks(work)]
        try:
            await write_gaps(self._database, [*self._unwritten, *rows])
        except CockpitError as error:
            log.warning("gaps: %s", error)
            return
        self._works.clear()
        self._unwritten.clear()

    def _lacks(self, work: _Work) -> bool:
        return bool(work.tape.sequence.missing_in(Gap(work.row.first_id, work.row.last_id)))

    async def _take_up(self) -> None:
        """Go on with what an earlier session left: open gaps, and holes that a crash made before it was noticed."""
        oldest = self._clock.now() - self._backfill
        for row in await open_gaps(self._database):
            tape = self._tapes.get(row.symbol)
            if tape is None:
                continue
            if row.found_ms < int(oldest.timestamp() * 1000):
                await write_gap(self._database, self._given_up(row, "older than ticks.backfill_hours"))
                continue
            tape.sequence.lose(Gap(row.next_id, row.last_id))
            now = self._clock.monotonic()
            self._add(_Work(tape, row, now, now))
        if not self._exchange.live or not self._backfill:
            return
        for symbol, end in self._ends.items():
            for first_id, last_id in await holes(self._database, symbol, end.trade_id, _HOLES_WITHIN):
                self._tapes[symbol].sequence.lose(Gap(first_id, last_id))
                self.found(self._tapes[symbol], Gap(first_id, last_id), "not stored when the last session ended")

    async def _look_behind(self) -> None:
        """Open the gap between what is stored and the first trade of this session, once that is known."""
        if not self._exchange.live or not self._backfill:
            return
        for symbol, end in list(self._ends.items()):
            tape = self._tapes[symbol]
            first = tape.sequence.first_id
            if first is None:
                continue
            try:
                await self._open_tail(tape, end, first)
            except ProviderError as error:
                log.warning("gaps: what was missed since the last session is not known yet: %s", error)
                return
            del self._ends[symbol]

    async def _open_tail(self, tape: Tape, end: StoredEnd, first_id: int) -> None:
        missed = Gap(end.trade_id + 1, first_id - 1)
        oldest = self._clock.now() - self._backfill
        if len(missed) and end.time_ms < int(oldest.timestamp() * 1000):
            start = await self._exchange.first_id_since(tape.symbol, oldest)
            start = first_id if start is None else min(max(start, missed.first_id), first_id)
            older = Gap(missed.first_id, start - 1)
            if len(older):
                row = GapRow(
                    *(tape.symbol, older.first_id, older.last_id, older.first_id, self._now_ms()),
                    *(GapState.UNFILLABLE, "older than ticks.backfill_hours", end.time_ms, None, self._now_ms()),
                )
                self._write_later(row)
            missed = Gap(start, missed.last_id)
        if len(missed):
            tape.sequence.lose(missed)
            self.found(tape, missed, "missed since the last session", end.time_ms)

    def _next(self) -> list[_Work]:
        """What to ask for now; nothing while the stream waits for the database.

        Nor is anything chosen before it can be asked for: what is found until then may lie on the same page.
        """
        if self._recorder.fill > _ROOM or self._exchange.history_delay() > 0.0:
            return []
        now = self._clock.monotonic()
        return _best_page(work for work in self._works if work.ready_at <= now)

    async def _step(self, works: list[_Work]) -> None:
        """Ask for one page, which answers all of these gaps of one symbol, and store what was missing."""
        tape = works[0].tape
        sequence = tape.sequence
        open_ = []
        for work in works:
            if not sequence.missing_in(work.rest):
                await self._finish(work)
                continue
            if work.row.row is None:
                work.row = await write_gap(self._database, work.row)
            if self._exchange.live:
                open_.append(work)
            else:
                await self._give_up(work, _NO_ANSWERS)
        if not open_:
            return
        firsts = [parts[0].first_id for work in open_ if (parts := sequence.missing_in(work.rest))]
        if not firsts:  # the stream has brought them meanwhile
            return
        start = min(firsts)
        page = Gap(start, min(start + _PAGE - 1, max(work.row.last_id for work in open_)))
        last_id = sequence.missing_in(page)[-1].last_id
        trades = await self._exchange.trades_from(tape.symbol, start, last_id - start + 1)
        await self._keep(tape, [trade for trade in trades if sequence.is_missing(trade.trade_id)])
        known_to = trades[-1].trade_id if trades else start - 1
        for work in open_:
            if work.row.next_id > known_to:
                if work.row.next_id <= last_id:
                    await self._wait_for_more(work)
                continue
            self._learn(work)
            work.empty = work.failures = 0
            work.row = replace(work.row, next_id=min(known_to, work.row.last_id) + 1)
            if len(work.rest):
                await write_gap(self._database, work.row)
            else:
                await self._finish(work)

    def _learn(self, work: _Work) -> None:
        """How far REST is behind the stream: asking sooner than that spends the allowance on empty pages."""
        if work.empty:
            self._behind = min(_LONGEST_BEHIND, self._clock.monotonic() - work.since)
        else:
            self._behind *= _EASING

    async def _wait_for_more(self, work: _Work) -> None:
        """The answer did not reach this gap: what the stream has just carried may come to REST a little later."""
        work.empty += 1
        if work.empty < _EMPTY_TRIES:
            delay = min(_LONGEST_EMPTY_DELAY, _FIRST_DELAY * 2.0**work.empty)
            work.ready_at = self._clock.monotonic() + delay
        else:
            await self._give_up(work, "the venue does not give these trades")

    async def _keep(self, tape: Tape, trades: list[Trade]) -> None:
        if not trades:
            return
        self.stored += await store_trades(self._database, trades)
        tape.backfilled += sum(tape.sequence.find(trade.trade_id) for trade in trades)
        tape.changed = True
        self.message = ""

    def _failed(self, works: list[_Work], error: CockpitError) -> None:
        """Try these again later."""
        self.message = f"{works[0].tape.symbol}: a gap cannot be filled now: {error}"
        log.warning("gaps: %s", self.message)
        told = error.retry_after or 0.0 if isinstance(error, ProviderError) else 0.0
        now = self._clock.monotonic()
        for work in works:
            work.failures += 1
            delay = self._random.uniform(0.5, 1.0) * min(_LONGEST_DELAY, _FIRST_DELAY * 2**work.failures)
            work.ready_at = now + max(told, delay)

    async def _finish(self, work: _Work) -> None:
        """Nothing is left to ask for."""
        whole = Gap(work.row.first_id, work.row.last_id)
        missing = sum(map(len, work.tape.sequence.missing_in(whole)))
        if missing:
            await self._give_up(work, f"the venue does not give {missing} of {len(whole)} trades")
            return
        if work.row.row is not None:
            filled = replace(work.row, next_id=whole.last_id + 1, ended_ms=self._now_ms(), state=GapState.FILLED)
            await write_gap(self._database, filled)
        self._drop(work)

    async def _give_up(self, work: _Work, reason: str) -> None:
        log.warning("%s: ids %d to %d: %s", work.tape.symbol, work.row.first_id, work.row.last_id, reason)
        await write_gap(self._database, self._given_up(work.row, reason))
        self._drop(work)

    def _drop(self, work: _Work) -> None:
        if work in self._works:  # not after the market was moved meanwhile
            self._works.remove(work)

    def _given_up(self, row: GapRow, reason: str) -> GapRow:
        return replace(row, state=GapState.UNFILLABLE, reason=f"{row.reason}; {reason}", ended_ms=self._now_ms())

    async def _write_rows(self) -> None:
        while self._unwritten:
            await write_gap(self._database, self._unwritten[0])
            del self._unwritten[0]

    async def _until_done(self, work: Callable[[], Awaitable[None]]) -> None:
        """Try again while the database is locked, full or busy."""
        while True:
            try:
                await work()
            except CockpitError as error:
                log.warning("gaps: %s", error)
                await asyncio.sleep(_LOOK_SECONDS)
            else:
                return

    async def _sleep(self) -> None:
        """Until something is to be done, or might be."""
        now = self._clock.monotonic()
        ready = min((work.ready_at for work in self._works), default=now + _LOOK_SECONDS)
        self._woken.clear()
        try:
            async with asyncio.timeout(min(_LOOK_SECONDS, max(0.01, ready - now, self._exchange.history_delay()))):
                await self._woken.wait()
        except TimeoutError:
            pass

    def _add(self, work: _Work) -> None:
        self._works.append(work)
        self._woken.set()

    def _write_later(self, row: GapRow) -> None:
        self._unwritten.append(row)
        self._woken.set()

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def _first_id(work: _Work) -> int:
    return work.row.next_id


def _best_page(ready: Iterable[_Work]) -> list[_Work]:
    """Those gaps of one symbol that one page of ids closes: the most that there are, and of as many the smallest.

    A gap that is larger than a page comes last, alone.
    """
    by_symbol: dict[str, list[_Work]] = {}
    for work in sorted(ready, key=_first_id):
        by_symbol.setdefault(work.row.symbol, []).append(work)
    best: list[_Work] = []
    best_rank = -1, 0
    for works in by_symbol.values():
        end = 0
        for start, first in enumerate(works):
            end = max(end, start)
            while end < len(works) and works[end].row.last_id < first.row.next_id + _PAGE:
                end += 1
            page = works[start : max(end, start + 1)]
            rank = end - start, first.row.next_id - page[-1].row.last_id
            if rank > best_rank:
                best, best_rank = page, rank
    return best
