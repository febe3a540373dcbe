"""Columns are the bars, however far apart these lie."""

from decimal import Decimal

from cockpit.paths import Paths
from cockpit.storage.bars import read_bars, read_columns
from cockpit.storage.database import open_database
from cockpit.storage.ticks import store_trades
from cockpit.ticks.trade import Trade

_START_MS = 1_767_225_600_000
_DAY_MS = 86_400_000


def _trade(number: int, time_ms: int) -> Trade:
    return Trade("BTCUSDT", number, Decimal(f"{60_000 + number}.1"), Decimal(f"0.{number + 1:08d}"), time_ms, False)


async def test_columns_are_the_bars_of_days_far_apart(paths: Paths) -> None:
    days = (0, 1, 15, 16, 200, 900)
    trades = [_trade(number, _START_MS + day * _DAY_MS + number * 60_000) for number, day in enumerate(days)]
    async with open_database(paths) as database:
        await store_trades(database, trades)
        bars = [bar async for bar in read_bars(database, "BTCUSDT")]
        columns = await read_columns(database, "BTCUSDT")
        some = await read_columns(database, "BTCUSDT", "1m", bars[1].open_ms, bars[4].open_ms)
    assert list(columns.open_ms) == [bar.open_ms for bar in bars]
    assert [list(column) for column in columns.prices] == [
        [float(price) for price in column]
        for column in zip(*((bar.open, bar.high, bar.low, bar.close) for bar in bars), strict=True)
    ]
    assert list(columns.volume) == [float(bar.volume) for bar in bars]
    assert list(some.open_ms) == [bar.open_ms for bar in bars[1:4]]


async def test_there_are_no_columns_of_what_was_never_traded(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_trades(database, [_trade(1, _START_MS)])
        assert len(await read_columns(database, "ETHUSDT")) == 0
        assert len(await read_columns(database, "BTCUSDT", "1m", _START_MS + _DAY_MS)) == 0
        assert len(await read_columns(database, "BTCUSDT", "1m", _START_MS - 60_000, _START_MS)) == 0
