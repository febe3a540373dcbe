"""A real redis-server is killed, restarted, frozen, slowed and flushed under a cockpit that uses it.

``python -m tests.faults redis --full``: fifty times. No exception may reach a caller and no value may be wrong; how
long the first failure, later calls and the way back take is told.
"""

import asyncio
import contextlib
import itertools
import random
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cockpit.clock import SystemClock
from cockpit.net.cache import Bounds, Cache, Place
from cockpit.net.cache_redis import RedisLevel
from cockpit.net.cache_sqlite import SqliteLevel
from cockpit.net.redis_link import RedisDownError, RedisLink
from cockpit.net.second_level import SecondLevel
from cockpit.net.shared_limiter import SharedLimiter
from cockpit.net.shared_redis import RedisLog
from tests.net.redis_process import RedisProcess, running_redis

_KEYS = 20
_ASKERS = 8
_AWAY_SECONDS = 0.6
_WHILE_AWAY = 20
_BACK_SECONDS = 10.0


@dataclass
class Findings:
    """What callers met."""

    wrong: list[str] = field(default_factory=list)
    raised: list[str] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    open: list[float] = field(default_factory=list)
    back: list[float] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For the reader."""
        return [
            f"  exceptions that reached a caller: {len(self.raised)}, wrong values: {len(self.wrong)}",
            *(f"    {sentence}" for sentence in (*self.raised[:3], *self.wrong[:3])),
            *(
                f"  {name}: {len(times)} times, median {_at(times, 0.5):.2f} ms, p99 {_at(times, 0.99):.2f} ms"
                for name, times in (("first failure", self.first), ("call while away", self.open), ("back", self.back))
            ),
        ]


def _at(times: list[float], share: float) -> float:
    ordered = sorted(times) or [0.0]
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000.0


class Market:
    """What a vendor would say: a number a key that only ever grows."""

    def __init__(self) -> None:
        self.numbers = dict.fromkeys(range(_KEYS), 0)
        self.dropped = dict.fromkeys(range(_KEYS), 0)
        """The number that a caller may count on: older ones were dropped before."""

    async def load(self, key: int) -> str:
        number = self.numbers[key]
        await asyncio.sleep(0.002)
        return f"{key}:{number}"


class Session:
    """One that reads, drops and limits all the while."""

    def __init__(self, link: RedisLink, second: SecondLevel, found: Findings, seed: int) -> None:
        self.market = Market()
        self.stop = asyncio.Event()
        self._found = found
        self._draw = random.Random(seed)
        self._cache: Cache[str] = Cache(SystemClock(), Bounds(0, 1.0), second=second.scope("vendor", "address"))
        self._limiter = SharedLimiter(["1000000/1m"], SystemClock(), RedisLog(link), "vendor-1")

    async def run(self) -> None:
        """Until told to stop."""
        await asyncio.gather(*(self._ask() for _ in range(_ASKERS)), self._change(), self._beat())
        await self._limiter.aclose()

    async def _ask(self) -> None:
        """The memory keeps nothing, so that the levels behind it have to answer."""
        while not self.stop.is_set():
            key = self._draw.randrange(_KEYS)
            expected = self.market.dropped[key]
            try:
                place: Place[str] = Place(str(key), 300.0, str, tags=(f"tag{key % 4}",))
                value = await self._cache.get(place, partial(self.market.load, key))
                await self._limiter.acquire()
            except Exception as error:  # noqa: BLE001 - what must not happen is written down
                self._found.raised.append(repr(error))
            else:
                name, _, number = value.partition(":")
                if name != str(key) or not expected <= int(number) <= self.market.numbers[key]:
                    self._found.wrong.append(f"key {key}: {value}, not {expected} or later")
            await asyncio.sleep(0.005)

    async def _change(self) -> None:
        """The truth moves on: what was kept is dropped by key, by tag or by pattern."""
        for turn in itertools.count():
            if self.stop.is_set():
                return
            await asyncio.sleep(0.03)
            key = self._draw.randrange(_KEYS)
            self.market.numbers[key] += 1
            number = self.market.numbers[key]
            try:
                if turn % 3 == 0:
                    await self._cache.drop(str(key))
                elif turn % 3 == 1:
                    await self._cache.drop_tag(f"tag{key % 4}")
                else:
                    await self._cache.drop_matching(f"{key}*")
            except Exception as error:  # noqa: BLE001 - what must not happen is written down
                self._found.raised.append(repr(error))
            self.market.dropped[key] = number

    async def _beat(self) -> None:
        while not self.stop.is_set():
            await self._limiter.beat()
            await asyncio.sleep(0.2)


async def survive(redis: RedisProcess, times: int, *, with_file: bool, seed: int = 7) -> Findings:
    """Live through so many faults with one session."""
    found = Findings()
    link = RedisLink(redis.url, SystemClock())
    with tempfile.TemporaryDirectory() as folder:
        file = [SqliteLevel(Path(folder) / "cache.db", "test", 8)] if with_file else []
        second = SecondLevel([*file, RedisLevel(link, "test")])
        session = Session(link, second, found, seed)
        running = asyncio.create_task(session.run())
        for turn in range(times):
            await asyncio.sleep(0.3)
            await _fault(redis, _FAULTS[turn % len(_FAULTS)], link, found)
        session.stop.set()
        await running
        await second.aclose()
    await link.aclose()
    return found


_FAULTS = ("kill", "freeze", "flush", "slow", "restart")


async def _fault(redis: RedisProcess, fault: str, link: RedisLink, found: Findings) -> None:
    """One fault, and the way back from it."""
    if fault == "flush":
        await asyncio.to_thread(redis.command, "FLUSHALL")
        return
    if fault == "restart":
        redis.kill()
        await asyncio.to_thread(redis.start)
        await _returned(link, found)
        return
    if fault == "slow":  # the server does nothing else meanwhile
        sleeping = asyncio.create_task(asyncio.to_thread(redis.command, "DEBUG", "SLEEP", "0.5"))
        await asyncio.sleep(0.02)
        await _time_failures(link, found)
        await sleeping
        await _returned(link, found)
        return
    (redis.kill if fault == "kill" else redis.freeze)()
    await _time_failures(link, found)
    await asyncio.sleep(_AWAY_SECONDS)
    if fault == "kill":
        await asyncio.to_thread(redis.start)
    else:
        redis.thaw()
    await _returned(link, found)


async def _time_failures(link: RedisLink, found: Findings) -> None:
    """How long the first call takes that finds the server away, and those after it."""
    gone = asyncio.get_running_loop().time() + _BACK_SECONDS
    while not await _fails(link, found.first):
        if asyncio.get_running_loop().time() > gone:
            found.raised.append(f"no failure met within {_BACK_SECONDS:.0f} s")
            return
    for _ in range(_WHILE_AWAY):
        if not await _fails(link, found.open):
            return  # it came back by itself
        await asyncio.sleep(0.002)


async def _fails(link: RedisLink, times: list[float]) -> bool:
    """Ask once; where there is no answer, write down how long that took."""
    began = time.perf_counter()
    try:
        await link.ask(lambda client: client.get("cockpit:none"))
    except RedisDownError:
        times.append(time.perf_counter() - began)
        return True
    return False


async def _returned(link: RedisLink, found: Findings) -> None:
    """Wait until questions are answered again."""
    began = time.perf_counter()
    while time.perf_counter() - began < _BACK_SECONDS:
        with contextlib.suppress(RedisDownError):
            await link.ask(lambda client: client.get("cockpit:none"))
            found.back.append(time.perf_counter() - began)
            return
        await asyncio.sleep(0.02)
    found.raised.append(f"not back within {_BACK_SECONDS:.0f} s")


def run(full: bool) -> int:
    """Report what was met; 1 where an exception or a wrong value reached a caller."""
    bad = 0
    for with_file in (False, True):
        with running_redis("--enable-debug-command", "yes") as redis:
            found = asyncio.run(survive(redis, 50 if full else 5, with_file=with_file))
        print(f"  {'a file and redis' if with_file else 'redis alone'} behind the memory")
        print("\n".join(found.lines()))
        bad += len(found.wrong) + len(found.raised)
    return int(bad > 0)
