"""Bars come from trades, and from klines only where there are none."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.errors import UsageError
from cockpit.paths import Paths
from cockpit.storage.bars import read_bars
from cockpit.storage.database import open_database
from cockpit.storage.klines import store_klines
from cockpit.storage.sourced_bars import read_sourced_bars
from cockpit.storage.ticks import store_trades
from cockpit.ticks.bars import MINUTE_MS, Bar, joined
from cockpit.ticks.kline import Kline, KlineSum, Source, SourcedBar
from tests.ticks.klines import kline
from tests.ticks.trades import START_MS, trade, trades

HOUR_MS = 60 * MINUTE_MS


async def test_trades_come_before_klines(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_klines(database, [kline(number) for number in range(10)])
        await store_trades(database, [trade(1), trade(2, time_ms=START_MS + 5 * MINUTE_MS)])
        ours = [bar async for bar in read_bars(database, "BTCUSDT")]
        found = [one async for one in read_sourced_bars(database, "BTCUSDT")]
    sources = [one.source for one in found]
    assert [sources.index(Source.TRADES), sources.count(Source.TRADES), len(found)] == [0, 2, 10]
    assert [found[0].bar, found[5].bar] == ours
    assert {one.covered for one in found if one.source is Source.TRADES} == {None}
    assert found[1] == SourcedBar(_bar(kline(1)), Source.KLINES, 1.0)


async def test_shorter_klines_add_up_and_tell_how_much_they_cover(paths: Paths) -> None:
    minutes = [kline(number) for number in range(90)]
    async with open_database(paths) as database:
        await store_klines(database, minutes)
        whole, part = [one async for one in read_sourced_bars(database, "BTCUSDT", "1h")]
    shorter = [_bar(one) for one in minutes]
    hours = joined(shorter[:60], START_MS, HOUR_MS), joined(shorter[60:], START_MS + HOUR_MS, HOUR_MS)
    assert (whole.bar, part.bar) == hours
    assert (whole.covered, part.covered) == (1.0, 0.5)


async def test_the_fullest_interval_is_taken_and_of_these_the_longest(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_klines(database, [kline(0, 4 * HOUR_MS, trades=1000)])
        await store_klines(database, [kline(number, HOUR_MS, trades=200) for number in (0, 1, 2, 3, 4, 8, 9, 10, 11)])
        await store_klines(database, [kline(number, trades=2) for number in range(240, 480)])
        await store_klines(database, [kline(number, 2 * 86_400_000) for number in range(3)])
        found = [one async for one in read_sourced_bars(database, "BTCUSDT", "4h")]
    assert [(one.bar.open_ms - START_MS, one.bar.trades, one.covered) for one in found] == [
        (0, 1000, 1.0),
        (4 * HOUR_MS, 480, 1.0),
        (8 * HOUR_MS, 800, 1.0),
    ]


async def test_longer_klines_are_not_cut_into_pieces(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_klines(database, [kline(0, HOUR_MS), kline(0, 3 * MINUTE_MS)])
        assert [one async for one in read_sourced_bars(database, "BTCUSDT", "1m")] == []
        assert [one async for one in read_sourced_bars(database, "BTCUSDT", "5m")] == []
        assert len([one async for one in read_sourced_bars(database, "BTCUSDT", "15m")]) == 1
        with pytest.raises(UsageError, match="no timeframe 7m"):
            await anext(read_sourced_bars(database, "BTCUSDT", "7m"))


async def test_an_empty_kline_covers_its_time_and_makes_no_price(paths: Paths) -> None:
    empty = replace(kline(0, trades=0), open_e8=10**8, high_e8=10**8, low_e8=10**8, close_e8=10**8)
    async with open_database(paths) as database:
        await store_klines(database, [empty, *(kline(number) for number in range(1, 4)), kline(4, trades=0)])
        await store_klines(database, [kline(6, trades=0)])
        minutes = [one async for one in read_sourced_bars(database, "BTCUSDT")]
        (whole, *rest) = [one async for one in read_sourced_bars(database, "BTCUSDT", "5m")]
    assert [one.bar.open_ms for one in minutes] == [START_MS + number * MINUTE_MS for number in (1, 2, 3)]
    assert (whole.covered, rest) == (1.0, [])
    assert whole.bar.low == Decimal(99)


async def test_a_stretch_of_time_and_flat_bars(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_klines(database, [kline(number) for number in (0, 1, 4, 5)])
        await store_trades(database, [trade(1, time_ms=START_MS + 2 * MINUTE_MS)])
        found = [
            one
            async for one in read_sourced_bars(
                database, "BTCUSDT", "1m", START_MS + 1, START_MS + 5 * MINUTE_MS, flat=True
            )
        ]
    assert [(one.source.value, one.bar.is_gap_fill) for one in found] == [
        ("klines", False),
        ("trades", False),
        ("trades", True),
        ("klines", False),
    ]


async def test_symbols_keep_apart(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_klines(database, [kline(0), kline(1, symbol="ETHUSDT")])
        await store_trades(database, trades(1, 5, "SOLUSDT"))
        for symbol, count in (("BTCUSDT", 1), ("ETHUSDT", 1), ("SOLUSDT", 1), ("XRPUSDT", 0)):
            assert len([one async for one in read_sourced_bars(database, symbol)]) == count


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60))
@settings(max_examples=50)
def test_sums_equal_the_bars_joined(counts: list[int]) -> None:
    klines = [kline(number, trades=count) for number, count in enumerate(counts)]
    total = KlineSum()
    for one in klines:
        total.add(one)
    traded = [_bar(one) for one in klines if one.trades]
    assert total.covered_ms == len(counts) * MINUTE_MS
    if traded:
        assert total.bar("BTCUSDT", START_MS, HOUR_MS) == joined(traded, START_MS, HOUR_MS)
    else:
        with pytest.raises(ValueError, match="no prices"):
            total.bar("BTCUSDT", START_MS, HOUR_MS)


def _bar(one: Kline) -> Bar:
    total = KlineSum()
    total.add(one)
    return total.bar(one.symbol, one.open_ms, one.length_ms)
