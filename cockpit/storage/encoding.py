"""Values as JSON and back, by the annotations of their dataclasses. Nothing is guessed and nothing is executed.

Decimals are texts, dates and times ISO 8601, enums their values, tuples lists, dataclasses objects. A key that a class
does not know is ignored and one that is missing takes its default, so that a value outlives small changes of its class.
"""

import dataclasses
import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from cockpit.storage.fast_json import fast_bytes, from_fast_bytes

T = TypeVar("T")


class EncodingError(ValueError):
    """A text does not hold a value of the class that was asked for."""


def dumps(value: object, kind: Any = None) -> str:
    """The value as one line of JSON.

    Args:
        value: to be written.
        kind: what it is, such as ``tuple[PastReport, ...]``, where its class does not tell.

    Raises:
        EncodingError: it holds something that has no encoding here.
    """
    body = fast_bytes(value, type(value) if kind is None else kind)
    return thorough_text(value) if body is None else body.decode()


def loads(text: str, kind: type[T]) -> T:
    """The value of this class.

    Raises:
        EncodingError: the text is no JSON, or not of this class.
    """
    try:
        fast: T = from_fast_bytes(text, kind)
    except msgspec.MsgspecError:  # the thorough way reads more, and says better what it cannot read
        return from_thorough_text(text, kind)
    return fast


def thorough_text(value: object) -> str:
    """The value as one line of JSON that says numbers that are not finite, too.

    Raises:
        EncodingError: it holds something that has no encoding here.
    """
    return json.dumps(_encoded(value), separators=(",", ":"), ensure_ascii=False)


def from_thorough_text(text: str, kind: type[T]) -> T:
    """The value of this class, field by field.

    Raises:
        EncodingError: the text is no JSON, or not of this class.
    """
    try:
        value = json.loads(text)
    except ValueError as error:
        raise EncodingError(f"not JSON: {error}") from None
    decoded: T = _decoded(value, kind)
    return decoded


def _encoded(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_encoded(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _encoded(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: _encoded(getattr(value, name)) for name, _, _ in _fields(type(value))}
    raise EncodingError(f"a {type(value).__name__} has no encoding")


def _decoded(value: Any, kind: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _decoded_optional(value, kind)
    if origin is tuple:
        item, *_ = get_args(kind)
        return tuple(_decoded(one, item) for one in _expect(value, list, kind))
    if origin is dict:
        _, item = get_args(kind)
        return {key: _decoded(one, item) for key, one in _expect(value, dict, kind).items()}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _decoded_object(_expect(value, dict, kind), kind)
    return _decoded_scalar(value, kind)


def _decoded_optional(value: Any, kind: Any) -> Any:
    if value is None:
        return None
    kinds = [one for one in get_args(kind) if one is not NoneType]
    if len(kinds) != 1:
        raise EncodingError(f"{kind} is ambiguous")
    return _decoded(value, kinds[0])


def _decoded_object(value: dict[str, Any], kind: type) -> Any:
    arguments = {}
    for name, annotation, required in _fields(kind):
        if name in value:
            arguments[name] = _decoded(value[name], annotation)
        elif required:
            raise EncodingError(f"{kind.__name__} lacks {name}")
    return kind(**arguments)


def _decoded_scalar(value: Any, kind: Any) -> Any:
    try:
        if kind is float:
            return float(_expect(value, (int, float, str), kind))
        if kind is Decimal:
            return Decimal(_expect(value, str, kind))
        if kind is datetime or kind is date:
            return kind.fromisoformat(_expect(value, str, kind))
        if isinstance(kind, type) and issubclass(kind, Enum):
            return kind(value)
    except (ValueError, InvalidOperation):
        raise EncodingError(f"{value!r} is no {kind.__name__}") from None
    if kind in (str, int, bool):
        return _expect(value, kind, kind)
    raise EncodingError(f"{kind} has no encoding")


def _expect(value: Any, kinds: Any, wanted: Any) -> Any:
    if not isinstance(value, kinds) or (isinstance(value, bool) and wanted is not bool):
        raise EncodingError(f"{value!r:.60} is no {getattr(wanted, '__name__', wanted)}")
    return value


@lru_cache(maxsize=64)
def _fields(kind: type) -> tuple[tuple[str, Any, bool], ...]:
    """Name, annotation and whether it must be given, of every field that the constructor takes."""
    hints = get_type_hints(kind)
    missing = dataclasses.MISSING
    return tuple(
        (field.name, hints[field.name], field.default is missing and field.default_factory is missing)
        for field in dataclasses.fields(kind)
        if field.init
    )
