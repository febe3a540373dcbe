"""Averages, relative strength and bands against another library's, series by series."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from pathlib import Path

from cockpit.strategies.indicators import (
    NEUTRAL_RSI,
    BollingerBands,
    ExponentialAverage,
    RelativeStrength,
    SimpleAverage,
    over,
)
from tests.vectors.reading import Worst, covers, optional, rows

_TOLERANCE = 1e-9
_PRINTED = 0.005


@covers("indicators")
def test_indicators(vectors: Path, worst: Worst) -> None:
    for series, group in groupby(rows(vectors, "indicators"), key=lambda row: row["series"]):
        found = list(group)
        closes = [float(row["close"]) for row in found]
        bands = over(BollingerBands(20), closes)
        columns = {
            "sma5": over(SimpleAverage(5), closes),
            "sma20": over(SimpleAverage(20), closes),
            "sma50": over(SimpleAverage(50), closes),
            "ema12": over(ExponentialAverage(12), closes),
            "ema26": over(ExponentialAverage(26), closes),
            "rsi14_wilder": over(RelativeStrength(14), closes),
            "rsi14_talib": _flat_as_zero(over(RelativeStrength(14), closes), closes),
            "rsi2_talib": _flat_as_zero(over(RelativeStrength(2), closes), closes),
            "rsi14_pandas_ewm_unseeded": _unseeded(closes, 14),
            "bb20_upper": [None if band is None else band.upper for band in bands],
            "bb20_lower": [None if band is None else band.lower for band in bands],
        }
        for index, row in enumerate(found):
            worst.same(int(row["i"]), index, f"{series} {index}")
            for column, ours in columns.items():
                worst.near(ours[index], optional(row, column), _TOLERANCE, f"{series} {index} {column}")
    worst.check()


@covers("rsi_published_stockcharts")
def test_the_published_worksheet(vectors: Path, worst: Worst) -> None:
    found = rows(vectors, "rsi_published_stockcharts")
    ours = over(RelativeStrength(14), [float(row["close"]) for row in found])
    for index, (row, got) in enumerate(zip(found, ours, strict=True)):
        worst.same(int(row["i"]), index, f"row {index}")
        worst.near(got, optional(row, "rsi14_published"), _PRINTED + 1e-9, f"row {index}")
    worst.check()


def _flat_as_zero(ours: Sequence[float | None], closes: Sequence[float]) -> list[float | None]:
    """Our index with the other library's word for prices that have not moved yet: 0 in place of 50."""
    return [0.0 if one == NEUTRAL_RSI and len(set(closes[: index + 1])) == 1 else one for index, one in enumerate(ours)]


def _unseeded(closes: Sequence[float], length: int) -> list[float | None]:
    """The trap: Wilder's index started from the first change alone, so known too early and wrong for long."""
    gain = loss = 0.0
    found: list[float | None] = [None]
    for number, (before, after) in enumerate(pairwise(closes)):
        share = 1.0 / length if number else 1.0
        gain += share * (max(after - before, 0.0) - gain)
        loss += share * (max(before - after, 0.0) - loss)
        found.append(100.0 * gain / (gain + loss) if gain + loss > 0.0 else None)
    return found
