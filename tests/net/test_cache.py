import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import ProviderError, Refusal
from cockpit.net.cache import Bounds, Cache, Place
from tests.net.fakes import HandClock


class Source:
    """Counts loads; holds them until its gate is open."""

    def __init__(self) -> None:
        self.loads = 0
        self.cancelled = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def load(self) -> list[int]:
        self.loads += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        return [self.loads]


def make(clock: HandClock, entries: int = 100, megabytes: float = 1.0) -> Cache[list[int]]:
    return Cache(clock, Bounds(entries, megabytes))


async def test_the_same_object_is_handed_out_while_fresh() -> None:
    clock, source = HandClock(), Source()
    cache = make(clock)
    first = await cache.get(Place("a", 10), source.load)
    clock.move(9.9)
    assert await cache.get(Place("a", 10), source.load) is first
    clock.move(0.1)
    assert await cache.get(Place("a", 10), source.load) is not first
    assert source.loads == 2
    assert (cache.stats.hits, cache.stats.misses) == (1, 2)


async def test_a_thousand_callers_make_one_load() -> None:
    source = Source()
    source.gate.clear()
    cache = make(HandClock())
    tasks = [asyncio.create_task(cache.get(Place("a", 10), source.load)) for _ in range(1000)]
    await asyncio.sleep(0)
    source.gate.set()
    found = await asyncio.gather(*tasks)
    assert source.loads == 1
    assert all(value is found[0] for value in found)
    assert cache.stats.hit_ratio == pytest.approx(0.999)


async def test_a_cancelled_caller_leaves_the_load_to_the_others() -> None:
    source = Source()
    source.gate.clear()
    cache = make(HandClock())
    tasks = [asyncio.create_task(cache.get(Place("a", 10), source.load)) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.gather(tasks[0], return_exceptions=True)
    source.gate.set()
    assert await asyncio.gather(*tasks[1:]) == [[1], [1]]
    assert source.cancelled == 0


async def test_a_load_that_nobody_waits_for_ends_and_the_next_caller_starts_anew() -> None:
    source = Source()
    source.gate.clear()
    cache = make(HandClock())
    tasks = [asyncio.create_task(cache.get(Place("a", 10), source.load)) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    source.gate.set()
    assert await cache.get(Place("a", 10), source.load) == [2]
    assert source.cancelled == 1


async def test_an_error_reaches_every_caller_and_is_not_kept() -> None:
    source = Source()
    source.error = ProviderError("x", Refusal.UNAVAILABLE, "down")
    cache = make(HandClock())
    outcomes = await asyncio.gather(*(cache.get(Place("a", 10), source.load) for _ in range(5)), return_exceptions=True)
    assert all(isinstance(outcome, ProviderError) for outcome in outcomes)
    source.error = None
    assert await cache.get(Place("a", 10), source.load) == [2]


async def test_not_found_is_remembered_for_a_short_while() -> None:
    clock, source = HandClock(), Source()
    source.error = ProviderError("x", Refusal.NOT_FOUND, "no such symbol")
    cache = make(clock)
    for _ in range(3):
        with pytest.raises(ProviderError, match="no such symbol"):
            await cache.get(Place("a", 3600), source.load)
    assert source.loads == 1
    assert cache.peek("a") is None
    clock.move(60)
    with pytest.raises(ProviderError):
        await cache.get(Place("a", 3600), source.load)
    assert source.loads == 2


async def test_a_programmers_error_is_raised_as_it_is() -> None:
    source = Source()
    source.error = KeyError("bug")
    with pytest.raises(KeyError):
        await make(HandClock()).get(Place("a", 10), source.load)


async def test_fresh_asks_past_the_memory_and_renews_it() -> None:
    source = Source()
    cache = make(HandClock())
    await cache.get(Place("a", 10), source.load)
    assert await cache.get(Place("a", 10), source.load, fresh=True) == [2]
    assert await cache.get(Place("a", 10), source.load) == [2]


async def test_a_time_to_live_of_zero_keeps_nothing() -> None:
    source = Source()
    cache = make(HandClock())
    await cache.get(Place("a", 0), source.load)
    await cache.get(Place("a", 0), source.load)
    assert source.loads == 2
    assert len(cache) == 0


async def test_the_least_recently_used_leaves_first() -> None:
    source = Source()
    cache = make(HandClock(), entries=2)
    await cache.get(Place("a", 10), source.load)
    await cache.get(Place("b", 10), source.load)
    await cache.get(Place("a", 10), source.load)
    await cache.get(Place("c", 10), source.load)
    assert cache.peek("a") is not None
    assert cache.peek("b") is None


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 700)), max_size=60))
def test_bytes_and_entries_stay_within_their_bounds(puts: list[tuple[str, int]]) -> None:
    cache: Cache[int] = Cache(HandClock(), Bounds(5, 1000 / 2**20))
    sizes: dict[str, int] = {}
    for key, size in puts:
        cache.put(Place(key, 10, size=lambda value: value), size)
        sizes[key] = size
        assert cache.size <= 1000
        assert len(cache) <= 5
    assert cache.size == sum(size for key, size in sizes.items() if cache.peek(key) is not None)


async def test_other_bounds_are_kept_at_once_and_other_times_from_now_on() -> None:
    clock, source = HandClock(), Source()
    cache = make(clock)
    for key in "abc":
        cache.put(Place(key, 10.0, size=lambda _: 400), [1])
    cache.reconfigure(Bounds(2, 1.0, 5.0))
    assert [key for key in "abc" if cache.peek(key) is not None] == ["b", "c"]
    cache.reconfigure(Bounds(100, 500 / 2**20, 5.0))
    assert (len(cache), cache.size, cache.stats.evictions) == (1, 400, 2)
    source.error = ProviderError("v", Refusal.NOT_FOUND, "no")
    for pause, loads in ((0.0, 1), (4.9, 1), (0.1, 2)):
        clock.move(pause)
        with pytest.raises(ProviderError):
            await cache.get(Place("none", 10.0), source.load)
        assert source.loads == loads
