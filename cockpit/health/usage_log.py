"""Writes down once a minute what vendors were asked, so that the hours are there tomorrow."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from cockpit.clock import Clock
from cockpit.errors import CockpitError
from cockpit.health.usage import Usage
from cockpit.storage.database import Database
from cockpit.storage.usage import Key, add_usage

log = logging.getLogger(__name__)

_PERIOD = 60.0


class UsageLog:
    """Keeps the difference to what was written last; a minute that cannot be written is part of the next one."""

    def __init__(
        self, counts: Callable[[], Iterable[tuple[Key, Usage]]], database: Database, clock: Clock, keep_days: int
    ) -> None:
        """``counts`` gives the counts of every vendor and endpoint since the start of the session."""
        self._counts = counts
        self._database = database
        self._clock = clock
        self._keep_days = keep_days
        self._written: dict[Key, Usage] = {}

    async def run(self) -> None:
        """Write for ever."""
        while True:
            await asyncio.sleep(_PERIOD)
            await self.write()

    async def write(self) -> None:
        """Write what is new; where that fails it is told in the log and tried again next time."""
        if self._database.read_only:
            return
        now = {key: usage.copy() for key, usage in self._counts()}
        new = {key: usage.since(self._written.get(key, Usage())) for key, usage in now.items()}
        new = {key: usage for key, usage in new.items() if not usage.nothing}
        if not new:
            return
        try:
            await add_usage(self._database, self._clock.now(), new, self._keep_days)
        except CockpitError as error:
            log.warning("usage is not written: %s", error)
            return
        self._written = now
