"""One cockpit's network layer, as a process: asks as fast as its limits let it, and says when they reset."""

import asyncio
import json
import sys
import time
from pathlib import Path

from cockpit.clock import SystemClock
from cockpit.errors import ProviderError
from cockpit.net.http import HttpClient
from cockpit.net.link import MARGIN
from cockpit.net.redis_link import RedisLink
from cockpit.net.shared_log import SharedLog
from cockpit.net.shared_redis import RedisLog
from cockpit.net.shared_sqlite import SqliteLog

_CALLERS = 6
_SAMPLE_SECONDS = 0.2


async def work(address: str, limits: list[str], store: str, report: Path) -> None:
    clock = SystemClock()
    redis = RedisLink(store, clock) if store.startswith("redis://") else None
    shared: SharedLog = RedisLog(redis, margin=MARGIN) if redis else SqliteLog(Path(store), margin=MARGIN)
    samples: list[tuple[float, float]] = []
    errors: list[str] = []
    async with HttpClient(clock, shared=shared) as http:
        link = http.link("tradier", limits, 10.0, address=address)

        async def ask() -> None:
            while time.monotonic() < until:
                try:
                    await http.get("tradier", f"{address}/markets/clock", headers={"Authorization": "Bearer x"})
                except ProviderError as error:
                    errors.append(str(error))
                    await asyncio.sleep(0.05)

        async def sample() -> None:
            while time.monotonic() < until:
                await asyncio.sleep(_SAMPLE_SECONDS)
                longest = max(link.limiter.windows(), key=lambda window: window.seconds)
                if longest.used == longest.limit and longest.resets_in > 2 * _SAMPLE_SECONDS:
                    samples.append((time.monotonic(), longest.resets_in))

        link.limiter.windows()
        begin, until = await asyncio.to_thread(_start)
        await asyncio.sleep(max(0.0, begin - time.monotonic()))
        tasks = [asyncio.create_task(ask()) for _ in range(_CALLERS)] + [asyncio.create_task(sample())]
        await asyncio.wait(tasks, timeout=max(0.0, until - time.monotonic()))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        errors += [repr(task.exception()) for task in tasks if not task.cancelled() and task.exception() is not None]
    await shared.aclose()
    if redis is not None:
        await redis.aclose()
    await asyncio.to_thread(report.write_text, json.dumps({"samples": samples, "errors": errors}))


def _start() -> tuple[float, float]:
    """When to begin and to end, by the machine's monotonic seconds; asked when all is loaded."""
    print("ready", flush=True)
    begin, until = sys.stdin.readline().split()
    return float(begin), float(until)


if __name__ == "__main__":
    where, asked, behind, written = sys.argv[1:]
    asyncio.run(work(where, json.loads(asked), behind, Path(written)))
