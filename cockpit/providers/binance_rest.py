"""Binance's REST rows as values."""

from decimal import InvalidOperation
from typing import Any, Final

from cockpit.errors import ProviderError, StorageError
from cockpit.net.responses import Response
from cockpit.providers.binance_frames import amount, milliseconds, number, whole
from cockpit.ticks.kline import Kline, contradiction
from cockpit.ticks.quote import DayTicker
from cockpit.ticks.trade import Trade
from cockpit.ticks.units import scaled

INVALID_SYMBOL: Final = -1121


def day_ticker(row: Any, symbols: frozenset[str]) -> DayTicker | None:
    """A row of ``ticker/24hr``; None where it is wrong, of a symbol not asked for, or of one that does not trade."""
    try:
        if row["symbol"] not in symbols:
            return None
        return DayTicker(
            row["symbol"],
            number(row["openPrice"]),
            number(row["highPrice"]),
            number(row["lowPrice"]),
            number(row["lastPrice"]),
            amount(row["volume"]),
            amount(row["quoteVolume"]),
            milliseconds(row["closeTime"]),
        )
    except (KeyError, TypeError, ValueError, InvalidOperation):
        return None


def trade(row: Any, symbol: str) -> Trade | None:
    """A row of ``historicalTrades``; None where it is wrong."""
    try:
        maker = row["isBuyerMaker"]
        if type(maker) is not bool:
            return None
        return Trade(
            symbol, whole(row["id"]), number(row["price"]), number(row["qty"]), milliseconds(row["time"]), maker
        )
    except (KeyError, TypeError, ValueError, InvalidOperation):
        return None


def kline(row: Any, symbol: str, length_ms: int) -> Kline | None:
    """A row of ``klines``; None where it is wrong or of another length. The newest one may be unfinished."""
    try:
        open_ms = milliseconds(row[0])
        opened, high, low, close = (scaled(number(price)) for price in row[1:5])
        found = Kline(
            *(symbol, milliseconds(row[6]) + 1 - open_ms, open_ms),
            *(opened, high, low, close),
            *(amount(row[5]), amount(row[7]), whole(row[8])),
            *(amount(row[9]), amount(row[10])),
        )
    except (IndexError, KeyError, TypeError, ValueError, InvalidOperation, StorageError):
        return None
    return None if contradiction(found, length_ms) else found


def last_id(row: Any, symbols: frozenset[str]) -> tuple[str, int] | None:
    """Symbol and newest trade id of a row of ``ticker/24hr``; None where it has none or is wrong."""
    try:
        symbol = row["symbol"]
        return (symbol, whole(row["lastId"])) if symbol in symbols else None
    except (KeyError, TypeError, ValueError):
        return None


def first_id(row: Any, symbols: frozenset[str]) -> int | None:
    """The first trade of a row of ``aggTrades``; None where it is wrong."""
    try:
        return whole(row["f"])
    except (KeyError, TypeError, ValueError):
        return None


def server_time(body: Any) -> int | None:
    """Milliseconds since 1970 UTC; None where the body is not of the documented shape."""
    try:
        return milliseconds(body["serverTime"])
    except (KeyError, TypeError, ValueError):
        return None


def error_code(answer: Response) -> int | None:
    """The venue's own code in a refusal; None where there is none."""
    try:
        code = answer.json()["code"]
    except (ProviderError, KeyError, TypeError):
        return None
    return code if type(code) is int else None
