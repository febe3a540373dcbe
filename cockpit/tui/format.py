"""Figures as the screen writes them: fixed decimals, ``?`` for what is missing, sign and arrow beside colour."""

import math
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

MISSING = "?"
_BARS = "▁▂▃▄▅▆▇█"

Number: TypeAlias = float | Decimal


def fixed(value: Number | None, decimals: int = 2) -> str:
    """``96,412.31``; never a negative zero."""
    if value is None:
        return MISSING
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if text.strip("-0.,") == "" else text


def signed(value: Number | None, decimals: int = 2) -> str:
    """``+243.00``, with the sign always there except for zero."""
    if value is None:
        return MISSING
    text = fixed(value, decimals)
    return f"+{text}" if value > 0 and text.strip("0.,") else text


def arrowed(value: Number | None, decimals: int = 2) -> str:
    """``▲ 1.42``, ``▼ 0.38`` or two spaces: the direction stands without colour."""
    if value is None:
        return MISSING
    text = fixed(value, decimals).lstrip("-")
    if not text.strip("0.,"):
        return f"  {text}"
    return f"{'▲' if value > 0 else '▼'} {text}"


def percent(fraction: float | None, decimals: int = 1) -> str:
    """A fraction in percent, without the sign that the header carries."""
    return fixed(None if fraction is None else fraction * 100.0, decimals)


def short_fraction(value: float | None, decimals: int = 2) -> str:
    """A probability or delta without its leading zero: ``.71``, ``-.17``, ``1.00``."""
    if value is None:
        return MISSING
    return fixed(value, decimals).replace("0.", ".", 1) if abs(value) < 1.0 else fixed(value, decimals)


def price_decimals(value: Number) -> int:
    """Decimals that a price of this size is worth."""
    size = value if value >= 0 else -value
    if size >= 100:
        return 2
    if size >= 1:
        return 4
    return 5 if size >= Decimal("0.01") else 8


def price(value: Number | None) -> str:
    """A price with decimals by its size; rows of one column align on the point through :func:`on_point`."""
    return MISSING if value is None else fixed(value, price_decimals(value))


def on_point(text: str, decimals: int) -> str:
    """Pad behind the number so that points of one column stand below each other."""
    _, dot, behind = text.partition(".")
    return text + " " * (decimals - len(behind) if dot else decimals + 1)


def tails(bid: Number | None, ask: Number | None) -> str:
    """Both sides of the book by their last digits: ``.30/.31``."""
    if bid is None or ask is None:
        return MISSING
    decimals = price_decimals(ask)
    last = 3 if decimals == 2 else 4
    return f"{fixed(bid, decimals)[-last:]}/{fixed(ask, decimals)[-last:]}"


def compact(value: Number | None) -> str:
    """Three digits and a unit: ``812``, ``1.24k``, ``3.41B``."""
    if value is None:
        return MISSING
    size = float(value)
    for unit in ("", "k", "M", "B"):
        if abs(size) < 999.5:
            decimals = 0 if unit == "" and size == int(size) else max(0, 3 - len(f"{abs(size):.0f}"))
            return f"{size:.{decimals}f}{unit}"
        size /= 1000.0
    return f"{size:,.0f}T"


def data_size(count: int) -> str:
    """``118MB``."""
    return compact(count) + "B"


def age(seconds: float | None) -> str:
    """How old: ``now`` below 3 s, by 5 s from ten on, so that a row need not be redrawn every second."""
    if seconds is None:
        return MISSING
    if seconds < 3:
        return "now"
    if seconds < 10:
        return f"{seconds:.0f}s"
    if seconds < 60:
        return f"{int(seconds) // 5 * 5}s"
    return duration(seconds)


def duration(seconds: float) -> str:
    """A span in its largest unit, or two where the first is small: ``45s``, ``12m``, ``5h17m``, ``3d``."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    minutes, hours = whole // 60, whole // 3600
    if minutes < 60:
        return f"{minutes}m"
    if hours < 10:
        return f"{hours}h{minutes % 60:02d}m"
    return f"{hours}h" if hours < 48 else f"{hours // 24}d"


def stopwatch(seconds: float) -> str:
    """A place in a recording: ``3:05``, ``1:03:05``."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def since(moment: datetime | None, now: datetime) -> float | None:
    """Seconds from a moment to now, not below zero; None where the moment is unknown."""
    return None if moment is None else max(0.0, (now - moment) / timedelta(seconds=1))


def day(value: date) -> str:
    """``26 Nov``."""
    return f"{value.day:2d} {value:%b}"


def spark(values: tuple[float, ...], width: int, full: int) -> str:
    """Values as bars between their own lowest and highest; padded in front as long as there are less than ``full``.

    Where ``full`` values are more than ``width`` bars, each bar is the last of as many as it stands for.
    """
    shown = values[:: -math.ceil(full / width)][:width][::-1]
    if not shown:
        return " " * width
    low, high = min(shown), max(shown)
    span = high - low
    bars = (_BARS[3] if span == 0 else _BARS[min(7, int((value - low) / span * 8))] for value in shown)
    return "".join(bars).rjust(width)


def meter(share: float, width: int) -> str:
    """A bar of ``width`` cells filled to a share of 0 to 1; anything above zero shows at least one cell."""
    full = min(width, max(int(share > 0), round(share * width)))
    return "▇" * full + "▁" * (width - full)
