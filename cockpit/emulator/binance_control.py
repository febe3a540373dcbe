"""Control frames of the exchange's streams: requests in JSON, and the venue's own words where one is wrong."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from cockpit.emulator.binance_text import compact

MOST_STREAMS = 1024
"""Streams that one connection may carry."""

_METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
_MOST_ID_LENGTH = 36


@dataclass(slots=True)
class Subscriptions:
    """What a connection asked for: streams in the order of asking, and whether payloads are wrapped."""

    streams: dict[str, None] = field(default_factory=dict)
    combined: bool = False


class _RefusedError(Exception):
    def __init__(self, code: int, message: str, **more: object) -> None:
        super().__init__(message)
        self.answer = compact({"code": code, "msg": message, **more})


def answer(frame: str, subscriptions: Subscriptions) -> str:
    """Carry out one request and say so, in an answer that is never wrapped."""
    try:
        request = _read(frame)
        result = _ACTIONS[request["method"]](request, subscriptions)
    except _RefusedError as refused:
        return refused.answer
    return compact({"result": result, "id": request.get("id")})


def _read(frame: str) -> dict[str, object]:
    try:
        request = json.loads(frame)
    except (json.JSONDecodeError, RecursionError) as error:
        line, column = (error.lineno, error.colno) if isinstance(error, json.JSONDecodeError) else (1, 1)
        raise _RefusedError(3, f"Invalid JSON: expected value at line {line} column {column}") from None
    end = f"at line {frame.count(chr(10)) + 1} column {len(frame) - frame.rfind(chr(10)) - 1}"
    if not isinstance(request, dict) or "method" not in request:
        raise _RefusedError(2, f"Invalid request: missing field `method` {end}")
    method = request["method"]
    if method not in _METHODS:
        known = ", ".join(f"`{name}`" for name in _METHODS)
        column = frame.find(str(method)) + len(str(method)) + 1
        raise _RefusedError(
            2, f"Invalid request: unknown variant {method}, expected one of {known} at line 1 column {column}"
        )
    if not _is_id(request.get("id")):
        raise _RefusedError(2, "Invalid request: request ID must be an unsigned integer")
    return request


def _is_id(value: object) -> bool:
    if isinstance(value, str):
        return value.isalnum() and len(value) <= _MOST_ID_LENGTH
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63)


def _params(request: dict[str, object], most: int) -> list[object]:
    params = request.get("params", [])
    if not isinstance(params, list):
        raise _RefusedError(2, "Invalid request: params must be an array")
    if len(params) > most:
        raise _RefusedError(2, "Invalid request: too many parameters")
    return params


def _names(request: dict[str, object]) -> list[str]:
    names = _params(request, MOST_STREAMS)
    if not names or not all(isinstance(name, str) for name in names):
        raise _RefusedError(2, "Invalid request: params must be an array of stream names")
    return [str(name) for name in names]


def _subscribe(request: dict[str, object], subscriptions: Subscriptions) -> None:
    names = dict.fromkeys(_names(request))
    if len(subscriptions.streams | names) > MOST_STREAMS:
        raise _RefusedError(2, "Invalid request: too many parameters")
    subscriptions.streams.update(names)


def _unsubscribe(request: dict[str, object], subscriptions: Subscriptions) -> None:
    for name in _names(request):
        subscriptions.streams.pop(name, None)


def _list(request: dict[str, object], subscriptions: Subscriptions) -> list[str]:
    return list(subscriptions.streams)


def _property(params: list[object], request: dict[str, object]) -> None:
    name = params[0] if params else None
    if not isinstance(name, str):
        raise _RefusedError(2, "Invalid request: property name must be a string")
    if name != "combined":
        raise _RefusedError(0, "Unknown property", id=request.get("id"))


def _set_property(request: dict[str, object], subscriptions: Subscriptions) -> None:
    params = _params(request, 2)
    _property(params, request)
    value = params[1] if len(params) > 1 else None
    if not isinstance(value, bool):
        raise _RefusedError(1, "Invalid value type: expected Boolean")
    subscriptions.combined = value


def _get_property(request: dict[str, object], subscriptions: Subscriptions) -> bool:
    _property(_params(request, 1), request)
    return subscriptions.combined


_ACTIONS: dict[object, Callable[[dict[str, object], Subscriptions], object]] = {
    "SUBSCRIBE": _subscribe,
    "UNSUBSCRIBE": _unsubscribe,
    "LIST_SUBSCRIPTIONS": _list,
    "SET_PROPERTY": _set_property,
    "GET_PROPERTY": _get_property,
}
