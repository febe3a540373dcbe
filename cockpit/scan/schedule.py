"""When a scan starts by itself: at the start, at a steady interval, and when the market has moved on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from cockpit.errors import CockpitError

log = logging.getLogger(__name__)


class ScanSchedule:
    """Runs ``scan`` at once and then every so many minutes, or sooner when it is asked to.

    A scan that fails is no failure of the schedule: the sentence is on the scan board, and the next one comes.
    """

    def __init__(self, scan: Callable[[], Awaitable[object]], every_minutes: float) -> None:
        self._scan = scan
        self._seconds = every_minutes * 60.0 if every_minutes > 0 else None
        self._due = asyncio.Event()

    def soon(self) -> None:
        """Scan as soon as the present scan, if any, is over."""
        self._due.set()

    async def run(self) -> None:
        """Scan for ever."""
        while True:
            self._due.clear()
            try:
                await self._scan()
            except CockpitError as error:
                log.warning("scan: %s", error)
            try:
                async with asyncio.timeout(self._seconds):
                    await self._due.wait()
            except TimeoutError:
                continue
