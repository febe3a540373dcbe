"""Money and times as the tables hold them: integers of a ten-thousandth of a dollar, ISO 8601 in UTC."""

from datetime import UTC, datetime
from decimal import Decimal

_SCALE = Decimal(10_000)
_CENT = Decimal("0.01")


def scaled(value: Decimal) -> int:
    """Dollars as the integer of a column that ends in ``_e4``.

    Raises:
        ValueError: the amount is finer than that.
    """
    exact = value * _SCALE
    whole = int(exact)
    if whole != exact:
        raise ValueError(f"{value} is finer than a ten-thousandth of a dollar")
    return whole


def dollars(stored: int) -> Decimal:
    """With two decimals at least, as money reads."""
    value = Decimal(stored) / _SCALE
    cents = value.quantize(_CENT)
    return cents if cents == value else value


def strike(stored: int) -> Decimal:
    """A strike, without decimals that it does not need."""
    return Decimal(stored) / _SCALE


def stamp(instant: datetime) -> str:
    """An instant in UTC."""
    return instant.astimezone(UTC).isoformat()
