"""Implied moves, event variance, reactions, premiums and tiers against their references."""

import json
from datetime import UTC, date, datetime
from math import exp, sqrt
from pathlib import Path
from statistics import mean, median

import pytest

from cockpit.options.chain import OptionChain
from cockpit.options.contract import OptionQuote, Right, occ_symbol
from cockpit.options.forward import Forward
from cockpit.options.smile import Smile
from cockpit.scan.earnings import PastReport, Timing
from cockpit.scan.event_volatility import EventFlag, TermPoint, decompose
from cockpit.scan.implied_move import implied_moves, nearest_strike
from cockpit.scan.liquidity import Tier, interest_tier, spread_tier
from cockpit.scan.moves import DailyBar, reaction
from cockpit.scan.vrp import history, premium, tier
from tests.vectors.reading import Worst, covers, figures, number, optional, rows

_EXPIRY = date(2026, 1, 16)
_QUOTE_NOISE = 0.05
"""What rounding to ticks may do to a move that is read from quotes, as a share."""


_NO_MARKET = ("invalid_quote", "crossed", "crossed_quote", "no_bid", "zero_bid", "one_sided")
_MOVES = ("close_move_signed_pct", "close_move_abs_pct", "gap_abs_pct", "range_pct_of_prev_close")


def _chain(text: str, spot: float) -> OptionChain:
    quotes = []
    for strike, call_bid, call_ask, put_bid, put_ask in json.loads(text):
        for right, bid, ask in ((Right.CALL, call_bid, call_ask), (Right.PUT, put_bid, put_ask)):
            symbol = occ_symbol("X", _EXPIRY, right, strike)
            quotes.append(OptionQuote(symbol, "X", _EXPIRY, float(strike), right, float(bid), float(ask)))
    return OptionChain("X", _EXPIRY, tuple(quotes), spot, datetime(2026, 1, 14, tzinfo=UTC), "vector")


@covers("implied_move")
def test_implied_moves(vectors: Path, worst: Worst) -> None:
    for row in rows(vectors, "implied_move"):
        spot, years, rate, carry = figures(row, "S", "T_years", "r", "q")
        chain = _chain(row["chain_json[K;call_bid;call_ask;put_bid;put_ask]"], spot)
        smile = Smile(chain, Forward(spot * exp((rate - carry) * years), None, 0.0), years, rate)
        moves = {name: 100.0 * move for name, move in implied_moves(smile, spot).items()}
        worst.same(nearest_strike(chain, spot), number(row, "nearest_strike"), f"{row['id']} strike")
        for name, column in (
            ("nearest", "im_nearest_pct"),
            ("interp", "im_interp_pct"),
            ("atmf", "im_atmf_pct"),
            ("x085", "im_085_nearest_pct"),
        ):
            if row[column]:
                worst.near(moves.get(name), number(row, column), 1e-9, f"{row['id']} {name}")
        if row["atmf_iv"]:
            worst.near(smile.at_the_money(), number(row, "atmf_iv"), 1e-9, f"{row['id']} atm iv")
        if row["interp_weight"]:
            worst.near(_share_above(chain, spot), number(row, "interp_weight"), 1e-9, f"{row['id']} weight")
        if row["true_im_pct(before_quote_noise)"] and "atmf" in moves:
            true = number(row, "true_im_pct(before_quote_noise)")
            worst.near(moves["atmf"], true, 0.0, f"{row['id']} beside the truth", relative=_QUOTE_NOISE)
    worst.check()


def _share_above(chain: OptionChain, spot: float) -> float | None:
    """Where the price stands between the two strikes around it, 0 at the lower one."""
    below = max((strike for strike in chain.strikes if strike <= spot), default=None)
    above = min((strike for strike in chain.strikes if strike > spot), default=None)
    if below is None or above is None:
        return None
    nearest = min((below, above), key=lambda strike: abs(strike - spot))
    return 0.0 if abs(nearest - spot) < 0.01 else (spot - below) / (above - below)


@covers("event_vol")
def test_event_variance(vectors: Path, worst: Worst) -> None:
    for row in rows(vectors, "event_vol"):
        where = row["id"]
        points = [TermPoint(number(row, f"iv{n}") ** 2 * number(row, f"T{n}"), number(row, f"T{n}")) for n in (1, 2, 3)]
        if points[0].years >= points[1].years:
            with pytest.raises(ValueError, match="follow each other"):
                decompose(points[:2])
            continue
        found = decompose(points[:2])
        assert found is not None
        worst.same(found.flag.value, row["flag"], f"{where} flag")
        # Where the forward variance is negative, what the program puts in its place needs more than the vectors give.
        plain = found.flag is not EventFlag.NEGATIVE_FORWARD_VARIANCE
        forward, event = _raw(points[0], points[1])
        for column, got in (
            ("ambient_vol_2pt", found.ambient_vol),
            ("event_sd_2pt", found.event_sd),
            ("forward_variance", found.forward_variance),
            ("event_variance", found.event_variance),
            ("event_implied_abs_move_pct_exact", 100.0 * found.event_move),
            ("event_implied_abs_move_pct_approx(sqrt(2/pi))", 100.0 * sqrt(0.6366197723675814) * found.event_sd),
            ("post_event_iv1_expected", found.ambient_vol),
            ("crush_fraction", found.crush(points[0])),
        ):
            if row[column] and plain:
                worst.near(got, number(row, column), 1e-10, f"{where} {column}")
        if row["forward_variance"]:
            worst.near(found.forward_variance, number(row, "forward_variance"), 1e-10, f"{where} forward variance")
            worst.near(forward, number(row, "forward_variance"), 1e-10, f"{where} forward variance, plain")
        if row["event_variance"] and plain:
            worst.near(event, number(row, "event_variance"), 1e-10, f"{where} event variance, plain")
        if row["ls3_slope_var"] and points[1].years < points[2].years:
            fitted = decompose(points, weighted=False)
            assert fitted is not None
            if number(row, "ls3_slope_var") >= 0.0:
                worst.near(fitted.ambient_vol**2, number(row, "ls3_slope_var"), 1e-10, f"{where} slope")
                worst.near(fitted.event_variance, number(row, "ls3_intercept_var"), 1e-10, f"{where} intercept")
    worst.check()


def _raw(first: TermPoint, second: TermPoint) -> tuple[float, float]:
    """Forward variance and event variance as two expiries give them, however little sense they make."""
    forward = (second.variance - first.variance) / (second.years - first.years)
    return forward, first.variance - forward * first.years


@covers("historical_move_cases")
def test_reactions_to_past_reports(vectors: Path, worst: Worst) -> None:
    first = (vectors / "historical_move_cases.csv").read_text(encoding="utf-8").splitlines()[0]
    text = first.strip('"').replace('""', '"').partition("bars:")[2]
    bars = {
        date.fromisoformat(bar["d"]): DailyBar(date.fromisoformat(bar["d"]), bar["o"], bar["h"], bar["l"], bar["c"], 0)
        for bar in json.loads(text)
    }
    for row in rows(vectors, "historical_move_cases"):
        where = f"{row['announce_date']} {row['timing']}"
        timing = Timing.UNKNOWN if row["timing"] == "UNKNOWN" else Timing(row["timing"])
        found = reaction(PastReport("X", date.fromisoformat(row["announce_date"]), timing), bars)
        worst.same("ok" if found is not None else row["status"], row["status"], where)
        if found is None:
            worst.same(row["status"] != "ok", True, f"{where} status")
            worst.same([row[column] for column in _MOVES if row[column]], [], f"{where} figures")
            continue
        worst.same(found.base_day.isoformat(), row["base_date"], f"{where} base")
        worst.same(found.reaction_day.isoformat(), row["reaction_date"], f"{where} reaction")
        for column, got in (
            ("close_move_signed_pct", found.close_move),
            ("close_move_abs_pct", abs(found.close_move)),
            ("gap_abs_pct", found.gap),
            ("range_pct_of_prev_close", found.range),
        ):
            worst.near(100.0 * got, number(row, column), 1e-12, f"{where} {column}")
    worst.check()


@covers("vrp")
def test_volatility_risk_premium(vectors: Path, worst: Worst) -> None:
    tiers = "tier_conservative(2/1.5/1.2)|tier_balanced(1.8/1.4/1.2)_or_error"
    for row in rows(vectors, "vrp"):
        moves = json.loads(row["hist_abs_moves_newest_first"])
        past = history(moves)
        worst.same(len(moves), int(row["n"]), f"{row['id']} n")
        if past is None:
            # A name for what is wrong stands in the place of the tiers, and no ratio anywhere.
            worst.same("|" in row[tiers], False, f"{row['id']} {row[tiers]}")
            worst.same(row["vrp_mean"], "", f"{row['id']} ratio")
            if moves and not any(moves):
                worst.same(row[tiers], "degenerate_history", f"{row['id']} tiers")
            for column, found in (("mean", mean), ("median", median)):
                if moves and row[column]:
                    worst.near(found(moves), optional(row, column), 1e-12, f"{row['id']} {column}")
            continue
        ratios = premium(number(row, "implied_move_pct"), past)
        worst.same(past.quarters, int(row["n"]), f"{row['id']} quarters")
        for column, got in (
            ("mean", past.mean),
            ("median", past.median),
            ("vrp_mean", ratios.mean),
            ("vrp_median(0.8453*im/median)", ratios.by_median),
            ("vrp_ewma(0.85)", ratios.ewma),
            ("vrp_winsor(2.5xmedian)", ratios.winsorised),
            ("vrp_shrunk(n0=8;prior=1.15)", ratios.shrunk),
            ("mad_over_median", past.dispersion),
            ("edge_score", ratios.edge),
            ("cv_pop", past.variation),
            ("tail_risk_ratio", past.tail_ratio),
            ("ew_effective_n", past.ewma_quarters),
            ("trend_slope_pct_per_q", past.trend),
            ("consistency_score_seed", past.consistency),
            ("trust_seed", past.trust),
        ):
            if row[column]:
                worst.near(got, number(row, column), 1e-12, f"{row['id']} {column}", relative=1e-12)
        worst.same(past.trend_word, row["trend"], f"{row['id']} trend")
        got_tiers = "|".join(tier(ratios.mean, profile) for profile in ("conservative", "balanced"))
        worst.same(got_tiers, row[tiers], f"{row['id']} tier")
    worst.check()


@covers("liquidity_tiers")
def test_liquidity_tiers(vectors: Path, worst: Worst) -> None:
    for row in rows(vectors, "liquidity_tiers"):
        where = ",".join(row.values())
        interest = interest_tier(
            int(row["open_interest"]) if row["open_interest"] else None, int(row["position_contracts"])
        )
        spread = spread_tier(number(row, "bid"), number(row, "ask"))
        worst.same(max(interest, spread).name, row["tier(worse_of_oi_and_spread)"], where)
        bid, ask = number(row, "bid"), number(row, "ask")
        if row["spread_pct_of_mid"]:
            percent = 200.0 * (ask - bid) / (ask + bid)
            worst.near(percent, number(row, "spread_pct_of_mid"), 1e-9, f"{where} spread")
        if row["detail"].startswith("oi:"):
            worst.same(f"oi:{interest.name};spread:{spread.name}", row["detail"], where)
        else:
            worst.same(spread, Tier.REJECT, where)
            worst.same(row["detail"] in _NO_MARKET, True, f"{where} detail")
    worst.check()
