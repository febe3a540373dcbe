"""Payoffs, Kelly fractions, contract counts, scores and package prices against their references."""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from math import exp, inf, isfinite, log1p
from pathlib import Path

from cockpit.options.contract import OptionQuote, Right
from cockpit.options.payoff import Payoff, PayoffLeg
from cockpit.scan.liquidity import Tier
from cockpit.settings import SizingSettings
from cockpit.spreads.exposure import Exposure
from cockpit.spreads.pricing import FRACTIONS, package_prices
from cockpit.spreads.scoring import (
    Bias,
    Facts,
    VersionOne,
    VersionTwo,
    binary_edge,
    profitability,
    rationale,
    risk,
    zone_factor,
)
from cockpit.spreads.sizing import binary_kelly, contracts, discrete_kelly, distribution, payoff_kelly
from cockpit.spreads.structure import Leg, StructureKind
from tests.vectors.reading import Worst, covers, figures, number, optional, rows

_DAY = date(2026, 1, 16)
_SCALES = {"no_greeks": VersionOne(scaled=True), "greeks": VersionOne()}


def _payoff(row: dict[str, str]) -> Payoff:
    legs = tuple(
        PayoffLeg(quantity, 1 if right == "C" else -1, float(strike))
        for quantity, right, strike in json.loads(row["legs_json[qty;cp;strike]"])
    )
    return Payoff(legs, number(row, "net_credit_per_share"), number(row, "commission_total"))


@covers("spreads")
def test_payoffs(vectors: Path, worst: Worst) -> None:
    for row in rows(vectors, "spreads"):
        where = f"{row['id']} {row['kind']}"
        payoff = _payoff(row)
        forward, variance = figures(row, "forward", "total_var_w")
        breakevens = [float(text) for text in row["breakevens"].split("|") if text]
        worst.same(len(payoff.breakevens), len(breakevens), f"{where} breakevens")
        for got, expected in zip(payoff.breakevens, breakevens, strict=False):
            worst.near(got, expected, 1e-6, f"{where} breakeven")
        worst.near(payoff.max_profit, number(row, "max_profit"), 1e-6, f"{where} max profit")
        worst.near(payoff.max_loss, number(row, "max_loss"), 1e-6, f"{where} max loss")
        worst.near(payoff.probability_of_profit(forward, variance), number(row, "pop_lognormal"), 1e-9, f"{where} POP")
        worst.near(payoff.expected_value(forward, variance), number(row, "ev_lognormal"), 1e-6, f"{where} EV")
        worst.near(payoff.standard_deviation(forward, variance), number(row, "sd_pnl"), 1e-6, f"{where} SD")
        worst.near(payoff.at(forward), number(row, "pnl_at_forward"), 1e-6, f"{where} at the forward")
        spot, years, rate, carry = figures(row, "S", "T_years", "r", "q")
        ambient, event = figures(row, "sigma_ambient", "sigma_event")
        worst.near(spot * exp((rate - carry) * years), forward, 1e-9, f"{where} forward", relative=1e-12)
        worst.near(ambient**2 * years + event**2, variance, 1e-12, f"{where} variance")
        strikes = [leg.strike for leg in payoff.legs]
        for column, low, high in (
            ("prob_S_below_lowest_strike", 0.0, min(strikes)),
            ("prob_S_above_highest_strike", max(strikes), inf),
        ):
            worst.near(_between(low, high, forward, variance), number(row, column), 1e-9, f"{where} {column}")
        if row["reward_risk"] and number(row, "reward_risk") != inf:
            worst.near(payoff.reward_risk, number(row, "reward_risk"), 1e-9, f"{where} reward/risk")
        else:
            worst.same(payoff.reward_risk, None, f"{where} reward/risk")
    worst.check()


def _between(low: float, high: float, forward: float, variance: float) -> float:
    """P(low < S < high): the chance that a payoff of one dollar there and of none elsewhere is a profit."""
    below, above = (Payoff((PayoffLeg(1, side, strike),), 0.0) for side, strike in ((-1, high), (1, low)))
    if high == inf:
        return above.probability_of_profit(forward, variance)
    return below.probability_of_profit(forward, variance)


def _growth(fraction: float, outcomes: Sequence[tuple[float, float]]) -> float:
    """Mean logarithm of what a bet of this fraction leaves, over pairs of return on risk and probability."""
    return sum(chance * log1p(fraction * result) for result, chance in outcomes if chance > 0.0)


@covers("kelly_binary")
def test_binary_kelly(vectors: Path, worst: Worst) -> None:
    for row in rows(vectors, "kelly_binary"):
        found = binary_kelly(number(row, "p"), number(row, "win"), number(row, "loss"))
        name, chance = row["name"], number(row, "p")
        worst.near(found.fraction, optional(row, "full_kelly_f"), 1e-12, name)
        half = None if found.fraction is None else 0.5 * found.fraction
        worst.near(half, optional(row, "half_kelly_f"), 1e-12, f"{name} half")
        worst.same(found.status, row["status"], f"{name} status")
        for column, fraction in (("log_growth_full", found.fraction), ("log_growth_half", half)):
            expected = optional(row, column)
            if expected is not None and fraction is not None and isfinite(expected):
                bet = ((number(row, "win") / number(row, "loss"), chance), (-1.0, 1.0 - chance))
                worst.near(_growth(fraction, bet), expected, 1e-12, f"{name} {column}")
    worst.check()


@covers("kelly_discrete")
def test_discrete_kelly(vectors: Path, worst: Worst) -> None:
    for row in rows(vectors, "kelly_discrete"):
        returns, chances = json.loads(row["returns_on_risk"]), json.loads(row["probs"])
        outcomes = list(zip(returns, chances, strict=True))
        got = discrete_kelly(returns, chances)
        mean = sum(result * chance for result, chance in outcomes)
        worst.near(mean, number(row, "expected_return"), 1e-12, f"{row['name']} mean")
        for column, fraction in (("log_growth_full", got), ("log_growth_half", 0.5 * got)):
            worst.near(_growth(fraction, outcomes), number(row, column), 1e-9, f"{row['name']} {column}")
        shortcut = optional(row, "binary_approx_f(p_win;avg_win;avg_loss)")
        worst.near(_shortcut(outcomes), shortcut, 1e-9, f"{row['name']} shortcut")
        worst.near(got, number(row, "full_kelly_f_capped_at_1"), 1e-9, row["name"])
        worst.near(0.5 * got, number(row, "half_kelly_f"), 1e-9, f"{row['name']} half")
    worst.check()


def _shortcut(outcomes: Sequence[tuple[float, float]]) -> float | None:
    """The wrong way: all wins as one, all losses as one; None where nothing can be lost."""
    wins = [(result, chance) for result, chance in outcomes if result > 0.0]
    losses = [(-result, chance) for result, chance in outcomes if result < 0.0]
    if not wins or not losses:
        return None
    chance = sum(weight for _, weight in wins)
    win = sum(result * weight for result, weight in wins) / chance
    loss = sum(result * weight for result, weight in losses) / sum(weight for _, weight in losses)
    return max(chance / loss - (1.0 - chance) / win, 0.0)


@covers("kelly_spread")
def test_kelly_on_the_whole_payoff(vectors: Path, worst: Worst) -> None:
    spreads = {row["id"]: row for row in rows(vectors, "spreads")}
    for row in rows(vectors, "kelly_spread"):
        if row["spread_id"] not in spreads:
            continue
        spread = spreads[row["spread_id"]]
        ratio = number(row, "vrp_ratio_used(sigma_event/ratio)")
        ambient, event, years, forward = figures(spread, "sigma_ambient", "sigma_event", "T_years", "forward")
        found = payoff_kelly(_payoff(spread), forward, ambient**2 * years + (event / ratio) ** 2)
        assert found is not None, row["id"]
        worst.near(found.edge, number(row, "ev_per_max_loss"), 1e-9, f"{row['id']} edge")
        worst.near(found.fraction, number(row, "full_kelly_f"), 1e-5, f"{row['id']} fraction")
        worst.near(0.5 * found.fraction, number(row, "half_kelly_f"), 1e-5, f"{row['id']} half")
        worst.same(row["kind"], spread["kind"], f"{row['id']} kind")
        payoff, variance = _payoff(spread), ambient**2 * years + (event / ratio) ** 2
        results, weights = distribution(payoff, forward, variance)
        outcomes = [
            (max(result / payoff.max_loss, -1.0), weight) for result, weight in zip(results, weights, strict=True)
        ]
        growth = _growth(number(row, "full_kelly_f"), outcomes)
        worst.near(growth, number(row, "log_growth_full"), 1e-6, f"{row['id']} growth")
        pop = payoff.probability_of_profit(forward, variance)
        shortcut = binary_kelly(pop, payoff.max_profit, payoff.max_loss).fraction
        worst.near(shortcut, number(row, "binary_kelly_f(pop;maxp/maxl)"), 1e-9, f"{row['id']} shortcut")
    worst.check()


@covers("spreads")
def test_the_quadrature_keeps_probability_and_mean(vectors: Path, worst: Worst) -> None:
    for row in rows(vectors, "spreads"):
        payoff = _payoff(row)
        forward, variance = figures(row, "forward", "total_var_w")
        results, weights = distribution(payoff, forward, variance)
        mean = sum(result * weight for result, weight in zip(results, weights, strict=True))
        worst.near(sum(weights), 1.0, 1e-9, f"{row['id']} mass")
        worst.near(mean, payoff.expected_value(forward, variance), 1e-5, f"{row['id']} mean", relative=1e-7)
    worst.check()


@covers("kelly_contracts")
def test_contracts_and_what_bound_them(vectors: Path, worst: Worst) -> None:
    for row in rows(vectors, "kelly_contracts"):
        settings = SizingSettings(
            kelly_fraction=number(row, "kelly_fraction"),
            trade_cap=number(row, "cap_trade_pct"),
            portfolio_cap=number(row, "cap_portfolio_pct"),
            symbol_cap=number(row, "cap_symbol_pct"),
            max_contracts=int(row["max_contracts"]),
        )
        size = contracts(
            number(row, "full_kelly_f"),
            number(row, "max_loss_per_contract"),
            Exposure(
                number(row, "equity"),
                number(row, "open_risk"),
                number(row, "symbol_risk"),
                buying_power=number(row, "buying_power"),
            ),
            settings,
        )
        worst.same(size.contracts, int(row["expected_contracts"]), f"{row['id']} contracts")
        worst.same(size.bound_by, row["binding"], f"{row['id']} binding")
    worst.check()


def _facts(row: dict[str, str]) -> Facts:
    def known(column: str, scale: float = 1.0) -> float | None:
        return float(row[column]) * scale if row[column] else None

    return Facts(
        kind={
            "bull_put_spread": StructureKind.BULL_PUT,
            "bear_call_spread": StructureKind.BEAR_CALL,
            "iron_condor": StructureKind.IRON_CONDOR,
            "iron_butterfly": StructureKind.IRON_BUTTERFLY,
        }[row["kind"]],
        pop=known("pop"),
        reward_risk=known("reward_risk"),
        vrp=known("vrp_ratio"),
        contracts=int(row["contracts"]),
        theta=known("position_theta"),
        vega=known("position_vega"),
        tier=Tier[row["liquidity_tier"]] if row["liquidity_tier"] else None,
        zone=known("profit_zone_width_pct", 0.01),
        move=known("implied_move_pct", 0.01),
        bias=Bias[row["bias"]],
    )


@covers("scorer")
def test_scores_of_the_earlier_system(vectors: Path, worst: Worst) -> None:
    for row in rows(vectors, "scorer"):
        facts = _facts(row)
        one, two = _SCALES[row["v1_mode"]].score(facts), VersionTwo().score(facts)
        without = Facts(facts.kind, facts.pop, facts.reward_risk, facts.vrp, facts.contracts)
        for column, got in (
            ("v1_overall", one.total),
            ("v1_profitability", profitability(facts)),
            ("v1_risk", risk(facts)),
            ("v1_no_greeks_config_weights(50/25/20/5)", VersionOne().score(without).total),
            ("v2_overall", two.total),
            ("v2_kelly_edge", binary_edge(facts.pop, facts.reward_risk)),
            ("v2_zone_multiplier", zone_factor(facts)),
        ):
            worst.near(got, number(row, column), 1e-9, f"{row['id']} {column}")
        worst.same(rationale(facts), row["v1_rationale"], f"{row['id']} rationale")
        worst.same(one.rationale, row["v1_rationale"], f"{row['id']} rationale in the score")
        worst.near(sum(part.points for part in one.parts), one.total, 1e-9, f"{row['id']} parts of v1")
        if not any("clamped" in flag for flag in two.flags):
            worst.near(sum(part.points for part in two.parts), two.total, 1e-9, f"{row['id']} parts of v2")
    worst.check()


@covers("fill_vectors")
def test_package_prices(vectors: Path, worst: Worst) -> None:
    for row in rows(vectors, "fill_vectors"):
        legs = [
            Leg(quantity, OptionQuote("X", "X", _DAY, float(strike), Right.PUT, float(bid), float(ask)))
            for strike, (quantity, bid, ask) in enumerate(json.loads(row["quotes_json[qty;bid;ask]"]))
        ]
        for model, column in (
            ("mid", "fill_mid"),
            ("quarter", "fill_slip25"),
            ("half", "fill_slip50"),
            ("natural", "fill_natural"),
        ):
            prices = package_prices(legs, FRACTIONS[model])
            assert prices is not None
            worst.same(prices.fill, Decimal(row[column]), f"{row['name']} {model}")
            worst.same(prices.mid, Decimal(row["mid_net_credit"]), f"{row['name']} mid")
            worst.same(prices.natural, Decimal(row["natural_net_credit"]), f"{row['name']} natural")
            worst.same(prices.mid - prices.natural, Decimal(row["sum_half_spreads"]), f"{row['name']} half spreads")
    worst.check()
