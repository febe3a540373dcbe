import asyncio

import pytest

from cockpit.net.breaker import Breaker, BreakerOpenError, BreakerState
from tests.net.fakes import HandClock


class DownError(Exception):
    pass


class UnknownError(Exception):
    pass


def make(clock: HandClock, threshold: int = 3) -> Breaker:
    return Breaker(clock, lambda error: isinstance(error, DownError), threshold=threshold, rest=2.0, longest=10.0)


def fail(breaker: Breaker, error: Exception | None = None) -> None:
    with pytest.raises(type(error or DownError())), breaker.attempt():
        raise error or DownError


def opened(clock: HandClock) -> Breaker:
    breaker = make(clock)
    for _ in range(3):
        fail(breaker)
    return breaker


def test_it_opens_after_consecutive_failures_only() -> None:
    clock = HandClock()
    breaker = make(clock)
    fail(breaker)
    fail(breaker)
    with breaker.attempt():
        pass
    fail(breaker)
    fail(breaker)
    assert breaker.state == "closed"
    fail(breaker)
    assert breaker.state == "open"


def test_other_errors_are_signs_of_life() -> None:
    breaker = make(HandClock())
    for _ in range(20):
        fail(breaker, UnknownError())
    assert breaker.state is BreakerState.CLOSED


def test_while_open_nobody_is_let_through() -> None:
    breaker = opened(HandClock())
    with pytest.raises(BreakerOpenError) as refused, breaker.attempt():
        pytest.fail("must not run")
    assert refused.value.retry_after == pytest.approx(2.0)


def test_each_failed_probe_doubles_the_rest_up_to_the_longest() -> None:
    clock = HandClock()
    breaker = opened(clock)
    rests = []
    for _ in range(4):
        with pytest.raises(BreakerOpenError) as refused:
            breaker.check()
        rests.append(refused.value.retry_after)
        clock.move(refused.value.retry_after)
        assert breaker.state is BreakerState.HALF_OPEN
        fail(breaker)
    assert rests == pytest.approx([2.0, 4.0, 8.0, 10.0])


def test_a_good_probe_closes_it_and_forgets_the_long_rest() -> None:
    clock = HandClock()
    breaker = opened(clock)
    clock.move(2.0)
    fail(breaker)
    clock.move(4.0)
    with breaker.attempt():
        pass
    assert breaker.state is BreakerState.CLOSED
    for _ in range(3):
        fail(breaker)
    with pytest.raises(BreakerOpenError) as refused:
        breaker.check()
    assert refused.value.retry_after == pytest.approx(2.0)


async def test_of_a_thousand_callers_at_half_open_one_is_the_probe() -> None:
    clock = HandClock()
    breaker = opened(clock)
    clock.move(2.0)
    gate = asyncio.Event()
    went = 0

    async def caller() -> bool:
        nonlocal went
        try:
            with breaker.attempt():
                went += 1
                await gate.wait()
        except BreakerOpenError:
            return False
        return True

    tasks = [asyncio.create_task(caller()) for _ in range(1000)]
    await asyncio.sleep(0)
    assert went == 1
    gate.set()
    assert sum(await asyncio.gather(*tasks)) == 1
    assert breaker.state is BreakerState.CLOSED


async def test_a_cancelled_probe_gives_its_place_back() -> None:
    clock = HandClock()
    breaker = opened(clock)
    clock.move(2.0)

    async def probe() -> None:
        with breaker.attempt():
            await asyncio.Event().wait()

    task = asyncio.create_task(probe())
    await asyncio.sleep(0)
    with pytest.raises(BreakerOpenError):
        breaker.check()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert breaker.state == "half-open"
    with breaker.attempt():
        pass
    assert breaker.state == "closed"


async def test_answers_to_requests_from_before_the_change_say_nothing() -> None:
    clock = HandClock()
    breaker = make(clock)
    late = asyncio.Event()

    async def slow() -> None:
        with breaker.attempt():
            await late.wait()
            raise DownError

    async def slow_success() -> None:
        with breaker.attempt():
            await late.wait()

    tasks = [asyncio.create_task(slow()), asyncio.create_task(slow_success())]
    await asyncio.sleep(0)
    for _ in range(3):
        fail(breaker)
    late.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert breaker.state is BreakerState.OPEN
    with pytest.raises(BreakerOpenError) as refused:
        breaker.check()
    assert refused.value.retry_after == pytest.approx(2.0)
