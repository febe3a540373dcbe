"""Bars of the embedded exchange: sums over minutes, and over the revealed part of the minute that is still open."""

from collections.abc import Iterable
from typing import NamedTuple

from cockpit.emulator.crypto_minutes import MinuteTotals
from cockpit.emulator.crypto_tape import MinuteTape


class Bar(NamedTuple):
    """What was traded in a span of time. Prices in ticks, volumes in steps, turnover in ticks times steps.

    Attributes:
        trades: how many; with none the prices mean nothing.
        bought, bought_turnover: the part whose aggressor bought.
        first_id, last_id: trade ids.
    """

    open: int
    high: int
    low: int
    close: int
    volume: int
    turnover: int
    trades: int
    bought: int
    bought_turnover: int
    first_id: int
    last_id: int


def minute_bar(totals: MinuteTotals) -> Bar:
    """A whole minute."""
    return Bar(
        totals.open,
        totals.high,
        totals.low,
        totals.close,
        totals.bought + totals.sold,
        totals.bought_turnover + totals.sold_turnover,
        totals.trades,
        totals.bought,
        totals.bought_turnover,
        totals.first_trade,
        totals.first_trade + totals.trades - 1,
    )


def tape_bar(tape: MinuteTape, start_ms: int, end_ms: int) -> Bar | None:
    """The trades of a minute from ``start_ms`` to before ``end_ms``; None where there are none."""
    start, end = tape.trades_before(start_ms), tape.trades_before(end_ms)
    if start >= end:
        return None
    prints = tape.prints[start:end]
    prices = [each.ticks for each in prints]
    columns = (tape.volume, tape.turnover, tape.bought, tape.bought_turnover)
    volume, turnover, bought, bought_turnover = (
        column[end - 1] - (column[start - 1] if start else 0) for column in columns
    )
    return Bar(
        prices[0],
        max(prices),
        min(prices),
        prices[-1],
        volume,
        turnover,
        end - start,
        bought,
        bought_turnover,
        prints[0].trade_id,
        prints[-1].trade_id,
    )


def joined(bars: Iterable[Bar | None]) -> Bar | None:
    """Several bars in order as one; None where nothing was traded."""
    parts = [bar for bar in bars if bar is not None]
    if len(parts) < 2:
        return parts[0] if parts else None
    first, last = parts[0], parts[-1]
    columns = list(zip(*parts, strict=True))
    volume, turnover, trades, bought, bought_turnover = (sum(column) for column in columns[4:9])
    high, low = max(columns[1]), min(columns[2])
    ids = first.first_id, last.last_id
    return Bar(first.open, high, low, last.close, volume, turnover, trades, bought, bought_turnover, *ids)
