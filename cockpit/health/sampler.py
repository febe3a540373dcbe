"""Looks at every part once a second and puts what it sees on the health board."""

import asyncio
import os
import resource
from collections.abc import Callable, Iterable
from pathlib import Path

from cockpit.board import Board
from cockpit.clock import Clock
from cockpit.health.metrics import LatencyRing
from cockpit.health.status import HealthRow, ProcessStatus, ProviderStatus
from cockpit.storage.database import Database

_PERIOD = 1.0
_STATM = Path("/proc/self/statm")


class HealthSampler:
    """Samples the process, the database and the providers.

    Loop lag is measured by this task itself: how much later than asked it wakes up is how long the loop was busy.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        board: Board[str, HealthRow],
        database: Database,
        providers: Callable[[], Iterable[ProviderStatus]],
    ) -> None:
        self._clock = clock
        self._board = board
        self._database = database
        self._providers = providers
        self._started = clock.monotonic()
        self._lag = LatencyRing(120)
        self._last_cpu = _cpu_seconds()
        self._last_at = clock.monotonic()

    async def run(self) -> None:
        """Sample for ever."""
        while True:
            before = self._clock.monotonic()
            await asyncio.sleep(_PERIOD)
            self._lag.record(max(0.0, (self._clock.monotonic() - before - _PERIOD) * 1000.0))
            await self.sample()

    async def sample(self) -> None:
        """Put one picture of everything on the board."""
        self._board.put("process", self._process())
        self._board.put("storage", await self._database.status())
        for status in self._providers():
            self._board.put(f"provider:{status.provider}", status)

    def _process(self) -> ProcessStatus:
        now, cpu = self._clock.monotonic(), _cpu_seconds()
        elapsed = now - self._last_at
        share = (cpu - self._last_cpu) / elapsed if elapsed > 0 else None
        self._last_at, self._last_cpu = now, cpu
        lag = self._lag.p99
        return ProcessStatus(
            cpu=None if share is None else round(share, 3),
            rss_bytes=_resident_bytes(),
            loop_lag_ms=None if lag is None else round(lag, 1),
            tasks=len(asyncio.all_tasks()),
            uptime=float(int(now - self._started)),
        )


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _resident_bytes() -> int | None:
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
