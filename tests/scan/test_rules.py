"""The small rules of a scan: expiries, reactions, hygiene, tiers."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.options.contract import OptionQuote, Right
from cockpit.scan.earnings import PastReport, Timing
from cockpit.scan.event_volatility import TermPoint, decompose
from cockpit.scan.expiry import covering_expiries, covers, event_instant
from cockpit.scan.hygiene import examine, stale_before
from cockpit.scan.liquidity import Tier, quote_tier, spread_tier
from cockpit.scan.moves import DailyBar, reaction, reactions, realised_volatility
from cockpit.scan.vrp import history, premium
from tests.scan.market import report

FRIDAY = date(2026, 12, 4)


def bar(day: date, close: float) -> DailyBar:
    return DailyBar(day, close, close + 1.0, close - 1.0, close, 100)


def quote(bid: float | None = 1.0, ask: float | None = 1.05, **fields: object) -> OptionQuote:
    base = OptionQuote("X", "X", FRIDAY, 100.0, Right.CALL, bid, ask, open_interest=5000)
    return replace(base, **fields)  # type: ignore[arg-type]  # fields of it


@pytest.mark.parametrize(
    ("timing", "same_day"),
    [(Timing.BMO, True), (Timing.DMH, True), (Timing.AMC, False), (Timing.UNKNOWN, False)],
)
def test_what_an_expiry_on_the_day_of_the_report_covers(timing: Timing, same_day: bool) -> None:
    assert covers(FRIDAY, FRIDAY, timing) is same_day
    assert covers(FRIDAY + timedelta(days=7), FRIDAY, timing)
    assert not covers(FRIDAY - timedelta(days=7), FRIDAY, timing)


def test_expiries_that_may_hold_the_next_report_are_left_out() -> None:
    listed = [FRIDAY + timedelta(days=days) for days in (200, -7, 0, 77, 7)]
    assert covering_expiries(listed, FRIDAY, Timing.BMO) == [FRIDAY + timedelta(days=days) for days in (0, 7, 77)]


def test_the_instant_of_a_report() -> None:
    assert event_instant(report(timing=Timing.BMO, day=FRIDAY)) == datetime(2026, 12, 4, 14, 30, tzinfo=UTC)
    assert event_instant(report(timing=Timing.AMC, day=FRIDAY)) == datetime(2026, 12, 4, 21, 0, tzinfo=UTC)
    assert event_instant(report(timing=Timing.DMH, day=FRIDAY)) == datetime(2026, 12, 4, 21, 0, tzinfo=UTC)


def test_a_hole_in_the_bars_is_never_bridged() -> None:
    days = [date(2026, 1, 14), date(2026, 1, 16)]
    bars = {day: bar(day, 100.0) for day in days}
    assert reaction(PastReport("X", date(2026, 1, 15), Timing.BMO), bars) is None
    assert reaction(PastReport("X", date(2026, 1, 14), Timing.AMC), bars) is None


def test_an_unknown_timing_takes_the_larger_move_at_half_weight() -> None:
    closes = {date(2026, 1, 13): 100.0, date(2026, 1, 14): 108.0, date(2026, 1, 15): 109.0}
    found = reaction(
        PastReport("X", date(2026, 1, 14), Timing.UNKNOWN), {day: bar(day, close) for day, close in closes.items()}
    )
    assert found is not None
    assert (found.reaction_day, found.weight) == (date(2026, 1, 14), 0.5)
    assert found.close_move == pytest.approx(0.08)


def test_only_the_newest_reactions_are_taken() -> None:
    days = [date(2026, 1, day) for day in (12, 13, 14, 15, 16)]
    bars = [bar(day, 100.0 + index) for index, day in enumerate(days)]
    past = [PastReport("X", day, Timing.BMO) for day in days[1:]]
    found = reactions(past, bars, 2)
    assert [one.report_date for one in found] == [date(2026, 1, 16), date(2026, 1, 15)]


def test_realised_volatility_leaves_reactions_out() -> None:
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(30)]
    closes = [100.0 * 1.01 ** (number % 2) for number in range(30)]
    calm = [bar(day, close) for day, close in zip(days, closes, strict=True)]
    jumpy = [*calm[:20], *(replace(one, close=one.close * 1.2) for one in calm[20:])]
    assert realised_volatility(jumpy, skip={days[20]}) == pytest.approx(realised_volatility(calm))
    assert realised_volatility(calm[:20]) is None


def test_quotes_go_stale_after_a_quarter_of_an_hour_and_over_night() -> None:
    open_time = datetime(2026, 11, 24, 15, 42, tzinfo=UTC)
    assert stale_before(open_time) == open_time - timedelta(minutes=15)
    assert stale_before(datetime(2026, 11, 24, 14, 31, tzinfo=UTC)) == datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
    # Thanksgiving: the last session closed on Wednesday at 16:00.
    assert stale_before(datetime(2026, 11, 26, 15, 0, tzinfo=UTC)) == datetime(2026, 11, 25, 20, 45, tzinfo=UTC)
    found = examine([quote(quoted_at=open_time - timedelta(hours=1)), quote(quoted_at=None)], open_time)
    assert found.stale == 1


def test_a_quote_at_zero_counts_once() -> None:
    found = examine([quote(0.0, 0.0), quote(None, 1.0), quote(1.1, 1.0), quote()], datetime(2026, 11, 24, tzinfo=UTC))
    assert (found.quotes, found.one_sided, found.crossed) == (4, 2, 1)


def test_a_tight_market_in_a_cheap_option_can_be_traded() -> None:
    assert spread_tier(0.05, 0.10) is Tier.REJECT
    assert quote_tier(quote(0.05, 0.10)) is Tier.GOOD
    assert quote_tier(quote(0.05, 0.11)) is Tier.REJECT
    assert quote_tier(quote(0.0, 0.05)) is Tier.REJECT
    assert quote_tier(quote(open_interest=None)) is Tier.REJECT


@given(
    bid=st.integers(1, 5000),
    width=st.integers(0, 500),
    wider=st.integers(0, 500),
    interest=st.integers(0, 500),
)
def test_a_wider_market_never_has_a_better_tier(bid: int, width: int, wider: int, interest: int) -> None:
    tight = quote(bid / 100.0, (bid + width) / 100.0, open_interest=interest)
    wide = quote(bid / 100.0, (bid + width + wider) / 100.0, open_interest=interest)
    assert quote_tier(wide) >= quote_tier(tight)


@given(
    ambient=st.floats(0.05, 1.5),
    event=st.floats(0.0, 0.4),
    days=st.lists(st.integers(1, 60), min_size=2, max_size=4, unique=True),
)
def test_decomposition_recovers_what_was_put_in(ambient: float, event: float, days: list[int]) -> None:
    points = [TermPoint(ambient**2 * day / 252.0 + event**2, day / 252.0) for day in sorted(days)]
    found = decompose(points)
    assert found is not None
    assert found.ambient_vol == pytest.approx(ambient, rel=1e-6)
    assert found.event_variance == pytest.approx(event**2, abs=1e-9)


@given(
    moves=st.lists(st.floats(0.1, 30.0), min_size=1, max_size=12),
    implied=st.floats(0.5, 30.0),
    scale=st.floats(0.01, 100.0),
)
def test_premiums_are_ratios(moves: list[float], implied: float, scale: float) -> None:
    past, scaled = history(moves), history([move * scale for move in moves])
    assert past is not None
    assert scaled is not None
    one, other = premium(implied, past), premium(implied * scale, scaled)
    assert one.mean == pytest.approx(other.mean)
    assert one.shrunk == pytest.approx(other.shrunk)
    assert min(one.mean, 1.15) - 1e-9 <= one.shrunk <= max(one.mean, 1.15) + 1e-9
