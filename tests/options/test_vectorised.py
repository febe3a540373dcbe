"""Arrays give the numbers of the pure path, option by option."""

from math import exp, isnan, log

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cockpit.options import vectorised
from cockpit.options.analytics import chain_analytics
from cockpit.options.implied_volatility import implied_volatility
from cockpit.options.pricing import Valuation, black, price, value
from cockpit.options.smile import smile_of
from tests.scan.market import NOW, RATE, chain

RANDOM = np.random.default_rng(7)
COUNT = 3000
SIGN = RANDOM.choice([1.0, -1.0], COUNT)
SPOT = RANDOM.uniform(5.0, 900.0, COUNT)
STRIKE = SPOT * np.exp(RANDOM.normal(0.0, 0.3, COUNT))
YEARS = RANDOM.uniform(1.0 / 365.0, 2.0, COUNT)
CARRY = RANDOM.uniform(0.0, 0.04, COUNT)
VOLATILITY = RANDOM.uniform(0.05, 2.5, COUNT)


def test_prices_and_greeks_are_those_of_the_pure_path() -> None:
    found = vectorised.value(SIGN, SPOT, STRIKE, YEARS, RATE, CARRY, VOLATILITY)
    for index in range(COUNT):
        inputs = (SPOT[index], STRIKE[index], YEARS[index], RATE, CARRY[index], VOLATILITY[index])
        expected = value(int(SIGN[index]), *map(float, inputs))
        for name, one, other in zip(Valuation._fields, (column[index] for column in found), expected, strict=True):
            # What is left of two nearly equal numbers carries their rounding.
            assert one == pytest.approx(other, rel=1e-12, abs=1e-14 * SPOT[index]), (name, index)


def test_volatilities_are_those_of_the_pure_path() -> None:
    forward, discount = SPOT * np.exp((RATE - CARRY) * YEARS), np.exp(-RATE * YEARS)
    quoted = np.array(
        [
            price(int(SIGN[i]), *map(float, (SPOT[i], STRIKE[i], YEARS[i], RATE, CARRY[i], VOLATILITY[i])))
            for i in range(COUNT)
        ]
    )
    found = vectorised.implied_volatility(quoted, SIGN, forward, STRIKE, YEARS, discount)
    for index in range(COUNT):
        expected = implied_volatility(
            *(float(quoted[index]), int(SIGN[index])),
            *map(float, (forward[index], STRIKE[index], YEARS[index], discount[index])),
        )
        assert isnan(found[index]) == (expected is None), index
        if expected is not None:
            # The same price allows volatilities that differ by its rounding over vega.
            time_value = black(1, float(forward[index]), float(STRIKE[index]), expected**2 * YEARS[index])
            assert time_value >= 0.0
            assert found[index] == pytest.approx(expected, rel=1e-12), index


@settings(max_examples=50, deadline=None)
@given(
    sign=st.sampled_from((1, -1)),
    numbers=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=6, max_size=6),
)
@example(sign=1, numbers=[1.0, 2.2250738585072014e-308, 1.0, 2.0, 0.0, 1.0])
def test_no_input_raises_and_both_paths_agree_on_what_has_no_answer(sign: int, numbers: list[float]) -> None:
    one = value(sign, *numbers)
    (other,) = zip(*vectorised.value([float(sign)], *([number] for number in numbers)), strict=True)
    for mine, theirs in zip(one, other, strict=True):
        assert theirs == pytest.approx(mine, rel=1e-9, nan_ok=True) or not (abs(mine) < 1e150)
    volatility = implied_volatility(numbers[0], sign, *numbers[1:5])
    (array,) = vectorised.implied_volatility(numbers[0], sign, *([number] for number in numbers[1:5]))
    assert (volatility is None) == isnan(array) or not all(1e-100 < number < 1e100 for number in numbers[1:5])


def test_a_chain_on_arrays_is_the_chain_one_by_one() -> None:
    smile = smile_of(chain(step=1.0), 100.0, NOW, RATE)
    pure, fast = chain_analytics(smile), chain_analytics(smile_of(smile.chain, 100.0, NOW, RATE), fast=True)
    assert len(pure) == len(fast) == len(smile.chain.quotes)
    for one, other in zip(pure, fast, strict=True):
        assert one.quote is other.quote
        assert other.volatility == (None if one.volatility is None else pytest.approx(one.volatility, rel=1e-12))
        assert (one.greeks is None) == (other.greeks is None)
        if one.greeks is not None and other.greeks is not None:
            for name in ("delta", "gamma", "theta", "vega"):
                assert getattr(other.greeks, name) == pytest.approx(getattr(one.greeks, name), rel=1e-11, abs=1e-14)
    known = [one for one in pure if one.volatility is not None and abs(log(one.quote.strike / 100.0)) < 0.1]
    assert known
    for one in known:
        assert one.volatility is not None
        fair = exp(-RATE * smile.years) * black(
            one.quote.right.sign, smile.forward.price, one.quote.strike, one.volatility**2 * smile.years
        )
        assert fair == pytest.approx(one.quote.mid or 0.0, abs=0.05)
