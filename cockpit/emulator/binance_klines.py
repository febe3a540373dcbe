"""Candle intervals of the exchange, and the candles themselves: the newest one is still open."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cockpit.emulator.crypto_bars import Bar
from cockpit.emulator.crypto_market import FIRST_MS, PairMarket

_SECOND = 1000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_FIRST_MONDAY = 4 * _DAY

FIXED_INTERVALS = {
    "1s": _SECOND,
    "1m": _MINUTE,
    "3m": 3 * _MINUTE,
    "5m": 5 * _MINUTE,
    "15m": 15 * _MINUTE,
    "30m": 30 * _MINUTE,
    "1h": _HOUR,
    "2h": 2 * _HOUR,
    "4h": 4 * _HOUR,
    "6h": 6 * _HOUR,
    "8h": 8 * _HOUR,
    "12h": 12 * _HOUR,
    "1d": _DAY,
    "3d": 3 * _DAY,
    "1w": 7 * _DAY,
}
"""Intervals of a constant length in ms; months (1M) come on top."""


class Kline(NamedTuple):
    """One candle from ``start_ms`` to before ``end_ms``; ids are -1 where nothing was traded."""

    start_ms: int
    end_ms: int
    bar: Bar


def is_interval(name: str) -> bool:
    """True for an interval that the venue knows."""
    return name == "1M" or name in FIXED_INTERVALS


def span_at(interval: str, time_ms: int, offset_ms: int = 0) -> tuple[int, int]:
    """Start and end (exclusive) of the candle at a moment, ms; ``offset_ms`` is the zone's distance from UTC."""
    local = time_ms + offset_ms
    if interval == "1M":
        day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=local)
        start = datetime(day.year, day.month, 1, tzinfo=UTC)
        end = datetime(day.year + day.month // 12, day.month % 12 + 1, 1, tzinfo=UTC)
        return int(start.timestamp()) * 1000 - offset_ms, int(end.timestamp()) * 1000 - offset_ms
    length = FIXED_INTERVALS[interval]
    anchor = _FIRST_MONDAY if interval == "1w" else 0
    begin = (local - anchor) // length * length + anchor - offset_ms
    return begin, begin + length


def kline(market: PairMarket, start_ms: int, end_ms: int, before_ms: int) -> Kline | None:
    """The candle of a span as far as it is known before a moment; None where no trade was ever made."""
    bar = market.bar(start_ms, end_ms, before_ms)
    if bar is not None:
        return Kline(start_ms, end_ms, bar)
    last = market.newest_prints(1, min(start_ms, before_ms))
    if not last:
        return None
    price = last[0].ticks
    return Kline(start_ms, end_ms, Bar(price, price, price, price, 0, 0, 0, 0, 0, -1, -1))


def spans(
    interval: str, start_ms: int | None, end_ms: int | None, limit: int, before_ms: int, offset_ms: int = 0
) -> list[tuple[int, int]]:
    """The candles that a request means, rising.

    With a start the oldest ``limit`` candles that begin at or after it, else the newest ones that begin at or before
    the end.
    """
    newest = min(before_ms - 1, end_ms) if end_ms is not None else before_ms - 1
    found: list[tuple[int, int]] = []
    if start_ms is not None:
        span = span_at(interval, max(start_ms, FIRST_MS), offset_ms)
        if span[0] < start_ms:
            span = span_at(interval, span[1], offset_ms)
        while len(found) < limit and span[0] <= newest:
            found.append(span)
            span = span_at(interval, span[1], offset_ms)
        return found
    span = span_at(interval, newest, offset_ms)
    while len(found) < limit and span[1] > FIRST_MS:
        found.append(span)
        span = span_at(interval, span[0] - 1, offset_ms)
    return found[::-1]
