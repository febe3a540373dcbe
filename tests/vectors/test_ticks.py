"""Bars out of ticks against another engine's, and the ticks themselves."""

from decimal import Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path

from cockpit.ticks.bars import Bar, BarBuilder, flat_bars
from cockpit.ticks.trade import Trade
from tests.vectors.reading import Worst, covers, rows

_LENGTHS = {"bars_15s": 15_000, "bars_1m": 60_000, "bars_5m": 300_000}
_VOLUME = 1e-8
_QUOTED = 1e-6


def _trades(folder: Path) -> list[Trade]:
    return [
        Trade(
            "X",
            int(row["trade_id"]),
            Decimal(row["price"]),
            Decimal(row["qty"]),
            int(row["ts_ms"]),
            {"0": False, "1": True}[row["is_buyer_maker"]],
        )
        for row in rows(folder, "ticks")
    ]


def _bars(trades: list[Trade], length_ms: int) -> list[Bar]:
    builder = BarBuilder("X", length_ms)
    found = [bar for trade in trades if (bar := builder.add(trade)) is not None]
    last = builder.current()
    filled: list[Bar] = []
    for bar in found if last is None else [*found, last]:
        filled += [*(flat_bars(filled[-1], bar.open_ms) if filled else ()), bar]
    return filled


def _compare(file: str, folder: Path, worst: Worst) -> None:
    expected = rows(folder, file)
    # The files are in order of time and id; a builder must not need that within a bar.
    ours = _bars(sorted(_trades(folder), key=lambda trade: (trade.time_ms // 5000, -trade.trade_id)), _LENGTHS[file])
    worst.same(len(ours), len(expected), f"{file} bars")
    for bar, row in zip(ours, expected, strict=False):
        where = f"{file} {bar.open_ms}"
        worst.same(bar.open_ms, int(row["open_time_ms"]), f"{where} open time")
        worst.same(bar.close_ms, int(row["close_time_ms"]), f"{where} close time")
        for column, price in (("open", bar.open), ("high", bar.high), ("low", bar.low), ("close", bar.close)):
            worst.same(price, Decimal(row[column]), f"{where} {column}")
        worst.same(bar.trades, int(row["trades"]), f"{where} trades")
        worst.same(bar.is_gap_fill, row["is_gap_fill"] == "1", f"{where} gap")
        near = partial(worst.near, relative=0.0)
        near(float(bar.volume), float(row["volume"]), _VOLUME, f"{where} volume")
        near(float(bar.taker_volume), float(row["taker_buy_volume"]), _VOLUME, f"{where} taker volume")
        near(float(bar.quote_volume), float(row["quote_volume"]), _QUOTED, f"{where} quote volume")
        if row["vwap"] or bar.vwap is not None:
            vwap = None if bar.vwap is None else float(bar.vwap)
            near(vwap, float(row["vwap"]) if row["vwap"] else None, _QUOTED, f"{where} average price")
    worst.check()


@covers("bars_15s", "ticks")
def test_bars_of_15_seconds(vectors: Path, worst: Worst) -> None:
    _compare("bars_15s", vectors, worst)


@covers("bars_1m", "ticks")
def test_bars_of_a_minute(vectors: Path, worst: Worst) -> None:
    _compare("bars_1m", vectors, worst)


@covers("bars_5m", "ticks")
def test_bars_of_five_minutes(vectors: Path, worst: Worst) -> None:
    _compare("bars_5m", vectors, worst)


@covers("ticks")
def test_ticks_are_whole_and_in_order(vectors: Path, worst: Worst) -> None:
    """Everything in the ticks is in the bars: each price as an extreme of some bucket, each quantity in a sum."""
    trades = _trades(vectors)
    worst.same([trade for trade in trades if trade.price <= 0 or trade.quantity <= 0], [], "positive figures")
    for before, after in pairwise(trades):
        worst.same(after.time_ms >= before.time_ms, True, f"{after.trade_id} time")
        worst.same(after.trade_id > before.trade_id, True, f"{after.trade_id} id")
    total = sum(Decimal(row["volume"]) for row in rows(vectors, "bars_5m"))
    worst.near(float(sum(trade.quantity for trade in trades)), float(total), _VOLUME, "volume of all")
    quoted = sum(Decimal(row["quote_volume"]) for row in rows(vectors, "bars_5m"))
    bars = len(rows(vectors, "bars_5m"))
    ours = float(sum(trade.price * trade.quantity for trade in trades))
    worst.near(ours, float(quoted), bars * _QUOTED, "quote volume of all")
    worst.check()
