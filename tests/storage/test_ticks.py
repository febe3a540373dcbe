"""What is stored is what came, to the last digit, once; and the bars add up to it."""

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import StorageError, UsageError
from cockpit.paths import Paths
from cockpit.storage.bars import read_bars
from cockpit.storage.database import Database, open_database
from cockpit.storage.ticks import read_trades, store_trades, stored_symbols
from cockpit.ticks.bars import Bar
from cockpit.ticks.trade import Trade
from cockpit.ticks.units import scaled, unscaled
from tests.ticks.trades import START_MS, bars_of, trade, trades


@given(st.decimals(min_value="0.00000001", max_value="92233720368.54775807", places=8))
def test_every_decimal_of_eight_places_comes_back_equal(value: Decimal) -> None:
    assert unscaled(scaled(value)) == value


@pytest.mark.parametrize("value", ["0.000000001", "1.123456789", "0", "-1", "NaN", "Infinity", "92233720368.54775808"])
def test_what_cannot_be_held_exactly_is_refused(value: str) -> None:
    with pytest.raises(StorageError, match="cannot be stored"):
        scaled(Decimal(value))


async def test_trades_come_back_as_they_were(paths: Paths) -> None:
    came = [
        trade(1, price="0.00000001", quantity="92233720368.54775807"),
        trade(2, price="61837.63000000", maker=True),
        Trade("ETHUSDT", 2**44 - 1, Decimal("2683.11"), Decimal("1"), 1, buyer_is_maker=False),
    ]
    async with open_database(paths) as database:
        assert await store_trades(database, came) == 3
        assert [one async for one in read_trades(database, "BTCUSDT")] == came[:2]
        assert [one async for one in read_trades(database, "ETHUSDT")] == came[2:]
        assert [one async for one in read_trades(database, "NONE")] == []
        assert await stored_symbols(database) == ["BTCUSDT", "ETHUSDT"]


async def test_a_trade_that_cannot_be_held_stores_none_of_its_batch(paths: Paths) -> None:
    async with open_database(paths) as database:
        for wrong in (trade(2, quantity="0.000000001"), trade(2**44), trade(3, time_ms=-1)):
            with pytest.raises(StorageError):
                await store_trades(database, [trade(1), wrong])
        assert [one async for one in read_trades(database, "BTCUSDT")] == []


async def test_duplicates_count_once_in_trades_and_in_bars(paths: Paths) -> None:
    came = trades(1, 300)
    async with open_database(paths) as database:
        assert await store_trades(database, came) == 300
        assert await store_trades(database, came) == 0
        assert await store_trades(database, [*trades(250, 310), *trades(290, 320)]) == 20
        assert await _bars(database) == bars_of(trades(1, 320))


async def test_bars_do_not_depend_on_the_order_of_arrival(paths: Paths) -> None:
    came = [*trades(1, 600), *(trade(number, time_ms=START_MS + 90_000) for number in range(601, 640))]
    shuffled = came[:]
    Random(7).shuffle(shuffled)
    async with open_database(paths) as database:
        for start in range(0, len(shuffled), 41):
            await store_trades(database, shuffled[start : start + 41])
        assert await _bars(database) == bars_of(came)


async def test_sums_beyond_64_bits_stay_exact(paths: Paths) -> None:
    came = [trade(n, price="0.00001234", quantity="90000000000.00000001", time_ms=START_MS) for n in range(1, 50)]
    async with open_database(paths) as database:
        for one in came:
            await store_trades(database, [one])
        (bar,) = await _bars(database)
    assert bar.volume == Decimal("4410000000000.00000049")
    assert bar.quote_volume == sum((one.price * one.quantity for one in came), Decimal(0))


async def test_longer_timeframes_are_joined_minutes(paths: Paths) -> None:
    came = trades(1, 4000)
    async with open_database(paths) as database:
        await store_trades(database, came)
        for timeframe, length in (("5m", 300_000), ("1h", 3_600_000), ("1d", 86_400_000)):
            longer = await _bars(database, timeframe)
            assert longer == bars_of(came, length)
            assert sum(bar.trades for bar in longer) == len(came)
            assert all(bar.open_ms % length == 0 and bar.close_ms == bar.open_ms + length - 1 for bar in longer)
        with pytest.raises(UsageError, match="no timeframe 7m; take one of 1s, 1m, 5m"):
            await _bars(database, "7m")


async def test_bars_of_more_than_a_page_join_across_its_edge(paths: Paths) -> None:
    came = [trade(n, time_ms=START_MS + n * 60_000) for n in range(12_500)]
    async with open_database(paths) as database:
        await store_trades(database, came)
        assert await _bars(database) == bars_of(came)
        assert await _bars(database, "15m") == bars_of(came, 900_000)


async def test_a_range_takes_its_start_and_leaves_its_end(paths: Paths) -> None:
    came = trades(1, 1000)
    start, end = START_MS + 60_000, START_MS + 180_000
    async with open_database(paths) as database:
        await store_trades(database, [*came, *trades(1, 50, "ETHUSDT")])
        bars = [bar async for bar in read_bars(database, "BTCUSDT", "1m", start, end)]
        assert [bar.open_ms for bar in bars] == [start, start + 60_000]
        found = [one async for one in read_trades(database, "BTCUSDT", start + 1, end)]
    assert found == [one for one in came if start + 1 <= one.time_ms < end]


async def _bars(database: Database, timeframe: str = "1m") -> list[Bar]:
    return [bar async for bar in read_bars(database, "BTCUSDT", timeframe)]


@pytest.mark.parametrize("text", ["0", "-1", "1e999999", "-1e999999", "1e900000", "NaN", "Infinity", "1e11", "-0"])
def test_what_no_price_can_be_is_refused_before_it_is_written_out(text: str) -> None:
    with pytest.raises(StorageError, match="cannot be stored"):
        scaled(Decimal(text))
