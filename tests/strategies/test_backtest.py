"""Backtests that can be worked out by hand, and laws that hold for all of them."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.strategies.api import Bar, Signal, Strategy
from cockpit.strategies.backtest import Backtest, PastBar, run
from cockpit.strategies.decider import Listener
from cockpit.strategies.round_trip import Side
from cockpit.strategies.rsi import Rsi
from cockpit.strategies.sma_cross import SmaCross
from cockpit.strategies.terms import Terms
from tests.strategies.series import FREE, MINUTE_MS, START_MS, TEN_BP, bar, bars, outcome, pages, scripted

D = Decimal


async def test_a_word_is_filled_at_the_open_of_the_next_bar_with_its_fee() -> None:
    past = [bar(0, 90, 95), bar(1, 100, 110), bar(2, 120, 130), bar(3, 125, 126)]
    result = await outcome(scripted(1.0, None, 0.0), past, TEN_BP)
    # 1000 at 100 are 10; bought for 1000 (fee 1.00), sold at 125 for 1250 (fee 1.25).
    (trip,) = result.trips
    assert (trip.side, trip.quantity, trip.entry, trip.exit) == (Side.LONG, D(10), D(100), D(125))
    assert (trip.fees, trip.pnl) == (D("2.25"), D("247.75"))
    assert (trip.opened_ms, trip.closed_ms, trip.bars) == (START_MS + MINUTE_MS, START_MS + 3 * MINUTE_MS, 2)
    assert (trip.entry_reason, trip.exit_reason) == ("word 0", "word 2")
    assert (result.pnl, result.fees, result.total_return) == (D("247.75"), D("2.25"), 0.24775)
    assert (result.win_rate, result.average_win, result.average_loss) == (1.0, D("247.75"), None)
    assert (result.profit_factor, result.open_trip, result.exposure) == (None, None, 0.5)
    # Held: 1000 at 90, 11.11111111 of them, fee 1.00 (rounded up), marked at 126.
    assert result.hold_return == pytest.approx((11.11111111 * 36 - 1.0) / 1000)
    # At the closes: 1000, 1000 + 10 x 10 - 1, 1000 + 10 x 30 - 1, 1247.75.
    assert result.drawdown.depth == pytest.approx((1299 - 1247.75) / 1299)
    assert result.drawdown.peak_ms == past[2].close_ms
    assert result.drawdown.trough_ms == past[3].close_ms


async def test_slippage_worsens_both_ways() -> None:
    terms = Terms(D(1000), fee_bp=D(0), slippage_bp=D(100))
    (trip,) = (await outcome(scripted(1.0, 0.0), [bar(0, 100), bar(1, 100), bar(2, 100)], terms)).trips
    assert (trip.entry, trip.exit, trip.pnl) == (D(101), D(99), D(-20))


async def test_a_turn_closes_at_average_and_opens_the_rest() -> None:
    past = [bar(0, 100), bar(1, 100), bar(2, 125), bar(3, 80)]
    result = await outcome(scripted(1.0, -1.0, 0.0), past, TEN_BP)
    # Long 10 from 100 to 125, fees 1.00 and 1.25; short 8 from 125 to 80, fees 1.00 and 0.64.
    assert [(trip.side, trip.quantity, trip.pnl) for trip in result.trips] == [
        (Side.LONG, D(10), D("247.75")),
        (Side.SHORT, D(8), D("358.36")),
    ]
    assert [trip.bars for trip in result.trips] == [1, 1]
    assert (result.pnl, result.fees) == (D("606.11"), D("3.89"))


async def test_a_target_below_zero_is_flat_where_shorting_is_not_allowed() -> None:
    result = await outcome(scripted(1.0, -1.0, short=False), [bar(0, 100), bar(1, 100), bar(2, 125), bar(3, 80)])
    assert ([trip.pnl for trip in result.trips], result.open_trip) == ([D(250)], None)


async def test_the_same_side_averages_and_a_partial_close_keeps_the_cost() -> None:
    past = [bar(0, 100), bar(1, 100), bar(2, 125), bar(3, 50), bar(4, 70)]
    result = await outcome(scripted(1.0, 0.5, 1.0, 0.0), past)
    # 10 at 100; 6 sold at 125 (+150); 16 bought at 50, so 20 at (4 x 100 + 16 x 50) / 20 = 60; 20 sold at 70 (+200).
    (trip,) = result.trips
    assert (trip.pnl, trip.quantity, trip.bars) == (D(350), D(20), 3)
    assert trip.entry == D(10 * 100 + 16 * 50) / 26
    assert trip.exit == D(6 * 125 + 20 * 70) / 26


async def test_the_same_target_again_is_no_order() -> None:
    result = await outcome(scripted(1.0, 1.0, 1.0), [bar(0, 100), bar(1, 100), bar(2, 125), bar(3, 80)])
    assert result.open_trip is not None
    assert result.open_trip.quantity == D(10)


async def test_a_position_that_is_open_at_the_end_is_marked_at_the_last_close() -> None:
    result = await outcome(scripted(1.0), [bar(0, 100), bar(1, 100), bar(2, 100, 90)], TEN_BP)
    assert (result.trips, result.win_rate) == ((), None)
    assert result.open_trip is not None
    assert (result.open_trip.closed_ms, result.open_trip.exit, result.open_trip.pnl) == (None, D(90), D(-101))
    assert result.pnl == D(-101)


async def test_what_is_wanted_at_the_last_bar_is_not_filled_and_told() -> None:
    result = await outcome(scripted(None, 1.0), [bar(0, 100), bar(1, 100)])
    assert (result.open_trip, result.trips, result.pnl) == (None, (), D(0))
    assert result.unfilled == Signal(1.0, "word 1")


async def test_a_bar_without_a_trade_or_with_trades_missing_fills_nothing() -> None:
    past = [
        PastBar(bar(0, 100)),
        PastBar(bar(1, 100, flat=True)),
        PastBar(bar(2, 50), missing=True),
        PastBar(bar(3, 100, flat=True), missing=True),
        PastBar(bar(4, 200), klines=True),
        PastBar(bar(5, 210)),
    ]
    result = await outcome(scripted(1.0), past)
    assert result.open_trip is not None
    assert (result.open_trip.entry, result.open_trip.opened_ms) == (D(200), past[4].bar.open_ms)
    assert (result.bars, result.quiet, result.missing, result.klines, result.held) == (6, 1, 2, 1, 2)


async def test_a_word_that_is_taken_back_before_it_is_filled_is_none() -> None:
    past = [bar(0, 100), bar(1, 100, flat=True), bar(2, 100), bar(3, 100)]
    result = await outcome(scripted(1.0, 0.0), past)
    assert (result.trips, result.open_trip, result.unfilled) == ((), None, None)


async def test_bars_before_the_start_only_warm_up_and_the_last_of_them_may_speak() -> None:
    past = [bar(number, 100 + number) for number in range(6)]
    result = await outcome(scripted(1.0, None, 0.5), past, start_ms=past[3].open_ms)
    assert (result.bars, result.start_ms, result.deaf) == (3, past[3].open_ms, 0)
    assert result.open_trip is not None
    assert (result.open_trip.opened_ms, result.open_trip.entry) == (past[3].open_ms, D(103))
    strategy = SmaCross(fast=1, slow=4)
    assert (await outcome(Listener(strategy, "sma_cross"), past, start_ms=past[3].open_ms)).deaf == 1


async def test_too_small_a_stake_buys_nothing() -> None:
    terms = replace(FREE, step=D(1))
    result = await outcome(scripted(1.0), [bar(0, 5000), bar(1, 5000), bar(2, 6000)], terms)
    assert (result.open_trip, result.pnl, result.hold_return) == (None, D(0), None)


async def test_without_a_bar_there_is_no_result() -> None:
    assert await run(scripted(), pages([]), Backtest("BTCUSDT", FREE)) is None


prices = st.decimals("0.5", "900", places=2)
targets = st.sampled_from((None, -1.0, -0.5, 0.0, 0.25, 1.0))


@given(st.lists(st.tuples(prices, prices, targets, st.booleans()), min_size=1, max_size=40))
@settings(deadline=None)
async def test_the_result_is_what_cash_and_coins_come_to(
    rows: list[tuple[Decimal, Decimal, float | None, bool]],
) -> None:
    past = [bar(number, *row[:2], flat=row[3]) for number, row in enumerate(rows)]
    result = await outcome(scripted(*(row[2] for row in rows)), past, TEN_BP)
    cash, coins, fees, wanted, reached = Fraction(0), Fraction(0), Fraction(0), 0.0, 0.0
    for opened, _, target, flat in rows:
        if not flat and wanted != reached:
            price = Fraction(opened)
            goal = Fraction(int(Fraction(wanted) * 1000 / price * 10**8), 10**8)
            # A turn is two fills, each with a fee of its own.
            for traded in (-coins, goal) if goal * coins < 0 else (goal - coins,):
                cash -= traded * price
                fees += Fraction(-(-abs(traded) * price * 10**5 // 1), 10**8)
            coins, reached = goal, wanted
        wanted = wanted if target is None else target
    assert Fraction(result.fees) == fees
    assert float(result.pnl) == pytest.approx(float(cash + coins * Fraction(rows[-1][1]) - fees), abs=1e-9)
    assert result.pnl == sum((trip.pnl for trip in result.trips), result.open_trip.pnl if result.open_trip else D(0))


closes = st.lists(st.decimals("50", "150", places=1), min_size=2, max_size=60)


def _made(number: int) -> Strategy:
    return (SmaCross(fast=2, slow=5, allow_short=True), Rsi(length=3, low=40, high=60))[number]


async def _heard(number: int, past: list[Bar]) -> list[Signal | None]:
    return await Listener(_made(number), "strategy").feed(past)


@given(closes, st.data(), st.integers(0, 1))
@settings(deadline=None)
async def test_the_future_changes_no_word_and_no_fill_of_the_past(
    values: list[Decimal], data: st.DataObject, number: int
) -> None:
    past = bars(values)
    cut = data.draw(st.integers(1, len(past)))
    other = bars([*values[:cut], *data.draw(st.permutations(values[cut:])), *data.draw(closes)])
    heard = await _heard(number, past)
    assert await _heard(number, past[:cut]) == heard[:cut], "what has not come is not known"
    assert (await _heard(number, other))[:cut] == heard[:cut], "whatever comes"
    whole, short = [await outcome(Listener(_made(number), ""), one, TEN_BP) for one in (past, past[:cut])]
    end_ms = past[cut - 1].close_ms
    ended = [trip for trip in whole.trips if trip.closed_ms is not None and trip.closed_ms <= end_ms]
    assert list(short.trips) == ended
    later = await outcome(Listener(_made(number), ""), other, TEN_BP)
    assert list(later.trips[: len(ended)]) == ended


@given(closes, st.integers(0, 1), st.integers(1, 7))
@settings(deadline=None)
async def test_how_bars_are_paged_changes_nothing(values: list[Decimal], number: int, size: int) -> None:
    one = await run(Listener(_made(number), ""), pages(bars(values), size), Backtest("BTCUSDT", TEN_BP))
    assert one == await outcome(Listener(_made(number), ""), bars(values), TEN_BP)


@given(closes, st.integers(0, 1))
@settings(deadline=None)
async def test_costs_never_help(values: list[Decimal], number: int) -> None:
    costs = [Terms(D(1000), fee_bp=D(fee), slippage_bp=D(slip)) for fee, slip in ((0, 0), (10, 0), (10, 5))]
    results = [(await outcome(Listener(_made(number), ""), bars(values), terms)).pnl for terms in costs]
    assert results == sorted(results, reverse=True)
