"""Bars from trades. A bar covers ``open_ms`` to ``open_ms + length - 1`` inclusive, as on Binance; buckets start at
multiples of their length since 1970 UTC. Within a bar trades are ordered by (time, id), whatever order they come in.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from types import MappingProxyType

from cockpit.errors import UsageError
from cockpit.ticks.trade import Trade

MINUTE_MS = 60_000

TIMEFRAMES: Mapping[str, int] = MappingProxyType(
    {
        "1m": MINUTE_MS,
        "5m": 5 * MINUTE_MS,
        "15m": 15 * MINUTE_MS,
        "1h": 60 * MINUTE_MS,
        "4h": 240 * MINUTE_MS,
        "1d": 1440 * MINUTE_MS,
    }
)
"""Milliseconds by name."""

# Sums of products of 1e-8 outgrow the usual 28 digits; bars must add up to the last one.
_EXACT = Context(prec=80)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Bar:
    """What a symbol did in one stretch of time.

    Attributes:
        open_ms: start, milliseconds since 1970 UTC; close_ms: last millisecond of it.
        volume: base currency; quote_volume: quote currency.
        taker_volume: base currency bought by aggressors.
        is_gap_fill: True where nothing was traded and the bar only carries the close before it on.
    """

    symbol: str
    open_ms: int
    close_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote_volume: Decimal
    trades: int
    taker_volume: Decimal
    is_gap_fill: bool = False

    @property
    def vwap(self) -> Decimal | None:
        """Volume-weighted average price; None where nothing was traded."""
        return self.quote_volume / self.volume if self.volume else None


class BarSum:
    """A bar that still grows: trades and other sums of the same bucket are added in any order."""

    __slots__ = ("close", "first", "high", "last", "low", "open", "quote_volume", "taker_volume", "trades", "volume")

    def __init__(self) -> None:
        self.open = self.high = self.low = self.close = _ZERO
        self.volume = self.quote_volume = self.taker_volume = _ZERO
        self.trades = 0
        self.first = self.last = (0, 0)
        """(time_ms, trade_id) of the trades that gave open and close."""

    def add(self, trade: Trade) -> None:
        """Count a trade in; the caller sees to it that none comes twice."""
        price, quantity, at = trade.price, trade.quantity, (trade.time_ms, trade.trade_id)
        if not self.trades:
            self.open = self.high = self.low = self.close = price
            self.first = self.last = at
        else:
            if at < self.first:
                self.open, self.first = price, at
            elif at > self.last:
                self.close, self.last = price, at
            if price > self.high:
                self.high = price
            elif price < self.low:
                self.low = price
        self.volume = _EXACT.add(self.volume, quantity)
        self.quote_volume = _EXACT.fma(price, quantity, self.quote_volume)
        if not trade.buyer_is_maker:
            self.taker_volume = _EXACT.add(self.taker_volume, quantity)
        self.trades += 1

    def merge(self, other: "BarSum") -> None:
        """Count another sum of the same bucket in."""
        if not other.trades:
            return
        if not self.trades or other.first < self.first:
            self.open, self.first = other.open, other.first
        if not self.trades or other.last > self.last:
            self.close, self.last = other.close, other.last
        self.high = max(self.high, other.high)
        self.low = min(self.low, other.low) if self.trades else other.low
        self.volume = _EXACT.add(self.volume, other.volume)
        self.quote_volume = _EXACT.add(self.quote_volume, other.quote_volume)
        self.taker_volume = _EXACT.add(self.taker_volume, other.taker_volume)
        self.trades += other.trades

    def bar(self, symbol: str, open_ms: int, length_ms: int) -> Bar:
        """The bar as it stands.

        Raises:
            ValueError: nothing has been added.
        """
        if not self.trades:
            raise ValueError("a bar without trades has no prices")
        return Bar(
            symbol,
            open_ms,
            open_ms + length_ms - 1,
            self.open,
            self.high,
            self.low,
            self.close,
            self.volume,
            self.quote_volume,
            self.trades,
            self.taker_volume,
        )


class BarBuilder:
    """Bars of one symbol as its trades come in. A bar is final once a trade of a later bucket has come."""

    def __init__(self, symbol: str, length_ms: int = MINUTE_MS) -> None:
        if length_ms <= 0:
            raise ValueError("a bar is at least a millisecond long")
        self.symbol = symbol
        self.length_ms = length_ms
        self.late = 0
        """Trades of a bar that was final already; they are in no bar of this builder."""
        self._open_ms = -1
        self._sum = BarSum()

    def add(self, trade: Trade) -> Bar | None:
        """Count a trade in; the bar that it has made final, if any."""
        open_ms = floor_ms(trade.time_ms, self.length_ms)
        if open_ms < self._open_ms:
            self.late += 1
            return None
        final = None
        if open_ms > self._open_ms:
            final = self.current()
            self._open_ms, self._sum = open_ms, BarSum()
        self._sum.add(trade)
        return final

    def current(self) -> Bar | None:
        """The bar that still grows; None before the first trade."""
        return self._sum.bar(self.symbol, self._open_ms, self.length_ms) if self._sum.trades else None


def floor_ms(time_ms: int, length_ms: int) -> int:
    """Start of the bucket that holds this time."""
    return time_ms // length_ms * length_ms


def ceil_ms(time_ms: int, length_ms: int) -> int:
    """Start of the first bucket that begins at or after this time."""
    return -(-time_ms // length_ms) * length_ms


def parse_timeframe(name: str) -> int:
    """Milliseconds of a timeframe such as ``5m``.

    Raises:
        UsageError: there is no such timeframe.
    """
    try:
        return TIMEFRAMES[name]
    except KeyError:
        raise UsageError(f"there is no timeframe {name}; take one of {', '.join(TIMEFRAMES)}") from None


def join(bars: Iterable[Bar], length_ms: int) -> Iterator[Bar]:
    """Longer bars from shorter ones of one symbol in rising order, whose length divides ``length_ms``."""
    joined: Bar | None = None
    for bar in bars:
        open_ms = floor_ms(bar.open_ms, length_ms)
        if joined is not None and joined.open_ms == open_ms:
            joined = _joined(joined, bar)
            continue
        if joined is not None:
            yield joined
        joined = replace(bar, open_ms=open_ms, close_ms=open_ms + length_ms - 1)
    if joined is not None:
        yield joined


def fill_gaps(bars: Iterable[Bar]) -> Iterator[Bar]:
    """The same bars with a flat one in every bucket between two of them where nothing was traded."""
    previous: Bar | None = None
    for bar in bars:
        if previous is not None:
            length_ms = bar.close_ms + 1 - bar.open_ms
            for open_ms in range(previous.open_ms + length_ms, bar.open_ms, length_ms):
                yield _flat(previous, open_ms, length_ms)
        yield bar
        previous = bar


def _joined(earlier: Bar, later: Bar) -> Bar:
    return replace(
        earlier,
        high=max(earlier.high, later.high),
        low=min(earlier.low, later.low),
        close=later.close,
        volume=_EXACT.add(earlier.volume, later.volume),
        quote_volume=_EXACT.add(earlier.quote_volume, later.quote_volume),
        trades=earlier.trades + later.trades,
        taker_volume=_EXACT.add(earlier.taker_volume, later.taker_volume),
        is_gap_fill=earlier.is_gap_fill and later.is_gap_fill,
    )


def _flat(previous: Bar, open_ms: int, length_ms: int) -> Bar:
    close = previous.close
    return Bar(
        previous.symbol,
        open_ms,
        open_ms + length_ms - 1,
        close,
        close,
        close,
        close,
        _ZERO,
        _ZERO,
        0,
        _ZERO,
        is_gap_fill=True,
    )
