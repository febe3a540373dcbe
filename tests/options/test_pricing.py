"""Laws that prices and volatilities obey whatever the inputs."""

from math import exp, isnan, nan, sqrt

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cockpit.options.american import american_price
from cockpit.options.implied_volatility import implied_volatility
from cockpit.options.pricing import black, expected_absolute_move, normal_cdf, price, value

SPOT = st.floats(1.0, 2000.0)
MONEYNESS = st.floats(0.5, 2.0)
YEARS = st.floats(60.0 / 31_536_000.0, 2.0)
RATE = st.floats(-0.02, 0.12)
YIELD = st.floats(0.0, 0.06)
VOLATILITY = st.floats(0.05, 4.0)
SIGN = st.sampled_from((1, -1))


@given(spot=SPOT, moneyness=MONEYNESS, years=YEARS, rate=RATE, carry=YIELD, volatility=VOLATILITY)
def test_put_call_parity(
    spot: float, moneyness: float, years: float, rate: float, carry: float, volatility: float
) -> None:
    strike = spot * moneyness
    call, put = (value(sign, spot, strike, years, rate, carry, volatility) for sign in (1, -1))
    forward = spot * exp((rate - carry) * years)
    assert call.price - put.price == pytest.approx(exp(-rate * years) * (forward - strike), abs=1e-9 * spot)
    assert call.delta - put.delta == pytest.approx(exp(-carry * years))
    assert call.gamma == pytest.approx(put.gamma)
    assert call.vega == pytest.approx(put.vega)


@given(sign=SIGN, spot=SPOT, moneyness=MONEYNESS, years=YEARS, volatility=VOLATILITY, scale=st.floats(0.01, 100.0))
def test_prices_scale_with_the_currency(
    sign: int, spot: float, moneyness: float, years: float, volatility: float, scale: float
) -> None:
    strike = spot * moneyness
    one = value(sign, spot, strike, years, 0.03, 0.0, volatility)
    other = value(sign, spot * scale, strike * scale, years, 0.03, 0.0, volatility)
    assert other.price == pytest.approx(one.price * scale, rel=1e-9, abs=1e-12 * spot * scale)
    assert other.delta == pytest.approx(one.delta, abs=1e-12)


@given(sign=SIGN, spot=SPOT, moneyness=MONEYNESS, years=st.floats(0.01, 2.0), volatility=st.floats(0.1, 2.0))
def test_greeks_are_the_slopes_of_the_price(
    sign: int, spot: float, moneyness: float, years: float, volatility: float
) -> None:
    strike = spot * moneyness
    found = value(sign, spot, strike, years, 0.04, 0.01, volatility)
    step = 1e-4 * spot
    up, down = (price(sign, spot + side * step, strike, years, 0.04, 0.01, volatility) for side in (1, -1))
    assert found.delta == pytest.approx((up - down) / (2 * step), abs=1e-5)
    up, down = (price(sign, spot, strike, years, 0.04, 0.01, volatility + side * 1e-5) for side in (1, -1))
    assert found.vega_per_unit == pytest.approx((up - down) / 2e-5, abs=1e-5 * spot)
    up, down = (price(sign, spot, strike, years + side * 1e-6, 0.04, 0.01, volatility) for side in (1, -1))
    assert found.theta_per_year == pytest.approx((down - up) / 2e-6, abs=1e-4 * spot)


@given(sign=SIGN, spot=SPOT, moneyness=MONEYNESS, years=YEARS, volatility=VOLATILITY)
def test_a_price_gives_its_volatility_back(
    sign: int, spot: float, moneyness: float, years: float, volatility: float
) -> None:
    strike, rate = spot * moneyness, 0.045
    forward, discount = spot * exp(rate * years), exp(-rate * years)
    time_value = black(1 if strike >= forward else -1, forward, strike, volatility**2 * years)
    assume(1e-7 * spot < time_value < min(forward, strike) * (1.0 - 1e-5))
    quoted = price(sign, spot, strike, years, rate, 0.0, volatility)
    found = implied_volatility(quoted, sign, forward, strike, years, discount)
    assert found == pytest.approx(volatility, rel=1e-6)


@given(
    quoted=st.floats(allow_nan=True, allow_infinity=True),
    sign=SIGN,
    forward=st.floats(-10.0, 1e6),
    strike=st.floats(-10.0, 1e6),
    years=st.floats(-1.0, 10.0),
    discount=st.floats(0.1, 1.1),
)
def test_no_input_raises_and_every_answer_reprices(
    quoted: float, sign: int, forward: float, strike: float, years: float, discount: float
) -> None:
    found = implied_volatility(quoted, sign, forward, strike, years, discount)
    if found is not None:
        again = discount * black(sign, forward, strike, found**2 * years)
        assert again == pytest.approx(quoted, rel=1e-6, abs=1e-6 * max(forward, strike))


def test_outside_the_bounds_there_is_no_volatility() -> None:
    assert implied_volatility(10.0, 1, 100.0, 90.0, 0.1, 1.0) is None
    assert implied_volatility(100.0, 1, 100.0, 90.0, 0.1, 1.0) is None
    assert implied_volatility(90.0, -1, 100.0, 90.0, 0.1, 1.0) is None
    assert implied_volatility(0.0, 1, 100.0, 120.0, 0.1, 1.0) is None


def test_the_implied_move_holds_57_percent_of_normal_moves() -> None:
    move = expected_absolute_move(1e-4)
    assert 2.0 * normal_cdf(move / 1e-4) - 1.0 == pytest.approx(0.575, abs=1e-3)
    assert move / 1e-4 == pytest.approx(0.797885, rel=1e-5)


@given(sign=SIGN, moneyness=st.floats(0.7, 1.4), years=st.floats(0.02, 1.0), volatility=st.floats(0.1, 1.0))
def test_an_american_option_is_worth_no_less_than_its_exercise(
    sign: int, moneyness: float, years: float, volatility: float
) -> None:
    strike = 100.0 * moneyness
    american = american_price(sign, 100.0, strike, years, 0.045, 0.0, volatility, steps=51)
    european = price(sign, 100.0, strike, years, 0.045, 0.0, volatility)
    assert american >= sign * (100.0 - strike) - 1e-9
    assert american >= european - 2e-3 * sqrt(years) * 100.0 * volatility
    if sign == 1:
        assert american == pytest.approx(european, abs=0.02)


ANYTHING = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=60, deadline=None)
@given(sign=SIGN, numbers=st.lists(ANYTHING, min_size=6, max_size=6))
def test_no_price_raises_whatever_it_is_asked(sign: int, numbers: list[float]) -> None:
    value(sign, *numbers)
    price(sign, *numbers)
    black(sign, *numbers[:3])
    spot, strike, years, rate, carry, volatility = numbers
    early = american_price(sign, spot, strike, years, rate, carry, volatility, steps=5)
    assert isnan(early) or not any(map(isnan, numbers))


@given(sign=SIGN, spot=SPOT, moneyness=MONEYNESS, which=st.integers(0, 5))
def test_what_is_no_number_gives_no_number(sign: int, spot: float, moneyness: float, which: int) -> None:
    inputs = [spot, spot * moneyness, 0.1, 0.04, 0.01, 0.5]
    inputs[which] = nan
    assert all(map(isnan, value(sign, *inputs)))


@given(sign=SIGN, spot=SPOT, moneyness=MONEYNESS, volatility=VOLATILITY, years=YEARS)
def test_no_time_and_no_volatility_leave_the_intrinsic_value(
    sign: int, spot: float, moneyness: float, volatility: float, years: float
) -> None:
    strike = spot * moneyness
    expired = value(sign, spot, strike, 0.0, 0.04, 0.0, volatility)
    assert expired.price == max(sign * (spot - strike), 0.0)
    assert (expired.gamma, expired.vega, expired.theta) == (0.0, 0.0, 0.0)
    assert value(sign, spot, strike, -1.0, 0.04, 0.0, volatility) == expired
    still = value(sign, spot, strike, years, 0.04, 0.0, 0.0)
    assert still.price == pytest.approx(max(sign * (spot - strike * exp(-0.04 * years)), 0.0))
    assert (still.gamma, still.vega) == (0.0, 0.0)
