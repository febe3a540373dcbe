"""Values as bytes and back, by type; compressed where that pays.

The first byte says how: ``j`` or ``z`` (compressed) for what the fast encoder gives back as it was, ``J`` or ``Z`` for
what only :mod:`cockpit.storage.encoding` does (fields that the constructor does not take, numbers that are not finite).
"""

import zlib
from functools import lru_cache
from typing import Any, get_args, get_origin

import msgspec

from cockpit.storage.encoding import EncodingError, dumps, loads

__all__ = ["EncodingError", "check", "decode", "encode"]

_COMPRESS_FROM = 1024
_FAST, _THOROUGH = b"j", b"J"
_COMPRESSED = {_FAST: b"z", _THOROUGH: b"Z"}
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
        if not isinstance(value, tuple) or not all(isinstance(one, get_origin(item) or item) for one in value):
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
def _decoder(kind: Any) -> Any:
    return msgspec.json.Decoder(kind)
