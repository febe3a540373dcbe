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
from cockpit.storage.ticks import check_trade, store_trades
from cockpit.ticks.trade import Trade

log = logging.getLogger(__name__)

_BATCHES_AT_ONCE = 10
_FIRST_DELAY = 0.25
_LONGEST_DELAY = 15.0
_DRAIN_SECONDS = 5.0


class Recorder:
    """Stores trades in batches: after ``batch_rows`` or ``batch_seconds``, sooner when nothing more comes.

    Attributes:
        stored: new trades committed.
        duplicates: trades that were stored already.
        overflowed: trades refused because the ring was full, or lost because they could not be stored before the end.
        rejected: trades that the table cannot hold exactly.
        message: why nothing is stored at the moment, as one sentence; empty where all is well.
    """

    def __init__(self, database: Database, *, settings: TickSettings, clock: Clock) -> None:
        self.stored = 0
        self.duplicates = 0
        self.overflowed = 0
        self.rejected = 0
        self.message = f"trades are not recorded: {database.refusal}" if database.refusal else ""
        self._database = database
        self._settings = settings
        self._clock = clock
        self._ring: deque[Trade] = deque()
        self._received = 0
        self._arrived = asyncio.Event()
        self._enough = asyncio.Event()
        self._storing = asyncio.Lock()
        self._random = random.Random()

    def record(self, trade: Trade) -> bool:
        """Take a trade to be stored; False where it is lost because the ring is full. Never waits."""
        if self._database.read_only:
            return True
        waiting = len(self._ring)
        if waiting >= self._settings.ring:
            self.overflowed += 1
            return False
        self._ring.append(trade)
        self._received += 1
        self._arrived.set()
        if waiting + 1 >= self._settings.batch_rows:
            self._enough.set()
        return True

    @property
    def waiting(self) -> int:
        """Trades taken and not yet committed."""
        return len(self._ring)

    @property
    def fill(self) -> float:
        """Share of the ring in use, 0 to 1."""
        return len(self._ring) / self._settings.ring

    async def run(self) -> None:
        """Store for ever; on a database that is only to be looked at there is nothing to do."""
        if self._database.read_only:
            return
        delay = _FIRST_DELAY
        while True:
            await self._gather()
            try:
                await self._store()
            except CockpitError as error:
                self.message = f"{error}; {self.waiting} trades wait"
                log.warning("recorder: %s", error)
                await asyncio.sleep(self._random.uniform(delay / 2, delay))
                delay = min(delay * 2, _LONGEST_DELAY)
            else:
                delay = _FIRST_DELAY

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
        while len(self._ring) < self._settings.batch_rows:
            received, left = self._received, deadline - self._clock.monotonic()
            if left <= 0.0:
                return
            self._enough.clear()
            try:
                async with asyncio.timeout(min(left, self._settings.idle_seconds)):
                    await self._enough.wait()
            except TimeoutError:
                if self._received == received:
                    return

    async def _store(self) -> None:
        async with self._storing:
            await whole(self._store_batch())

    async def _store_batch(self) -> None:
        taken = list(islice(self._ring, self._settings.batch_rows * _BATCHES_AT_ONCE))
        storable = [trade for trade in taken if self._can_store(trade)]
        inserted = await store_trades(self._database, storable) if storable else 0
        for _ in taken:
            self._ring.popleft()
        self.stored += inserted
        self.duplicates += len(storable) - inserted
        self.rejected += len(taken) - len(storable)
        self.message = ""

    @staticmethod
    def _can_store(trade: Trade) -> bool:
        try:
            check_trade(trade)
        except StorageError as error:
            log.warning("recorder: %s", error)
            return False
        return True
