import asyncio
from collections.abc import Mapping, Sequence

import pytest

from cockpit.errors import ProviderError, Refusal
from cockpit.providers.batching import Batcher


class Source:
    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def load(self, keys: Sequence[str]) -> Mapping[str, int]:
        self.batches.append(list(keys))
        self.begun.set()
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return {key: len(key) for key in keys if key != "unknown"}


async def test_keys_asked_for_together_travel_together() -> None:
    source = Source()
    batcher = Batcher(source.load, 10)
    asked: tuple[list[str], ...] = (["a", "bb"], ["bb", "unknown"], [])
    found = await asyncio.gather(*(batcher.get(keys) for keys in asked))
    assert found == [{"a": 1, "bb": 2}, {"bb": 2}, {}]
    assert source.batches == [["a", "bb", "unknown"]]


async def test_keys_asked_for_meanwhile_travel_in_the_next_request() -> None:
    source = Source()
    source.gate.clear()
    batcher = Batcher(source.load, 10)
    first = asyncio.create_task(batcher.get(["a"]))
    await source.begun.wait()
    others = [asyncio.create_task(batcher.get([key])) for key in ("b", "c", "a")]
    await asyncio.sleep(0)
    source.gate.set()
    await asyncio.gather(first, *others)
    assert source.batches == [["a"], ["b", "c", "a"]]


async def test_a_request_never_carries_more_than_it_may() -> None:
    source = Source()
    keys = [str(number) for number in range(25)]
    assert len(await Batcher(source.load, 10).get(keys)) == 25
    assert [len(batch) for batch in source.batches] == [10, 10, 5]


async def test_an_error_reaches_those_whose_keys_it_concerns_and_the_next_call_works() -> None:
    source = Source()
    source.error = ProviderError("x", Refusal.UNAVAILABLE, "down")
    batcher = Batcher(source.load, 10)
    outcomes = await asyncio.gather(batcher.get(["a"]), batcher.get(["b"]), return_exceptions=True)
    assert all(isinstance(outcome, ProviderError) for outcome in outcomes)
    source.error = None
    assert await batcher.get(["a"]) == {"a": 1}


async def test_a_cancelled_caller_takes_nothing_from_the_others() -> None:
    source = Source()
    source.gate.clear()
    batcher = Batcher(source.load, 10)
    tasks = [asyncio.create_task(batcher.get([key])) for key in ("a", "b")]
    await source.begun.wait()
    tasks[0].cancel()
    source.gate.set()
    assert await tasks[1] == {"b": 1}
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]


async def test_when_all_callers_are_gone_the_request_ends_and_later_ones_work() -> None:
    source = Source()
    source.gate.clear()
    batcher = Batcher(source.load, 10)
    task = asyncio.create_task(batcher.get(["a"]))
    await source.begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    source.gate.set()
    assert await batcher.get(["b"]) == {"b": 1}
    assert source.batches == [["a"], ["b"]]
