"""Several cockpits on one key ask one vendor as fast as they are let; the vendor counts what reaches it.

``python -m tests.faults limits --full``: two and four of them, for two minutes each, over a file and over Redis.
"""

import asyncio
import json
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cockpit.clock import SystemClock
from cockpit.emulator.options import EmulatorOptions
from cockpit.emulator.quotas import FixedWindow, Spent
from cockpit.emulator.server import running_server
from cockpit.setting_values import parse_limit
from tests.net.redis_process import RedisProcess, running_redis

_START_SECONDS = 0.3
_TOP = Path(__file__).parents[2]


@dataclass
class Outcome:
    """What the vendor saw, and what the cockpits said."""

    arrivals: list[float]
    limits: list[str]
    began: float
    seconds: float
    samples: list[tuple[float, float]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def violations(self) -> int:
        """Requests that came while some rolling window was already full."""
        found = 0
        for count, seconds in map(parse_limit, self.limits):
            for index in range(count, len(self.arrivals)):
                found += self.arrivals[index] - self.arrivals[index - count] < seconds
        return found

    def use(self, since: float = 0.0, until: float | None = None) -> float:
        """Share of what the windows let through between these seconds, where all is sent as soon as it fits."""
        until = self.seconds if until is None else until
        here = [at for at in self.arrivals if since <= at - self.began < until]
        return len(here) / (_most(self.limits, self.seconds, until) - _most(self.limits, self.seconds, since))

    def reset_errors(self) -> list[float]:
        """Differences between the reset that was told and the one by the vendor's own log, seconds, rising."""
        seconds = max(length for _, length in map(parse_limit, self.limits))
        errors = []
        for at, resets_in in self.samples:
            oldest = bisect_left(self.arrivals, at - seconds)
            if oldest < len(self.arrivals) and self.arrivals[oldest] < at:
                errors.append(abs(at + resets_in - (self.arrivals[oldest] + seconds)))
        return sorted(errors)


def _most(limits: list[str], seconds: float, until: float) -> int:
    """Requests that an ideal client has sent until then."""
    windows = [parse_limit(limit) for limit in limits]
    sent: list[float] = []
    while True:
        at = max([0.0, *(sent[-count] + length for count, length in windows if len(sent) >= count)])
        if at >= min(seconds, until):
            return len(sent)
        sent.append(at)


@contextmanager
def counted(arrivals: list[float]) -> Iterator[None]:
    """The embedded vendors write down when each request is counted."""
    spend: Callable[[FixedWindow], Spent] = FixedWindow.spend

    def counting(self: FixedWindow) -> Spent:
        arrivals.append(time.monotonic())
        return spend(self)

    FixedWindow.spend = counting  # type: ignore[method-assign]  # every window is watched
    try:
        yield
    finally:
        FixedWindow.spend = spend  # type: ignore[method-assign,assignment]  # as it was


async def hammer(
    processes: int,
    store: str,
    limits: list[str],
    seconds: float,
    folder: Path,
    *,
    kill_at: float | None = None,
    during: Callable[[], None] | None = None,
) -> Outcome:
    """Run so many cockpits.

    Args:
        processes: how many.
        store: the log that they share: a path or a Redis address.
        limits: that each of them was given.
        seconds: for how long.
        folder: for their reports.
        kill_at: when to kill the first one.
        during: called at half time.
    """
    arrivals: list[float] = []
    options = EmulatorOptions(seed=7, start=SystemClock().now(), speed=1.0, port=0, quotas={"tradier": 0}, faults={})
    with counted(arrivals):
        async with running_server(options) as server:
            endpoints = server.ready["endpoints"]
            assert isinstance(endpoints, dict)
            reports = [folder / f"{number}.json" for number in range(processes)]
            running = []
            for report in reports:
                words = [
                    endpoints["tradier"],
                    json.dumps(limits),
                    store,
                    str(report),
                ]
                running.append(
                    await asyncio.create_subprocess_exec(
                        sys.executable,
                        *("-m", "tests.faults._limits_worker", *words),
                        cwd=_TOP,
                        stdin=asyncio.subprocess.PIPE,
                        stdout=asyncio.subprocess.PIPE,
                    )
                )
            began = await _begin(running, seconds)
            for at, act in sorted(
                [
                    *([(kill_at, running[0].kill)] if kill_at is not None else []),
                    *([(seconds / 2, during)] if during is not None else []),
                ],
                key=lambda moment: moment[0],
            ):
                await asyncio.sleep(max(0.0, began + at - time.monotonic()))
                act()
            await asyncio.gather(*(process.wait() for process in running))
    arrivals.sort()
    outcome = Outcome(arrivals, limits, began, seconds)
    for report in reports:
        if report.exists():
            told = json.loads(report.read_text())
            outcome.samples += [(at, resets_in) for at, resets_in in told["samples"]]
            outcome.errors += told["errors"]
    return outcome


async def _begin(running: list[asyncio.subprocess.Process], seconds: float) -> float:
    """Let all begin at once, when the last of them is ready; that time."""
    for process in running:
        assert process.stdout is not None
        await process.stdout.readline()
    began = time.monotonic() + _START_SECONDS
    for process in running:
        assert process.stdin is not None
        process.stdin.write(f"{began!r} {began + seconds!r}\n".encode())
        await process.stdin.drain()
    return began


def run(full: bool) -> int:
    """Report violations, use and reset errors; 1 where a limit was broken or too little of it used."""
    limits, seconds = (["20/1s", "600/1m"], 120.0) if full else (["20/1s", "45/4s"], 8.0)
    bad = 0
    with running_redis() as redis:
        for kind in ("file", "redis"):
            for processes in (2, 4):
                for killed in (None, seconds / 2):
                    if killed is not None and processes == 2:
                        continue
                    bad += _one(kind, processes, limits, seconds, killed, redis)
        bad += _lost(limits, seconds, redis)
    return int(bad > 0)


def _one(
    kind: str, processes: int, limits: list[str], seconds: float, killed: float | None, redis: RedisProcess
) -> int:
    with tempfile.TemporaryDirectory() as folder:
        store = f"{folder}/limits.db" if kind == "file" else redis.url
        outcome = asyncio.run(hammer(processes, store, limits, seconds, Path(folder), kill_at=killed))
    off = [error * 1000.0 for error in outcome.reset_errors()]
    word = f"{kind}, {processes} processes{', one killed' if killed is not None else ''}"
    p95 = off[int(len(off) * 0.95)] if off else 0.0
    told = f"{p95:.0f} ms (p95), {off[-1]:.0f} ms (most)" if off else "-"
    print(
        f"  {word}: {len(outcome.arrivals)} requests in {outcome.seconds:.1f} s, {outcome.violations()} violations,"
        f" {outcome.use():.1%} used, reset off by {told}, {len(outcome.errors)} errors"
    )
    for sentence in sorted(set(outcome.errors))[:3]:
        print(f"    {sentence}")
    return int(outcome.violations() > 0 or outcome.use() < 0.9 or bool(outcome.errors) or p95 > 50.0)


def _lost(limits: list[str], seconds: float, redis: RedisProcess) -> int:
    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(hammer(2, redis.url, limits, seconds, Path(folder), during=redis.freeze))
    redis.thaw()
    after = outcome.use(seconds / 2)
    print(
        f"  redis, 2 processes, frozen at half time: {outcome.violations()} violations, {after:.1%} used after it,"
        f" {len(outcome.errors)} errors"
    )
    return int(outcome.violations() > 0 or not after)
