"""The recorder: a bounded ring and the one task that empties it into SQLite.

Whoever records never waits. A trade leaves the ring only once it is committed; where the ring is full the newest trade
is refused and counted, so that a stalled disk costs a known gap and never memory or silence.
"""

import asyncio
import logging
import random
from collections import deque
from itertools import islice

from cockpit.clock import Clock
from cockpit.errors import CockpitError, StorageError
from cockpit.settings import TickSettings
from cockpit.storage.database import Database, whole
from cockpit.storage.ticks import TradeRow, store_rows, trade_row
from cockpit.ticks.trade import Trade

log = logging.getLogger(__name__)

_BATCHES_AT_ONCE = 4
_SHORTEST_SECONDS = 0.2
_FIRST_DELAY = 0.25
_LONGEST_DELAY = 2.0
_SPENT_DELAY = 1.0
_DRAIN_SECONDS = 5.0
_RING_BYTES = 64 * 1024 * 1024
_ROW_BYTES = 256
_WARN_ABOVE = 0.8
_WELL_BELOW = 0.6
_STALL_SECONDS = 0.5
_LOGGED_REJECTS = 20


class Recorder:
    """Stores trades in batches: after ``batch_rows`` or ``batch_seconds``, sooner when nothing more comes, and at most
    five times a second.

    Attributes:
        stored: new trades committed.
        duplicates: trades that were stored already.
        overflowed: trades refused because the ring was full, or lost because they could not be stored before the end.
        rejected: trades that the table cannot hold exactly.
    """

    def __init__(self, database: Database, *, settings: TickSettings, clock: Clock) -> None:
        self.stored = 0
        self.duplicates = 0
        self.overflowed = 0
        self.rejected = 0
        self._refusal = f"trades are not recorded: {database.refusal}" if database.refusal else ""
        self._trouble = ""
        self._database = database
        self.reconfigure(settings)
        self._clock = clock
        self._ring: deque[TradeRow] = deque()
        self._capacity = min(settings.ring, _RING_BYTES // _ROW_BYTES)
        self._takes = not database.read_only
        self._is_nearly_full = self._overflows = False
        self._arrived = asyncio.Event()
        self._enough = asyncio.Event()
        self._storing = asyncio.Lock()
        self._random = random.Random()

    def reconfigure(self, settings: TickSettings) -> None:
        """Commit by other counts and times from the next batch on; the ring stays as long as it is."""
        self._settings = settings
        self._batch_rows = settings.batch_rows

    def record(self, trade: Trade) -> bool:
        """Take a trade to be stored; False where it is lost because the ring is full. Never waits."""
        if not self._takes:
            return True
        try:
            row = trade_row(trade)
        except StorageError as error:
            self.rejected += 1
            if self.rejected <= _LOGGED_REJECTS:
                log.warning("recorder: %s", error)
            return True
        ring = self._ring
        waiting = len(ring)
        if waiting >= self._capacity:
            self._overflow()
            return False
        ring.append(row)
        if not waiting:
            self._arrived.set()
        if waiting + 1 == self._batch_rows:
            self._enough.set()
        return True

    @property
    def waiting(self) -> int:
        """Trades taken and not yet committed."""
        return len(self._ring)

    @property
    def fill(self) -> float:
        """Share of the ring in use, 0 to 1."""
        return len(self._ring) / self._capacity

    @property
    def message(self) -> str:
        """Why nothing is stored at the moment, or that the ring is nearly full, as one sentence; empty where all is
        well.
        """
        if self._refusal:
            return self._refusal
        self._watch_fill()
        stalled = self._database.stalled_seconds
        if self._trouble:
            said = self._trouble
        elif stalled >= _STALL_SECONDS:
            said = f"the disk has not answered for {stalled:.0f} s"
        elif self._is_nearly_full:
            said = "trades come faster than the disk takes them"
        else:
            return ""
        waiting = f"{said}; {self.waiting} trades wait"
        if self._overflows:
            return f"{waiting}, {self.overflowed} did not find room and are fetched again later"
        return f"{waiting}, the ring is {self.fill:.0%} full" if self._is_nearly_full else waiting

    async def run(self) -> None:
        """Store for ever; on a database that is only to be looked at there is nothing to do."""
        if self._refusal:
            return
        delay = _FIRST_DELAY
        while True:
            await self._gather()
            self._watch_fill()
            started = self._clock.monotonic()
            if spent := self._database.space.spent:
                self._complain(spent)
                await asyncio.sleep(_SPENT_DELAY)
                continue
            try:
                await self._store()
            except CockpitError as error:
                self._complain(str(error))
                await asyncio.sleep(self._random.uniform(delay / 2, delay))
                delay = min(delay * 2, _LONGEST_DELAY)
            else:
                delay = _FIRST_DELAY
                if self._trouble:
                    log.info("recorder: trades are stored again; %d wait", self.waiting)
                    self._trouble = ""
                await self._pause(started)

    async def drain(self) -> None:
        """Commit everything that waits; what cannot be committed within a few seconds is lost, counted and logged."""
        deadline = self._clock.monotonic() + _DRAIN_SECONDS
        while self._ring:
            try:
                await self._store()
            except CockpitError as error:
                if self._clock.monotonic() >= deadline:
                    log.error("%d trades could not be stored: %s", len(self._ring), error)
                    self.overflowed += len(self._ring)
                    self._ring.clear()
                    return
                await asyncio.sleep(_FIRST_DELAY)

    async def _gather(self) -> None:
        """Wait until there is a batch: enough rows, or old enough, or no more coming."""
        if not self._ring:
            self._arrived.clear()
            await self._arrived.wait()
        deadline = self._clock.monotonic() + self._settings.batch_seconds
        while len(self._ring) < self._batch_rows:
            waiting, left = len(self._ring), deadline - self._clock.monotonic()
            if left <= 0.0:
                return
            self._enough.clear()
            try:
                async with asyncio.timeout(min(left, self._settings.idle_seconds)):
                    await self._enough.wait()
            except TimeoutError:
                if len(self._ring) == waiting:
                    return

    async def _pause(self, started: float) -> None:
        """Let a fast stream gather: a transaction costs the same for few trades as for many."""
        left = started + _SHORTEST_SECONDS - self._clock.monotonic()
        if left > 0.0 and len(self._ring) < self._batch_rows * _BATCHES_AT_ONCE:
            await asyncio.sleep(left)

    async def _store(self) -> None:
        async with self._storing:
            await whole(self._store_batch())

    async def _store_batch(self) -> None:
        taken = list(islice(self._ring, self._batch_rows * _BATCHES_AT_ONCE))
        inserted = await store_rows(self._database, taken)
        for _ in taken:
            self._ring.popleft()
        self.stored += inserted
        self.duplicates += len(taken) - inserted

    def _complain(self, sentence: str) -> None:
        """Say why nothing is stored; the log gets each reason once."""
        if sentence != self._trouble:
            log.warning("recorder: %s; %d trades wait", sentence, self.waiting)
        self._trouble = sentence

    def _overflow(self) -> None:
        if not self._overflows:
            self._overflows = self._is_nearly_full = True
            log.error("recorder: %d trades wait and no more have room; what comes now is fetched later", self.waiting)
        self.overflowed += 1

    def _watch_fill(self) -> None:
        """Notice once that the ring fills up, and once that it has emptied again."""
        fill = self.fill
        if fill < _WELL_BELOW:
            self._is_nearly_full = self._overflows = False
        elif fill >= _WARN_ABOVE and not self._is_nearly_full:
            self._is_nearly_full = True
            log.warning("recorder: %d trades wait, the ring is %.0f %% full", self.waiting, 100.0 * fill)
