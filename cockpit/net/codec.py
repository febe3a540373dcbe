"""Values as bytes and back, by type; compressed where that pays.

The first byte says how: ``j`` or ``z`` (compressed) for what the fast encoder gives back as it was, ``J`` or ``Z`` for
what only :mod:`cockpit.storage.encoding` does (fields that the constructor does not take, numbers that are not finite).
"""

import dataclasses
import zlib
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from cockpit.storage.encoding import EncodingError, dumps, loads

__all__ = ["EncodingError", "check", "decode", "encode"]

_COMPRESS_FROM = 1024
_FAST, _THOROUGH = b"j", b"J"
_COMPRESSED = {_FAST: b"z", _THOROUGH: b"Z"}
_PLAIN = frozenset({str, int, float, bool, date, Decimal})
_LARGEST = 64 * 2**20


def encode(value: object, kind: Any) -> bytes:
    """The bytes of a value.

    Raises:
        EncodingError: it holds something that has no encoding, or does not come back as this kind.
    """
    how, body = _FAST, _fast(value, kind)
    if body is None:
        text = dumps(value)
        how, body = _THOROUGH, text.encode()
        if dumps(loads(text, kind)) != text:  # not by value: NaN is not equal to itself
            raise EncodingError(f"a {type(value).__name__} does not come back as {kind}")
    if len(body) <= _COMPRESS_FROM:
        return how + body
    return _COMPRESSED[how] + zlib.compress(body, 1)


def check(value: object, kind: Any) -> None:
    """Refuse at once, and cheaply, what is plainly not of this kind.

    Raises:
        EncodingError: another class than the kind names, in a tuple for any item.
    """
    if get_origin(kind) is tuple:
        item, *_ = get_args(kind)
        wanted = get_origin(item) or item
        if not isinstance(value, tuple) or not all(isinstance(one, wanted) for one in value):
            raise EncodingError(f"a {type(value).__name__} is kept as {kind}, but is or holds something else")
    elif not isinstance(value, get_origin(kind) or kind):
        raise EncodingError(f"a {type(value).__name__} is kept as {kind}, but is something else")


def decode(data: bytes, kind: Any) -> Any:
    """The value of these bytes.

    Raises:
        EncodingError: they are damaged, or not of this kind.
    """
    how, body = data[:1], data[1:]
    try:
        if how in (b"z", b"Z"):
            body = _decompressed(body)
        if how in (b"j", b"z"):
            return _decoder(kind).decode(body)
        if how in (b"J", b"Z"):
            return loads(body.decode(), kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, zlib.error) as error:
        raise EncodingError(f"not a {kind}: {error}") from None
    raise EncodingError(f"an encoding {how!r} is not known")


def _fast(value: object, kind: Any) -> bytes | None:
    """The fast encoder's bytes; None where they would not come back equal, such as a number that is not finite."""
    try:
        body: bytes = msgspec.json.encode(value)
        # It has one word for what it cannot write, a number that is not finite: null.
        if _is_plain(kind) and b"null" not in body:
            return body
        return body if _decoder(kind).decode(body) == value else None
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError):
        return None


def _decompressed(body: bytes) -> bytes:
    inflate = zlib.decompressobj()
    found = inflate.decompress(body, _LARGEST)
    if inflate.unconsumed_tail or not inflate.eof:
        raise zlib.error("it breaks off, or is larger than any value")
    return found


@lru_cache(maxsize=64)
def _is_plain(kind: Any) -> bool:
    """Every value of this kind is known to come back equal, so that looking is not needed."""
    if kind in _PLAIN:
        return True
    if get_origin(kind) is tuple:
        return _is_plain(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return all(part is NoneType or _is_plain(part) for part in get_args(kind)) and len(get_args(kind)) == 2
    if not isinstance(kind, type):
        return False
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        return all(field.init and _is_plain(hints[field.name]) for field in dataclasses.fields(kind))
    return issubclass(kind, StrEnum)


@lru_cache(maxsize=64)
def _decoder(kind: Any) -> Any:
    return msgspec.json.Decoder(kind)
