"""Bars are what the vectors say, in whatever order their trades come."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.ticks.bars import Bar, BarBuilder, BarSum, fill_gaps, join
from cockpit.ticks.trade import Trade
from tests.ticks.trades import START_MS, bars_of, trade, trades

_PLACES = Decimal("0.000001")


@pytest.mark.parametrize(("name", "length_ms"), [("15s", 15_000), ("1m", 60_000), ("5m", 300_000)])
def test_bars_of_the_vectors(vectors: Path, name: str, length_ms: int) -> None:
    builder = BarBuilder("BTCUSDT", length_ms)
    built = [bar for row in _read(vectors / "ticks.csv") if (bar := builder.add(_trade(row)))]
    last = builder.current()
    assert last is not None
    assert builder.late == 0
    expected = _read(vectors / f"bars_{name}.csv")
    for bar, row in zip(fill_gaps([*built, last]), expected, strict=True):
        for column, value in _columns(bar).items():
            if column in ("quote_volume", "vwap") and value is not None:
                # Ours are exact, the reference is a float rounded to six places.
                assert abs(value - Decimal(row[column])) <= _PLACES, (column, row)
            else:
                assert value == (Decimal(row[column]) if row[column] else None), (column, row)


def test_minutes_of_the_vectors_join_to_five(vectors: Path) -> None:
    built = bars_of(_trade(row) for row in _read(vectors / "ticks.csv"))
    expected = [row for row in _read(vectors / "bars_5m.csv") if row["is_gap_fill"] == "0"]
    assert [_columns(bar)["volume"] for bar in join(built, 300_000)] == [Decimal(row["volume"]) for row in expected]
    assert [bar.close for bar in join(built, 300_000)] == [Decimal(row["close"]) for row in expected]


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


def test_gaps_are_flat_at_the_close_before_them() -> None:
    first, after = bars_of([trade(1, time_ms=START_MS, price="5"), trade(2, time_ms=START_MS + 180_000, price="7")])
    filled = list(fill_gaps([first, after]))
    assert [bar.is_gap_fill for bar in filled] == [False, True, True, False]
    assert {(bar.open, bar.high, bar.low, bar.close, bar.trades) for bar in filled[1:3]} == {(*[Decimal(5)] * 4, 0)}
    assert filled[1].vwap is None


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
