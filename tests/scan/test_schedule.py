"""When a scan starts by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cockpit.errors import UsageError
from cockpit.scan.schedule import ScanSchedule


class Scans:
    """Counts them; each fails, which is no failure of the schedule."""

    def __init__(self) -> None:
        self.count = 0

    async def scan(self) -> None:
        self.count += 1
        raise UsageError("not today")

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10.0):
            while self.count < count:  # noqa: ASYNC110 - a count calls nobody
                await asyncio.sleep(0.005)


@asynccontextmanager
async def scheduled(every_minutes: float) -> AsyncIterator[tuple[ScanSchedule, Scans]]:
    scans = Scans()
    schedule = ScanSchedule(scans.scan, every_minutes)
    task = asyncio.create_task(schedule.run())
    await scans.until(1)
    try:
        yield schedule, scans
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_it_scans_at_once_and_then_at_its_interval() -> None:
    async with scheduled(0.001) as (_, scans):
        await scans.until(3)


async def test_without_an_interval_it_scans_when_it_is_asked_to() -> None:
    async with scheduled(0) as (schedule, scans):
        await asyncio.sleep(0.1)
        assert scans.count == 1
        schedule.soon()
        await scans.until(2)


async def test_another_interval_counts_from_the_last_scan() -> None:
    async with scheduled(60) as (schedule, scans):
        await asyncio.sleep(0.05)
        schedule.reconfigure(0.001)
        await scans.until(3)
        schedule.reconfigure(0)
        await asyncio.sleep(0.15)
        stopped = scans.count
        await asyncio.sleep(0.15)
        assert scans.count == stopped
