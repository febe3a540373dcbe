"""Which columns the vector files have, and which of them the program is held to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a file.

    Attributes:
        tested: what must come out; a change in any row of any of them must make the harness fail.
        given: what goes in. labels: names, notes, tolerances and parameters of the file's own making.
    """

    tested: tuple[str, ...]
    given: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def _columns(tested: str, given: str = "", labels: str = "") -> Columns:
    return Columns(*(tuple(text.split()) for text in (tested, given, labels)))


_BARS = _columns(
    "open_time_ms close_time_ms open high low close volume quote_volume trades taker_buy_volume vwap is_gap_fill"
)

FILES = {
    "american": _columns(
        "american_price european_price early_exercise_premium delta gamma vega_per_1.00 immediate_exercise "
        "fd1600_price",
        "cp S K T_years r q sigma",
        "id tag days",
    ),
    "american_discrete_div": _columns(
        "american_spot_model european_spot_model american_escrowed_model european_escrowed_model "
        "call_exercise_just_before_exdiv_rational",
        "cp S K T_years r sigma div_days;amounts",
        "id days",
    ),
    "bars_15s": _BARS,
    "bars_1m": _BARS,
    "bars_5m": _BARS,
    "bs_european": _columns(
        "price delta gamma theta_per_year theta_per_day365 vega_per_1.00 vega_per_volpoint rho_per_1.00 d1 d2 "
        "otm_time_value",
        "cp S K T_years r q sigma",
        "id tag iv_recoverable iv_abs_tol",
    ),
    "event_vol": _columns(
        "ambient_vol_2pt event_sd_2pt forward_variance event_variance flag event_implied_abs_move_pct_exact "
        "event_implied_abs_move_pct_approx(sqrt(2/pi)) post_event_iv1_expected crush_fraction ls3_slope_var "
        "ls3_intercept_var",
        "T1 T2 T3 iv1 iv2 iv3",
        "id true_ambient true_event_sd",
    ),
    "fill_vectors": _columns(
        "mid_net_credit natural_net_credit sum_half_spreads fill_mid fill_slip25 fill_slip50 fill_natural",
        "quotes_json[qty;bid;ask]",
        "name",
    ),
    "historical_move_cases": _columns(
        "base_date reaction_date close_move_signed_pct close_move_abs_pct gap_abs_pct range_pct_of_prev_close status",
        "announce_date timing",
    ),
    "implied_move": _columns(
        "im_nearest_pct nearest_strike im_interp_pct interp_weight im_atmf_pct atmf_iv im_085_nearest_pct "
        "true_im_pct(before_quote_noise)",
        "S T_years r q chain_json[K;call_bid;call_ask;put_bid;put_ask]",
        "id days",
    ),
    "indicators": _columns(
        "sma5 sma20 sma50 ema12 ema26 rsi14_wilder rsi14_talib rsi2_talib rsi14_pandas_ewm_unseeded bb20_upper "
        "bb20_lower",
        "series i close",
    ),
    "iv_edge_cases": _columns("expected_iv", "cp price S K T_years r q", "id reason"),
    "kelly_binary": _columns(
        "full_kelly_f half_kelly_f status log_growth_full log_growth_half", "p win loss", "id name"
    ),
    "kelly_contracts": _columns(
        "expected_contracts binding",
        "equity full_kelly_f kelly_fraction max_loss_per_contract cap_trade_pct cap_portfolio_pct open_risk "
        "cap_symbol_pct symbol_risk max_contracts buying_power",
        "id",
    ),
    "kelly_discrete": _columns(
        "expected_return full_kelly_f_capped_at_1 half_kelly_f log_growth_full log_growth_half "
        "binary_approx_f(p_win;avg_win;avg_loss)",
        "returns_on_risk probs",
        "id name",
    ),
    "kelly_spread": _columns(
        "kind ev_per_max_loss full_kelly_f half_kelly_f log_growth_full binary_kelly_f(pop;maxp/maxl)",
        "spread_id vrp_ratio_used(sigma_event/ratio)",
        "id",
    ),
    "liquidity_tiers": _columns(
        "spread_pct_of_mid tier(worse_of_oi_and_spread) detail", "open_interest bid ask position_contracts", "volume"
    ),
    "margin_vectors": _columns(
        "gross_requirement_per_contract(worst_expiry_payoff) net_buying_power_effect_total(requirement-credit) "
        "ibkr_style_gross_per_contract(unequal_wings_margined_separately)",
        "legs_json net_credit_per_share contracts",
        "name",
    ),
    "monthly_expiries": Columns(("listed_expiry(last session on or before)", "moved"), ("third_friday",)),
    "nyse_calendar": _columns("weekday status close_time_ET", "date"),
    "published_refs": _columns("published computed ok", "quantity inputs(cp;S;K;T;r;q;sigma)", "source abs_tol"),
    "rsi_published_stockcharts": _columns("rsi14_published", "i close"),
    "scorer": _columns(
        "v1_overall v1_profitability v1_risk v1_no_greeks_config_weights(50/25/20/5) v1_rationale v2_overall "
        "v2_kelly_edge v2_zone_multiplier",
        "kind pop reward_risk vrp_ratio contracts position_theta position_vega liquidity_tier implied_move_pct "
        "profit_zone_width_pct bias v1_mode",
        "id",
    ),
    "settlement_vectors": Columns(
        (
            *("cash_settled_amount", "physical_cash_flow", "physical_share_position", "physical_value_marked_at_S"),
            *("pnl_total_ex_fees", "pin_risk_flag(any short strike within 0.5%)", "events"),
        ),
        ("structure", "legs_json", "entry_credit_total_per_share", "S_settle"),
    ),
    "sim_archetypes": _columns(
        "pre_event_atm_iv straddle_pct iv_crush_fraction_if_flat_ambient straddle_sd_over_event_sd",
        "ambient_vol implied_event_sd trading_days_to_expiry",
        "symbol archetype price true_vrp_ratio(implied/realised) liquidity_class",
    ),
    "sim_sample_chains": _columns(
        "model_iv model_price delta bid ask spread_pct_of_mid",
        "symbol trading_days strike cp",
        "open_interest volume",
    ),
    "spreads": _columns(
        "total_var_w forward max_profit max_loss breakevens pop_lognormal ev_lognormal sd_pnl reward_risk "
        "prob_S_below_lowest_strike prob_S_above_highest_strike pnl_at_forward",
        "S T_years r q sigma_ambient sigma_event legs_json[qty;cp;strike] net_credit_per_share commission_total",
        "id kind",
    ),
    "ticks": _columns("ts_ms price qty is_buyer_maker", "", "trade_id"),
    "vrp": _columns(
        "n mean median vrp_mean vrp_median(0.8453*im/median) vrp_ewma(0.85) vrp_winsor(2.5xmedian) "
        "vrp_shrunk(n0=8;prior=1.15) mad_over_median edge_score cv_pop tail_risk_ratio ew_effective_n "
        "trend_slope_pct_per_q trend consistency_score_seed trust_seed "
        "tier_conservative(2/1.5/1.2)|tier_balanced(1.8/1.4/1.2)_or_error",
        "implied_move_pct hist_abs_moves_newest_first",
        "id name",
    ),
}
