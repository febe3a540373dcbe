from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.strategies.indicators import (
    BollingerBands,
    ExponentialAverage,
    RelativeStrength,
    SimpleAverage,
    over,
)

prices = st.lists(st.floats(1.0, 1e5), min_size=1, max_size=120)
lengths = st.integers(1, 30)


@given(prices, lengths)
def test_a_simple_average_is_the_mean_of_its_window(values: list[float], length: int) -> None:
    for index, got in enumerate(over(SimpleAverage(length), values)):
        if index + 1 < length:
            assert got is None
        else:
            assert got is not None
            assert isclose(got, sum(values[index + 1 - length : index + 1]) / length, rel_tol=1e-9)


@given(prices, lengths)
def test_an_exponential_average_stays_within_what_it_has_seen(values: list[float], length: int) -> None:
    for index, got in enumerate(over(ExponentialAverage(length), values)):
        assert (got is None) is (index + 1 < length)
        if got is not None:
            seen = values[: index + 1]
            assert min(seen) * (1 - 1e-9) <= got <= max(seen) * (1 + 1e-9)


@given(prices, lengths)
def test_the_index_is_a_share_of_a_hundred_and_turns_with_the_sign(values: list[float], length: int) -> None:
    for index, (up, down) in enumerate(
        zip(over(RelativeStrength(length), values), over(RelativeStrength(length), [-v for v in values]), strict=True)
    ):
        assert (up is None) is (index < length)
        if up is not None and down is not None:
            assert 0.0 <= up <= 100.0
            assert isclose(up + down, 100.0, abs_tol=1e-6)


@pytest.mark.parametrize(("step", "expected"), [(1.0, 100.0), (-1.0, 0.0), (0.0, 50.0)])
def test_the_index_of_what_only_moves_one_way(step: float, expected: float) -> None:
    found = over(RelativeStrength(14), [500.0 + step * index for index in range(40)])
    assert found[13] is None
    assert set(found[14:]) == {expected}


@given(prices, st.integers(1, 30), st.floats(0.5, 4.0))
def test_bands_lie_around_the_average_and_scale(values: list[float], length: int, factor: float) -> None:
    plain = over(BollingerBands(length), values)
    scaled = over(BollingerBands(length), [factor * value for value in values])
    for one, other, mean in zip(plain, scaled, over(SimpleAverage(length), values), strict=True):
        if one is None or other is None or mean is None:
            assert (one, other, mean) == (None, None, None)
            continue
        assert one.lower <= one.middle <= one.upper
        assert isclose(one.middle, mean, rel_tol=1e-9)
        assert isclose(other.upper, factor * one.upper, rel_tol=1e-6, abs_tol=1e-3)


def test_a_long_life_does_not_gather_errors() -> None:
    average = SimpleAverage(3)
    for value in [1e9, 1e-3] * 5000:
        average.update(value)
    for value in (1.0, 2.0):
        average.update(value)
    assert average.update(3.0) == pytest.approx(2.0, abs=1e-12)


@pytest.mark.parametrize("kind", [SimpleAverage, ExponentialAverage, RelativeStrength, BollingerBands])
def test_a_window_of_nothing_is_refused(kind: type) -> None:
    with pytest.raises(ValueError, match="one value at least"):
        kind(0)
