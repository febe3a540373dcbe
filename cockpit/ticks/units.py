"""Prices and quantities as integers of 1e-8, the finest that an exchange quotes; products of two are of 1e-16."""

from decimal import Context, Decimal, InvalidOperation

from cockpit.errors import StorageError

PLACES = 8
LARGEST = (1 << 63) - 1

# Sums and products of 1e-8 outgrow the usual 28 digits; they must be right to the last one.
_EXACT = Context(prec=80)
_ONE = Decimal(10**PLACES)
_UNIT, _UNIT_SQUARED = Decimal(f"1E-{PLACES}"), Decimal(f"1E-{2 * PLACES}")
_NOTHING = Decimal(0)
_MOST = Decimal(10**11)
_multiply, _shift = _EXACT.multiply, _EXACT.scaleb


def scaled(value: Decimal) -> int:
    """A positive decimal in units of 1e-8, exactly.

    Raises:
        StorageError: it is not positive, or has more than eight decimals, or does not fit 64 bits.
    """
    try:
        if not _NOTHING < value <= _MOST:  # before it is written out: an exponent can stand for millions of digits
            raise OverflowError
        exact = _multiply(value, _ONE)
        units = int(exact)
        if 0 < units <= LARGEST and units == exact:
            return units
    except (ValueError, OverflowError, InvalidOperation):  # not finite
        units, exact = 0, _NOTHING
    if not 0 < units <= LARGEST and not (units == 0 and 0 < exact < 1):
        raise StorageError(f"{value} cannot be stored: a price or quantity lies between 0 and 9.2e10")
    if units != exact:
        raise StorageError(f"{value} cannot be stored: it is finer than 1e-8")
    return units


def unscaled(units: int) -> Decimal:
    """The decimal of so many units of 1e-8."""
    return _multiply(Decimal(units), _UNIT)


def squared(units: int) -> Decimal:
    """The decimal of so many units of 1e-16: what a price times a quantity is in."""
    return _multiply(Decimal(units), _UNIT_SQUARED)


def sum_units(value: Decimal, places: int) -> int:
    """A sum of at least zero in units of 10^-places; of a value finer than that the rest is cut off."""
    return int(_shift(value, places))
