"""Binance's stream frames as values: pure, fast, and never raising, whatever is on the wire.

Combined frames (``{"stream": ..., "data": {...}}``) and raw ones are read alike, so a recording of either kind replays.
Format: binance-spot-api-docs, web-socket-streams.md.
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Final

from msgspec import Struct, ValidationError
from msgspec.json import Decoder, decode

from cockpit.providers.ports import SHUTDOWN, Rejected, StreamEvent
from cockpit.ticks.quote import BookTop, DayTicker
from cockpit.ticks.trade import Trade

_SAMPLE = 160
_LONGEST_NUMBER = 32
_ZERO: Final = Decimal(0)
_HIGHEST: Final = Decimal(10) ** 15
_FIRST_MS = 1_000_000_000_000
_LAST_MS = 10_000_000_000_000
_HIGHEST_ID = 2**63
_SYMBOL = re.compile(r"[A-Z0-9._-]{1,20}", re.ASCII)

_TICKERS = frozenset({"24hrMiniTicker", "24hrTicker"})
_OTHERS = frozenset(
    {
        *("depthUpdate", "aggTrade", "kline", "avgPrice", "blockTrade", "referencePrice"),
        *("1hTicker", "4hTicker", "1dTicker"),
    }
)
"""Documented events that the cockpit has no use for; recordings hold them."""


_DOCUMENTED = {
    "trade": frozenset("eEstpqTmMab"),
    "bookTicker": frozenset("usbBaA"),
    "24hrMiniTicker": frozenset("eEscohlvq"),
    "24hrTicker": frozenset("eEspPwxcQbBaAohlvqOCFLn"),
}
"""Members of the events that are used, by event."""
_LONGEST_NAME = 20


def decode_frame(frame: str | bytes, symbols: frozenset[str]) -> StreamEvent | Rejected | None:
    """One frame of a market stream.

    Args:
        frame: text, or bytes in UTF-8.
        symbols: those that are taken, in upper case; an empty set takes any.

    Returns:
        The event; a :class:`Rejected` for what is wrong or unknown; None for control replies and documented events
        of no use here.
    """
    event = _at_once(frame, symbols)
    return event if event is not None else _judged(frame, symbols)


def unknown_members(frame: str | bytes) -> list[str]:
    """What a good event holds that is documented nowhere, as ``event.member``: the venue has changed its frames.

    Such members are passed over when an event is decoded; this is for a look now and then.
    """
    try:
        message = decode(frame)
        payload = message.get("data", message)
        event = payload.get("e", "bookTicker" if "u" in payload else None)
        documented = _DOCUMENTED.get(event)
        if documented is None:
            return []
        return sorted({f"{event}.{name[:_LONGEST_NAME]}" for name in payload if name not in documented})
    except (ValueError, RecursionError, AttributeError, TypeError):
        return []


def trade_frame(trade: Trade) -> str:
    """A trade as a combined frame that :func:`decode_frame` takes; it has no event time, since it was no event."""
    return (
        f'{{"stream":"{trade.symbol.lower()}@trade","data":{{"e":"trade","s":"{trade.symbol}","t":{trade.trade_id},'
        f'"p":"{trade.price:f}","q":"{trade.quantity:f}","T":{trade.time_ms},'
        f'"m":{"true" if trade.buyer_is_maker else "false"}}}}}'
    )


class _Payload(Struct, gc=False):
    """The members of the events that are used here. Each has one type in all of them, so that one reading serves all,
    also ``bookTicker``, which does not name its event.
    """

    s: str
    e: str | None = None
    t: int | None = None
    p: str | None = None
    q: str | None = None
    T: int | None = None
    m: bool | None = None
    u: int | None = None
    b: str | None = None
    B: str | None = None
    a: str | None = None
    A: str | None = None
    E: int | None = None
    o: str | None = None
    h: str | None = None
    l: str | None = None  # noqa: E741 - the venue's name
    c: str | None = None
    v: str | None = None


class _Combined(Struct, gc=False):
    data: _Payload


@cache
def _decoder() -> Decoder[_Combined]:
    return Decoder(_Combined)


def _at_once(frame: str | bytes, symbols: frozenset[str]) -> StreamEvent | Rejected | None:
    """What a usual frame is, in one pass; None for any other, of which :func:`_judged` then tells what it is."""
    try:
        text = frame if isinstance(frame, str) else str(frame, "utf-8")
        payload = _decoder().decode(text).data
    except (ValidationError, RecursionError):
        return None
    except ValueError:  # of the decoder, and of what is not UTF-8
        return _rejected("not JSON", frame)
    symbol, event = payload.s, payload.e
    if event == "trade":
        if not _is_taken(symbol, symbols):
            return _rejected("unknown symbol", frame)
        try:
            return _trade(symbol, payload.t, payload.p, payload.q, payload.T, payload.m)
        except (ValueError, InvalidOperation):
            return _rejected("bad trade", frame)
    try:
        if event is None and payload.u is not None and _is_taken(symbol, symbols):
            return _book(symbol, payload.b, payload.B, payload.a, payload.A)
        if event in _TICKERS and _is_taken(symbol, symbols):
            return _ticker(symbol, payload.o, payload.h, payload.l, payload.c, payload.v, payload.q, payload.E)
    except (ValueError, InvalidOperation):
        pass
    return None


def _judged(frame: str | bytes, symbols: frozenset[str]) -> StreamEvent | Rejected | None:
    """A frame of any content."""
    try:
        message = decode(frame)
    except (ValueError, RecursionError):  # ValueError also for text that cannot be written as UTF-8
        return _rejected("not JSON", frame)
    if type(message) is not dict:
        return _rejected("not an object", frame)
    payload = message.get("data", message)
    if type(payload) is not dict:
        return _rejected("not an object", frame)
    event = payload.get("e")
    if event is None:
        if "b" in payload and "B" in payload and "u" in payload:
            return _checked("book", _book, "bBaA", payload, symbols, frame)
        return _control(payload, frame)
    if event == "trade":
        return _checked("trade", _trade, "tpqTm", payload, symbols, frame)
    if isinstance(event, str) and event in _TICKERS:
        return _checked("ticker", _ticker, "ohlcvqE", payload, symbols, frame)
    if event == "serverShutdown":
        return Rejected(SHUTDOWN, "the venue is about to close the connection")
    if isinstance(event, str) and event in _OTHERS:
        return None
    return _rejected("unknown event", frame)


def _checked(
    kind: str,
    make: Callable[..., StreamEvent],
    members: str,
    payload: dict[str, Any],
    symbols: frozenset[str],
    frame: str | bytes,
) -> StreamEvent | Rejected:
    symbol = payload.get("s")
    if type(symbol) is not str or not _is_taken(symbol, symbols):
        return _rejected("unknown symbol", frame)
    try:
        return make(symbol, *(payload[member] for member in members))
    except (KeyError, ValueError, InvalidOperation):
        return _rejected(f"bad {kind}", frame)


def _is_taken(symbol: str, symbols: frozenset[str]) -> bool:
    return symbol in symbols if symbols else _SYMBOL.fullmatch(symbol) is not None


def _trade(symbol: str, trade_id: Any, price: Any, quantity: Any, time_ms: Any, buyer_is_maker: Any) -> Trade:
    if type(buyer_is_maker) is not bool:
        raise ValueError("m")
    # What is usual is told without a call for each member.
    if type(price) is type(quantity) is str and len(price) <= _LONGEST_NUMBER and len(quantity) <= _LONGEST_NUMBER:
        paid, traded = Decimal(price), Decimal(quantity)
        if (
            _ZERO < paid < _HIGHEST
            and _ZERO < traded < _HIGHEST
            and type(trade_id) is type(time_ms) is int
            and 0 <= trade_id < _HIGHEST_ID
            and _FIRST_MS <= time_ms < _LAST_MS
        ):
            return Trade(symbol, trade_id, paid, traded, time_ms, buyer_is_maker)
    return Trade(symbol, whole(trade_id), number(price), number(quantity), milliseconds(time_ms), buyer_is_maker)


def _book(symbol: str, bid: Any, bid_quantity: Any, ask: Any, ask_quantity: Any) -> BookTop:
    top = BookTop(symbol, number(bid), number(bid_quantity), number(ask), number(ask_quantity))
    if top.bid > top.ask:
        raise ValueError("crossed")
    return top


def _ticker(
    symbol: str, opening: Any, high: Any, low: Any, close: Any, volume: Any, quote_volume: Any, time_ms: Any
) -> DayTicker:
    return DayTicker(
        symbol,
        number(opening),
        number(high),
        number(low),
        number(close),
        amount(volume),
        amount(quote_volume),
        milliseconds(time_ms),
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
    found = _decimal(value)
    if not _ZERO < found < _HIGHEST:
        raise ValueError("out of range")
    return found


def amount(value: Any) -> Decimal:
    """A volume: text of a finite, plausible number of at least zero."""
    found = _decimal(value)
    if not _ZERO <= found < _HIGHEST:
        raise ValueError("out of range")
    return found


def _decimal(value: Any) -> Decimal:
    """Text as a number. It may be infinite or NaN: the order of a NaN is an InvalidOperation, and so is bad text."""
    if type(value) is not str or len(value) > _LONGEST_NUMBER:
        raise ValueError("not a number in text")
    return Decimal(value)


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
    return Rejected(kind, frame[:_SAMPLE])
