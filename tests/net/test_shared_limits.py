"""Limits that several cockpits share: over a file and over a real Redis, lost and found again."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from cockpit.clock import SystemClock
from cockpit.net.limiter import LimitError
from cockpit.net.redis_link import RedisLink
from cockpit.net.shared_limiter import SharedLimiter
from cockpit.net.shared_log import SharedLog, SharedLogError, Span, account_of
from cockpit.net.shared_redis import RedisLog
from cockpit.net.shared_sqlite import SqliteLog
from tests.net.cable import Cable, cable
from tests.net.redis_process import RedisProcess, running_redis

ACCOUNT = account_of("vendor", "https://example.test", "key")


@pytest.fixture(scope="module")
def server() -> Iterator[RedisProcess]:
    with running_redis() as redis:
        yield redis


class Cockpits:
    """Makes limiters as separate cockpits would have them: each with its own way to the log."""

    def __init__(self, make: Callable[[], SharedLog]) -> None:
        self.log = make
        self._stack = AsyncExitStack()

    def limiter(self, *limits: str, account: str = ACCOUNT) -> SharedLimiter:
        log = self.log()
        limiter = SharedLimiter(limits, SystemClock(), log, account)
        self._stack.push_async_callback(log.aclose)
        self._stack.push_async_callback(limiter.aclose)
        return limiter

    async def aclose(self) -> None:
        await self._stack.aclose()


@pytest.fixture(params=["file", "redis"])
async def cockpits(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cockpits]:
    links: list[RedisLink] = []

    def make() -> SharedLog:
        if request.param == "file":
            return SqliteLog(tmp_path / "limits.db")
        links.append(RedisLink(request.getfixturevalue("server").url, SystemClock()))
        return RedisLog(links[-1], prefix=f"test:{tmp_path.name}")

    made = Cockpits(make)
    if request.param == "redis":
        request.getfixturevalue("server").command("FLUSHALL")
    yield made
    await made.aclose()
    for link in links:
        await link.aclose()


async def granted(limiter: SharedLimiter, times: int = 1, weight: int = 1) -> int:
    """How many of so many requests go through without waiting."""
    found = 0
    for _ in range(times):
        try:
            await limiter.acquire(weight, patience=0.0)
        except LimitError:
            continue
        found += 1
    return found


async def test_two_cockpits_share_every_window(cockpits: Cockpits) -> None:
    first, second = cockpits.limiter("7/1m", "9/1h"), cockpits.limiter("7/1m", "9/1h")
    assert await granted(first, 4) == 4
    assert await granted(second, 9) == 3
    assert await granted(first, 2) == 0
    await second.beat()
    assert [(window.limit, window.used) for window in second.windows()] == [(7, 7), (9, 7)]
    assert 59.0 < second.windows()[0].resets_in <= 60.0


async def test_a_weight_that_one_window_refuses_is_recorded_in_none(cockpits: Cockpits) -> None:
    limiter = cockpits.limiter("10/1m", "4/1h")
    assert await granted(limiter, 1, weight=3) == 1
    assert await granted(limiter, 5, weight=2) == 0
    assert {window.used for window in limiter.windows()} == {3}


async def test_waiting_callers_are_served_in_order_as_the_window_opens(cockpits: Cockpits) -> None:
    limiter = cockpits.limiter("2/1s")
    served: list[int] = []

    async def caller(number: int) -> None:
        await limiter.acquire()
        served.append(number)

    await asyncio.gather(*(caller(number) for number in range(5)))
    assert served == [0, 1, 2, 3, 4]


async def test_other_keys_and_vendors_have_windows_of_their_own(cockpits: Cockpits) -> None:
    limiters = [
        cockpits.limiter("1/1m", account=account_of(vendor, address, secret))
        for vendor, address, secret in [("a", "x", "1"), ("a", "x", "2"), ("a", "y", "1"), ("b", "x", "1")]
    ]
    assert [await granted(limiter) for limiter in limiters] == [1, 1, 1, 1]


async def test_a_ban_stops_every_cockpit(cockpits: Cockpits) -> None:
    first, second = cockpits.limiter("100/1m"), cockpits.limiter("100/1m")
    assert await granted(second) == 1
    first.pause(30.0)
    await first.aclose()
    assert await granted(second) == 0
    assert 29.0 < second.paused_for <= 30.0


async def test_what_is_under_way_stays_in_the_window(cockpits: Cockpits) -> None:
    first, second = cockpits.limiter("1/1s"), cockpits.limiter("1/1s")
    use = await first.acquire()
    with first.under_way(use):
        await asyncio.sleep(1.3)
        assert await granted(second) == 0
    await first.aclose()
    with pytest.raises(LimitError) as refused:
        await second.acquire(patience=0.0)
    assert refused.value.wait > 0.5


async def test_a_cancelled_caller_takes_nothing(cockpits: Cockpits) -> None:
    limiter = cockpits.limiter("3/1m")
    assert await granted(limiter) == 1
    asked = asyncio.create_task(limiter.acquire())
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    await limiter.aclose()
    assert await granted(limiter, 3) == 2


async def test_what_the_vendor_counts_beyond_all_cockpits_is_others_use(cockpits: Cockpits) -> None:
    first, second = cockpits.limiter("10/1m"), cockpits.limiter("10/1m")
    assert await granted(first, 3) + await granted(second, 3) == 6
    await first.learn(6, seconds=60.0, resets_in=None, allowed=None)
    assert await granted(first) == 1
    await first.learn(9, seconds=60.0, resets_in=30.0, allowed=None)
    assert await granted(first, 3) == 1, "two of the ten are somebody else's"
    await first.learn(0, seconds=60.0, resets_in=None, allowed=5)
    assert first.windows()[0].limit == 5


@pytest.mark.parametrize("weight", [0, -1, 11, 1.5, True, "1"])
async def test_a_weight_that_makes_no_sense_is_refused(cockpits: Cockpits, weight: int) -> None:
    limiter = cockpits.limiter("10/1m")
    with pytest.raises(ValueError, match="weigh"):
        await limiter.acquire(weight)


def test_an_account_is_plain_text_that_holds_no_key() -> None:
    names = [account_of(name, "u", "sesame") for name in ("a/../b", "a\x00b", "ü*[", "x" * 500, "", "\udcff")]
    assert len(set(names)) == len(names)
    for name in names:
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-")
        assert len(name) < 60
        assert "sesame" not in name
    assert account_of("a", "bc", "") != account_of("a", "b", "c")


async def test_a_day_and_a_ban_outlive_the_process_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "limits.db"
    log = SqliteLog(file)
    before = SharedLimiter(["3/1d"], SystemClock(), log, ACCOUNT, lost_after=0.0)
    assert await granted(before, 2) == 2
    before.pause(1000.0)
    await before.aclose()
    await log.aclose()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    log = SqliteLog(file)
    picture = await log.take(ACCOUNT, [Span(86_400.0, 3)], 0, "", "")
    assert picture.used == (2,)
    assert 990.0 < picture.paused_for <= 1000.0
    await log.aclose()


async def test_a_restart_of_the_machine_loses_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mono, wall = 5000.0, 1_800_000_000.0
    log = SqliteLog(tmp_path / "limits.db", monotonic=lambda: mono, wall=lambda: wall)
    spans = [Span(86_400.0, 10)]
    assert (await log.take(ACCOUNT, spans, 4, "t.1", "")).wait == 0.0
    await log.aclose()
    monkeypatch.setattr("cockpit.net.shared_sqlite._boot_id", lambda: "another")
    mono, wall = 3.0, wall + 3600.0
    log = SqliteLog(tmp_path / "limits.db", monotonic=lambda: mono, wall=lambda: wall)
    picture = await log.take(ACCOUNT, spans, 7, "t.2", "")
    assert picture.used == (4,)
    assert picture.wait == pytest.approx(86_400.0 - 3600.0)
    await log.aclose()


async def test_a_step_of_the_wall_clock_changes_nothing(tmp_path: Path) -> None:
    mono, wall = 5000.0, 1_800_000_000.0
    logs = [SqliteLog(tmp_path / "limits.db", monotonic=lambda: mono, wall=lambda: wall) for _ in range(2)]
    assert (await logs[0].take(ACCOUNT, [Span(60.0, 1)], 1, "t.1", "")).wait == 0.0
    wall += 86_400.0
    assert (await logs[1].take(ACCOUNT, [Span(60.0, 1)], 1, "t.2", "")).wait == pytest.approx(60.0)
    for log in logs:
        await log.aclose()


async def test_very_many_uses_are_kept_coarser_and_never_leave_early(tmp_path: Path) -> None:
    mono = 1000.0
    log = SqliteLog(tmp_path / "limits.db", monotonic=lambda: mono)
    spans = [Span(60.0, 100_000)]
    for number in range(4200):
        await log.take(ACCOUNT, spans, 1, f"t.{number}", "")
        mono += 0.001
    assert (await log.take(ACCOUNT, spans, 0, "", "")).used == (4200,)
    mono = 1000.0 + 60.0 + 4.15
    assert (await log.take(ACCOUNT, spans, 0, "", "")).used[0] >= 50
    mono = 1000.0 + 60.0 + 4.3
    assert (await log.take(ACCOUNT, spans, 0, "", "")).used == (0,)
    await log.aclose()


@pytest.mark.parametrize("damage", ["garbage", "deleted", "old"])
async def test_a_file_that_is_damaged_or_gone_is_made_anew_and_told_what_we_used(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "limits.db"
    log = SqliteLog(file)
    log.beat_seconds = 0.05
    limiter = SharedLimiter(["10/1m"], SystemClock(), log, ACCOUNT, lost_after=0.0)
    assert await granted(limiter, 4) == 4
    if damage == "garbage":
        file.write_bytes(b"not a database" * 500)
    elif damage == "deleted":
        file.unlink()
    else:
        await log.aclose()
        log = SqliteLog(file)
        limiter._shared = log
        log.beat_seconds = 0.05
        file.unlink()
        import sqlite3

        with sqlite3.connect(file) as connection:
            connection.execute("CREATE TABLE stamps (x)")
            connection.execute("PRAGMA user_version=99")
    for _ in range(5):
        await limiter.beat()
        await asyncio.sleep(0.06)
    assert limiter.shares is None
    assert limiter.windows()[0].used == 4
    assert await granted(limiter, 10) == 6
    await limiter.aclose()
    await log.aclose()


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
async def test_a_folder_that_cannot_be_written_is_an_error_of_the_log(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)  # noqa: ASYNC240 - nothing else waits
    with pytest.raises(SharedLogError):
        await SqliteLog(tmp_path / "limits.db").take(ACCOUNT, [], 0, "", "")


async def test_without_a_usable_file_a_cockpit_goes_on_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    log = SqliteLog(tmp_path / "file" / "limits.db")
    limiter = SharedLimiter(["3/1m"], SystemClock(), log, ACCOUNT, lost_after=0.0)
    assert await granted(limiter, 5) == 3
    assert limiter.shares == 1
    await log.aclose()


async def beats(limiters: list[SharedLimiter], until: Callable[[], bool], seconds: float = 8.0) -> None:
    async with asyncio.timeout(seconds):
        while not until():
            await asyncio.gather(*(limiter.beat() for limiter in limiters))
            await asyncio.sleep(0.1)


async def test_a_lost_redis_leaves_each_a_share_and_is_told_everything_when_it_is_back() -> None:
    with running_redis() as redis:
        links = [RedisLink(redis.url, SystemClock()) for _ in range(3)]
        limiters = [SharedLimiter(["30/1m"], SystemClock(), RedisLog(link), ACCOUNT, lost_after=0.0) for link in links]
        assert await granted(limiters[0], 12) == 12
        for limiter in (*limiters, *limiters):
            await limiter.beat()
        redis.kill()
        alone = [await granted(limiter, 30) for limiter in limiters]
        assert [limiter.shares for limiter in limiters] == [3, 3, 3]
        assert alone == [6, 6, 6], "a third each of the eighteen that were left"
        redis.start()
        await beats(limiters, lambda: all(limiter.shares is None for limiter in limiters))
        await limiters[1].beat()
        assert limiters[1].windows()[0].used == 30
        assert [await granted(limiter) for limiter in limiters] == [0, 0, 0]
        for link, limiter in zip(links, limiters, strict=True):
            await limiter.aclose()
            await link.aclose()


@asynccontextmanager
async def near_and_far(limit: str) -> AsyncIterator[tuple[SharedLimiter, SharedLimiter, Cable]]:
    """Two cockpits that know of each other; the far one's way to Redis can be cut."""
    with running_redis() as redis:
        async with cable(redis.port) as way, AsyncExitStack() as stack:
            limiters = []
            for url in (redis.url, way.url):
                link = RedisLink(url, SystemClock())
                stack.push_async_callback(link.aclose)
                limiters.append(SharedLimiter([limit], SystemClock(), RedisLog(link), ACCOUNT, lost_after=0.0))
                stack.push_async_callback(limiters[-1].aclose)
            for limiter in (*limiters, *limiters):
                await limiter.beat()
            yield limiters[0], limiters[1], way


async def test_one_that_alone_is_cut_off_spends_no_more_than_its_share_and_tells_it_when_it_is_back() -> None:
    async with near_and_far("30/1m") as (near, far, way):
        assert await granted(near, 12) == 12
        await far.beat()
        way.cut()
        assert await granted(far, 30) == 9, "half of the eighteen that were left"
        assert far.shares == 2
        assert await granted(near, 30) == 18, "the others know nothing of it"
        way.mend()
        await beats([near, far], lambda: far.shares is None)
        await near.beat()
        assert [limiter.windows()[0].used for limiter in (near, far)] == [39, 39]
        assert await granted(near) + await granted(far) == 0


async def test_one_that_is_cut_off_stops_where_the_vendor_tells_of_the_others() -> None:
    async with near_and_far("30/1m") as (near, far, way):
        way.cut()
        assert await granted(far, 2) == 2
        assert await granted(near, 27) == 27
        await far.learn(29, seconds=60.0, resets_in=None, allowed=None)
        assert await granted(far, 30) == 0
        await near.learn(29, seconds=60.0, resets_in=None, allowed=None)
        assert await granted(near, 30) == 1


async def test_a_hiccup_is_waited_out() -> None:
    with running_redis() as redis:
        link = RedisLink(redis.url, SystemClock())
        limiter = SharedLimiter(["30/1m"], SystemClock(), RedisLog(link), ACCOUNT)
        use = await limiter.acquire()
        redis.freeze()
        asking = asyncio.create_task(limiter.acquire())
        with limiter.under_way(use):
            await asyncio.sleep(0.4)
        redis.thaw()
        async with asyncio.timeout(5):
            await asking
        assert limiter.shares is None
        assert limiter.windows()[0].used == 2
        await limiter.aclose()
        await link.aclose()


async def test_after_a_flush_no_window_is_given_twice() -> None:
    with running_redis() as redis:
        links = [RedisLink(redis.url, SystemClock()) for _ in range(2)]
        limiters = [SharedLimiter(["20/1m"], SystemClock(), RedisLog(link), ACCOUNT, lost_after=0.0) for link in links]
        assert await granted(limiters[0], 8) + await granted(limiters[1], 8) == 16
        await limiters[0].beat()
        redis.command("FLUSHALL")
        assert await granted(limiters[0], 20) + await granted(limiters[1], 20) <= 4
        await beats(limiters, lambda: all(limiter.shares is None for limiter in limiters))
        assert await granted(limiters[0], 20) + await granted(limiters[1], 20) <= 4
        for link, limiter in zip(links, limiters, strict=True):
            await limiter.aclose()
            await link.aclose()


async def test_other_limits_hold_from_the_next_request_on(cockpits: Cockpits) -> None:
    first, second = cockpits.limiter("4/1m"), cockpits.limiter("4/1m")
    assert await granted(first, 3) + await granted(second, 9) == 4
    for limiter in (first, second):
        limiter.reconfigure(["6/1m", "9/1h"])
        await limiter.beat()
    assert await granted(first, 9) + await granted(second, 9) == 2
    await first.beat()
    assert {(window.limit, window.used) for window in first.windows()} == {(6, 6), (9, 6)}
