"""Bars as columns of floats: what a chart or a sum over many of them needs, at a fraction of the cost of decimals."""

from array import array
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BarColumns:
    """Bars of one symbol, rising in time; where nothing is known there is none.

    Attributes:
        open_ms: start of each, milliseconds since 1970 UTC; length_ms: of each.
        volume: base currency.
    """

    symbol: str
    open_ms: "array[int]"
    length_ms: "array[int]"
    open: "array[float]"
    high: "array[float]"
    low: "array[float]"
    close: "array[float]"
    volume: "array[float]"

    def __len__(self) -> int:
        return len(self.open_ms)
