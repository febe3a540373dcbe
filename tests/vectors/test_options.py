"""European and American prices, greeks and implied volatilities against their references."""

from math import exp
from pathlib import Path

from cockpit.options.american import CashDividend, american_price
from cockpit.options.implied_volatility import implied_volatility
from cockpit.options.pricing import price, value
from tests.vectors.reading import Worst, figures, number, rows, sign


def _iv(row: dict[str, str]) -> float | None:
    spot, strike, years, rate, carry = figures(row, "S", "K", "T_years", "r", "q")
    forward = spot * exp((rate - carry) * years)
    return implied_volatility(number(row, "price"), sign(row), forward, strike, years, exp(-rate * years))


def test_european_prices_and_greeks(vectors: Path) -> None:
    worst = Worst()
    for row in rows(vectors, "bs_european"):
        inputs = figures(row, "S", "K", "T_years", "r", "q", "sigma")
        found = value(sign(row), *inputs)
        worst.near(found.price, number(row, "price"), 1e-9, f"{row['id']} price", relative=1e-12)
        worst.near(price(sign(row), *inputs), number(row, "price"), 1e-9, f"{row['id']} price alone", relative=1e-12)
        for column, got in (
            ("delta", found.delta),
            ("gamma", found.gamma),
            ("theta_per_year", found.theta_per_year),
            ("theta_per_day365", found.theta),
            ("vega_per_1.00", found.vega_per_unit),
            ("vega_per_volpoint", found.vega),
            ("rho_per_1.00", found.rho),
        ):
            worst.near(got, number(row, column), 1e-8, f"{row['id']} {column}", relative=1e-12)
    worst.check()


def test_implied_volatility_is_recovered(vectors: Path) -> None:
    worst = Worst()
    for row in rows(vectors, "bs_european"):
        if row["iv_recoverable"] == "1":
            worst.near(_iv(row), number(row, "sigma"), number(row, "iv_abs_tol"), row["id"])
        else:
            _iv(row)
    worst.check()


def test_prices_without_a_volatility_give_none(vectors: Path) -> None:
    worst = Worst()
    for row in rows(vectors, "iv_edge_cases"):
        where = f"{row['id']} {row['reason']}"
        if row["expected_iv"]:
            worst.near(_iv(row), number(row, "expected_iv"), 1e-8, where)
        else:
            worst.same(_iv(row), None, where)
    worst.check()


def test_american_prices(vectors: Path) -> None:
    worst = Worst()
    for row in rows(vectors, "american"):
        spot, strike, years, rate, carry, volatility = figures(row, "S", "K", "T_years", "r", "q", "sigma")
        got = american_price(sign(row), spot, strike, years, rate, carry, volatility)
        worst.near(got, number(row, "american_price"), 1e-4, f"{row['id']} {row['tag']}", relative=5e-3)
    worst.check()


def test_american_prices_with_cash_dividends(vectors: Path) -> None:
    worst = Worst()
    for row in rows(vectors, "american_discrete_div"):
        spot, strike, years, rate, volatility = figures(row, "S", "K", "T_years", "r", "sigma")
        dividends = [
            CashDividend(float(day) / 365.0, float(amount))
            for day, _, amount in (item.partition(";") for item in row["div_days;amounts"].split("|"))
        ]
        got = american_price(sign(row), spot, strike, years, rate, 0.0, volatility, dividends)
        worst.near(got, number(row, "american_escrowed_model"), 5e-3, row["id"], relative=5e-3)
        european = american_price(sign(row), spot, strike, years, rate, 0.0, volatility, dividends, steps=1)
        worst.same(european >= 0.0, True, row["id"])
    worst.check()


def test_published_values(vectors: Path) -> None:
    """Textbook figures, each at the precision that it was printed with."""
    worst = Worst()
    checked = 0
    for row in rows(vectors, "published_refs"):
        got = _published(row["quantity"], row["inputs(cp;S;K;T;r;q;sigma)"])
        if got is None:
            continue
        checked += 1
        where = f"{row['source'][:40]}: {row['quantity']} {row['inputs(cp;S;K;T;r;q;sigma)']}"
        # A tree is right to its own tolerance where the print is finer.
        tree = 5e-4 if "american" in row["quantity"] or "premium" in row["quantity"] else 0.0
        worst.near(got, number(row, "published"), number(row, "abs_tol") + tree, where)
    assert checked >= 20
    worst.check()


def _published(quantity: str, inputs: str) -> float | None:
    words = inputs.split(",")
    if len(words) != 7 or words[0] not in ("C", "P") or any("=" in word or "PV" in word for word in words):
        return None
    cp = 1 if words[0] == "C" else -1
    spot, strike, years, rate, carry, volatility = (float(word) for word in words[1:])
    if "american" in quantity:
        return american_price(cp, spot, strike, years, rate, carry, volatility, steps=301)
    found = value(cp, spot, strike, years, rate, carry, volatility)
    if quantity == "premium":
        return american_price(cp, spot, strike, years, rate, carry, volatility, steps=301) - found.price
    return {
        "call price": found.price,
        "price": found.price,
        "european price": found.price,
        "Merton put, dividend yield": found.price,
        "gamma": found.gamma,
        "vega": found.vega_per_unit,
        "theta put per year": found.theta_per_year,
    }.get(quantity)
