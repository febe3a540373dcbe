"""The vendors on loopback as a live session meets them: at the present time, with limits that a test may lift."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cockpit.clock import SystemClock
from cockpit.emulator.options import EmulatorOptions
from cockpit.emulator.server import RunningServer, running_server


@asynccontextmanager
async def venues(**quotas: int) -> AsyncIterator[RunningServer]:
    """All of them on one port; ``quotas`` are the emulator's, 0 is without end."""
    options = EmulatorOptions(seed=7, start=SystemClock().now(), speed=1.0, port=0, quotas=quotas, faults={})
    async with running_server(options) as server:
        yield server
