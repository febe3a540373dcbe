import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.net.limiter import Limiter, LimitError
from tests.net.fakes import HandClock


@dataclass
class Granted:
    """What a limiter let through, by the clock."""

    uses: list[tuple[float, int]] = field(default_factory=list)

    def most_in(self, seconds: float) -> int:
        """The greatest weight in any half-open window of this length (they all begin at a use)."""
        return max(
            (sum(w for at, w in self.uses if start <= at < start + seconds - 1e-6) for start, _ in self.uses), default=0
        )


@settings(max_examples=200)
@given(
    limits=st.lists(st.tuples(st.integers(1, 12), st.sampled_from(["1s", "5s", "1m"])), min_size=1, max_size=3),
    steps=st.lists(st.tuples(st.floats(0, 3), st.integers(1, 5)), max_size=80),
    margin=st.sampled_from([0.0, 0.05]),
)
def test_no_rolling_window_ever_holds_more_than_its_limit(
    limits: list[tuple[int, str]], steps: list[tuple[float, int]], margin: float
) -> None:
    clock = HandClock()
    limiter = Limiter([f"{count}/{span}" for count, span in limits], clock, margin=margin)
    granted = Granted()
    for pause, weight in steps:
        clock.move(pause)
        if weight <= (limiter.capacity or 0) and limiter.attempt(weight) == 0.0:
            granted.uses.append((clock.mono, weight))
    for count, span in limits:
        assert granted.most_in({"1s": 1.0, "5s": 5.0, "1m": 60.0}[span]) <= count


@given(st.integers(1, 10), st.lists(st.integers(1, 4), min_size=1, max_size=60))
def test_after_the_wait_it_told_a_request_goes_through(limit: int, weights: list[int]) -> None:
    clock = HandClock()
    limiter = Limiter([f"{limit}/10s", f"{limit * 3}/1m"], clock)
    for weight in weights:
        wanted = min(weight, limit)
        wait = limiter.attempt(wanted)
        if wait > 0:
            clock.move(wait + 1e-9)
            assert limiter.attempt(wanted) == 0.0


def test_a_delay_is_told_without_taking_anything() -> None:
    clock = HandClock()
    limiter = Limiter(["4/10s", "9/1m"], clock)
    assert limiter.delay(4) == limiter.delay(4) == 0.0
    assert limiter.attempt(3) == 0.0
    clock.move(2.0)
    assert limiter.delay(1) == 0.0
    assert limiter.delay(2) == pytest.approx(8.0)
    limiter.pause(9.0)
    assert limiter.delay(1) == pytest.approx(9.0)
    assert limiter.windows()[0].used == 3


def test_the_whole_limit_is_given_and_the_reset_is_exact() -> None:
    clock = HandClock()
    limiter = Limiter(["20/1s"], clock)
    for _ in range(20):
        assert limiter.attempt() == 0.0
        clock.move(0.01)
    (window,) = limiter.windows()
    assert (window.limit, window.used) == (20, 20)
    assert window.resets_in == pytest.approx(0.8)
    assert limiter.attempt() == pytest.approx(0.8)


def test_weights_that_can_never_fit_are_refused_at_once() -> None:
    limiter = Limiter(["10/1s"], HandClock())
    with pytest.raises(ValueError, match="can never fit"):
        limiter.attempt(11)
    with pytest.raises(ValueError, match="at least 1"):
        limiter.attempt(0)


def test_without_limits_everything_passes() -> None:
    limiter = Limiter([], HandClock())
    assert limiter.capacity is None
    assert all(limiter.attempt(1000) == 0.0 for _ in range(100))


async def test_callers_are_served_in_order_of_arrival_whatever_their_weight() -> None:
    clock = HandClock()
    limiter = Limiter(["4/1s"], clock, sleep=clock.sleep)
    await limiter.acquire(4)
    served: list[int] = []

    async def caller(number: int, weight: int) -> None:
        await limiter.acquire(weight)
        served.append(number)

    weights = [4, 1, 3, 1, 2, 4, 1]
    await asyncio.gather(*(caller(number, weight) for number, weight in enumerate(weights)))
    assert served == list(range(len(weights)))
    assert limiter.waiting == 0


async def test_cancelled_callers_take_nothing() -> None:
    clock = HandClock()
    gate = asyncio.Event()

    async def sleep(seconds: float) -> None:
        await gate.wait()
        clock.move(seconds)

    limiter = Limiter(["1/1m"], clock, sleep=sleep)
    await limiter.acquire()
    tasks = [asyncio.create_task(limiter.acquire()) for _ in range(5)]
    await asyncio.sleep(0)
    assert limiter.waiting == 5
    for task in tasks[:4]:
        task.cancel()
    gate.set()
    await tasks[4]
    assert limiter.waiting == 0
    assert limiter.windows()[0].used == 1


async def test_nobody_waits_for_longer_than_their_patience() -> None:
    limiter = Limiter(["1/1d"], HandClock())
    await limiter.acquire()
    with pytest.raises(LimitError) as refused:
        await limiter.acquire(patience=90)
    assert refused.value.wait == pytest.approx(86400)
    assert limiter.windows()[0].used == 1


def test_the_vendors_higher_count_is_adopted_until_its_window_ends() -> None:
    clock = HandClock()
    limiter = Limiter(["100/1m"], clock)
    limiter.attempt()
    limiter.adopt(60, seconds=60.0, resets_in=30.0)
    assert limiter.windows()[0].used == 60
    assert limiter.attempt(41) == pytest.approx(30.0)
    clock.move(30.0)
    assert limiter.windows()[0].used == 1
    assert limiter.attempt(41) == 0.0


def test_own_requests_before_the_vendors_window_are_not_counted_twice() -> None:
    clock = HandClock()
    limiter = Limiter(["100/1m"], clock)
    limiter.attempt(50)
    clock.move(40)  # the vendor's minute began 10 s ago: our 50 were in the one before
    limiter.attempt(5)
    limiter.adopt(25, seconds=60.0, resets_in=50.0)
    assert limiter.windows()[0].used == 75


def test_a_lower_count_of_the_vendor_changes_nothing() -> None:
    limiter = Limiter(["100/1m"], HandClock())
    limiter.attempt(50)
    limiter.adopt(3, seconds=60.0, resets_in=20.0)
    assert limiter.windows()[0].used == 50


def test_the_vendors_own_limit_can_only_lower_ours() -> None:
    limiter = Limiter(["120/1m"], HandClock())
    limiter.adopt(1, seconds=60.0, allowed=200)
    assert limiter.windows()[0].limit == 120
    limiter.adopt(1, seconds=60.0, allowed=60)
    assert limiter.windows()[0].limit == 60
    limiter.adopt(1, seconds=60.0, allowed=0)
    assert limiter.windows()[0].limit == 1


def test_the_count_of_a_window_that_is_not_configured_is_ignored() -> None:
    limiter = Limiter(["25/1d"], HandClock())
    limiter.adopt(1000, seconds=60.0)
    assert limiter.windows()[0].used == 0


def test_a_pause_lets_nothing_through_and_only_grows() -> None:
    clock = HandClock()
    limiter = Limiter(["100/1m"], clock)
    limiter.pause(120)
    limiter.pause(10)
    assert limiter.paused_for == pytest.approx(120)
    assert limiter.attempt() == pytest.approx(120)
    clock.move(120)
    assert limiter.attempt() == 0.0


def test_the_tightest_window_comes_first() -> None:
    clock = HandClock()
    limiter = Limiter(["10/1s", "25/1d"], clock)
    for _ in range(20):
        assert limiter.attempt() == 0.0
        clock.move(1)
    assert [window.limit for window in limiter.windows()] == [25, 10]


@settings(max_examples=50)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("use"), st.integers(1, 20)),
            st.tuples(st.just("move"), st.integers(0, 40)),
            st.tuples(st.just("adopt"), st.integers(0, 40)),
            st.tuples(st.just("allow"), st.integers(1, 40)),
        ),
        max_size=60,
    )
)
def test_whatever_it_learns_the_wait_it_tells_is_finite_and_enough(steps: list[tuple[str, int]]) -> None:
    clock = HandClock()
    limiter = Limiter(["20/1m"], clock)
    for what, size in steps:
        if what == "move":
            clock.move(size)
        elif what == "adopt":
            limiter.adopt(size, seconds=60.0, resets_in=float(size) or None)
        elif what == "allow":
            limiter.adopt(0, seconds=60.0, allowed=size)
        else:
            wait = limiter.attempt(size)
            assert 0.0 <= wait <= 60.0
            if wait > 0:
                clock.move(wait + 1e-9)
                assert limiter.attempt(size) == 0.0


def test_others_use_only_grows_within_one_window_of_the_vendor() -> None:
    clock = HandClock()
    limiter = Limiter(["100/1m"], clock)
    limiter.adopt(60, seconds=60.0, resets_in=30.0)
    limiter.adopt(40, seconds=60.0, resets_in=29.5)  # an earlier answer that arrives later
    assert limiter.windows()[0].used == 60
    limiter.adopt(5, seconds=60.0, resets_in=59.0)
    assert limiter.windows()[0].used == 5


def test_a_spent_day_is_remembered_by_the_next_process() -> None:
    clock = HandClock()
    before = Limiter(["1/1s", "25/1d"], clock)
    for _ in range(20):
        clock.move(2)
        assert before.attempt() == 0.0
    before.pause(100)
    memory = before.memory()
    assert list(memory.uses) == [86400.0]
    after = Limiter(["1/1s", "25/1d"], clock)
    after.remember(memory, elapsed=60.0)
    assert after.windows()[0].used == 20
    assert after.paused_for == pytest.approx(40)
    after.remember(memory, elapsed=0.0)
    assert after.windows()[0].used == 20
    clock.move(86400 - 60 - 37.5)
    assert after.windows()[0].used == 19


@given(
    changes=st.lists(
        st.tuples(
            st.lists(st.tuples(st.integers(1, 12), st.sampled_from(["1s", "5s", "20s"])), max_size=2),
            st.integers(1, 12),
            st.lists(st.tuples(st.floats(0, 8), st.integers(1, 5)), max_size=12),
        ),
        min_size=2,
        max_size=4,
    )
)
def test_limits_that_change_hold_from_then_on_with_what_was_used_before(
    changes: list[tuple[list[tuple[int, str]], int, list[tuple[float, int]]]],
) -> None:
    clock = HandClock()
    limiter = Limiter(["12/1m"], clock)
    uses: list[tuple[float, int]] = []
    lengths = {"1s": 1.0, "5s": 5.0, "20s": 20.0, "1m": 60.0}
    for short, minute, steps in changes:
        limits = [*short, (minute, "1m")]
        limiter.reconfigure([f"{count}/{span}" for count, span in limits])
        assert limiter.capacity == min(count for count, _ in limits)
        for pause, weight in steps:
            clock.move(pause)
            if weight <= (limiter.capacity or 0) and limiter.attempt(weight) == 0.0:
                uses.append((clock.mono, weight))
                for count, span in limits:
                    assert sum(w for at, w in uses if clock.mono - at < lengths[span] - 1e-6) <= count


def test_a_limit_that_is_raised_is_given_at_once_and_one_of_the_vendors_stays() -> None:
    clock = HandClock()
    limiter = Limiter(["2/1m"], clock)
    assert [limiter.attempt() for _ in range(2)] == [0.0, 0.0]
    assert limiter.attempt() > 0.0
    limiter.reconfigure(["4/1m"])
    assert [limiter.attempt() for _ in range(2)] == [0.0, 0.0]
    assert limiter.attempt() > 0.0
    limiter.adopt(4, seconds=60.0, allowed=3)
    limiter.reconfigure(["100/1m"])
    (window,) = limiter.windows()
    assert (window.limit, window.used) == (3, 4)
    limiter.reconfigure([])
    assert limiter.attempt(1000) == 0.0
