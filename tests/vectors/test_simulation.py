"""The model behind the simulated market's parameters, and the absence of arbitrage in its sample chains."""

from collections import defaultdict
from itertools import pairwise
from math import exp, sqrt
from pathlib import Path

from cockpit.options.pricing import normal_pdf, value
from tests.vectors.reading import Worst, covers, figures, number, optional, rows

_RATE = 0.045
_SESSIONS = 252.0


@covers("sim_archetypes")
def test_the_term_structure_of_every_archetype(vectors: Path, worst: Worst) -> None:
    for row in rows(vectors, "sim_archetypes"):
        where = f"{row['symbol']} {row['trading_days_to_expiry']}"
        ambient, event, days = figures(row, "ambient_vol", "implied_event_sd", "trading_days_to_expiry")
        years = days / _SESSIONS
        deviation = sqrt(ambient**2 * years + event**2)
        volatility = deviation / sqrt(years)
        worst.near(volatility, number(row, "pre_event_atm_iv"), 6e-5, f"{where} volatility")
        worst.near(100.0 * 2.0 * normal_pdf(0.0) * deviation, number(row, "straddle_pct"), 6e-4, f"{where} straddle")
        crush = 1.0 - ambient / volatility
        worst.near(crush, number(row, "iv_crush_fraction_if_flat_ambient"), 6e-5, f"{where} crush")
        worst.near(deviation / event, number(row, "straddle_sd_over_event_sd"), 6e-4, f"{where} deviation over event")
    worst.check()


@covers("sim_sample_chains")
def test_sample_chains_are_free_of_arbitrage(vectors: Path, worst: Worst) -> None:
    chains: dict[tuple[str, str], dict[tuple[str, float], dict[str, str]]] = defaultdict(dict)
    for row in rows(vectors, "sim_sample_chains"):
        chains[row["symbol"], row["trading_days"]][row["cp"], float(row["strike"])] = row
    for (symbol, days), chain in chains.items():
        years = float(days) / _SESSIONS
        spot = _spot(chain, exp(-_RATE * years))
        for (cp, strike), row in chain.items():
            where = f"{symbol} {days} {cp}{strike:g}"
            sign = 1 if cp == "C" else -1
            found = value(sign, spot, strike, years, _RATE, 0.0, number(row, "model_iv"))
            worst.near(found.price, number(row, "model_price"), 5e-4 * spot, f"{where} price")
            worst.near(found.delta, number(row, "delta"), 0.01, f"{where} delta")
            _check_market(row, where, worst)
            other = chain.get(("P" if cp == "C" else "C", strike))
            if other is not None:
                worst.same(row["model_iv"], other["model_iv"], f"{where} volatility of both rights")
        for cp, sign in (("C", 1), ("P", -1)):
            _check_arbitrage(
                {strike: row for (right, strike), row in chain.items() if right == cp}, sign, symbol, worst
            )
    worst.check()


def _spot(chain: dict[tuple[str, float], dict[str, str]], discount: float) -> float:
    """The price of the underlying less its dividends, by put-call parity at the strikes that quote both."""
    estimates = sorted(
        number(chain["C", strike], "model_price") - number(chain["P", strike], "model_price") + strike * discount
        for cp, strike in chain
        if cp == "C" and ("P", strike) in chain
    )
    return estimates[len(estimates) // 2]


def _check_market(row: dict[str, str], where: str, worst: Worst) -> None:
    bid, ask, model = figures(row, "bid", "ask", "model_price")
    worst.same(0.0 <= bid < ask, True, f"{where} market")
    worst.same(bid - 0.011 <= model <= ask + 0.011, True, f"{where} model within its market")
    worst.same(ask - model <= 1.6 * model + 0.2, True, f"{where} ask near its model")
    wide = optional(row, "spread_pct_of_mid")
    worst.near(200.0 * (ask - bid) / (ask + bid) if bid > 0.0 else None, wide, 0.051, f"{where} spread")
    for column in ("open_interest", "volume"):
        worst.same(int(row[column]) >= 0, True, f"{where} {column}")


def _check_arbitrage(side: dict[float, dict[str, str]], sign: int, symbol: str, worst: Worst) -> None:
    """Prices fall away from the money by no more than the strikes do, and are convex in the strike."""
    strikes = sorted(side)
    prices = [number(side[strike], "model_price") for strike in strikes]
    slopes = []
    for (low, high), (first, second) in zip(pairwise(strikes), pairwise(prices), strict=True):
        slope = sign * (first - second) / (high - low)
        worst.same(-2e-4 <= slope <= 1.0 + 2e-4, True, f"{symbol} vertical {low:g}/{high:g}")
        slopes.append((second - first) / (high - low))
    for strike, (before, after) in zip(strikes[1:], pairwise(slopes), strict=False):
        worst.same(after - before >= -4e-4, True, f"{symbol} butterfly {strike:g}")
