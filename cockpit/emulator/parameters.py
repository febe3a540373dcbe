"""Reading a request's parameters."""

from collections.abc import Mapping
from datetime import date, datetime


class BadParameterError(Exception):
    """A request's parameter is missing or makes no sense; the text names it."""


def required(params: Mapping[str, str], key: str) -> str:
    """A text that must be there.

    Raises:
        BadParameterError: it is missing or empty.
    """
    value = params.get(key, "").strip()
    if not value:
        raise BadParameterError(f"{key}: is required.")
    return value


def flag(params: Mapping[str, str], key: str) -> bool:
    """True where the parameter says ``true``."""
    return params.get(key, "").lower() == "true"


def day_of(params: Mapping[str, str], key: str, default: date | None) -> date:
    """A date; where it is missing, the default, or an error where there is none.

    Raises:
        BadParameterError: it is missing without a default, or no date.
    """
    if key not in params and default is not None:
        return default
    try:
        return date.fromisoformat(required(params, key))
    except ValueError:
        raise BadParameterError(f"{key}: must be a valid date, YYYY-MM-DD.") from None


def minute_of(params: Mapping[str, str], key: str, default: datetime) -> datetime:
    """A time of the exchange without a zone, such as ``2026-11-24 10:30``.

    Raises:
        BadParameterError: it is no time.
    """
    if key not in params:
        return default
    try:
        return datetime.fromisoformat(required(params, key)).replace(tzinfo=None)
    except ValueError:
        raise BadParameterError(f"{key}: must be a valid time, YYYY-MM-DD HH:MM.") from None
