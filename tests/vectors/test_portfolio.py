"""The paper portfolio's arithmetic against the reference vectors: exact, in Decimal."""

import csv
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from cockpit.options.contract import Right
from cockpit.portfolio.fills import FillModel, QuotedLeg, net_credit, price_package
from cockpit.portfolio.ledger import CostMethod, Fill, Ledger
from cockpit.portfolio.margin import (
    CONTRACT,
    OptionLeg,
    buying_power_effect,
    requirement,
    separate_wings_requirement,
)
from cockpit.portfolio.settlement import settle


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(line for line in stream if not line.startswith("#"))


def _legs(text: str) -> list[OptionLeg]:
    return [OptionLeg(int(quantity), Right(right), Decimal(strike)) for quantity, right, strike in json.loads(text)]


def _bound(text: str) -> Decimal | None:
    return None if text == "unbounded" else Decimal(text)


def test_fills(vectors: Path) -> None:
    for row in _rows(vectors / "fill_vectors.csv"):
        legs = [QuotedLeg(int(q), Decimal(b), Decimal(a)) for q, b, a in json.loads(row["quotes_json[qty;bid;ask]"])]
        for model, column in (
            (FillModel.MID, "fill_mid"),
            (FillModel.QUARTER, "fill_slip25"),
            (FillModel.HALF, "fill_slip50"),
            (FillModel.NATURAL, "fill_natural"),
        ):
            package = price_package(legs, model)
            assert package.mid == Decimal(row["mid_net_credit"]), row["name"]
            assert package.natural == Decimal(row["natural_net_credit"]), row["name"]
            assert package.net == Decimal(row[column]), (row["name"], model)
            assert net_credit(legs, package.leg_prices) == package.net, (row["name"], model)
        spread = sum(abs(leg.quantity) * leg.half_spread for leg in legs)
        assert spread == Decimal(row["sum_half_spreads"]), row["name"]


def test_margin(vectors: Path) -> None:
    for row in _rows(vectors / "margin_vectors.csv"):
        legs = _legs(row["legs_json"])
        name = row["name"]
        gross = _bound(row["gross_requirement_per_contract(worst_expiry_payoff)"])
        effect = _bound(row["net_buying_power_effect_total(requirement-credit)"])
        credit, contracts = Decimal(row["net_credit_per_share"]), int(row["contracts"])
        assert requirement(legs) == gross, name
        assert buying_power_effect(legs, credit, contracts) == effect, name
        wings = _bound(row["ibkr_style_gross_per_contract(unequal_wings_margined_separately)"])
        assert separate_wings_requirement(legs) == wings, name


def test_settlement(vectors: Path) -> None:
    for row in _rows(vectors / "settlement_vectors.csv"):
        price = Decimal(row["S_settle"])
        name = f"{row['structure']} at {price}"
        settlement = settle(_legs(row["legs_json"]), price)
        assert settlement.cash_amount == Decimal(row["cash_settled_amount"]), name
        assert settlement.physical_cash == Decimal(row["physical_cash_flow"]), name
        assert settlement.shares == int(row["physical_share_position"]), name
        assert settlement.physical_value == Decimal(row["physical_value_marked_at_S"]), name
        result = Decimal(row["entry_credit_total_per_share"]) * CONTRACT + settlement.cash_amount
        assert result == Decimal(row["pnl_total_ex_fees"]), name
        assert settlement.pinned == bool(int(row["pin_risk_flag(any short strike within 0.5%)"])), name
        assert "; ".join(map(str, settlement.events)) == row["events"], name


def test_ledger(vectors: Path) -> None:
    for scenario in json.loads((vectors / "ledger_scenarios.json").read_text(encoding="utf-8")):
        multiplier, mark = Decimal(scenario["multiplier"]), Decimal(scenario["mark"])
        for method in CostMethod:
            expected = scenario[method.value]
            name = f"{scenario['name']} {method}"
            ledger = Ledger(Decimal(0), method)
            for (quantity, price, fee), after in zip(
                scenario["fills[qty_signed,price,fee]"], expected["after_each_fill"], strict=True
            ):
                ledger = ledger.after(Fill("X", Decimal(quantity), Decimal(price), Decimal(fee), multiplier))
                holding = ledger.holdings["X"]
                assert holding.quantity == Decimal(after["qty"]), name
                assert holding.average == Decimal(after["avg"]), name
                assert holding.realised == Decimal(after["realized_gross"]), name
                assert ledger.cash == Decimal(after["cash"]), name
                assert ledger.fees == Decimal(after["fees"]), name
            unrealised = ledger.unrealised({"X": mark})
            assert unrealised == Decimal(expected["unrealized_at_mark"]), name
            assert unrealised is not None
            assert ledger.realised - ledger.fees + unrealised == Decimal(expected["total_pnl_net"]), name
