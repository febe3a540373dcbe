"""European and American prices, greeks and implied volatilities against their references."""

from functools import partial
from itertools import pairwise
from math import exp, log, sqrt
from pathlib import Path

from cockpit.options.american import CashDividend, american_price
from cockpit.options.implied_volatility import implied_volatility
from cockpit.options.pricing import price, value
from tests.vectors.reading import Worst, covers, figures, number, optional, rows, sign
from tests.vectors.spot_dividends import spot_model_price

_TREE = 5e-3
"""What a tree of 101 steps may be off, as a share."""


def _iv(row: dict[str, str]) -> float | None:
    spot, strike, years, rate, carry = figures(row, "S", "K", "T_years", "r", "q")
    forward = spot * exp((rate - carry) * years)
    return implied_volatility(number(row, "price"), sign(row), forward, strike, years, exp(-rate * years))


def _d1(spot: float, strike: float, years: float, rate: float, carry: float, volatility: float) -> float | None:
    deviation = volatility * sqrt(years)
    return None if deviation <= 0.0 else (log(spot / strike) + (rate - carry) * years) / deviation + 0.5 * deviation


@covers("bs_european")
def test_european_prices_and_greeks(vectors: Path, worst: Worst) -> None:
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


@covers("bs_european")
def test_what_european_prices_are_made_of(vectors: Path, worst: Worst) -> None:
    for row in rows(vectors, "bs_european"):
        spot, strike, years, rate, carry, volatility = figures(row, "S", "K", "T_years", "r", "q", "sigma")
        d1 = _d1(spot, strike, years, rate, carry, volatility)
        d2 = None if d1 is None else d1 - volatility * sqrt(years)
        worst.near(d1, optional(row, "d1"), 1e-9, f"{row['id']} d1", relative=1e-11)
        worst.near(d2, optional(row, "d2"), 1e-9, f"{row['id']} d2", relative=1e-11)
        out = 1 if spot * exp(-carry * years) < strike * exp(-rate * years) else -1
        time_value = price(out, spot, strike, years, rate, carry, volatility)
        worst.near(time_value, number(row, "otm_time_value"), 1e-9, f"{row['id']} time value", relative=1e-12)
    worst.check()


@covers("bs_european")
def test_implied_volatility_is_recovered(vectors: Path, worst: Worst) -> None:
    for row in rows(vectors, "bs_european"):
        if row["iv_recoverable"] == "1":
            worst.near(_iv(row), number(row, "sigma"), number(row, "iv_abs_tol"), f"{row['id']} volatility")
        else:
            _iv(row)
    worst.check()


@covers("iv_edge_cases")
def test_prices_without_a_volatility_give_none(vectors: Path, worst: Worst) -> None:
    for row in rows(vectors, "iv_edge_cases"):
        worst.near(_iv(row), optional(row, "expected_iv"), 1e-8, f"{row['id']} {row['reason']}")
    worst.check()


@covers("american")
def test_american_prices(vectors: Path, worst: Worst) -> None:
    for row in rows(vectors, "american"):
        where = f"{row['id']} {row['tag']}"
        spot, strike, years, rate, carry, volatility = figures(row, "S", "K", "T_years", "r", "q", "sigma")
        cp = sign(row)
        expected = number(row, "american_price")
        got = american_price(cp, spot, strike, years, rate, carry, volatility)
        european = price(cp, spot, strike, years, rate, carry, volatility)
        worst.near(got, expected, 1e-4, where, relative=_TREE)
        if row["fd1600_price"]:
            worst.near(got, number(row, "fd1600_price"), 1e-3, f"{where} grid", relative=_TREE)
        worst.near(european, number(row, "european_price"), 1e-9, f"{where} European", relative=1e-9)
        premium = number(row, "early_exercise_premium")
        worst.near(got - european, premium, max(1e-4, _TREE * expected), f"{where} premium")
        inside = cp * (spot - strike)
        at_once = inside > 0.0 and expected - inside <= 1e-7
        worst.same("1" if at_once else "0", row["immediate_exercise"], f"{where} immediate exercise")
    worst.check()


@covers("american")
def test_american_greeks(vectors: Path, worst: Worst) -> None:
    """By central differences of the tree, wide enough to level its steps out."""
    for row in rows(vectors, "american"):
        where = f"{row['id']} {row['tag']}"
        spot, years, volatility = figures(row, "S", "T_years", "sigma")
        width = min(0.05, 0.25 * volatility * sqrt(years)) * spot

        at = partial(_american, row)
        if number(row, "american_price") - sign(row) * (spot - number(row, "K")) < 1e-5 * spot:
            spot += sign(row) * width  # on the border of exercise, where a second difference has no meaning
        low, middle, high = at(spot - width), at(spot), at(spot + width)
        worst.near((high - low) / (2.0 * width), number(row, "delta"), 0.02, f"{where} delta")
        peak = 0.4 / (spot * volatility * sqrt(years))
        gamma = (high - 2.0 * middle + low) / width**2
        worst.near(gamma, number(row, "gamma"), 0.15 * peak, f"{where} gamma")
        vega = (at(spot, volatility * 1.02) - at(spot, volatility * 0.98)) / (0.04 * volatility)
        worst.near(vega, number(row, "vega_per_1.00"), 1e-3 * spot * sqrt(years), f"{where} vega", relative=0.01)
    worst.check()


def _american(row: dict[str, str], spot: float, volatility: float | None = None) -> float:
    strike, years, rate, carry, own = figures(row, "K", "T_years", "r", "q", "sigma")
    return american_price(sign(row), spot, strike, years, rate, carry, volatility or own, steps=201)


@covers("american_discrete_div")
def test_prices_with_cash_dividends(vectors: Path, worst: Worst) -> None:
    for row in rows(vectors, "american_discrete_div"):
        cp = sign(row)
        spot, strike, years, rate, volatility = figures(row, "S", "K", "T_years", "r", "sigma")
        dividends = [
            CashDividend(float(day) / 365.0, float(amount))
            for day, _, amount in (item.partition(";") for item in row["div_days;amounts"].split("|"))
        ]
        escrowed = spot - sum(one.amount * exp(-rate * one.years) for one in dividends)
        for column, got in (
            ("american_escrowed_model", american_price(cp, spot, strike, years, rate, 0.0, volatility, dividends)),
            ("european_escrowed_model", price(cp, escrowed, strike, years, rate, 0.0, volatility)),
            *(
                (
                    f"{word}_spot_model",
                    spot_model_price(cp, spot, strike, years, rate, volatility, dividends, american=american),
                )
                for word, american in (("american", True), ("european", False))
            ),
        ):
            worst.near(got, number(row, column), 5e-3, f"{row['id']} {column}", relative=_TREE)
        ends = [one.years for one in dividends[1:]] + [years]
        pays = any(
            one.amount > strike * -(exp(-rate * (end - one.years)) - 1.0)
            for one, end in zip(dividends, ends, strict=True)
        )
        worst.same(
            "1" if cp > 0 and pays else "0",
            row["call_exercise_just_before_exdiv_rational"],
            f"{row['id']} exercise before a dividend",
        )
        assert all(earlier.years < later.years for earlier, later in pairwise(dividends))
    worst.check()
