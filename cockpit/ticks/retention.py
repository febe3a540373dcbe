"""Keeps stored trades within an age and within a share of the disk, without ever being in the way."""

import asyncio
import logging
from datetime import timedelta

from cockpit.clock import Clock
from cockpit.errors import CockpitError
from cockpit.settings import TickSettings
from cockpit.storage.database import Database
from cockpit.storage.retention import remove_oldest, used_bytes

log = logging.getLogger(__name__)

_LOOK_SECONDS = 60.0
_PAUSE_SECONDS = 0.05


class Retention:
    """Removes the oldest trades where there are too many. Bars stay.

    Args:
        database: of the trades.
        clock: the market's, for the age of trades.
        settings: ``keep_days`` (0: for ever) and ``disk_share``.
    """

    def __init__(self, database: Database, *, clock: Clock, settings: TickSettings) -> None:
        self._database = database
        self._clock = clock
        self.reconfigure(settings)

    def reconfigure(self, settings: TickSettings) -> None:
        """Go by other settings from the next look on."""
        self._keep = timedelta(days=settings.keep_days)
        self._disk_share = settings.disk_share

    async def run(self) -> None:
        """Look once a minute, for ever; on a database that is only to be looked at there is nothing to do."""
        if self._database.read_only:
            return
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                await self.enforce()
            except CockpitError as error:
                log.warning("old trades cannot be removed: %s", error)

    async def enforce(self) -> int:
        """Remove what is too old or too much, a little at a time; how many trades.

        Raises:
            StorageError: the database cannot be written.
        """
        removed = 0
        while count := await self._step():
            removed += count
            await asyncio.sleep(_PAUSE_SECONDS)
        if removed:
            log.info("%d old trades have been removed; their bars are kept", removed)
        return removed

    async def _step(self) -> int:
        if self._keep:
            before_ms = int((self._clock.now() - self._keep).timestamp() * 1000.0)
            if count := await remove_oldest(self._database, before_ms):
                return count
        most = self._disk_share * self._database.space.total
        if most and await used_bytes(self._database) > most:
            return await remove_oldest(self._database)
        return 0
