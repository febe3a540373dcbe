"""Figures as an explanation shows them; what is unknown reads ``?``."""

from cockpit.scan.explanation import UNKNOWN


def percent(value: float | None, places: int = 1) -> str:
    """A fraction as a percentage."""
    return UNKNOWN if value is None else f"{100.0 * value:.{places}f} %"


def number(value: float | None, places: int = 2) -> str:
    """A plain figure."""
    return UNKNOWN if value is None else f"{value:.{places}f}"


def money(value: float | None, *, signed: bool = False) -> str:
    """Dollars and cents."""
    if value is None:
        return UNKNOWN
    return f"{value:+,.2f}" if signed else f"{value:,.2f}"


def age(seconds: float) -> str:
    """A duration in the unit that a reader would use."""
    if seconds < 120.0:
        return f"{seconds:.0f} s"
    if seconds < 7200.0:
        return f"{seconds / 60.0:.0f} min"
    return f"{seconds / 3600.0:.0f} h" if seconds < 172_800.0 else f"{seconds / 86_400.0:.0f} days"
