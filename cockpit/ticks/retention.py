"""Keeps stored trades and klines within their ages and within a share of the disk, without ever being in the way."""

import asyncio
import logging
from datetime import timedelta

from cockpit.clock import Clock
from cockpit.errors import CockpitError
from cockpit.settings import TickSettings
from cockpit.storage.database import Database
from cockpit.storage.pages import give_back, read_pages
from cockpit.storage.retention import remove_oldest_klines, remove_oldest_trades

log = logging.getLogger(__name__)

_LOOK_SECONDS = 60.0
_PAUSE_SECONDS = 0.05
_PAGES_AT_ONCE = 256
_SPARE_BYTES = 64 * 1024 * 1024
_SPARE_SHARE = 0.1


class Retention:
    """Removes the oldest trades and klines where they are too old or too many. Bars of trades stay.

    Args:
        database: of the trades.
        clock: the market's, for the age of trades.
        settings: ``keep_days``, ``keep_kline_days`` (0: for ever) and ``disk_share``.
        spare_bytes: so much may be empty in the file, and a tenth of it: what comes next needs it again.
    """

    def __init__(
        self, database: Database, *, clock: Clock, settings: TickSettings, spare_bytes: int = _SPARE_BYTES
    ) -> None:
        self._database = database
        self._clock = clock
        self._spare_bytes = spare_bytes
        self.reconfigure(settings)

    def reconfigure(self, settings: TickSettings) -> None:
        """Go by other settings from the next look on."""
        self._keep = timedelta(days=settings.keep_days)
        self._keep_klines = timedelta(days=settings.keep_kline_days)
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
        """Remove what is too old or too much, a little at a time; how many trades and klines.

        Raises:
            StorageError: the database cannot be written.
        """
        removed = 0
        while count := await self._remove():
            removed += count
            await asyncio.sleep(_PAUSE_SECONDS)
        if removed:
            log.info("%d old trades and klines have been removed; the bars of trades are kept", removed)
        await self._shrink()
        return removed

    async def _remove(self) -> int:
        database = self._database
        if self._keep and (count := await remove_oldest_trades(database, self._before_ms(self._keep))):
            return count
        if self._keep_klines and (count := await remove_oldest_klines(database, self._before_ms(self._keep_klines))):
            return count
        most = self._disk_share * database.space.total
        if most and (await read_pages(database)).used_bytes > most:
            return await remove_oldest_trades(database) or await remove_oldest_klines(database)
        return 0

    async def _shrink(self) -> None:
        """Give empty pages back to the disk, a few at once, until the file is as small as it should be."""
        while True:
            pages = await read_pages(self._database)
            spare = max(self._spare_bytes // pages.size, int(_SPARE_SHARE * pages.count))
            excess = min(_PAGES_AT_ONCE, pages.empty - spare)
            if not pages.shrinks or excess <= 0:
                return
            await give_back(self._database, excess)
            await asyncio.sleep(_PAUSE_SECONDS)

    def _before_ms(self, age: timedelta) -> int:
        return int((self._clock.now() - age).timestamp() * 1000.0)
