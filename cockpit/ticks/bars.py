"""Bars from trades. A bar covers ``open_ms`` to ``open_ms + length - 1`` inclusive, as on Binance; buckets start at
multiples of their length since 1970 UTC. Within a bar trades are ordered by (time, id), whatever order they come in.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Context, Decimal
from functools import reduce
from types import MappingProxyType

from msgspec import Struct

from cockpit.errors import UsageError
from cockpit.ticks.trade import Trade
from cockpit.ticks.units import scaled, squared, unscaled

SECOND_MS = 1_000
MINUTE_MS = 60_000

TIMEFRAMES: Mapping[str, int] = MappingProxyType(
    {
        "1s": SECOND_MS,
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
_FINEST = Decimal("1e-8")


class Bar(Struct, frozen=True, gc=False):
    """What a symbol did in one stretch of time. Many are read at once: as dataclasses they would cost twice as much.

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
        """Volume-weighted average price, to 1e-8; None where nothing was traded."""
        return (self.quote_volume / self.volume).quantize(_FINEST) if self.volume else None


class BarSum:
    """A bar that still grows: trades and other sums of the same bucket are added in any order.

    Everything is an integer: prices and volumes in units of 1e-8, the quote volume in units of 1e-16.
    """

    __slots__ = (
        *("close", "first_id", "first_ms", "high", "last_id", "last_ms", "low", "open"),
        *("quote_volume", "taker_volume", "trades", "volume"),
    )

    def __init__(self) -> None:
        self.open = self.high = self.low = self.close = 0
        self.volume = self.quote_volume = self.taker_volume = 0
        self.trades = 0
        self.first_ms = self.first_id = self.last_ms = self.last_id = 0
        """Time and id of the trades that gave open and close."""

    def add(self, trade: Trade) -> None:
        """Count a trade in; the caller sees to it that none comes twice.

        Raises:
            StorageError: its price or quantity is finer than 1e-8 or too large.
        """
        price, quantity = scaled(trade.price), scaled(trade.quantity)
        self.count(trade.trade_id, price, quantity, trade.time_ms, trade.buyer_is_maker)

    def count(self, trade_id: int, price: int, quantity: int, time_ms: int, buyer_is_maker: int) -> None:
        """Count a trade in, given in units of 1e-8."""
        if not self.trades:
            self.open = self.high = self.low = self.close = price
            self.first_ms = self.last_ms = time_ms
            self.first_id = self.last_id = trade_id
        else:
            last_ms = self.last_ms
            if time_ms > last_ms or (time_ms == last_ms and trade_id > self.last_id):
                self.close, self.last_ms, self.last_id = price, time_ms, trade_id
            elif time_ms < self.first_ms or (time_ms == self.first_ms and trade_id < self.first_id):
                self.open, self.first_ms, self.first_id = price, time_ms, trade_id
            if price > self.high:
                self.high = price
            elif price < self.low:
                self.low = price
        self.volume += quantity
        self.quote_volume += price * quantity
        if not buyer_is_maker:
            self.taker_volume += quantity
        self.trades += 1

    def merge(self, other: "BarSum") -> None:
        """Count another sum of the same bucket in."""
        if not other.trades:
            return
        if not self.trades or (other.first_ms, other.first_id) < (self.first_ms, self.first_id):
            self.open, self.first_ms, self.first_id = other.open, other.first_ms, other.first_id
        if not self.trades or (other.last_ms, other.last_id) > (self.last_ms, self.last_id):
            self.close, self.last_ms, self.last_id = other.close, other.last_ms, other.last_id
        self.high = max(self.high, other.high)
        self.low = min(self.low, other.low) if self.trades else other.low
        self.volume += other.volume
        self.quote_volume += other.quote_volume
        self.taker_volume += other.taker_volume
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
            unscaled(self.open),
            unscaled(self.high),
            unscaled(self.low),
            unscaled(self.close),
            unscaled(self.volume),
            squared(self.quote_volume),
            self.trades,
            unscaled(self.taker_volume),
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


def joined(bars: Sequence[Bar], open_ms: int, length_ms: int) -> Bar:
    """One bar from the shorter ones in it: at least one, in rising order."""
    first = bars[0]
    return Bar(
        first.symbol,
        open_ms,
        open_ms + length_ms - 1,
        first.open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        bars[-1].close,
        reduce(_EXACT.add, (bar.volume for bar in bars)),
        reduce(_EXACT.add, (bar.quote_volume for bar in bars)),
        sum(bar.trades for bar in bars),
        reduce(_EXACT.add, (bar.taker_volume for bar in bars)),
    )


def flat_bars(previous: Bar, until_ms: int) -> Iterator[Bar]:
    """Flat bars after one, up to the one that opens at ``until_ms``."""
    close, length_ms = previous.close, previous.close_ms + 1 - previous.open_ms
    for open_ms in range(previous.close_ms + 1, until_ms, length_ms):
        yield Bar(
            *(previous.symbol, open_ms, open_ms + length_ms - 1, close, close, close, close),
            *(_ZERO, _ZERO, 0, _ZERO),
            is_gap_fill=True,
        )
