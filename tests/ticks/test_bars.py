"""Bars are what the vectors say, in whatever order their trades come."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.paths import Paths
from cockpit.storage.database import open_database
from cockpit.storage.sourced_bars import read_sourced_bars
from cockpit.storage.ticks import store_trades
from cockpit.ticks.bars import Bar, BarBuilder, BarSum, flat_bars
from cockpit.ticks.trade import Trade
from tests.ticks.trades import START_MS, bars_of, trade, trades

_PLACES = Decimal("0.000001")


@pytest.mark.parametrize("timeframe", ["1m", "5m"])
async def test_stored_bars_are_those_of_the_vectors(vectors: Path, paths: Paths, timeframe: str) -> None:
    async with open_database(paths) as database:
        await store_trades(database, [_trade(row) for row in _read(vectors / "ticks.csv")])
        found = [one.bar async for one in read_sourced_bars(database, "BTCUSDT", timeframe, flat=True)]
    for bar, row in zip(found, _read(vectors / f"bars_{timeframe}.csv"), strict=True):
        for column, value in _columns(bar).items():
            if column in ("quote_volume", "vwap") and value is not None:
                # Ours are exact, the reference is a float rounded to six places.
                assert abs(value - Decimal(row[column])) <= _PLACES, (column, row)
            else:
                assert value == (Decimal(row[column]) if row[column] else None), (column, row)


@given(st.permutations(range(12)), st.integers(0, 12))
def test_order_and_grouping_do_not_matter(order: list[int], cut: int) -> None:
    came = [trade(n, time_ms=START_MS + n // 3, maker=n % 2 == 0) for n in range(12)]
    whole, left, right = BarSum(), BarSum(), BarSum()
    for one in came:
        whole.add(one)
    for position, number in enumerate(order):
        (left if position < cut else right).add(came[number])
    left.merge(right)
    assert left.bar("BTCUSDT", START_MS, 60_000) == whole.bar("BTCUSDT", START_MS, 60_000)


def test_a_bar_is_final_with_the_first_trade_of_a_later_one() -> None:
    builder = BarBuilder("BTCUSDT")
    assert builder.current() is None
    assert all(builder.add(one) is None for one in trades(1, 85))
    growing = builder.current()
    assert growing is not None
    assert (growing.open_ms, growing.close_ms) == (START_MS, START_MS + 59_999)
    assert builder.add(trade(86)) == growing, "86 x 700 ms is in the second minute"


def test_a_late_trade_changes_no_final_bar() -> None:
    builder = BarBuilder("BTCUSDT")
    builder.add(trade(1, time_ms=START_MS + 60_000))
    assert builder.add(trade(2, time_ms=START_MS + 59_999)) is None
    assert builder.late == 1
    current = builder.current()
    assert current is not None
    assert current.trades == 1


def test_a_bar_is_carried_on_at_its_close_where_nothing_was_traded() -> None:
    (bar,) = bars_of([trade(1, time_ms=START_MS, price="5")])
    flat = list(flat_bars(bar, START_MS + 180_000))
    assert [one.open_ms - START_MS for one in flat] == [60_000, 120_000]
    assert {(one.open, one.high, one.low, one.close, one.trades) for one in flat} == {(*[Decimal(5)] * 4, 0)}
    assert {(one.is_gap_fill, one.vwap) for one in flat} == {(True, None)}


def _read(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def _trade(row: dict[str, str]) -> Trade:
    return Trade(
        "BTCUSDT",
        int(row["trade_id"]),
        Decimal(row["price"]),
        Decimal(row["qty"]),
        int(row["ts_ms"]),
        row["is_buyer_maker"] == "1",
    )


def _columns(bar: Bar) -> dict[str, Decimal | None]:
    return {
        "open_time_ms": Decimal(bar.open_ms),
        "close_time_ms": Decimal(bar.close_ms),
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "volume": bar.volume,
        "quote_volume": bar.quote_volume,
        "trades": Decimal(bar.trades),
        "taker_buy_volume": bar.taker_volume,
        "vwap": bar.vwap,
        "is_gap_fill": Decimal(bar.is_gap_fill),
    }
