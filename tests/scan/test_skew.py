"""The skew of the out-of-the-money smile, and the bias that it is believed to show."""

from math import exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.options.chain import OptionChain
from cockpit.options.contract import OptionQuote, Right, occ_symbol
from cockpit.options.forward import years_to_expiry
from cockpit.options.pricing import black, normal_cdf
from cockpit.options.smile import smile_of
from cockpit.scan.skew import Skew, quadratic, skew
from tests.scan.market import EXPIRIES, NOW, RATE

EXPIRY = EXPIRIES[1]


def leaning(
    slope: float, curve: float = 0.03, middle: float = 0.60, half: float = 0.0, step: float = 1.0
) -> OptionChain:
    """A chain whose volatility is ``middle (1 + slope z + curve z^2)``."""
    years = years_to_expiry(EXPIRY, NOW)
    forward, deviation = 100.0 * exp(RATE * years), middle * sqrt(years)
    quotes = []
    for index in range(-30, 31):
        strike = 100.0 + index * step
        if strike <= 0.0:
            continue
        z = log(strike / forward) / deviation
        volatility = middle * (1.0 + slope * z + curve * z * z)
        for right in Right:
            fair = exp(-RATE * years) * black(right.sign, forward, strike, volatility**2 * years)
            symbol = occ_symbol("X", EXPIRY, right, strike)
            quotes.append(OptionQuote(symbol, "X", EXPIRY, strike, right, max(fair - half, 0.0), fair + half))
    return OptionChain("X", EXPIRY, tuple(quotes), 100.0, NOW, "memory")


def seen(chain: OptionChain) -> Skew:
    found = skew(smile_of(chain, 100.0, NOW, RATE))
    assert found is not None
    return found


@given(slope=st.floats(-0.15, 0.15), curve=st.floats(0.0, 0.04))
def test_the_fit_finds_the_smile_that_made_the_quotes(slope: float, curve: float) -> None:
    found = seen(leaning(slope, curve))
    assert found.residual < 0.01
    # The two wings of a quadratic at 25 delta, z being about 0.67 of each wing's own volatility.
    assert found.reversal == pytest.approx(-2.0 * slope * 0.674, abs=0.03)
    assert found.reversal == 0.0 or (found.reversal > 0.0) == (slope < 0.0) or abs(slope) < 0.005
    assert found.butterfly == pytest.approx(curve * 0.674**2 + slope * slope * 0.9, abs=0.03)


@pytest.mark.parametrize(
    ("slope", "bias"),
    [
        (-0.05, "neutral"),
        (-0.10, "weak_bearish"),
        (-0.18, "bearish"),
        (-0.26, "strong_bearish"),
        (0.05, "neutral"),
        (0.10, "weak_bullish"),
        (0.18, "bullish"),
    ],
)
def test_dear_puts_lean_down_and_dear_calls_up(slope: float, bias: str) -> None:
    assert seen(leaning(slope)).bias == bias


def test_noise_is_no_bias() -> None:
    assert Skew(0.20, 0.01, 0.11, 20).bias == "neutral"
    assert Skew(0.20, 0.01, 0.09, 20).bias == "weak_bearish"
    assert Skew(0.10, 0.01, 0.00, 20).bias == "neutral"


def test_too_little_gives_none() -> None:
    assert skew(smile_of(leaning(-0.1, step=14.0), 100.0, NOW, RATE)) is None
    whole = leaning(-0.1)
    puts = tuple(one for one in whole.quotes if one.strike < 99.0)
    assert skew(smile_of(OptionChain("X", EXPIRY, puts, 100.0, NOW, "memory"), 100.0, NOW, RATE)) is None
    assert quadratic([(0.1, 1.0), (0.1, 1.1), (0.1, 0.9)]) is None


def test_the_wings_are_where_the_delta_is_a_quarter() -> None:
    smile = smile_of(leaning(-0.12), 100.0, NOW, RATE)
    found = seen(leaning(-0.12))
    by_delta = {}
    for right in Right:
        strikes = [
            (abs(abs(greeks.delta) - 0.25), smile.volatility(one.strike))
            for one in smile.chain.side(right)
            if (one.strike > smile.forward.price) == (right is Right.CALL)
            and (greeks := smile.greeks(right, one.strike)) is not None
            and greeks.delta is not None
        ]
        by_delta[right] = min(strikes)[1] or 0.0
    middle = smile.at_the_money() or 0.0
    assert found.reversal == pytest.approx((by_delta[Right.PUT] - by_delta[Right.CALL]) / middle, abs=0.02)
    assert normal_cdf(-0.6744897501960817) == pytest.approx(0.25)
