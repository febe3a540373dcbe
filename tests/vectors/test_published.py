"""Textbook figures, each at the precision that it was printed with."""

import re
from math import exp, log, log1p, sqrt
from pathlib import Path

from cockpit.options.american import american_price
from cockpit.options.implied_volatility import implied_volatility
from cockpit.options.pricing import normal_cdf, normal_pdf, value
from cockpit.spreads.sizing import binary_kelly
from tests.vectors.reading import Worst, covers, number, rows

_STEPS = 301
_WORDS = frozenset(
    (
        *("american", "european", "black", "bsm", "merton", "call", "put", "option", "price", "premium"),
        *("delta", "gamma", "vega", "theta", "rho", "per", "day", "year"),
        *("currency", "dividend", "futures", "index", "stock", "yield"),
    )
)
"""A quantity in other words is held against the file's own computation only."""
_TREE_SHARE = 1e-3
_TREE_LEAST = 5e-4


@covers("published_refs")
def test_published_values(vectors: Path, worst: Worst) -> None:
    found = rows(vectors, "published_refs")
    for row in found:
        quantity = row["quantity"]
        where = f"{row['source'][:40]}: {quantity} {row['inputs(cp;S;K;T;r;q;sigma)']}"
        published, computed, allowed = (number(row, column) for column in ("published", "computed", "abs_tol"))
        worst.near(computed, published, allowed, f"{where}, as computed")
        worst.same(row["ok"], "1", f"{where}, as judged")
        got = _ours(quantity.lower(), row)
        if got is None:
            continue
        tree = "american" in quantity or "premium" in quantity
        slack = max(_TREE_LEAST, _TREE_SHARE * abs(published)) if tree else 0.0
        worst.near(got, published, allowed + slack, where)
        worst.near(got, computed, slack or 1e-9, f"{where}, beside the computed one")
    worst.check()


def _ours(quantity: str, row: dict[str, str]) -> float | None:
    """Our figure for a row; None where its words describe nothing that the program computes."""
    inputs = row["inputs(cp;S;K;T;r;q;sigma)"]
    if "|z|" in quantity:
        mean = 2.0 * normal_pdf(0.0)
        return {"e|z| = sqrt(2/pi)": mean, "p(|z|<e|z|)": 2.0 * normal_cdf(mean) - 1.0}.get(quantity)
    if inputs.startswith("p="):
        return _bet(quantity, inputs)
    option = _option(quantity, inputs, row["source"])
    if option is None:
        return None
    cp, spot, strike, years, rate, carry, volatility = option
    if "iv" in quantity.split():
        forward, discount = spot * exp((rate - carry) * years), exp(-rate * years)
        return implied_volatility(volatility, cp, forward, strike, years, discount)
    if quantity in ("d1", "d2"):
        deviation = volatility * sqrt(years)
        d1 = (log(spot / strike) + (rate - carry) * years) / deviation + 0.5 * deviation
        return d1 if quantity == "d1" else d1 - deviation
    return _figure(quantity, cp, spot, strike, years, rate, carry, volatility)


def _figure(
    quantity: str, cp: int, spot: float, strike: float, years: float, rate: float, carry: float, volatility: float
) -> float | None:
    if not set(re.findall(r"[a-z]+", quantity)) <= _WORDS:
        return None
    found = value(cp, spot, strike, years, rate, carry, volatility)
    if "american" in quantity:
        return american_price(cp, spot, strike, years, rate, carry, volatility, steps=_STEPS)
    if "premium" in quantity:
        return american_price(cp, spot, strike, years, rate, carry, volatility, steps=_STEPS) - found.price
    for word, figure in (
        ("delta", found.delta),
        ("gamma", found.gamma),
        ("vega", found.vega_per_unit),
        ("theta", found.theta if "day" in quantity else found.theta_per_year),
        ("rho", found.rho),
    ):
        if word in quantity:
            return figure
    return found.price if re.search(r"\b(price|call|put)\b", quantity) else None


def _option(quantity: str, inputs: str, source: str) -> tuple[int, float, float, float, float, float, float] | None:
    """Sign, price, strike, years, rate, yield and volatility (or, for an implied one, the option's price)."""
    words = [word.strip() for word in inputs.split(",")]
    if inputs == "":
        named = dict(re.findall(r"([SKrvT])=([\d.]+)", source))
        if not {"S", "K", "r", "v", "T"} <= named.keys():
            return None
        rate, volatility = float(named["r"]) / 100.0, float(named["v"]) / 100.0
        return 1, float(named["S"]), float(named["K"]), float(named["T"]), rate, 0.0, volatility
    cp = -1 if "put" in quantity or words[0] == "P" else 1
    if words[0] in ("C", "P"):
        words = words[1:]
    if words and words[0].startswith("price="):
        paid, *words = words
        words.append(paid.removeprefix("price="))
    if len(words) != 6:
        return None
    spot, strike, years, rate_word, carry_word, last = words
    rate_ = float(rate_word)
    try:
        spot_ = _spot(spot, rate_, source)
        carry = rate_ if carry_word == "q=r" else float(carry_word)
        return cp, spot_, float(strike), float(years), rate_, carry, float(last)
    except ValueError:
        return None


def _spot(word: str, rate: float, source: str) -> float:
    if not word.endswith("-PV(div)"):
        return float(word.removeprefix("F="))
    amount, *months = re.findall(r"\$([\d.]+) dividends? at|(\d+)m\b", source)
    paid = float(amount[0])
    present = sum(paid * exp(-rate * int(month) / 12.0) for _, month in months)
    return float(word.removesuffix("-PV(div)")) - present


def _bet(quantity: str, inputs: str) -> float | None:
    named = dict(word.strip().split("=") for word in inputs.split(","))
    chance, odds = float(named["p"]), float(named["b"])
    fraction = binary_kelly(chance, odds, 1.0).fraction
    if fraction is None or quantity == "f*":
        return fraction
    if "growth" in quantity and "f*" in quantity:
        return chance * log1p(fraction * odds) + (1.0 - chance) * log1p(-fraction)
    return None
