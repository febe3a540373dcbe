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
from tests.vectors.reading import Worst, covers


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(line for line in stream if not line.startswith("#"))


def _legs(text: str) -> list[OptionLeg]:
    return [OptionLeg(int(quantity), Right(right), Decimal(strike)) for quantity, right, strike in json.loads(text)]


def _bound(text: str) -> Decimal | None:
    return None if text == "unbounded" else Decimal(text)


@covers("fill_vectors")
def test_fills(vectors: Path, worst: Worst) -> None:
    for row in _rows(vectors / "fill_vectors.csv"):
        legs = [QuotedLeg(int(q), Decimal(b), Decimal(a)) for q, b, a in json.loads(row["quotes_json[qty;bid;ask]"])]
        for model, column in (
            (FillModel.MID, "fill_mid"),
            (FillModel.QUARTER, "fill_slip25"),
            (FillModel.HALF, "fill_slip50"),
            (FillModel.NATURAL, "fill_natural"),
        ):
            package = price_package(legs, model)
            worst.same(package.mid, Decimal(row["mid_net_credit"]), row["name"])
            worst.same(package.natural, Decimal(row["natural_net_credit"]), row["name"])
            worst.same(package.net, Decimal(row[column]), f"{row['name']} {model}")
            worst.same(net_credit(legs, package.leg_prices), package.net, f"{row['name']} {model}")
        spread = sum(abs(leg.quantity) * leg.half_spread for leg in legs)
        worst.same(spread, Decimal(row["sum_half_spreads"]), row["name"])
    worst.check()


@covers("margin_vectors")
def test_margin(vectors: Path, worst: Worst) -> None:
    for row in _rows(vectors / "margin_vectors.csv"):
        legs = _legs(row["legs_json"])
        name = row["name"]
        gross = _bound(row["gross_requirement_per_contract(worst_expiry_payoff)"])
        effect = _bound(row["net_buying_power_effect_total(requirement-credit)"])
        credit, contracts = Decimal(row["net_credit_per_share"]), int(row["contracts"])
        worst.same(requirement(legs), gross, name)
        worst.same(buying_power_effect(legs, credit, contracts), effect, name)
        wings = _bound(row["ibkr_style_gross_per_contract(unequal_wings_margined_separately)"])
        worst.same(separate_wings_requirement(legs), wings, name)
    worst.check()


@covers("settlement_vectors")
def test_settlement(vectors: Path, worst: Worst) -> None:
    for row in _rows(vectors / "settlement_vectors.csv"):
        price = Decimal(row["S_settle"])
        name = f"{row['structure']} at {price}"
        settlement = settle(_legs(row["legs_json"]), price)
        worst.same(settlement.cash_amount, Decimal(row["cash_settled_amount"]), name)
        worst.same(settlement.physical_cash, Decimal(row["physical_cash_flow"]), name)
        worst.same(settlement.shares, int(row["physical_share_position"]), name)
        worst.same(settlement.physical_value, Decimal(row["physical_value_marked_at_S"]), name)
        result = Decimal(row["entry_credit_total_per_share"]) * CONTRACT + settlement.cash_amount
        worst.same(result, Decimal(row["pnl_total_ex_fees"]), name)
        worst.same(settlement.pinned, bool(int(row["pin_risk_flag(any short strike within 0.5%)"])), name)
        worst.same("; ".join(map(str, settlement.events)), row["events"], name)
    worst.check()


@covers("ledger_scenarios")
def test_ledger(vectors: Path, worst: Worst) -> None:
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
                worst.same(holding.quantity, Decimal(after["qty"]), name)
                worst.same(holding.average, Decimal(after["avg"]), name)
                worst.same(holding.realised, Decimal(after["realized_gross"]), name)
                worst.same(ledger.cash, Decimal(after["cash"]), name)
                worst.same(ledger.fees, Decimal(after["fees"]), name)
            unrealised = ledger.unrealised({"X": mark})
            worst.same(unrealised, Decimal(expected["unrealized_at_mark"]), name)
            assert unrealised is not None
            worst.same(ledger.realised - ledger.fees + unrealised, Decimal(expected["total_pnl_net"]), name)
    worst.check()
