"""The scorecard by hand, with the arithmetic beside it, and by laws that hold for any book."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from math import sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.portfolio.scorecard import By, Scorecard, Share, grouped, scorecard
from cockpit.portfolio.trade import Passage, Trade
from cockpit.scan.earnings import Timing
from cockpit.spreads.structure import StructureKind
from tests.portfolio.trades import ENTRY, EXPIRY, MORNING, OPENED, OUTCOME, trade


def book() -> list[Trade]:
    """Four condors that ended a minute apart: +40, -100, +20, -10 dollars, each with 200 at risk."""
    return [
        trade(number, result, max_loss=Decimal(200), closed_at=MORNING + timedelta(minutes=number))
        for number, result in enumerate(("40.00", "-100.00", "20.00", "-10.00"), 1)
    ]


def test_the_result_by_hand() -> None:
    card = scorecard(book())
    assert (card.trades, card.won, card.lost) == (4, Share(2, 4), 2)
    assert card.net == Decimal("-50.00")  # 40 - 100 + 20 - 10
    assert card.expectancy == Decimal("-12.50")  # -50 / 4
    assert card.average_win == Decimal(30)  # (40 + 20) / 2
    assert card.average_loss == Decimal(-55)  # (-100 - 10) / 2
    assert card.profit_factor == pytest.approx(60 / 110)
    # R: .20, -.50, .10, -.05; mean -.0625
    assert card.r.value == pytest.approx(-0.0625)
    deviations = (0.2625, -0.4375, 0.1625, 0.0125)
    assert card.r.error == pytest.approx(sqrt(sum(d * d for d in deviations) / 3) / 2)
    assert card.fees == Decimal("22.40")  # 4 x 5.60
    assert card.fee_share == pytest.approx(22.40 / 480)  # credits 4 x 0.60 x 100 x 2
    assert (card.worst, card.worst_id) == (Decimal("-100.00"), "P2")
    # Totals 40, -60, -40, -50: from the peak of 40 down to -60.
    assert card.drawdown == Decimal(100)
    assert card.days_held == pytest.approx(1 + 2.5 / 1440)  # a day and 1 to 4 minutes


def test_the_drawdown_counts_from_the_start() -> None:
    assert scorecard([trade(1, "-30.00"), trade(2, "-20.00")]).drawdown == Decimal(50)
    assert scorecard([trade(1, "30.00")]).drawdown == 0


def test_wilsons_interval_of_the_published_kind() -> None:
    # 8 of 10: centre (0.8 + 3.8415/20) / 1.38415 = 0.71674, reach 1.96/1.38415 sqrt(.016 + 3.8415/400) = 0.22659
    share = Share(8, 10)
    assert (share.low, share.high) == pytest.approx((0.49016, 0.94333), abs=1e-4)
    none, every = Share(0, 5), Share(5, 5)
    # 0 of 5: z^2 / (n + z^2) = 3.8415 / 8.8415
    assert (none.low, none.high) == pytest.approx((0.0, 0.43448), abs=1e-4)
    assert (every.low, every.high) == pytest.approx((0.56552, 1.0), abs=1e-4)
    assert (Share(0, 0).value, Share(0, 0).low, Share(0, 0).high) == (None, None, None)


def test_an_empty_book_has_no_figures_and_one_trade_no_error() -> None:
    empty = scorecard([trade(1, None)])
    assert (empty.trades, empty.net, empty.fees) == (0, Decimal(0), Decimal(0))
    for figure in ("expectancy", "average_win", "average_loss", "profit_factor", "fee_share", "worst", "drawdown"):
        assert getattr(empty, figure) is None
    assert (empty.won.value, empty.r.value, empty.days_held) == (None, None, None)
    assert (empty.probability.expected, empty.value.expected) == (None, None)
    assert (empty.move.trades, empty.move.inside.value, empty.volatility.crush) == (0, None, None)
    one = scorecard([trade()])
    assert one.r.error is None
    assert one.profit_factor is None, "without a loss there is none"


def test_what_came_out_at_nothing_is_neither_won_nor_lost() -> None:
    card = scorecard([trade(1, "0.00"), trade(2, "10.00")])
    assert (card.won, card.lost, card.average_loss) == (Share(1, 2), 0, None)
    assert card.expectancy == 5


def test_expected_beside_realised_by_hand() -> None:
    """Three trades: one as made by hand, one that moved 10 % of 8 % implied, one older than the entries."""
    trades = [
        trade(1, "30.00"),
        trade(
            2,
            "-60.00",
            entry=replace(ENTRY, pop=0.8, ev=-3.0, event_move=None, atm_iv=0.5),
            outcome=replace(OUTCOME, close_move=0.10, atm_iv=0.30),
        ),
        trade(3, "10.00", entry=None, outcome=None, exit=None),
    ]
    card = scorecard(trades)
    assert card.probability.expected == pytest.approx(0.75)
    assert card.probability.won == Share(1, 2)
    assert card.value.expected == pytest.approx(3.0)  # (9 - 3) / 2
    assert card.value.realised.value == pytest.approx(-7.5)  # (30/2 - 60/2) / 2: two contracts each
    assert (card.value.realised.trades, card.trades) == (2, 3)
    move = card.move
    assert (move.trades, move.inside) == (2, Share(1, 2))
    assert (move.implied, move.realised) == pytest.approx((0.08, 0.085))  # (7 % + 10 %) / 2
    assert (move.event, move.event_trades) == pytest.approx((0.07, 1))
    fall = card.volatility
    assert (fall.trades, fall.before, fall.after) == pytest.approx((2, 0.65, 0.35))
    assert fall.points == pytest.approx(0.30)  # (40 + 20) / 2 points
    assert fall.crush == pytest.approx(0.45)  # (1 - .4/.8 + 1 - .3/.5) / 2


def test_a_move_as_large_as_implied_is_inside() -> None:
    assert scorecard([trade(outcome=replace(OUTCOME, close_move=-0.08))]).move.inside == Share(1, 1)


def test_the_larger_of_two_sessions_does_not_count_against_the_implied_move() -> None:
    assert scorecard([trade(entry=replace(ENTRY, timing=Timing.UNKNOWN))]).move.trades == 0


def test_the_volatility_of_the_exit_stands_in_for_a_look_that_nobody_took() -> None:
    unseen = trade(outcome=replace(OUTCOME, atm_iv=None, iv_at=None))
    assert unseen.after == (0.45, MORNING)
    early = trade(outcome=None, closed_at=OPENED + timedelta(hours=1))
    assert early.after is None, "before the report it tells nothing of it"


@pytest.mark.parametrize(
    ("changes", "passage", "ending"),
    [
        ({}, Passage.THROUGH, "closed after the report"),
        ({"closed_at": OPENED + timedelta(hours=5)}, Passage.BEFORE, "closed before the report"),
        ({"reason": "expired"}, Passage.THROUGH, "expired"),
        ({"entry": None}, Passage.UNKNOWN, "closed"),
        ({"report_date": None}, Passage.UNKNOWN, "closed"),
        ({"report_date": OPENED.date() - timedelta(days=5)}, Passage.UNKNOWN, "closed"),
        # The report comes after the close of the expiry, and the trade was settled a week later.
        (
            {
                "reason": "expired",
                "report_date": EXPIRY,
                "closed_at": MORNING + timedelta(days=9),
            },
            Passage.BEFORE,
            "expired",
        ),
    ],
)
def test_how_a_trade_stands_to_its_report(changes: dict[str, Any], passage: Passage, ending: str) -> None:
    one = trade(**changes)
    assert (one.passage(MORNING + timedelta(days=30)), one.ending) == (passage, ending)


def test_an_open_trade_waits_for_its_report() -> None:
    one = trade(1, None)
    assert one.passage(OPENED) is Passage.AHEAD
    assert one.passage(datetime.fromisoformat("2026-11-25T09:29:59-05:00")) is Passage.AHEAD
    assert one.passage(datetime.fromisoformat("2026-11-25T09:30:00-05:00")) is Passage.THROUGH
    assert one.ending is None


def test_groups_stand_in_their_own_order_and_hold_every_trade_once() -> None:
    trades = [
        trade(1, "10.00", entry=replace(ENTRY, vrp_tier="SKIP", implied_move=0.13)),
        trade(2, "20.00", kind=StructureKind.BULL_PUT, entry=None),
        trade(3, "30.00", entry=replace(ENTRY, vrp_tier="EXCELLENT", implied_move=0.039)),
        trade(4, "40.00", symbol="CRM", closed_at=MORNING + timedelta(days=10), reason="expired"),
        trade(5, None),
    ]

    def labels(by: By) -> list[tuple[str, int]]:
        return [(card.label, card.trades) for card in grouped(trades, by)]

    assert labels(By.VRP) == [("EXCELLENT", 1), ("GOOD", 1), ("SKIP", 1), ("?", 1)]
    assert labels(By.MOVE) == [("under 4 %", 1), ("8 to 12 %", 1), ("12 % and more", 1), ("?", 1)]
    assert labels(By.STRUCTURE) == [("bull put", 1), ("iron condor", 3)]
    assert labels(By.NAME) == [("CRM", 1), ("NVDA", 3)]
    assert labels(By.MONTH) == [("2026-11", 4)], "what was settled in December had expired in November"
    assert labels(By.ENDING) == [("closed after the report", 2), ("closed", 1), ("expired", 1)]


results = st.integers(-30_000, 30_000).map(lambda cents: Decimal(cents) / 100)
endings = st.integers(0, 5000).map(lambda minutes: MORNING + timedelta(minutes=minutes))


@st.composite
def books(draw: st.DrawFn, least: int = 0) -> list[Trade]:
    given_results = draw(st.lists(st.tuples(results, endings, st.integers(1, 9)), min_size=least, max_size=12))
    return [
        trade(number, str(result), closed_at=at, contracts=contracts, max_loss=Decimal(140) * contracts)
        for number, (result, at, contracts) in enumerate(given_results, 1)
    ]


@given(books(), st.randoms(use_true_random=False))
def test_the_order_of_the_trades_changes_nothing(trades: list[Trade], chance: object) -> None:
    shuffled = list(trades)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random
    assert scorecard(shuffled) == scorecard(trades)


@given(books(), results)
def test_one_more_trade_adds_what_it_realised(trades: list[Trade], result: Decimal) -> None:
    before = scorecard(trades)
    after = scorecard([*trades, trade(99, str(result), closed_at=MORNING + timedelta(days=20))])
    assert (after.trades, after.net - before.net) == (before.trades + 1, result)
    assert after.won.count - before.won.count == (result > 0)
    assert after.worst is not None
    assert after.worst <= result
    assert after.drawdown is not None
    assert after.drawdown >= (before.drawdown or 0)
    if result > 0:
        assert after.profit_factor is None or after.profit_factor >= (before.profit_factor or 0.0)


@given(books(least=1), st.integers(2, 10))
def test_more_contracts_of_everything_scale_money_and_nothing_else(trades: list[Trade], factor: int) -> None:
    one, many = scorecard(trades), scorecard([_scaled(trade, factor) for trade in trades])
    assert (many.net, many.fees, many.drawdown) == (one.net * factor, one.fees * factor, (one.drawdown or 0) * factor)
    assert (many.won, many.r.trades, many.worst_id) == (one.won, one.r.trades, one.worst_id)
    assert many.r.value == pytest.approx(one.r.value)
    assert many.profit_factor == pytest.approx(one.profit_factor)
    assert many.fee_share == pytest.approx(one.fee_share)
    assert many.value.realised.value == pytest.approx(one.value.realised.value), "of one contract"
    assert many.move == one.move


@given(books(least=1))
def test_the_expectancy_is_what_wins_and_losses_give_by_their_shares(trades: list[Trade]) -> None:
    card = scorecard(trades)
    assert card.expectancy is not None
    wins = card.won.count * (card.average_win or 0)
    losses = card.lost * (card.average_loss or 0)
    assert float(card.expectancy * card.trades) == pytest.approx(float(wins + losses))


@given(books(), st.sampled_from(By))
def test_groups_add_up_to_the_whole(trades: list[Trade], by: By) -> None:
    whole, parts = scorecard(trades), grouped(trades, by)
    assert _sums(parts) == _sums([whole])


@given(st.integers(0, 500), st.integers(0, 500))
def test_an_interval_holds_its_share_and_stays_within_nought_and_one(won: int, lost: int) -> None:
    share = Share(won, won + lost)
    if share.value is None or share.low is None or share.high is None:
        assert won + lost == 0
        return
    assert 0.0 <= share.low <= share.value <= share.high <= 1.0
    mirrored = Share(lost, won + lost)
    assert mirrored.low == pytest.approx(1.0 - share.high, abs=1e-12)


def _scaled(one: Trade, factor: int) -> Trade:
    return replace(
        one,
        contracts=one.contracts * factor,
        max_loss=one.max_loss * factor,
        fees=one.fees * factor,
        realised=None if one.realised is None else one.realised * factor,
    )


def _sums(cards: Sequence[Scorecard]) -> tuple[object, ...]:
    return (
        sum(card.trades for card in cards),
        sum(card.won.count for card in cards),
        sum(card.net for card in cards),
        sum(card.fees for card in cards),
        sum(card.move.trades for card in cards),
    )
