"""Mistakes that are easily made with options around a report. Each test fails on the one that it names."""

from dataclasses import replace
from datetime import date
from math import log, sqrt

import pytest

from cockpit.options.calendar import is_session
from cockpit.options.chain import OptionChain
from cockpit.options.contract import Greeks, Right
from cockpit.options.payoff import Payoff, PayoffLeg, total_greeks
from cockpit.options.pricing import expected_absolute_move, normal_cdf
from cockpit.options.smile import smile_of
from cockpit.scan.analysis import analyse
from cockpit.scan.earnings import PastReport, Timing
from cockpit.scan.expiry import covers
from cockpit.scan.liquidity import Tier, spread_tier
from cockpit.scan.moves import DailyBar, reaction
from cockpit.scan.skew import skew
from cockpit.settings import ScanSettings, SizingSettings
from cockpit.spreads.builder import build
from cockpit.spreads.exposure import Exposure
from cockpit.spreads.metrics import spread_tier as position_tier
from cockpit.spreads.sizing import contracts
from cockpit.spreads.structure import Leg, StructureKind
from tests.scan.market import EXPIRIES, NOW, RATE, bars, chain, moves_of, past_reports, report
from tests.scan.test_rules import quote
from tests.spreads.test_proposals import candidate, plan, proposed


@pytest.mark.parametrize("deviation", [0.02, 0.08, 0.2])
def test_the_implied_move_holds_57_percent_of_moves_and_not_68(deviation: float) -> None:
    move = expected_absolute_move(deviation)
    inside = normal_cdf((log(1.0 + move) + 0.5 * deviation**2) / deviation) - normal_cdf(
        (log(1.0 - move) + 0.5 * deviation**2) / deviation
    )
    assert inside == pytest.approx(0.575, abs=0.004)


def test_a_condor_loses_on_one_side_only_and_keeps_the_credit_of_both() -> None:
    legs = (PayoffLeg(1, -1, 90.0), PayoffLeg(-1, -1, 95.0), PayoffLeg(-1, 1, 105.0), PayoffLeg(1, 1, 110.0))
    put_credit, call_credit = 0.8, 0.9
    condor = Payoff(legs, put_credit + call_credit)
    assert condor.max_loss == pytest.approx(100.0 * (5.0 - 1.7))
    assert condor.max_loss < Payoff(legs[:2], put_credit).max_loss


def test_a_butterfly_loses_on_its_wider_wing() -> None:
    legs = (PayoffLeg(1, -1, 88.0), PayoffLeg(-1, -1, 100.0), PayoffLeg(-1, 1, 100.0), PayoffLeg(1, 1, 106.0))
    assert Payoff(legs, 5.0).max_loss == pytest.approx(100.0 * (12.0 - 5.0))


def test_the_probability_of_profit_is_at_the_breakevens() -> None:
    found = proposed()
    condor, butterfly = found[StructureKind.IRON_CONDOR], found[StructureKind.IRON_BUTTERFLY]
    assert condor.pop is not None
    assert condor.pop_delta is not None
    assert condor.pop > condor.pop_delta + 0.02
    assert butterfly.pop is not None
    assert butterfly.pop_delta is None
    # It moves with the credit, which no delta and no table does.
    dearer = {spread.kind: spread for spread in proposed(chain(half=0.06)).values()}[StructureKind.IRON_CONDOR]
    assert dearer.strikes_label == condor.strikes_label
    assert dearer.pop is not None
    assert dearer.pop < condor.pop


def test_the_short_strikes_stand_outside_the_move_by_the_default_rule_itself() -> None:
    of = plan(chain(step=0.5), move=expected_absolute_move(0.08))
    for kind in (StructureKind.BULL_PUT, StructureKind.BEAR_CALL):
        legs = build(kind, of)
        assert isinstance(legs, tuple)
        short = next(leg.quote for leg in legs if leg.quantity < 0)
        greeks = of.smile.greeks(short.right, short.strike)
        assert greeks is not None
        assert greeks.delta is not None
        # One implied move is 0.798 deviations: a delta of 0.21, which 0.25 to 0.30 never meets.
        assert abs(short.strike / of.smile.forward.price - 1.0) >= of.move
        assert abs(greeks.delta) <= 0.25
        nearest = min(
            (one for one in of.smile.chain.side(short.right) if of.smile.greeks(one.right, one.strike) is not None),
            key=lambda one: abs(abs((of.smile.greeks(one.right, one.strike) or greeks).delta or 0.0) - 0.30),
        )
        assert abs(nearest.strike / of.smile.forward.price - 1.0) < of.move


def test_the_skew_does_not_listen_to_in_the_money_quotes() -> None:
    of = chain(step=1.0)
    inflated = tuple(
        replace(one, bid=(one.bid or 0.0) + 0.6, ask=(one.ask or 0.0) + 0.6)
        if one.right is Right.PUT and one.strike > 101.0
        else one
        for one in of.quotes
    )
    found = skew(smile_of(OptionChain("ACME", of.expiry, inflated, 100.0, NOW, "memory"), 100.0, NOW, RATE))
    assert found is not None
    assert abs(found.reversal) < 0.02
    assert found.bias == "neutral"


def test_history_is_close_to_close_and_never_a_range() -> None:
    days = {
        date(2026, 1, 14): DailyBar(date(2026, 1, 14), 100.0, 101.0, 99.0, 100.0, 1),
        date(2026, 1, 15): DailyBar(date(2026, 1, 15), 100.0, 112.0, 90.0, 101.0, 1),
    }
    found = reaction(PastReport("X", date(2026, 1, 14), Timing.AMC), days)
    assert found is not None
    assert found.close_move == pytest.approx(0.01)
    wild = [replace(one, high=one.high * 1.3, low=one.low * 0.7) for one in bars(past_reports(), moves_of(0.05))]
    plain = analyse(
        report(), 100.0, (chain(),), bars(past_reports(), moves_of(0.05)), past_reports(), NOW, ScanSettings()
    )
    ranged = analyse(report(), 100.0, (chain(),), wild, past_reports(), NOW, ScanSettings())
    assert ranged.vrp == plain.vrp


def test_an_evening_report_on_expiry_friday_is_not_covered_by_it() -> None:
    friday = date(2026, 12, 4)
    assert not covers(friday, friday, Timing.AMC)
    assert not covers(friday, friday, Timing.UNKNOWN)
    assert covers(friday, friday, Timing.BMO)


def test_the_premium_does_not_grow_with_the_days_to_expiry() -> None:
    past = past_reports()
    history = bars(past, moves_of(0.05))
    near = analyse(report(), 100.0, (chain(), chain(expiry=EXPIRIES[2])), history, past, NOW, ScanSettings())
    later = (chain(expiry=EXPIRIES[3]), chain(expiry=date(2026, 12, 31)))
    far = analyse(report(), 100.0, later, history, past, NOW, ScanSettings())
    assert near.vrp_mean is not None
    assert far.vrp_mean is not None
    assert far.vrp_mean == pytest.approx(near.vrp_mean, rel=0.03)
    assert far.implied_move is not None
    assert far.historical_mean is not None
    # What the raw straddle would have made of it.
    assert far.implied_move / far.historical_mean > 1.2 * far.vrp_mean


def test_a_greek_of_zero_counts_and_a_missing_one_spoils_the_sum() -> None:
    zero = total_greeks([(-1, Greeks(0.0, 0.0, 0.0, 0.0)), (1, Greeks(0.1, 0.0, -0.1, 0.2))])
    assert zero == Greeks(10.0, 0.0, -10.0, 20.0)
    missing = total_greeks([(-1, Greeks(0.1, 0.1, None, 0.1)), (1, Greeks(0.1, 0.1, 0.1, 0.1))])
    assert missing is not None
    assert missing.theta is None
    assert missing.delta == 0.0


@pytest.mark.parametrize(("kelly", "max_loss"), [(0.0, 100.0), (0.5, 6_000.0), (0.001, 400.0)])
def test_no_contract_is_forced_on_an_account(kelly: float, max_loss: float) -> None:
    assert contracts(kelly, max_loss, Exposure(100_000.0), SizingSettings()).contracts == 0


def test_good_legs_make_a_good_position() -> None:
    excellent, good = quote(1.00, 1.05), quote(1.00, 1.16)
    assert position_tier([Leg(-1, excellent), Leg(1, good)]) is Tier.GOOD
    # A long leg counts like a short one.
    assert position_tier([Leg(-1, excellent), Leg(1, quote(1.00, 1.05, open_interest=3))]) is Tier.REJECT


@pytest.mark.parametrize("day", [date(2010, 12, 31), date(2021, 12, 31)])
def test_the_exchange_is_open_on_the_last_day_of_the_year(day: date) -> None:
    assert is_session(day)


def test_bounds_are_compared_in_whole_cents() -> None:
    assert (1.06 - 0.94) / 1.00 > 0.12
    assert spread_tier(0.94, 1.06) is Tier.EXCELLENT
    assert spread_tier(0.91, 1.09) is Tier.GOOD
    assert spread_tier(0.875, 1.125) is Tier.WARNING


def test_the_candidate_of_these_tests_is_a_sound_one() -> None:
    found = candidate(chain())
    assert found.problem is None
    assert found.event_sd == pytest.approx(0.08, abs=1e-3)
    assert found.event_move == pytest.approx(0.08 * sqrt(0.6366), rel=0.01)
