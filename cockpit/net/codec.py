"""Values as bytes and back, by type; compressed where that pays.

The first byte says how: ``j`` or ``z`` (compressed) for what the fast encoder gives back as it was, ``J`` or ``Z`` for
what only :mod:`cockpit.storage.encoding` does (fields that the constructor does not take, numbers that are not finite).
"""

import zlib
from typing import Any, get_args, get_origin

import msgspec

from cockpit.storage.encoding import EncodingError, from_thorough_text, thorough_text
from cockpit.storage.fast_json import fast_bytes, from_fast_bytes

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
    how, body = _FAST, fast_bytes(value, kind)
    if body is None:
        text = thorough_text(value)
        how, body = _THOROUGH, text.encode()
        if thorough_text(from_thorough_text(text, kind)) != text:  # not by value: NaN is not equal to itself
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
        # By the classes there are: a name's bars are eight hundred of one.
        if not isinstance(value, tuple) or not all(issubclass(one, wanted) for one in set(map(type, value))):
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
            return from_fast_bytes(body, kind)
        if how in (b"J", b"Z"):
            return from_thorough_text(body.decode(), kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, zlib.error) as error:
        raise EncodingError(f"not a {kind}: {error}") from None
    raise EncodingError(f"an encoding {how!r} is not known")


def _decompressed(body: bytes) -> bytes:
    inflate = zlib.decompressobj()
    found = inflate.decompress(body, _LARGEST)
    if inflate.unconsumed_tail or not inflate.eof:
        raise zlib.error("it breaks off, or is larger than any value")
    return found
