"""Bars as columns of floats: what a chart or a sum over many of them needs, at a fraction of the cost of decimals."""

from array import array
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BarColumns:
    """Bars of one symbol and one length, rising in time; where nothing is known there is none.

    Attributes:
        length_ms: of each bar.
        open_ms: start of each, milliseconds since 1970 UTC.
        volume: base currency.
    """

    symbol: str
    length_ms: int
    open_ms: "array[int]"
    open: "array[float]"
    high: "array[float]"
    low: "array[float]"
    close: "array[float]"
    volume: "array[float]"

    def __len__(self) -> int:
        return len(self.open_ms)
