"""The two strategies that are built in: when they speak, and what they say."""

from itertools import accumulate, pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.strategies.api import Signal, Strategy
from cockpit.strategies.decider import Listener
from cockpit.strategies.indicators import RelativeStrength, over
from cockpit.strategies.rsi import Rsi
from cockpit.strategies.sma_cross import SmaCross
from tests.strategies.series import bars

closes = st.lists(st.integers(50, 150), min_size=1, max_size=80)


async def heard(strategy: Strategy, values: list[float]) -> list[Signal | None]:
    return await Listener(strategy, "strategy").feed(bars(values))


async def test_a_cross_is_told_on_the_bar_that_makes_it_with_its_numbers() -> None:
    # Means of 2 and 3: (10, 9, 8) 8.5 under 9; (9, 8, 12) 10 over 9.67; (8, 12, 4) 8 is 8; (12, 4, 3) 3.5 under 6.33.
    said = await heard(SmaCross(fast=2, slow=3, allow_short=True), [10, 9, 8, 12, 4, 3])
    assert said == [
        *(None, None, None),
        Signal(1.0, "SMA 2 10 over SMA 3 9.666666667"),
        None,  # to touch is no cross
        Signal(-1.0, "SMA 2 3.5 under SMA 3 6.333333333"),
    ]


async def test_without_shorting_a_cross_down_is_flat() -> None:
    said = await heard(SmaCross(fast=2, slow=3), [10, 9, 8, 12, 4, 3])
    assert [signal.target for signal in said if signal] == [1.0, 0.0]


@given(st.sampled_from([0.1, 0.3, 64210.57, 1e-7, 1 / 3]), st.integers(1, 30), st.integers(1, 30))
async def test_prices_that_stand_never_cross(price: float, fast: int, more: int) -> None:
    strategy = SmaCross(fast=fast, slow=fast + more)
    assert set(await heard(strategy, [price] * (2 * (fast + more)))) == {None}


@given(closes)
async def test_crosses_take_turns_and_follow_the_sides_of_the_averages(values: list[float]) -> None:
    said = await heard(SmaCross(fast=2, slow=5, allow_short=True), values)
    targets = [signal.target for signal in said if signal]
    assert all(one == -other for one, other in pairwise(targets))
    for number, signal in enumerate(said):
        if signal is not None:
            window = values[: number + 1]
            assert (sum(window[-2:]) / 2 - sum(window[-5:]) / 5) * signal.target > 0


async def test_the_index_enters_on_its_way_back_up_and_leaves_at_the_high_mark() -> None:
    said = await heard(Rsi(length=2, low=30, high=70), [10, 9, 8, 9, 9.5, 12, 13, 12])
    values = over(RelativeStrength(2), [10, 9, 8, 9, 9.5, 12, 13, 12])
    assert values[2:5] == pytest.approx([0.0, 50.0, 66.66666667])
    assert said[3] == Signal(1.0, "RSI 2 up through 30: 0.0, now 50.0")
    leaving = next(number for number, value in enumerate(values) if value is not None and value >= 70)
    assert said[leaving] is not None
    assert [number for number, signal in enumerate(said) if signal] == [3, leaving]


@given(closes)
async def test_the_index_is_in_or_out_and_never_short(values: list[float]) -> None:
    targets = [signal.target for signal in await heard(Rsi(length=3, low=40, high=60), values) if signal]
    assert targets == [1.0, 0.0] * (len(targets) // 2) + [1.0] * (len(targets) % 2)


@pytest.mark.parametrize("strategy", [SmaCross(), SmaCross(fast=1, slow=2), Rsi(), Rsi(length=1)])
async def test_the_first_word_comes_no_sooner_than_the_warm_up_says(strategy: Strategy) -> None:
    random = Random(7)
    walk = accumulate((random.gauss(0, 1) for _ in range(500)), initial=100.0)
    for number, one in enumerate(bars(walk), start=1):
        if strategy.on_bar(one) is not None:
            assert number >= strategy.warm_up
            return
    pytest.fail("it never spoke")


@pytest.mark.parametrize(
    ("strategy", "given", "words"),
    [
        (SmaCross, {"fast": 30}, r"fast \(30\) must be below slow \(30\)"),
        (SmaCross, {"slow": 1}, "slow lies between 2 and 10000"),
        (Rsi, {"low": 70}, r"low \(70\) must be below high \(70\)"),
        (Rsi, {"length": 0}, "length lies between 1 and 10000"),
    ],
)
def test_parameters_that_do_not_go_together_are_refused(
    strategy: type[Strategy], given: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        strategy(**given)
