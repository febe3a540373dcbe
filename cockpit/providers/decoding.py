"""Small pure readers of vendors' JSON: containers of changing shape, numbers that may be none, dates."""

from datetime import UTC, date, datetime
from ipaddress import ip_address
from math import isfinite
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from msgspec import Meta
from msgspec.json import Decoder

T = TypeVar("T")

Positive = Annotated[float, Meta(gt=0.0)]
"""In a typed body, what :func:`positive` takes."""

Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""In a typed body, what :func:`count` takes of whole numbers."""


def fitted(decoder: Decoder[T], body: bytes) -> T | None:
    """A body read in one pass as what it should be; None where anything in it is otherwise.

    This is the short way for the usual body. None decides nothing: the readers below then tell what of the body is
    usable, row by row.
    """
    try:
        return decoder.decode(str(body, "utf-8"))  # as text, since bytes in members that are skipped go unchecked
    except (ValueError, RecursionError):
        return None


def rows(container: Any, name: str) -> list[Any] | None:
    """What stands under ``name``: a list, one object on its own, null, or the string "null".

    Returns:
        Its rows, empty where there are none; None where ``container`` is not of the documented shape.
    """
    if container is None or container == "null":
        return []
    if not isinstance(container, dict):
        return None
    inner = container.get(name)
    if inner is None or inner == "null":
        return []
    return inner if isinstance(inner, list) else [inner]


def finite(value: Any) -> float | None:
    """A finite number as a float; None for anything else, a boolean and a string too."""
    if type(value) is float:
        return value if isfinite(value) else None
    if type(value) is not int:
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def positive(value: Any) -> float | None:
    """A finite number above zero; None for anything else."""
    number = finite(value)
    return number if number is not None and number > 0.0 else None


def count(value: Any) -> int | None:
    """A whole number of at least zero; None for anything else."""
    if type(value) is int:
        return value if 0 <= value < 2**63 else None
    if type(value) is float and value.is_integer() and 0 <= value < 2**63:
        return int(value)
    return None


def number_in(text: Any) -> float | None:
    """A number written as text, as Alpha Vantage does; None for "None", "-", "" and whatever is not finite."""
    if not isinstance(text, str) or len(text) > 40:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def day(value: Any) -> date | None:
    """A calendar date written ``YYYY-MM-DD``; None for anything else, 2099-99-99 too."""
    if not isinstance(value, str) or len(value) != 10:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def instant(value: Any) -> datetime | None:
    """A time in milliseconds since 1970 or in ISO 8601 with a zone, as UTC; None for 0 and anything else."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    milliseconds = positive(value)
    if milliseconds is None or milliseconds > 1e14:
        return None
    return datetime.fromtimestamp(milliseconds / 1000.0, UTC)


def text(value: Any) -> str | None:
    """A string that says something; None for anything else, "None" and "-" too."""
    if not isinstance(value, str):
        return None
    stripped = value.strip()
    return stripped if stripped not in ("", "-", "None", "null") else None


def is_loopback(url: str) -> bool:
    """True for an address on this machine, where a stand-in for a vendor takes any key."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
