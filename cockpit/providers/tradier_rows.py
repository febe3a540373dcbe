"""Tradier's answers as values, but for option chains. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from operator import lt
from typing import Any

from msgspec import Struct, convert
from msgspec.json import Decoder

from cockpit.providers.decoding import Count, Positive, count, day, fitted, instant, positive, rows, text
from cockpit.providers.ports import EquityQuote
from cockpit.scan.moves import DailyBar


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
    return _kept((_bar(row) if isinstance(row, dict) else None for row in found), start, end)


def daily_bars_at_once(body: bytes, start: date, end: date) -> tuple[list[DailyBar], int] | None:
    """What :func:`daily_bars` makes of the body, where every field of every row has its documented type; else None,
    which says nothing of the body.
    """
    read = fitted(_history_decoder(), body)
    if read is None:
        return None
    bars = convert(read.history.day, list[DailyBar], from_attributes=True)
    return (bars, 0) if _as_asked(bars, start, end) else _kept(bars, start, end)


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


class _Bar(Struct, gc=False, rename={"day": "date"}):
    """A row of the history; its attributes are those of :class:`DailyBar`."""

    day: date
    open: Positive
    high: Positive
    low: Positive
    close: Positive
    volume: Count = 0


class _Days(Struct, gc=False):
    day: list[_Bar]


class _History(Struct, gc=False):
    history: _Days


@cache
def _history_decoder() -> Decoder[_History]:
    return Decoder(_History)


def _bar(row: dict[str, Any]) -> DailyBar | None:
    on = day(row.get("date"))
    opening, high = positive(row.get("open")), positive(row.get("high"))
    low, closing = positive(row.get("low")), positive(row.get("close"))
    if on is None or opening is None or high is None or low is None or closing is None:
        return None
    return DailyBar(on, opening, high, low, closing, count(row.get("volume")) or 0)


def _as_asked(bars: list[DailyBar], start: date, end: date) -> bool:
    """True where the rules of :func:`_kept` would leave every bar where it is, as they do with most answers."""
    days = [bar.day for bar in bars]
    within = bool(days) and start <= days[0] and days[-1] <= end
    return within and all(map(lt, days, days[1:])) and not any(bar.low > bar.high for bar in bars)


def _kept(found: Iterable[DailyBar | None], start: date, end: date) -> tuple[list[DailyBar], int]:
    """The rules for bars: the first of a day counts, and its low is not above its high."""
    bars: dict[date, DailyBar] = {}
    dropped = 0
    for bar in found:
        if bar is None or bar.low > bar.high or bar.day in bars:
            dropped += 1
        elif start <= bar.day <= end:
            bars[bar.day] = bar
    return [bars[key] for key in sorted(bars)], dropped


def _time_of_day(value: Any) -> time | None:
    if not isinstance(value, str):
        return None
    try:
        return time.fromisoformat(value)
    except ValueError:
        return None
