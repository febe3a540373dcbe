"""The ledger's invariant, for whatever fills."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.portfolio.ledger import CostMethod, Fill, Ledger

START = Decimal(100_000)


def _decimal(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(Decimal(low), Decimal(high), allow_nan=False, allow_infinity=False, places=places)


fills = st.lists(
    st.builds(
        lambda instrument, quantity, price, fee: Fill(
            instrument, quantity, price, fee, Decimal(1 if instrument == "BTC" else 100)
        ),
        st.sampled_from(["BTC", "P130", "C154"]),
        _decimal("-50", "50", 8).filter(bool),
        _decimal("0", "90000", 4),
        _decimal("0", "10", 4),
    ),
    max_size=30,
)
marks = st.fixed_dictionaries({name: _decimal("0", "90000", 4) for name in ("BTC", "P130", "C154")})


@given(fills, marks, st.sampled_from(CostMethod))
def test_cash_and_marked_value_are_start_and_result(
    fills: list[Fill], marks: dict[str, Decimal], method: CostMethod
) -> None:
    ledger = Ledger(START, method)
    for fill in fills:
        ledger = ledger.after(fill)
        value = sum((h.quantity * marks[name] * h.multiplier for name, h in ledger.holdings.items()), Decimal(0))
        unrealised = ledger.unrealised(marks)
        assert unrealised is not None
        assert ledger.cash + value == START + ledger.realised - ledger.fees + unrealised


@given(fills, marks)
def test_both_methods_of_cost_give_the_same_result(fills: list[Fill], marks: dict[str, Decimal]) -> None:
    results = []
    for method in CostMethod:
        ledger = Ledger(START, method)
        for fill in fills:
            ledger = ledger.after(fill)
        unrealised = ledger.unrealised(marks)
        assert unrealised is not None
        results.append(ledger.realised + unrealised)
    assert results[0] == results[1]


@given(fills)
def test_lots_are_of_one_sign_and_a_flat_holding_costs_nothing(fills: list[Fill]) -> None:
    for method in CostMethod:
        ledger = Ledger(START, method)
        for fill in fills:
            ledger = ledger.after(fill)
        for holding in ledger.holdings.values():
            assert len({lot.quantity > 0 for lot in holding.lots}) <= 1
            assert holding.quantity or holding.cost == 0


def test_a_missing_mark_leaves_the_unrealised_unknown() -> None:
    ledger = Ledger(START).after(Fill("P130", Decimal(-1), Decimal("1.23"), multiplier=Decimal(100)))
    assert ledger.unrealised({}) is None
    assert ledger.after(Fill("P130", Decimal(1), Decimal(1), multiplier=Decimal(100))).unrealised({}) == 0


@pytest.mark.parametrize(
    "fill", [Fill("X", Decimal(0), Decimal(1)), Fill("X", Decimal(1), Decimal(1), multiplier=Decimal(100))]
)
def test_senseless_fills_are_refused(fill: Fill) -> None:
    ledger = Ledger(START).after(Fill("X", Decimal(1), Decimal(1)))
    with pytest.raises(ValueError, match="X"):
        ledger.after(fill)
