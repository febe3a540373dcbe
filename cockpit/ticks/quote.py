"""Best bid and offer of an exchange symbol, and its rolling day."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class BookTop:
    """Best bid and offer. The venue sends no time with it, so its age counts from receipt."""

    symbol: str
    bid: Decimal
    bid_quantity: Decimal
    ask: Decimal
    ask_quantity: Decimal


@dataclass(frozen=True, slots=True)
class DayTicker:
    """The rolling 24 hours of a symbol.

    Attributes:
        open: price 24 hours ago.
        close: last price.
        volume: base currency traded in 24 hours.
        quote_volume: quote currency traded in 24 hours.
        time_ms: the venue's event time, milliseconds since 1970 UTC.
    """

    symbol: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote_volume: Decimal
    time_ms: int


@dataclass(frozen=True, slots=True)
class Ticker:
    """A row of the ticks pane: all that is known of a symbol now.

    Attributes:
        last: last trade price; None before the first trade.
        change: fraction against 24 hours ago, +0.014 for +1.4 %; None until it is known.
        trades_per_second: over the last ten seconds.
        spark: up to 30 closes of two seconds each over the last minute, oldest first.
        traded_ms: exchange time of the last trade, milliseconds since 1970 UTC.
        received_at: monotonic seconds of the last message about this symbol; its age counts from here.
        gaps: trade ids known to be missing.
        backfilled: trades that were missing and came later, over REST; bars over them are not of the stream alone.
        lag_ms: mean of the last trades' receipt minus exchange time, by the venue's clock; it may be negative. None
            before the first, and in a recording.
        last_move: +1, -1 or 0: direction of the last price change.
    """

    symbol: str
    last: Decimal | None = None
    change: float | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    volume: Decimal | None = None
    quote_volume: Decimal | None = None
    trades_per_second: float = 0.0
    spark: tuple[float, ...] = ()
    traded_ms: int | None = None
    received_at: float | None = None
    gaps: int = 0
    backfilled: int = 0
    lag_ms: float | None = None
    last_move: int = 0
