"""Tradier's answers as values. Pure and tight: a chain of 120 rows takes well under a millisecond and a half."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from cockpit.options.contract import Greeks, OptionQuote, Right
from cockpit.providers.decoding import count, day, finite, instant, positive, rows, text
from cockpit.providers.ports import EquityQuote
from cockpit.scan.moves import DailyBar

_HIGHEST_IV = 10.0
_HIGHEST_STRIKE = 100_000.0
_RIGHTS = {"call": Right.CALL, "put": Right.PUT, "C": Right.CALL, "P": Right.PUT}


@dataclass(frozen=True, slots=True)
class MarketClock:
    """The vendor's word on the session.

    Attributes:
        state: ``premarket``, ``open``, ``postmarket`` or ``closed``.
        next_change: New York time of day at which ``next_state`` begins.
        at: the vendor's own time, UTC.
    """

    day: date
    state: str
    description: str
    next_state: str
    next_change: time | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class MarketDay:
    """A day of the vendor's calendar: regular hours in New York time, None on a day without a session."""

    day: date
    opens: time | None
    closes: time | None
    description: str


def equity_quotes(body: Any) -> dict[str, EquityQuote] | None:
    """Quotes by the vendor's symbol; None where the body is not of the documented shape."""
    found = rows(body.get("quotes"), "quote") if isinstance(body, dict) and "quotes" in body else None
    if found is None:
        return None
    quotes = {}
    for row in found:
        if not isinstance(row, dict) or (symbol := text(row.get("symbol"))) is None:
            continue
        moments = [
            moment for name in ("trade_date", "bid_date", "ask_date") if (moment := instant(row.get(name))) is not None
        ]
        quotes[symbol] = EquityQuote(
            symbol=symbol,
            name=text(row.get("description")) or symbol,
            last=positive(row.get("last")),
            bid=positive(row.get("bid")),
            ask=positive(row.get("ask")),
            previous_close=positive(row.get("prevclose")),
            volume=count(row.get("volume")),
            quoted_at=max(moments, default=None),
        )
    return quotes


def expiry_dates(body: Any) -> list[date] | None:
    """Listed expiries, rising and without repeats; None where the body is not of the documented shape."""
    if not isinstance(body, dict) or "expirations" not in body:
        return None
    container = body["expirations"]
    plain = rows(container, "date")
    detailed = rows(container, "expiration")
    if plain is None or detailed is None:
        return None
    texts = [*plain, *(row.get("date") for row in detailed if isinstance(row, dict))]
    dates = {found for value in texts if (found := day(value)) is not None}
    return sorted(dates) if dates or not texts else None


def daily_bars(body: Any, start: date, end: date) -> tuple[list[DailyBar], int] | None:
    """Bars within ``start`` to ``end``, rising, and the number of unusable rows; None for a foreign shape."""
    found = rows(body.get("history"), "day") if isinstance(body, dict) and "history" in body else None
    if found is None:
        return None
    bars: dict[date, DailyBar] = {}
    dropped = 0
    for row in found:
        bar = _bar(row) if isinstance(row, dict) else None
        if bar is None or bar.day in bars:
            dropped += 1
        elif start <= bar.day <= end:
            bars[bar.day] = bar
    return [bars[key] for key in sorted(bars)], dropped


def option_quotes(body: Any, underlying: str, expiry: date) -> tuple[list[OptionQuote], int] | None:
    """The chain's usable rows and the number of unusable ones; None where the body is of a foreign shape.

    Rows of adjusted roots (a digit after the root, or a contract of other than 100 shares) are neither: they are
    other contracts than those asked for.
    """
    found = rows(body.get("options"), "option") if isinstance(body, dict) and "options" in body else None
    if found is None:
        return None
    reader = _ChainReader(underlying, expiry)
    quotes: list[OptionQuote] = []
    seen: set[tuple[Right, float]] = set()
    dropped = 0
    for row in found:
        if type(row) is not dict:
            dropped += 1
            continue
        if reader.is_adjusted(row):
            continue
        quote = reader.read(row)
        if quote is None or (quote.right, quote.strike) in seen:
            dropped += 1
            continue
        seen.add((quote.right, quote.strike))
        quotes.append(quote)
    return quotes, dropped


def market_clock(body: Any) -> MarketClock | None:
    """The session clock; None where the body is not of the documented shape."""
    row = body.get("clock") if isinstance(body, dict) else None
    if not isinstance(row, dict):
        return None
    today, state = day(row.get("date")), text(row.get("state"))
    if today is None or state is None:
        return None
    seconds = positive(row.get("timestamp"))  # seconds here, though milliseconds everywhere else
    return MarketClock(
        day=today,
        state=state,
        description=text(row.get("description")) or "",
        next_state=text(row.get("next_state")) or "",
        next_change=_time_of_day(row.get("next_change")),
        at=datetime.fromtimestamp(seconds, UTC) if seconds is not None and seconds < 1e11 else None,
    )


def market_days(body: Any) -> list[MarketDay] | None:
    """The days of a month; None where the body is not of the documented shape."""
    calendar = body.get("calendar") if isinstance(body, dict) else None
    found = rows(calendar.get("days"), "day") if isinstance(calendar, dict) else None
    if found is None:
        return None
    days = []
    for row in found:
        date_ = day(row.get("date")) if isinstance(row, dict) else None
        if date_ is None:
            continue
        hours = row.get("open") if row.get("status") == "open" else None
        hours = hours if isinstance(hours, dict) else {}
        opens, closes = _time_of_day(hours.get("start")), _time_of_day(hours.get("end"))
        days.append(MarketDay(date_, opens, closes, text(row.get("description")) or ""))
    return days


def listed_symbol(symbol: str) -> str:
    """The symbol as Tradier writes it: classes of shares after a slash, BRK/B."""
    return symbol.strip().upper().replace(".", "/").replace("-", "/")


class _ChainReader:
    """Reads the rows of one chain; what is the same in all of them is worked out once."""

    __slots__ = ("_asked", "_expiry", "_moments", "_root", "_root_length", "_stamp", "_underlying")

    def __init__(self, underlying: str, expiry: date) -> None:
        self._underlying = underlying
        self._expiry = expiry
        self._asked = expiry.isoformat()
        self._stamp = f"{expiry:%y%m%d}"
        self._root = "".join(letter for letter in underlying if letter.isalnum())
        self._root_length = len(self._root) + 1 + 15
        self._moments: dict[Any, datetime | None] = {}

    def is_adjusted(self, row: dict[str, Any]) -> bool:
        """True for a contract of an adjusted root, which is another one than those asked for."""
        if row.get("contract_size", 100) not in (100, None):
            return True
        symbol = row.get("symbol")
        if type(symbol) is not str or len(symbol) != self._root_length:
            return False
        return symbol[-16].isdigit() and symbol.startswith(self._root)

    def read(self, row: dict[str, Any]) -> OptionQuote | None:
        """The row's option; None where a price is none, or the row is not of this chain."""
        get = row.get
        symbol = get("symbol")
        strike = positive(get("strike"))
        if type(symbol) is not str or strike is None or get("expiration_date", self._asked) != self._asked:
            return None
        kind = get("option_type", symbol[-9:-8])
        right = _RIGHTS.get(kind) if type(kind) is str else None
        if right is None or strike >= _HIGHEST_STRIKE:
            return None
        if symbol[-15:] != f"{self._stamp}{right.value}{round(strike * 1000):08d}":
            return None  # the fields and the contract's own name disagree: which one is wrong cannot be known
        bid, ask = get("bid"), get("ask")
        if bid is not None and ((bid := finite(bid)) is None or bid < 0.0):
            return None
        if ask is not None and ((ask := finite(ask)) is None or ask < 0.0):
            return None
        greeks = get("greeks")
        told = greeks if type(greeks) is dict else None
        return OptionQuote(
            symbol,
            self._underlying,
            self._expiry,
            strike,
            right,
            bid,
            ask,
            count(get("bidsize")),
            count(get("asksize")),
            positive(get("last")),
            count(get("volume")),
            count(get("open_interest")),
            _greeks(told) if told is not None else None,
            _volatility(told) if told is not None else None,
            self._newer(get("bid_date"), get("ask_date")),
            greeks_at=self._computed(told.get("updated_at")) if told is not None else None,
        )

    def _newer(self, bid_date: Any, ask_date: Any) -> datetime | None:
        """The newer side's time; few different ones occur in a chain, and making one is dear."""
        if type(bid_date) is int and type(ask_date) is int:
            return self._moment(bid_date if bid_date >= ask_date else ask_date)
        bid, ask = instant(bid_date), instant(ask_date)
        return max(bid, ask) if bid is not None and ask is not None else bid or ask

    def _computed(self, stamp: Any) -> datetime | None:
        """When the vendor computed its greeks: a text in UTC without a zone, the same in all rows of a chain."""
        if type(stamp) is not str:
            return None
        if stamp not in self._moments:
            self._moments[stamp] = _stamp(stamp)
        return self._moments[stamp]

    def _moment(self, milliseconds: int) -> datetime | None:
        if milliseconds not in self._moments:
            self._moments[milliseconds] = instant(milliseconds)
        return self._moments[milliseconds]


def _greeks(row: dict[str, Any]) -> Greeks | None:
    delta, gamma = finite(row.get("delta")), finite(row.get("gamma"))
    theta, vega = finite(row.get("theta")), finite(row.get("vega"))
    if delta is not None and abs(delta) > 1.0:
        delta = None
    if delta is gamma is theta is vega is None:
        return None
    return Greeks(delta, gamma, theta, vega)


def _stamp(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None


def _volatility(row: dict[str, Any]) -> float | None:
    """The smoothed volatility, else the mid one; the mid one is the ask's where nobody bids, and then unusable."""
    smoothed = positive(row.get("smv_vol"))
    if smoothed is not None and smoothed < _HIGHEST_IV:
        return smoothed
    mid = positive(row.get("mid_iv"))
    if mid is not None and mid < _HIGHEST_IV and positive(row.get("bid_iv")) is not None:
        return mid
    return None


def _bar(row: dict[str, Any]) -> DailyBar | None:
    on = day(row.get("date"))
    opening, high = positive(row.get("open")), positive(row.get("high"))
    low, closing = positive(row.get("low")), positive(row.get("close"))
    if on is None or opening is None or high is None or low is None or closing is None:
        return None
    if low > high:
        return None
    return DailyBar(on, opening, high, low, closing, count(row.get("volume")) or 0)


def _time_of_day(value: Any) -> time | None:
    if not isinstance(value, str):
        return None
    try:
        return time.fromisoformat(value)
    except ValueError:
        return None
