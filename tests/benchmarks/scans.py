"""A scan of a hundred names against the embedded market, without quotas, beside a bare HTTP client.

Counted is all from the command to its result: requests over loopback, decoding, maths, boards, and the rows in the
database. The market is a new process in every round, on the same cores. Like the market of every session it draws
ahead while nobody asks, but here the scan comes within some hundredths of a second: almost all that it asks for is
drawn while it waits. A vendor has that at hand, so a cold scan here takes longer than its client does.
"""

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import aiohttp

from cockpit.context import open_context
from cockpit.emulator.process import running_emulator
from cockpit.emulator.quotas import lifted_quotas
from cockpit.health.status import ProviderStatus
from cockpit.settings import Settings
from cockpit.validation import load_settings
from tests.benchmarks.measurement import Measurement

_NAMES = 100
_DAYS = 90
_ROUNDS = 3


class _Scans(NamedTuple):
    """A cold scan and a warm one in one session: milliseconds, this process's CPU milliseconds, requests sent."""

    cold: float
    cold_cpu: float
    warm: float
    requests: int


def scan_100() -> Iterator[Measurement]:
    """Cold: nothing cached, in a new session. Warm: the same scan again in that session. Medians of three rounds."""
    with tempfile.TemporaryDirectory() as folder:
        names = asyncio.run(_names(_settings(f"{folder}/names")))
        rounds = [asyncio.run(_scan(_settings(f"{folder}/{number}"), names)) for number in range(_ROUNDS)]
        bare = asyncio.run(_fetch(_settings(f"{folder}/bare"), names))
    count = len(names)
    cold, cold_cpu, warm, requests = map(statistics.median, zip(*rounds, strict=True))
    yield Measurement(f"scan_{count}_cold", cold, "ms", bare, "expirations and one chain a name, bare client")
    yield Measurement(f"scan_{count}_cold_cpu", cold_cpu, "ms", cold, "the cold scan's time")
    yield Measurement(f"scan_{count}_warm", warm, "ms", cold, "the cold scan")
    yield Measurement(f"scan_{count}_requests", requests, "requests", 2.0 * count, "those of the bare client")


def _settings(folder: str) -> Settings:
    lifted = '["1000000/1m"]'
    flags = {
        "paths.data_dir": json.dumps(folder),
        "sim.quotas": "false",
        "providers.tradier.limits": lifted,
        "providers.alpha_vantage.limits": lifted,
    }
    return load_settings(flags=list(flags.items()), environment={}).settings


async def _names(settings: Settings) -> list[str]:
    async with open_context(settings) as context:
        found = await context.commands.scan(days=_DAYS)
        return sorted(candidate.symbol for candidate in found.candidates if candidate.problem is None)[:_NAMES]


async def _scan(settings: Settings, names: Sequence[str]) -> _Scans:
    async with open_context(settings) as context:
        started, spent = time.perf_counter(), time.process_time()
        await context.commands.scan(names)
        between, cpu = time.perf_counter(), time.process_time() - spent
        await context.sampler.sample()
        requests = sum(row.requests for _, row in context.boards.health.items() if isinstance(row, ProviderStatus))
        again = time.perf_counter()
        await context.commands.scan(names)
        ended = time.perf_counter()
    return _Scans(1000.0 * (between - started), 1000.0 * cpu, 1000.0 * (ended - again), requests)


async def _fetch(settings: Settings, names: Sequence[str]) -> float:
    """Milliseconds for a client without limits, cache, breaker or maths to read two answers a name."""
    sim = settings.sim
    async with (
        running_emulator(
            seed=sim.seed, start=sim.start, speed=0.0, quotas=lifted_quotas(), log=settings.folders().log
        ) as emulator,
        aiohttp.ClientSession(headers={"Accept": "application/json", "Authorization": "Bearer x"}) as session,
    ):
        base = f"{emulator.endpoints['tradier']}/markets/options"
        free = asyncio.Semaphore(settings.scan.concurrency)

        async def get(path: str, **parameters: str) -> dict[str, object]:
            async with session.get(f"{base}/{path}", params=parameters) as answer:
                return dict(await answer.json())

        async def read(name: str) -> None:
            async with free:
                listed = await get("expirations", symbol=name)
                dates = listed["expirations"]
                assert isinstance(dates, dict)
                await get("chains", symbol=name, expiration=dates["date"][0], greeks="true")

        started = time.perf_counter()
        await asyncio.gather(*map(read, names))
        return (time.perf_counter() - started) * 1000.0
