"""Laws of payoffs: additive by legs, linear in lots, and never better for a cost."""

from math import inf

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cockpit.options.contract import Greeks
from cockpit.options.payoff import Payoff, PayoffLeg, total_greeks

FORWARD = 100.0
VARIANCE = st.floats(1e-4, 0.2)
CREDIT = st.integers(1, 400).map(lambda cents: cents / 100.0)
COMMISSION = st.floats(0.0, 10.0)


@st.composite
def condors(draw: st.DrawFn) -> tuple[PayoffLeg, ...]:
    short_put, short_call = draw(st.integers(80, 100)), draw(st.integers(100, 120))
    widths = draw(st.integers(1, 20)), draw(st.integers(1, 20))
    return (
        PayoffLeg(1, -1, float(short_put - widths[0])),
        PayoffLeg(-1, -1, float(short_put)),
        PayoffLeg(-1, 1, float(short_call)),
        PayoffLeg(1, 1, float(short_call + widths[1])),
    )


@given(legs=condors(), credit=CREDIT, variance=VARIANCE, price=st.floats(0.0, 300.0))
def test_a_condor_is_a_bull_put_and_a_bear_call(
    legs: tuple[PayoffLeg, ...], credit: float, variance: float, price: float
) -> None:
    whole = Payoff(legs, credit)
    puts, calls = Payoff(legs[:2], credit), Payoff(legs[2:], 0.0)
    assert whole.at(price) == pytest.approx(puts.at(price) + calls.at(price), abs=1e-9)
    assert whole.expected_value(FORWARD, variance) == pytest.approx(
        puts.expected_value(FORWARD, variance) + calls.expected_value(FORWARD, variance), abs=1e-9
    )


@given(legs=condors(), credit=CREDIT, commission=COMMISSION, variance=VARIANCE, lots=st.integers(2, 20))
def test_ten_lots_are_ten_times_one(
    legs: tuple[PayoffLeg, ...], credit: float, commission: float, variance: float, lots: int
) -> None:
    one = Payoff(legs, credit, commission)
    many = Payoff(
        tuple(PayoffLeg(leg.quantity * lots, leg.sign, leg.strike) for leg in legs), credit * lots, commission * lots
    )
    assert many.max_loss == pytest.approx(one.max_loss * lots)
    assert many.max_profit == pytest.approx(one.max_profit * lots)
    assert many.expected_value(FORWARD, variance) == pytest.approx(one.expected_value(FORWARD, variance) * lots)
    assert many.probability_of_profit(FORWARD, variance) == pytest.approx(one.probability_of_profit(FORWARD, variance))


@given(legs=condors(), credit=CREDIT, commission=COMMISSION, variance=VARIANCE)
def test_a_commission_never_helps(
    legs: tuple[PayoffLeg, ...], credit: float, commission: float, variance: float
) -> None:
    free, paid = Payoff(legs, credit), Payoff(legs, credit, commission)
    assert paid.probability_of_profit(FORWARD, variance) <= free.probability_of_profit(FORWARD, variance) + 1e-12
    assert paid.expected_value(FORWARD, variance) <= free.expected_value(FORWARD, variance) + 1e-9
    assert paid.max_loss >= free.max_loss - 1e-9


@given(legs=condors(), credit=CREDIT, commission=COMMISSION)
def test_the_result_is_nothing_at_a_breakeven_and_bounded_elsewhere(
    legs: tuple[PayoffLeg, ...], credit: float, commission: float
) -> None:
    payoff = Payoff(legs, credit, commission)
    for breakeven in payoff.breakevens:
        assert payoff.at(breakeven) == pytest.approx(0.0, abs=1e-6)
    for price in range(0, 200, 5):
        assert -payoff.max_loss - 1e-9 <= payoff.at(float(price)) <= payoff.max_profit + 1e-9


@given(legs=condors(), credit=CREDIT, variance=VARIANCE, scale=st.floats(0.1, 10.0))
def test_probabilities_do_not_know_the_currency(
    legs: tuple[PayoffLeg, ...], credit: float, variance: float, scale: float
) -> None:
    one = Payoff(legs, credit)
    assume(all(abs(piece.at(piece.low)) > 1e-3 for piece in one.segments))
    other = Payoff(tuple(PayoffLeg(leg.quantity, leg.sign, leg.strike * scale) for leg in legs), credit * scale)
    assert other.probability_of_profit(FORWARD * scale, variance) == pytest.approx(
        one.probability_of_profit(FORWARD, variance), abs=1e-9
    )
    assert other.expected_value(FORWARD * scale, variance) == pytest.approx(
        one.expected_value(FORWARD, variance) * scale, rel=1e-6, abs=1e-6
    )


def test_naked_options_are_unbounded() -> None:
    call = Payoff((PayoffLeg(-1, 1, 50.0),), 1.0)
    assert (call.max_loss, call.reward_risk) == (inf, None)
    assert Payoff((PayoffLeg(1, 1, 50.0),), -1.0).max_profit == inf
    assert Payoff((PayoffLeg(-1, -1, 50.0),), 1.0).max_loss == 4900.0


def test_a_side_that_cannot_lose_adds_no_breakeven() -> None:
    legs = (PayoffLeg(1, -1, 80.0), PayoffLeg(-1, -1, 95.0), PayoffLeg(-1, 1, 105.0), PayoffLeg(1, 1, 107.0))
    assert list(Payoff(legs, 2.7).breakevens) == pytest.approx([92.3])


def test_greeks_add_up_and_one_unknown_makes_the_sum_unknown() -> None:
    one = Greeks(0.5, 0.01, -0.02, 0.1)
    other = Greeks(0.2, 0.02, 0.0, None)
    total = total_greeks([(-1, one), (2, other)])
    assert total is not None
    assert total.delta == pytest.approx(-10.0)
    assert total.theta == pytest.approx(2.0)
    assert total.vega is None
    assert total_greeks([(1, one), (1, None)]) is None
    flipped = total_greeks([(1, one), (-2, other)])
    assert flipped is not None
    assert flipped.gamma == pytest.approx(-(total.gamma or 0.0))
