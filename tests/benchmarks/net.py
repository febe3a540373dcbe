"""The network layer's own cost: a limiter's acquire and a cache's get, beside what others wrote, in the same run."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from cockpit.clock import SystemClock
from cockpit.net.cache import Bounds, Cache, Place
from cockpit.net.cache_redis import RedisLevel
from cockpit.net.cache_sqlite import SqliteLevel
from cockpit.net.limiter import Limiter
from cockpit.net.redis_link import RedisLink
from cockpit.net.second_level import Scope, SecondLevel
from cockpit.net.shared_limiter import SharedLimiter
from cockpit.net.shared_log import SharedLog
from cockpit.net.shared_redis import RedisLog
from cockpit.net.shared_sqlite import SqliteLog
from cockpit.scan.moves import DailyBar
from tests.benchmarks.measurement import Measurement
from tests.net.redis_process import running_redis

_ROUNDS = 5
_QUICK = 20_000
_SLOW = 500
_LIMITS = ("1000000/1s", "1000000/1m")
_KIND = tuple[DailyBar, ...]
_FAR_KEYS = 200

Call = Callable[[], Awaitable[object]]


def net() -> Iterator[Measurement]:
    """Limiter and cache; those over Redis where a redis-server is installed."""
    yield from asyncio.run(_measured())


async def _measured() -> list[Measurement]:
    found = []
    limiter = Limiter(_LIMITS, SystemClock())
    baseline, against = await _others_acquire()
    memory = await _micros(limiter.acquire, _QUICK)
    found.append(Measurement("limiter_acquire_memory", memory, "us", baseline, against))
    with tempfile.TemporaryDirectory() as folder:
        file = SqliteLog(Path(folder) / "limits.db")
        acquired = await _shared_acquire(file)
        found.append(Measurement("limiter_acquire_file", acquired, "us", memory, "the one in memory"))
        await file.aclose()
        bars = tuple(DailyBar(date(2024, 1, 2) + timedelta(day), 1.5, 2.5, 0.5, 1.75, 10**6) for day in range(250))
        kept = {"key": bars}

        async def plain() -> object:
            return kept.get("key")

        dictionary = await _micros(plain, _QUICK)
        near: Cache[tuple[DailyBar, ...]] = Cache(SystemClock(), Bounds(100, 10.0))
        place: Place[tuple[DailyBar, ...]] = Place("key", 1e6)
        near.put(place, bars)
        nearest = await _micros(partial(near.get, place, _never), _QUICK)
        found.append(Measurement("cache_get_l1", nearest, "us", dictionary, "a coroutine that looks into a dict"))
        other = await _others_get(bars)
        if other is not None:
            found.append(Measurement("cache_get_l1_beside_cashews", nearest, "us", other, "cashews in memory"))
        behind = await _far_get(SecondLevel([SqliteLevel(Path(folder) / "cache.db", "bench", 64)]), bars)
        found.append(Measurement("cache_get_file", behind, "us", nearest, "the one in memory"))
        found += await _over_redis(bars, memory, nearest)
    return found


async def _over_redis(bars: tuple[DailyBar, ...], memory: float, nearest: float) -> list[Measurement]:
    import shutil

    if shutil.which("redis-server") is None:
        return []
    with running_redis() as redis:
        link = RedisLink(redis.url, SystemClock())
        acquired = await _shared_acquire(RedisLog(link))
        got = await _far_get(SecondLevel([RedisLevel(link, "bench")]), bars)
        await link.aclose()
    return [
        Measurement("limiter_acquire_redis", acquired, "us", memory, "the one in memory"),
        Measurement("cache_get_redis", got, "us", nearest, "the one in memory"),
    ]


async def _shared_acquire(log: SharedLog) -> float:
    limiter = SharedLimiter(_LIMITS, SystemClock(), log, "bench-1")
    taken = await _micros(limiter.acquire, _SLOW)
    await limiter.aclose()
    return taken


async def _far_get(second: SecondLevel, bars: tuple[DailyBar, ...]) -> float:
    scope: Scope = second.scope("bench", "")
    for index in range(_FAR_KEYS):
        scope.put(f"k{index}", bars, _KIND, 1e6)
    await second.flush()
    turn = 0

    async def get() -> object:
        nonlocal turn
        turn += 1
        return await scope.find_many({f"k{turn % _FAR_KEYS}": _KIND})

    taken = await _micros(get, _SLOW)
    await second.aclose()
    return taken


async def _others_acquire() -> tuple[float, str]:
    if find_spec("aiolimiter") is None:

        async def nothing() -> None:
            return None

        return await _micros(nothing, _QUICK), "an empty coroutine (aiolimiter is not installed)"
    from aiolimiter import AsyncLimiter

    return await _micros(AsyncLimiter(1_000_000, 1.0).acquire, _QUICK), "aiolimiter"


async def _others_get(bars: tuple[DailyBar, ...]) -> float | None:
    if find_spec("cashews") is None:
        return None
    from cashews import Cache as Cashews

    other = Cashews()
    other.setup("mem://")
    await other.set("key", bars, expire=1_000_000)
    return await _micros(partial(other.get, "key"), _QUICK)


async def _never() -> tuple[DailyBar, ...]:
    raise AssertionError("it is in memory")


async def _micros(call: Call, times: int) -> float:
    """Microseconds a call; the median of some rounds, after one that counts for nothing.

    What never waits is measured in time of this process, which a busy machine does not stretch.
    """
    clock = time.process_time if times >= _QUICK else time.perf_counter
    rounds = []
    for _ in range(_ROUNDS + 1):
        began = clock()
        for _ in range(times):
            await call()
        rounds.append((clock() - began) / times * 1e6)
    return median(rounds[1:])
