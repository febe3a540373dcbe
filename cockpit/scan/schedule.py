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
        self._seconds = _seconds(every_minutes)
        self._due = asyncio.Event()
        self._ended_at = 0.0
        self._waiting: asyncio.Timeout | None = None

    def soon(self) -> None:
        """Scan as soon as the present scan, if any, is over."""
        self._due.set()

    def reconfigure(self, every_minutes: float) -> None:
        """Another interval, counted from the end of the last scan."""
        self._seconds = _seconds(every_minutes)
        if self._waiting is not None:
            self._waiting.reschedule(self._next_at())

    async def run(self) -> None:
        """Scan for ever."""
        while True:
            self._due.clear()
            try:
                await self._scan()
            except CockpitError as error:
                log.warning("scan: %s", error)
            self._ended_at = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout_at(self._next_at()) as self._waiting:
                    await self._due.wait()
            except TimeoutError:
                continue
            finally:
                self._waiting = None

    def _next_at(self) -> float | None:
        return None if self._seconds is None else self._ended_at + self._seconds


def _seconds(every_minutes: float) -> float | None:
    return every_minutes * 60.0 if every_minutes > 0 else None
