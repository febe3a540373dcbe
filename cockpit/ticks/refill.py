"""Fills gaps: every stretch of ids that did not come is written down, asked for over REST, and stored in order.

Filled trades go straight into the database and not through the recorder's ring, so that a large gap neither crowds out
the stream nor is called filled before it is on the disk.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
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
from cockpit.ticks.repair import PAGE, Repair, best_page
from cockpit.ticks.tape import Tape
from cockpit.ticks.trade import Trade

log = logging.getLogger(__name__)

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
        self._repairs: list[Repair] = []
        self._unwritten: list[GapRow] = []
        self._halts: dict[str, GapRow] = {}
        self._ends: dict[str, StoredEnd] = {}
        self._behind = 0.0
        self._random = random.Random()
        self._woken = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Gaps on their way."""
        return len(self._repairs)

    def found(self, tape: Tape, gap: Gap, reason: str, first_ms: int | None = None, last_ms: int | None = None) -> None:
        """A gap was found, between trades of these times; what comes late within a moment is none. Never waits."""
        ids = (tape.symbol, gap.first_id, gap.last_id, gap.first_id)
        row = GapRow(*ids, self._now_ms(), GapState.OPEN, reason, first_ms, last_ms)
        now = self._clock.monotonic()
        self._add(Repair(tape, row, now, now + max(_GRACE_SECONDS, self._behind)))

    def lost(self, symbol: str, trade_id: int) -> None:
        """A trade came and could not be kept; it is fetched again once there is room. Never waits."""
        tape = self._tapes[symbol]
        tape.sequence.lose(Gap(trade_id, trade_id))
        now = self._clock.monotonic()
        ready_at = now + _LOST_SECONDS
        for repair in reversed(self._repairs):
            if repair.lost and repair.tape is tape and repair.row.row is None and repair.row.last_id + 1 == trade_id:
                repair.row, repair.ready_at = replace(repair.row, last_id=trade_id), ready_at
                return
        reason = "the recorder had no room"
        row = GapRow(symbol, trade_id, trade_id, trade_id, self._now_ms(), GapState.OPEN, reason)
        self._add(Repair(tape, row, now, ready_at, lost=True))

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
        self._repairs.clear()
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
            repairs = self._next()
            if not repairs:
                await self._sleep()
                continue
            try:
                await self._step(repairs)
            except CockpitError as error:
                self._failed(repairs, error)

    async def settle(self) -> None:
        """Give every gap on its way its last word in the ledger: nothing more will come."""
        if self._database.read_only:
            return
        rows = [self._given_up(repair.row, _NO_ANSWERS) for repair in self._repairs if self._lacks(repair)]
        try:
            await write_gaps(self._database, [*self._unwritten, *rows])
        except CockpitError as error:
            log.warning("gaps: %s", error)
            return
        self._repairs.clear()
        self._unwritten.clear()

    def _lacks(self, repair: Repair) -> bool:
        return bool(repair.tape.sequence.missing_in(Gap(repair.row.first_id, repair.row.last_id)))

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
            self._add(Repair(tape, row, now, now))
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

    def _next(self) -> list[Repair]:
        """What to ask for now; nothing while the stream waits for the database.

        Nor is anything chosen before it can be asked for: what is found until then may lie on the same page.
        """
        if self._recorder.fill > _ROOM or self._exchange.history_delay() > 0.0:
            return []
        now = self._clock.monotonic()
        return best_page(repair for repair in self._repairs if repair.ready_at <= now)

    async def _step(self, repairs: list[Repair]) -> None:
        """Ask for one page, which answers all of these gaps of one symbol, and store what was missing."""
        tape = repairs[0].tape
        sequence = tape.sequence
        open_ = []
        for repair in repairs:
            if not sequence.missing_in(repair.rest):
                await self._finish(repair)
                continue
            if repair.row.row is None:
                repair.row = await write_gap(self._database, repair.row)
            if self._exchange.live:
                open_.append(repair)
            else:
                await self._give_up(repair, _NO_ANSWERS)
        if not open_:
            return
        firsts = [parts[0].first_id for repair in open_ if (parts := sequence.missing_in(repair.rest))]
        if not firsts:  # the stream has brought them meanwhile
            return
        start = min(firsts)
        page = Gap(start, min(start + PAGE - 1, max(repair.row.last_id for repair in open_)))
        last_id = sequence.missing_in(page)[-1].last_id
        trades = await self._exchange.trades_from(tape.symbol, start, last_id - start + 1)
        await self._keep(tape, [trade for trade in trades if sequence.is_missing(trade.trade_id)])
        known_to = trades[-1].trade_id if trades else start - 1
        for repair in open_:
            if repair.row.next_id > known_to:
                if repair.row.next_id <= last_id:
                    await self._wait_for_more(repair)
                continue
            self._learn(repair)
            repair.empty = repair.failures = 0
            repair.row = replace(repair.row, next_id=min(known_to, repair.row.last_id) + 1)
            if len(repair.rest):
                await write_gap(self._database, repair.row)
            else:
                await self._finish(repair)

    def _learn(self, repair: Repair) -> None:
        """How far REST is behind the stream: asking sooner than that spends the allowance on empty pages."""
        if repair.empty:
            self._behind = min(_LONGEST_BEHIND, self._clock.monotonic() - repair.since)
        else:
            self._behind *= _EASING

    async def _wait_for_more(self, repair: Repair) -> None:
        """The answer did not reach this gap: what the stream has just carried may come to REST a little later."""
        repair.empty += 1
        if repair.empty < _EMPTY_TRIES:
            delay = min(_LONGEST_EMPTY_DELAY, _FIRST_DELAY * 2.0**repair.empty)
            repair.ready_at = self._clock.monotonic() + delay
        else:
            await self._give_up(repair, "the venue does not give these trades")

    async def _keep(self, tape: Tape, trades: list[Trade]) -> None:
        if not trades:
            return
        self.stored += await store_trades(self._database, trades)
        tape.backfilled += sum(tape.sequence.find(trade.trade_id) for trade in trades)
        tape.changed = True
        self.message = ""

    def _failed(self, repairs: list[Repair], error: CockpitError) -> None:
        """Try these again later."""
        self.message = f"{repairs[0].tape.symbol}: a gap cannot be filled now: {error}"
        log.warning("gaps: %s", self.message)
        told = error.retry_after or 0.0 if isinstance(error, ProviderError) else 0.0
        now = self._clock.monotonic()
        for repair in repairs:
            repair.failures += 1
            delay = self._random.uniform(0.5, 1.0) * min(_LONGEST_DELAY, _FIRST_DELAY * 2**repair.failures)
            repair.ready_at = now + max(told, delay)

    async def _finish(self, repair: Repair) -> None:
        """Nothing is left to ask for."""
        whole = Gap(repair.row.first_id, repair.row.last_id)
        missing = sum(map(len, repair.tape.sequence.missing_in(whole)))
        if missing:
            await self._give_up(repair, f"the venue does not give {missing} of {len(whole)} trades")
            return
        if repair.row.row is not None:
            filled = replace(repair.row, next_id=whole.last_id + 1, ended_ms=self._now_ms(), state=GapState.FILLED)
            await write_gap(self._database, filled)
        self._drop(repair)

    async def _give_up(self, repair: Repair, reason: str) -> None:
        log.warning("%s: ids %d to %d: %s", repair.tape.symbol, repair.row.first_id, repair.row.last_id, reason)
        await write_gap(self._database, self._given_up(repair.row, reason))
        self._drop(repair)

    def _drop(self, repair: Repair) -> None:
        if repair in self._repairs:  # not after the market was moved meanwhile
            self._repairs.remove(repair)

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
        ready = min((repair.ready_at for repair in self._repairs), default=now + _LOOK_SECONDS)
        self._woken.clear()
        try:
            async with asyncio.timeout(min(_LOOK_SECONDS, max(0.01, ready - now, self._exchange.history_delay()))):
                await self._woken.wait()
        except TimeoutError:
            pass

    def _add(self, repair: Repair) -> None:
        self._repairs.append(repair)
        self._woken.set()

    def _write_later(self, row: GapRow) -> None:
        self._unwritten.append(row)
        self._woken.set()

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)
