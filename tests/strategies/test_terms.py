"""The fills that bring a position to a target, and what they cost."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cockpit.portfolio.ledger import ZERO
from cockpit.strategies.terms import Terms

D = Decimal
prices = st.decimals("0.00000001", "100000", places=8)
steps = st.sampled_from([D("1e-8"), D("0.001"), D(1)])
shares = st.floats(-1, 1)


def test_a_turn_is_two_fills_each_with_its_own_fee() -> None:
    terms = Terms(D(1000), fee_bp=D(10), slippage_bp=D(100))
    first, second = terms.fills("BTCUSDT", D(4), -0.5, D(100))
    assert (first.quantity, first.price, first.fee) == (D(-4), D(99), D("0.396"))
    assert (second.quantity, second.price, second.fee) == (D(-5), D(99), D("0.495"))


def test_quantities_round_towards_zero_and_prices_and_fees_against_the_trader() -> None:
    terms = Terms(D(10), fee_bp=D("0.1"), slippage_bp=D(1), step=D("0.001"))
    (bought,) = terms.fills("BTCUSDT", ZERO, 1.0, D("3.33333333"))
    (sold,) = terms.fills("BTCUSDT", ZERO, -1.0, D("3.33333333"))
    # 10 / 3.33333333 = 3.000000003; 3.33333333 x 1.0001 = 3.333666663333, x 0.9999 = 3.332999996667.
    assert (bought.quantity, bought.price, bought.fee) == (D(3), D("3.33366667"), D("0.00010002"))
    assert (sold.quantity, sold.price) == (D(-3), D("3.33299999"))


def test_there_is_nothing_to_fill_where_the_target_is_held() -> None:
    terms = Terms(D(1000), step=D("0.01"))
    assert terms.fills("BTCUSDT", D("0.01"), 1.0, D(60000)) == ()
    assert terms.fills("BTCUSDT", ZERO, 0.0, D(60000)) == ()
    (closing,) = terms.fills("BTCUSDT", D("0.01"), 1.0, D(200000))
    assert closing.quantity == D("-0.01"), "less than a step is flat"


@given(st.lists(st.tuples(shares, prices), max_size=8), steps)
def test_fills_lead_to_the_target_in_whole_steps(targets: list[tuple[float, Decimal]], step: Decimal) -> None:
    terms, held = Terms(D(1000), step=step), ZERO
    for target, price in targets:
        fills = terms.fills("BTCUSDT", held, target, price)
        for fill in fills:
            assert fill.quantity
            assert fill.fee >= 0
            assert held * fill.quantity >= 0 or abs(fill.quantity) <= abs(held), "no fill turns a position"
            held += fill.quantity
        assert held % step == 0
        assert held * D(repr(target)) >= 0
        assert abs(held) * price <= abs(D(repr(target))) * 1000
        assert abs(D(repr(target))) * 1000 - abs(held) * price <= (step + D("1e-8")) * price
