"""Binance's stream frames as values: pure, fast, and never raising, whatever is on the wire.

Combined frames (``{"stream": ..., "data": {...}}``) and raw ones are read alike, so a recording of either kind replays.
Format: binance-spot-api-docs, web-socket-streams.md.
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from pydantic_core import from_json

from cockpit.providers.ports import Rejected, StreamEvent
from cockpit.ticks.quote import BookTop, DayTicker
from cockpit.ticks.trade import Trade

SHUTDOWN: Final = "server shutdown"
"""Kind of the :class:`Rejected` that says the venue is about to close the connection."""

_SAMPLE = 160
_LONGEST_NUMBER = 32
_HIGHEST: Final = Decimal(10) ** 15
_FIRST_MS = 1_000_000_000_000
_LAST_MS = 10_000_000_000_000
_HIGHEST_ID = 2**63
_SYMBOL = re.compile(r"[A-Z0-9._-]{1,20}", re.ASCII)

_OTHERS = frozenset(
    {
        *("depthUpdate", "aggTrade", "kline", "avgPrice", "blockTrade", "referencePrice"),
        *("1hTicker", "4hTicker", "1dTicker"),
    }
)
"""Documented events that the cockpit has no use for; recordings hold them."""


def decode_frame(frame: str | bytes, symbols: frozenset[str]) -> StreamEvent | Rejected | None:
    """One frame of a market stream.

    Args:
        frame: text, or bytes in UTF-8.
        symbols: those that are taken, in upper case; an empty set takes any.

    Returns:
        The event; a :class:`Rejected` for what is wrong or unknown; None for control replies and documented events
        of no use here.
    """
    try:
        message = from_json(frame)
    except (ValueError, TypeError):  # TypeError: text that cannot be written as UTF-8
        return _rejected("not JSON", frame)
    if type(message) is not dict:
        return _rejected("not an object", frame)
    payload = message.get("data", message)
    if type(payload) is not dict:
        return _rejected("not an object", frame)
    event = payload.get("e")
    if event is None:
        if "b" in payload and "B" in payload and "u" in payload:
            return _checked("book", _book, payload, symbols, frame)
        return _control(payload, frame)
    if event == "trade":
        return _checked("trade", _trade, payload, symbols, frame)
    if event in ("24hrMiniTicker", "24hrTicker"):
        return _checked("ticker", _ticker, payload, symbols, frame)
    if event == "serverShutdown":
        return Rejected(SHUTDOWN, "the venue is about to close the connection")
    if isinstance(event, str) and event in _OTHERS:
        return None
    return _rejected("unknown event", frame)


def _checked(
    kind: str,
    read: Callable[[dict[str, Any], str], StreamEvent],
    payload: dict[str, Any],
    symbols: frozenset[str],
    frame: str | bytes,
) -> StreamEvent | Rejected:
    symbol = payload.get("s")
    if type(symbol) is not str or (symbol not in symbols if symbols else not _SYMBOL.fullmatch(symbol)):
        return _rejected("unknown symbol", frame)
    try:
        return read(payload, symbol)
    except (KeyError, ValueError, InvalidOperation):
        return _rejected(f"bad {kind}", frame)


def _trade(payload: dict[str, Any], symbol: str) -> Trade:
    maker = payload["m"]
    if type(maker) is not bool:
        raise ValueError("m")
    return Trade(
        symbol,
        whole(payload["t"]),
        number(payload["p"]),
        number(payload["q"]),
        milliseconds(payload["T"]),
        maker,
    )


def _book(payload: dict[str, Any], symbol: str) -> BookTop:
    top = BookTop(symbol, number(payload["b"]), number(payload["B"]), number(payload["a"]), number(payload["A"]))
    if top.bid > top.ask:
        raise ValueError("crossed")
    return top


def _ticker(payload: dict[str, Any], symbol: str) -> DayTicker:
    return DayTicker(
        symbol,
        number(payload["o"]),
        number(payload["h"]),
        number(payload["l"]),
        number(payload["c"]),
        amount(payload["v"]),
        amount(payload["q"]),
        milliseconds(payload["E"]),
    )


def _control(payload: dict[str, Any], frame: str | bytes) -> Rejected | None:
    if "result" in payload and "id" in payload and "error" not in payload:
        return None
    if "lastUpdateId" in payload:
        return None  # an order book: only the stream's name tells whose
    if "error" in payload or "code" in payload:
        return _rejected("venue error", frame)
    return _rejected("unknown event", frame)


def number(value: Any) -> Decimal:
    """A price or quantity: text of a finite, positive, plausible number."""
    number = amount(value)
    if number <= 0:
        raise ValueError("not positive")
    return number


def amount(value: Any) -> Decimal:
    """A volume: text of a finite, plausible number of at least zero."""
    if type(value) is not str or len(value) > _LONGEST_NUMBER:
        raise ValueError("not a number in text")
    number = Decimal(value)
    if not number.is_finite() or number < 0 or number >= _HIGHEST:
        raise ValueError("out of range")
    return number


def whole(value: Any) -> int:
    """A trade's number."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _HIGHEST_ID:
        raise ValueError("out of range")
    return value


def milliseconds(value: Any) -> int:
    """Milliseconds; a connection that was asked for microseconds is told by the number of digits."""
    if type(value) is not int:
        raise ValueError("not a time")
    time_ms: int = value // 1000 if value >= _FIRST_MS * 1000 else value
    if not _FIRST_MS <= time_ms < _LAST_MS:
        raise ValueError("out of range")
    return time_ms


def _rejected(kind: str, frame: str | bytes) -> Rejected:
    text = frame if isinstance(frame, str) else frame[: 2 * _SAMPLE].decode("utf-8", "backslashreplace")
    return Rejected(kind, text[:_SAMPLE].encode("utf-8", "backslashreplace").decode())
