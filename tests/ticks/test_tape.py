"""The row of a symbol says what its trades, its book and its day say."""

from decimal import Decimal

import pytest

from cockpit.ticks.gaps import Step
from cockpit.ticks.quote import BookTop, DayTicker
from cockpit.ticks.tape import Rate, Spark, Tape
from tests.ticks.trades import trade


def test_nothing_is_made_up_before_anything_has_come() -> None:
    row = Tape("BTCUSDT").ticker(1000.0)
    assert (row.last, row.change, row.bid, row.volume, row.traded_ms, row.received_at) == (None,) * 6
    assert (row.trades_per_second, row.spark, row.gaps, row.last_move) == (0.0, (), 0, 0)


def test_the_rate_is_the_mean_of_ten_seconds() -> None:
    rate = Rate()
    for tenth in range(50):
        rate.add(1000.0 + tenth / 10)
    assert rate.per_second(1004.9) == 5.0
    assert rate.per_second(1009.9) == 5.0
    assert rate.per_second(1010.0) == 4.0, "the first second is more than ten seconds ago"
    assert rate.per_second(5000.0) == 0.0
    rate.add(5000.5)
    assert rate.per_second(5000.5) == pytest.approx(0.1)


def test_the_spark_holds_a_close_each_two_seconds_of_the_last_minute() -> None:
    spark = Spark()
    assert spark.closes(1000.0) == ()
    spark.add(1.0, 1000.0)
    spark.add(2.0, 1001.9)
    assert spark.closes(1001.9) == (2.0,)
    spark.add(3.0, 1006.0)
    assert spark.closes(1006.0) == (2.0, 2.0, 2.0, 3.0), "quiet stretches repeat the close before them"
    assert spark.closes(1065.9) == (3.0,) * 30
    assert spark.closes(9999.0) == (3.0,) * 30


def test_moves_change_and_age_follow_the_trades() -> None:
    tape = Tape("BTCUSDT")
    zero = Decimal(0)
    tape.day(DayTicker("BTCUSDT", Decimal(100), Decimal(120), Decimal(90), Decimal(105), Decimal(7), zero, 1), 1.0)
    assert tape.ticker(1.0).change == pytest.approx(0.05)
    assert tape.trade(trade(1, price="110"), 2.0) is Step.NEXT
    assert tape.ticker(2.0).last_move == 0
    tape.trade(trade(2, price="111"), 3.0)
    assert tape.ticker(3.0).last_move == 1
    tape.trade(trade(3, price="111"), 4.0)
    assert tape.ticker(4.0).last_move == 1, "an unchanged price keeps the last direction"
    tape.trade(trade(4, price="99"), 5.0)
    row = tape.ticker(5.0)
    assert row.last_move == -1
    assert row.change == pytest.approx(-0.01)
    assert row.received_at == 5.0
    tape.book(BookTop("BTCUSDT", Decimal(98), Decimal(1), Decimal(99), Decimal(1)), 6.0)
    assert (tape.ticker(6.0).bid, tape.ticker(6.0).received_at) == (Decimal(98), 6.0)


def test_a_seen_or_late_trade_moves_no_price() -> None:
    tape = Tape("BTCUSDT")
    tape.trade(trade(1, price="100"), 1.0)
    assert tape.trade(trade(3, price="102"), 1.0) is Step.JUMP
    assert tape.ticker(1.0).gaps == 1
    assert tape.trade(trade(1, price="1"), 1.0) is Step.SEEN
    assert tape.trade(trade(2, price="2"), 1.0) is Step.LATE
    row = tape.ticker(1.0)
    assert (row.last, row.gaps) == (Decimal(102), 0)
    assert row.trades_per_second == pytest.approx(0.3)


def test_a_row_is_new_until_it_is_read() -> None:
    tape = Tape("BTCUSDT")
    tape.ticker(1.0)
    assert not tape.changed
    tape.trade(trade(1), 1.0)
    assert tape.changed


def test_a_trade_out_of_all_proportion_is_doubted_until_another_one_agrees() -> None:
    tape = Tape("BTCUSDT")
    assert tape.is_plausible(trade(1, price="50000")), "before the first there is no measure"
    assert not tape.is_plausible(trade(2, price="5000000"))
    assert tape.is_plausible(trade(3, price="50010")), "one wild price hides nothing"
    assert not tape.is_plausible(trade(4, price="50000", time_ms=4_000_000_000_000))
    assert not tape.is_plausible(trade(5, price="0.5"))
    assert tape.is_plausible(trade(6, price="0.51")), "the market did jump"
    assert not tape.is_plausible(trade(7, price="50000"))
    tape.restart()
    assert tape.is_plausible(trade(8, price="50000"))


def test_damage_does_not_open_the_way_for_more() -> None:
    tape, later = Tape("BTCUSDT"), trade(1).time_ms + 100_000
    for number, price in ((1, "50000"), (2, "50010")):
        assert tape.is_plausible(trade(number, price=price))
        tape.trade(trade(number, price=price), 1.0)
    assert tape.is_plausible(trade(3, price="450000", time_ms=later)), "within ten times of what is usual"
    assert not tape.is_plausible(trade(4, price="4000000", time_ms=later + 1)), "but no measure for others"
    assert tape.is_plausible(trade(5, price="50020", time_ms=later + 2))
    assert not tape.is_plausible(trade(6, price="4000000", time_ms=later + 3)), "two wild ones far apart do not agree"


def test_latency_follows_the_last_trades_and_may_be_negative() -> None:
    tape = Tape("BTCUSDT")
    assert tape.ticker(1.0).lag_ms is None
    tape.lag(100.0, 1.0)
    assert tape.ticker(1.0).lag_ms == 100.0
    for _ in range(100):
        tape.lag(-20.0, 1.0)
    assert tape.ticker(1.0).lag_ms == pytest.approx(-20.0, abs=0.1)
