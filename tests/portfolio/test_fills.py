"""The fill model: never better for the trader when the market gets worse, and always to the cent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.portfolio.fills import CENT, FillModel, QuotedLeg, dollars, net_credit, price_package

cents = st.integers(0, 5000).map(lambda n: n * CENT)


@st.composite
def markets(draw: st.DrawFn) -> list[QuotedLeg]:
    legs = []
    for _ in range(draw(st.integers(1, 4))):
        bid = draw(cents)
        legs.append(QuotedLeg(draw(st.sampled_from([-1, 1])), bid, bid + draw(st.integers(0, 200)) * CENT))
    return legs


@given(markets(), st.sampled_from(FillModel))
def test_legs_trade_inside_their_markets_and_add_up_to_the_net(legs: list[QuotedLeg], model: FillModel) -> None:
    package = price_package(legs, model)
    assert package.natural <= package.mid
    assert package.net <= package.mid
    assert package.net == package.net.quantize(CENT)
    assert net_credit(legs, package.leg_prices) == package.net
    if package.natural <= package.net:
        for leg, price in zip(legs, package.leg_prices, strict=True):
            assert leg.bid <= price <= leg.ask


@given(markets(), st.sampled_from(FillModel), st.lists(st.integers(0, 100), min_size=4, max_size=4))
def test_widening_quotes_never_raises_the_credit(legs: list[QuotedLeg], model: FillModel, by: list[int]) -> None:
    legs = [QuotedLeg(leg.quantity, leg.bid + 1, leg.ask + 1) for leg in legs]
    wider = [QuotedLeg(leg.quantity, leg.bid - n * CENT, leg.ask + n * CENT) for leg, n in zip(legs, by, strict=False)]
    assert price_package(wider, model).net <= price_package(legs, model).net


@given(markets())
def test_each_model_gives_no_more_than_the_one_before(legs: list[QuotedLeg]) -> None:
    nets = [price_package(legs, model).net for model in FillModel]
    assert nets == sorted(nets, reverse=True)


@given(markets(), st.sampled_from(FillModel))
def test_there_and_back_never_earns(legs: list[QuotedLeg], model: FillModel) -> None:
    back = [QuotedLeg(-leg.quantity, leg.bid, leg.ask) for leg in legs]
    assert price_package(legs, model).net + price_package(back, model).net <= 0


def test_the_odd_cent_goes_to_the_widest_leg() -> None:
    legs = [QuotedLeg(-1, Decimal("2.10"), Decimal("2.20")), QuotedLeg(1, Decimal("0.95"), Decimal("1.45"))]
    package = price_package(legs, FillModel.QUARTER)
    assert package.net == Decimal("0.87")
    assert package.leg_prices == (Decimal("2.14"), Decimal("1.27"))


def test_a_ratio_package_adds_up_too() -> None:
    legs = [QuotedLeg(-2, Decimal("1.00"), Decimal("1.05")), QuotedLeg(1, Decimal("0.50"), Decimal("0.53"))]
    package = price_package(legs, FillModel.QUARTER)
    assert net_credit(legs, package.leg_prices) == package.net == Decimal("1.51")


@pytest.mark.parametrize(("value", "exact"), [(1.21, "1.21"), (0.1 + 0.2, "0.3"), (142.3175, "142.3175")])
def test_prices_become_exact(value: float, exact: str) -> None:
    assert dollars(value) == Decimal(exact)
