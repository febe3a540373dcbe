"""Spreads as they are proposed for a candidate: built by rule, priced against the trader, rejected with a reason."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.options.chain import OptionChain
from cockpit.options.contract import OptionQuote, Right
from cockpit.options.forward import chain_forward, years_to_expiry
from cockpit.options.smile import Smile
from cockpit.scan.analysis import analyse
from cockpit.scan.candidate import Candidate
from cockpit.scan.liquidity import Tier
from cockpit.settings import Settings
from cockpit.spreads.builder import Plan, Unbuildable, build
from cockpit.spreads.exposure import OpenBook
from cockpit.spreads.propose import proposals
from cockpit.spreads.structure import Leg, Spread, StructureKind
from tests.scan.market import EXPIRIES, NOW, RATE, bars, chain, moves_of, past_reports, report

PAST = past_reports()
HISTORY = bars(PAST, moves_of(0.045))
DEFAULTS = Settings()


def propose(which: Candidate, of: OptionChain, config: Settings, equity: float = 1e5) -> tuple[Spread, ...]:
    return proposals(which, (of,), NOW, config, OpenBook(equity)).spreads


def candidate(of: OptionChain, config: Settings = DEFAULTS, size: float = 0.045) -> Candidate:
    history = HISTORY if size == 0.045 else bars(PAST, moves_of(size))
    return analyse(report(), 100.0, (of, chain(expiry=EXPIRIES[2])), history, PAST, NOW, config.scan)


def proposed(
    of: OptionChain | None = None, config: Settings = DEFAULTS, **options: float
) -> dict[StructureKind, Spread]:
    of = of or chain()
    found = propose(candidate(of, config, **options), of, config)
    return {spread.kind: spread for spread in found}


def configured(**sections: dict[str, object]) -> Settings:
    return Settings.model_validate(sections)


def edited(of: OptionChain, change: Callable[[OptionQuote], OptionQuote]) -> OptionChain:
    return OptionChain(of.underlying, of.expiry, tuple(map(change, of.quotes)), of.spot, of.fetched_at, of.source)


def strikes(legs: tuple[Leg, ...] | Unbuildable) -> list[tuple[int, str, float]]:
    assert not isinstance(legs, Unbuildable)
    return [(leg.quantity, leg.quote.right.value, leg.quote.strike) for leg in legs]


def plan(of: OptionChain, config: Settings = DEFAULTS, move: float = 0.07) -> Plan:
    years = years_to_expiry(of.expiry, NOW)
    return Plan(Smile(of, chain_forward(of, 100.0, years, RATE), years, RATE), 100.0, move, config.spreads)


def test_a_condor_is_the_two_verticals() -> None:
    of = plan(chain())
    puts, calls = build(StructureKind.BULL_PUT, of), build(StructureKind.BEAR_CALL, of)
    assert strikes(puts) == [(1, "P", 90.0), (-1, "P", 92.5)]
    assert strikes(calls) == [(-1, "C", 107.5), (1, "C", 110.0)]
    assert strikes(build(StructureKind.IRON_CONDOR, of)) == strikes(puts) + strikes(calls)


def test_the_shorts_stand_outside_the_implied_move_and_under_the_delta() -> None:
    for move in (0.02, 0.05, 0.07, 0.12):
        of = plan(chain(), move=move)
        for kind in (StructureKind.BULL_PUT, StructureKind.BEAR_CALL):
            legs = build(kind, of)
            assert not isinstance(legs, Unbuildable)
            short = next(leg.quote for leg in legs if leg.quantity < 0)
            greeks = of.smile.greeks(short.right, short.strike)
            assert abs(short.strike - of.smile.forward.price) >= move * of.smile.forward.price - 1e-9
            assert greeks is not None
            assert abs(greeks.delta or 1.0) <= 0.25


def test_short_rules_by_name() -> None:
    of = chain(step=1.0)
    by_delta = plan(of, configured(spreads={"short_rule": "delta", "short_delta": 0.16}))
    by_move = plan(of, configured(spreads={"short_rule": "im_mult", "short_im_mult": 0.5}))
    (_, short) = strikes(build(StructureKind.BULL_PUT, by_move))
    assert short == (-1, "P", 96.0)
    legs = build(StructureKind.BEAR_CALL, by_delta)
    assert not isinstance(legs, Unbuildable)
    greeks = by_delta.smile.greeks(Right.CALL, legs[0].quote.strike)
    assert greeks is not None
    assert greeks.delta == pytest.approx(0.16, abs=0.03)


def test_the_wing_is_the_offered_strike_nearest_to_the_width() -> None:
    wide = configured(spreads={"width_pct": 6.0})
    assert strikes(build(StructureKind.BULL_PUT, plan(chain(), wide)))[0][2] == 87.5
    narrow = configured(spreads={"width_pct": 0.1})
    assert strikes(build(StructureKind.BULL_PUT, plan(chain(), narrow)))[0][2] == 90.0
    without = edited(chain(), lambda quote: replace(quote, ask=None) if quote.strike == 90.0 else quote)
    assert strikes(build(StructureKind.BULL_PUT, plan(without)))[0][2] == 87.5


def test_a_butterfly_sells_the_strike_at_the_forward() -> None:
    found = strikes(build(StructureKind.IRON_BUTTERFLY, plan(chain())))
    assert found == [(1, "P", 90.0), (-1, "P", 100.0), (-1, "C", 100.0), (1, "C", 110.0)]


def test_a_side_that_is_missing_makes_the_structure_unbuildable() -> None:
    of = chain()
    calls = OptionChain("ACME", of.expiry, tuple(of.side(Right.CALL)), 100.0, NOW, "memory")
    for kind in (StructureKind.BULL_PUT, StructureKind.IRON_CONDOR, StructureKind.IRON_BUTTERFLY):
        assert isinstance(build(kind, plan(calls)), Unbuildable)
    assert not isinstance(build(StructureKind.BEAR_CALL, plan(calls)), Unbuildable)


def test_the_figures_of_a_condor() -> None:
    spread = proposed()[StructureKind.IRON_CONDOR]
    width = 2.5
    assert spread.commission == pytest.approx(1.40)
    assert spread.natural < spread.fill < spread.mid
    assert spread.max_profit == pytest.approx(100.0 * spread.fill - 1.40)
    assert spread.max_loss == pytest.approx(100.0 * (width - spread.fill) + 1.40)
    assert spread.reward_risk == pytest.approx(spread.max_profit / spread.max_loss)
    low, high = spread.breakevens
    net = spread.fill - 0.014
    assert low == pytest.approx(spread.legs[1].quote.strike - net)
    assert high == pytest.approx(spread.legs[2].quote.strike + net)
    assert spread.pop is not None
    assert spread.pop_delta is not None
    assert 0.6 < spread.pop_delta < spread.pop < 0.95
    assert spread.ev is not None
    assert spread.ev > 0.0
    assert spread.greeks is not None
    assert spread.greeks.theta is not None
    assert spread.greeks.vega is not None
    assert spread.greeks.theta > 0.0 > spread.greeks.vega
    assert spread.tier is Tier.EXCELLENT
    assert spread.rejected is None
    assert spread.quoted_at == NOW - timedelta(seconds=2)
    assert spread.spread_id.startswith("ACME:261204:IC:")
    assert spread.size.contracts * spread.max_loss <= 0.05 * 100_000.0


def test_the_tradable_come_first_and_the_rejected_keep_their_reason() -> None:
    of = chain()
    found = propose(candidate(of), of, DEFAULTS)
    tradable = [spread.rejected is None for spread in found]
    assert tradable == sorted(tradable, reverse=True)
    scores = [spread.score.total for spread in found if spread.rejected is None]
    assert scores == sorted(scores, reverse=True)
    for spread in found:
        if spread.rejected is not None:
            assert spread.size.contracts == 0
            assert "min_reward_risk" in spread.rejected


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"spreads": {"min_credit": 5.0}}, "is under spreads.min_credit 5.00"),
        ({"spreads": {"min_reward_risk": 9.0}}, "is under spreads.min_reward_risk 9"),
        ({"portfolio": {"commission": 40.0}}, "commissions leave less than two ticks"),
    ],
)
def test_reasons_are_sentences(config: dict[str, dict[str, object]], words: str) -> None:
    spread = proposed(config=configured(**config))[StructureKind.IRON_CONDOR]
    assert spread.rejected is not None
    assert words in spread.rejected


def test_an_untradable_leg_rejects_the_spread_and_its_score() -> None:
    thin = edited(chain(), lambda quote: replace(quote, open_interest=3) if quote.strike == 90.0 else quote)
    spread = proposed(thin)[StructureKind.IRON_CONDOR]
    assert spread.tier is Tier.REJECT
    assert spread.rejected is not None
    assert "a leg cannot be traded" in spread.rejected
    assert spread.score.total == 0.0
    assert "zero: a leg cannot be traded" in spread.score.flags


def test_a_credit_as_wide_as_the_strikes_is_a_wrong_quote() -> None:
    def cheap(quote: OptionQuote) -> OptionQuote:
        return replace(quote, bid=0.01, ask=0.02) if quote.strike in (87.5, 112.5) else quote

    wrong = edited(chain(event=0.2), cheap)
    config = configured(spreads={"short_rule": "im_mult", "short_im_mult": 0.5})
    narrow = proposed(wrong, config)
    assert any("a quote is wrong" in (spread.rejected or "") for spread in narrow.values())


def test_where_the_premium_is_poor_nothing_is_sized() -> None:
    found = proposed(size=0.12)
    for spread in found.values():
        assert spread.ev is not None
        if spread.ev <= 0.0:
            assert (spread.size.contracts, spread.score.total) == (0, 0.0)
    assert (found[StructureKind.IRON_CONDOR].ev or 0.0) < 0.0


def test_a_heavy_tail_halves_the_fraction() -> None:
    of = chain()
    one = candidate(of)
    heavy = replace(one, tail_ratio=3.0)
    config = configured(sizing={"trade_cap": 1.0, "max_contracts": 100_000, "portfolio_cap": 1.0, "symbol_cap": 1.0})
    plain, halved = (
        next(spread for spread in propose(which, of, config, 1e8) if spread.kind is StructureKind.IRON_CONDOR)
        for which in (one, heavy)
    )
    assert halved.size.fraction == pytest.approx(0.5 * plain.size.fraction)


def test_without_an_implied_move_or_the_right_chain_there_is_nothing() -> None:
    of = chain()
    one = candidate(of)
    assert propose(replace(one, implied_move=None), of, DEFAULTS) == ()
    assert propose(one, chain(expiry=EXPIRIES[2]), DEFAULTS) == ()
    only = configured(spreads={"structures": ["bull_put", "bull_put"]})
    assert [spread.kind for spread in propose(one, of, only)] == [StructureKind.BULL_PUT]


@settings(max_examples=20, deadline=None)
@given(cents=st.integers(1, 8))
def test_wider_quotes_never_fill_better(cents: int) -> None:
    def widened(quote: OptionQuote) -> OptionQuote:
        if quote.bid is None or quote.ask is None or quote.bid <= cents / 100.0:
            return quote
        return replace(quote, bid=round(quote.bid - cents / 100.0, 2), ask=round(quote.ask + cents / 100.0, 2))

    of = chain(half=0.01, event=0.10)
    tight, wide = proposed(of), proposed(edited(of, widened))
    for kind, spread in tight.items():
        if kind in wide and wide[kind].strikes_label == spread.strikes_label:
            assert wide[kind].fill <= spread.fill
            assert wide[kind].tier >= spread.tier
