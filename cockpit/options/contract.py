"""One listed option and its quote."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from math import inf

_OCC = re.compile(r"^([A-Z][A-Z0-9.]{0,5}?)(\d{6})([CP])(\d{8})$")


class Right(StrEnum):
    """Call or put."""

    CALL = "C"
    PUT = "P"

    @property
    def sign(self) -> int:
        """+1 for a call, -1 for a put: the ``cp`` of every formula."""
        return 1 if self is Right.CALL else -1


@dataclass(frozen=True, slots=True)
class Greeks:
    """Greeks of one option per share. None where the source has none: never zero in its place.

    Attributes:
        delta: per $1 of the underlying, signed (puts negative).
        gamma: delta per $1.
        theta: dollars per calendar day, negative for a long option.
        vega: dollars per volatility point (0.01).
    """

    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None


@dataclass(frozen=True, slots=True)
class OptionQuote:
    """A listed option with the market's last word on it. Prices are dollars per share.

    Attributes:
        symbol: OCC symbol without padding, for instance ``NVDA261127C00142000``.
        bid: best bid; 0.0 means that nobody bids, None that the vendor sent none.
        ask: best offer; same conventions.
        iv: the vendor's own implied volatility as a fraction, for comparison only.
        quoted_at: time of the newer side, UTC; None where the vendor gives none.
        greeks_at: when the vendor computed ``greeks`` and ``iv``, UTC; it may be an hour before the quote.
    """

    symbol: str
    underlying: str
    expiry: date
    strike: float
    right: Right
    bid: float | None
    ask: float | None
    bid_size: int | None = None
    ask_size: int | None = None
    last: float | None = None
    volume: int | None = None
    open_interest: int | None = None
    greeks: Greeks | None = None
    iv: float | None = None
    quoted_at: datetime | None = None
    multiplier: int = 100
    greeks_at: datetime | None = None

    @property
    def mid(self) -> float | None:
        """Half-way between bid and ask; None for a worthless bid, a missing or meaningless side, or a crossed quote."""
        if self.bid is None or self.ask is None or not 0.0 < self.bid <= self.ask < inf:
            return None
        return (self.bid + self.ask) / 2.0


def occ_symbol(underlying: str, expiry: date, right: Right, strike: float) -> str:
    """The OCC symbol without padding: root, yymmdd, C or P, strike in thousandths with eight digits."""
    return f"{underlying}{expiry:%y%m%d}{right.value}{round(Decimal(str(strike)) * 1000):08d}"


def parse_occ_symbol(symbol: str) -> tuple[str, date, Right, float] | None:
    """Root, expiry, right and strike of an OCC symbol; None where it is not one."""
    match = _OCC.match(symbol)
    if match is None:
        return None
    root, day, right, strike = match.groups()
    try:
        expiry = datetime.strptime(day, "%y%m%d").date()  # noqa: DTZ007 - a calendar date has no zone
    except ValueError:
        return None
    return root, expiry, Right(right), int(strike) / 1000.0
