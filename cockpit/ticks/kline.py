"""Finished bars as a venue publishes them: they tell what was traded, but not the trades."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from enum import Enum
from types import MappingProxyType

from msgspec import Struct

from cockpit.ticks.bars import MINUTE_MS, SECOND_MS, Bar
from cockpit.ticks.units import unscaled

_MINUTES = {"1m": 1, "3m": 3, "5m": 5, "15m": 15, "30m": 30}
_HOURS = {"1h": 1, "2h": 2, "4h": 4, "6h": 6, "8h": 8, "12h": 12, "1d": 24}

INTERVALS: Mapping[str, int] = MappingProxyType(
    {
        "1s": SECOND_MS,
        **{name: count * MINUTE_MS for name, count in _MINUTES.items()},
        **{name: count * 60 * MINUTE_MS for name, count in _HOURS.items()},
    }
)
"""Milliseconds by the venue's name, of those intervals that start at multiples of their length since 1970 UTC."""

_LENGTHS = frozenset(INTERVALS.values())

# Sums outgrow the usual 28 digits for coins of many zeros.
_EXACT = Context(prec=80)
_ZERO = Decimal(0)


class Source(Enum):
    """Where a bar comes from."""

    TRADES = "trades"
    KLINES = "klines"


@dataclass(frozen=True, slots=True)
class Kline:
    """A finished bar of one symbol.

    Attributes:
        open_ms: start, milliseconds since 1970 UTC, a multiple of the length.
        open_e8, high_e8, low_e8, close_e8: in units of 1e-8; of a bar without trades the close before it.
        volume: base currency; quote_volume: quote currency.
        trades: how many; their ids are not known.
        taker_volume, taker_quote_volume: what of both was bought by aggressors.
    """

    symbol: str
    length_ms: int
    open_ms: int
    open_e8: int
    high_e8: int
    low_e8: int
    close_e8: int
    volume: Decimal
    quote_volume: Decimal
    trades: int
    taker_volume: Decimal
    taker_quote_volume: Decimal


def contradiction(kline: Kline, length_ms: int | None = None) -> str:
    """What a kline says that cannot be, as a kind for counting; empty where all agrees.

    Args:
        length_ms: what it has to be long; without it any interval's length will do.
    """
    wrong = (
        ("wrong close time", kline.length_ms not in _LENGTHS or kline.length_ms != (length_ms or kline.length_ms)),
        ("wrong open time", kline.length_ms > 0 and kline.open_ms % kline.length_ms != 0),
        ("zero price", not kline.low_e8),
        ("wrong high", kline.high_e8 < max(kline.open_e8, kline.close_e8)),
        ("wrong low", kline.low_e8 > min(kline.open_e8, kline.close_e8)),
        ("wrong taker volume", kline.taker_volume > kline.volume),
        ("wrong taker quote volume", kline.taker_quote_volume > kline.quote_volume),
        ("wrong trades", bool(kline.trades) != bool(kline.volume)),
    )
    return next((kind for kind, holds in wrong if holds), "")


class SourcedBar(Struct, frozen=True, gc=False):
    """A bar that tells where it comes from.

    Attributes:
        covered: share of its time that klines tell of, above 0 and at most 1; None where it comes from trades, which
            do not tell whether more were made.
    """

    bar: Bar
    source: Source
    covered: float | None = None


class KlineSum:
    """A longer bar that grows out of shorter ones, added as their time rises.

    Attributes:
        covered_ms: for how much of its time there were bars, empty ones included.
        trades: in all of them.
    """

    __slots__ = (
        *("_close", "_high", "_low", "_open", "_quote_volume", "_taker_volume", "_volume"),
        *("covered_ms", "trades"),
    )

    def __init__(self) -> None:
        self.covered_ms = self.trades = 0
        self._open = self._high = self._low = self._close = 0
        self._volume = self._quote_volume = self._taker_volume = _ZERO

    def add(self, kline: Kline) -> None:
        """Count a bar in. The prices of an empty one are none of this time."""
        self.covered_ms += kline.length_ms
        if not kline.trades:
            return
        if not self.trades:
            self._open, self._high, self._low = kline.open_e8, kline.high_e8, kline.low_e8
        self._high = max(self._high, kline.high_e8)
        self._low = min(self._low, kline.low_e8)
        self._close = kline.close_e8
        self._volume = _EXACT.add(self._volume, kline.volume)
        self._quote_volume = _EXACT.add(self._quote_volume, kline.quote_volume)
        self._taker_volume = _EXACT.add(self._taker_volume, kline.taker_volume)
        self.trades += kline.trades

    def bar(self, symbol: str, open_ms: int, length_ms: int) -> Bar:
        """The bar as it stands.

        Raises:
            ValueError: nothing was traded.
        """
        if not self.trades:
            raise ValueError("a bar without trades has no prices")
        return Bar(
            symbol,
            open_ms,
            open_ms + length_ms - 1,
            unscaled(self._open),
            unscaled(self._high),
            unscaled(self._low),
            unscaled(self._close),
            self._volume,
            self._quote_volume,
            self.trades,
            self._taker_volume,
        )
