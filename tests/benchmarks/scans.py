"""A scan of a hundred names against the embedded market, without quotas, beside a bare HTTP client."""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator, Sequence

import aiohttp

from cockpit.context import open_context
from cockpit.emulator.process import running_emulator
from cockpit.emulator.quotas import lifted_quotas
from cockpit.settings import Settings, load_settings
from tests.benchmarks.measurement import Measurement

_NAMES = 100
_DAYS = 90


def scan_100() -> Iterator[Measurement]:
    """Cold: nothing cached. Warm: the same scan again in the same session."""
    with tempfile.TemporaryDirectory() as folder:
        names = asyncio.run(_names(_settings(f"{folder}/names")))
        settings = _settings(f"{folder}/measured")
        cold, warm = asyncio.run(_scan(settings, names))
        bare = asyncio.run(_fetch(settings, names))
    count = len(names)
    yield Measurement(f"scan_{count}_cold", cold, "ms", bare, "expirations and one chain a name, bare client")
    yield Measurement(f"scan_{count}_warm", warm, "ms", cold, "the cold scan")


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


async def _scan(settings: Settings, names: Sequence[str]) -> tuple[float, float]:
    async with open_context(settings) as context:
        times = []
        for _ in range(2):
            started = time.perf_counter()
            await context.commands.scan(names)
            times.append((time.perf_counter() - started) * 1000.0)
        return times[0], times[1]


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
