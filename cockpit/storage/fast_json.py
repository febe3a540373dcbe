"""JSON of values by a compiled encoder, for the kinds and values that it gives back as they were.

It has one word for what JSON cannot say, such as a number that is not finite: null. So whatever holds a null is read
back and compared before it is trusted.
"""

import dataclasses
from datetime import date, datetime, time
from decimal import Decimal
from enum import IntEnum, StrEnum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

_PLAIN = frozenset({str, int, float, bool, date, datetime, time, Decimal})


def fast_bytes(value: object, kind: Any) -> bytes | None:
    """The value as one line of JSON; None where it would not come back equal, or is of no kind known to do so."""
    if not _is_plain(kind):
        return None
    try:
        body: bytes = msgspec.json.encode(value)
        return body if b"null" not in body or _decoder(kind).decode(body) == value else None
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError):
        return None


def from_fast_bytes(body: bytes | str, kind: Any) -> Any:
    """The value of what :func:`fast_bytes` gave; unknown keys are ignored and missing ones take their default.

    Raises:
        msgspec.MsgspecError: it is no JSON, or not of this kind, or of a kind that only the thorough way reads.
    """
    if not _is_plain(kind):
        raise msgspec.ValidationError(f"{kind} is not read in one pass")
    return _decoder(kind).decode(body)


@lru_cache(maxsize=128)
def _is_plain(kind: Any) -> bool:
    """Every finite value of this kind is known to come back equal."""
    if kind in _PLAIN:
        return True
    if get_origin(kind) is tuple:
        item, *rest = get_args(kind)
        return rest == [...] and _is_plain(item)
    if get_origin(kind) is dict:
        name, item = get_args(kind)
        return name is str and _is_plain(item)
    if get_origin(kind) in (Union, UnionType):
        return all(part is NoneType or _is_plain(part) for part in get_args(kind)) and len(get_args(kind)) == 2
    if not isinstance(kind, type):
        return False
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        return all(field.init and _is_plain(hints[field.name]) for field in dataclasses.fields(kind))
    return issubclass(kind, (StrEnum, IntEnum))


@lru_cache(maxsize=64)
def _decoder(kind: Any) -> Any:
    return msgspec.json.Decoder(kind)
