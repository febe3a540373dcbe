"""Stretches of time as the database counts them: whole milliseconds since 1970 UTC."""

from datetime import UTC, datetime

from cockpit.errors import UsageError


def span_of(start: datetime | None, end: datetime | None) -> tuple[int | None, int | None]:
    """What ``--from`` and ``--to`` mean, in milliseconds; None where one of them is open.

    Raises:
        UsageError: it ends before it begins.
    """
    if start is not None and end is not None and end <= start:
        raise UsageError(f"--to {end.isoformat()} is not after --from {start.isoformat()}; nothing lies between them")
    first, last = (None if one is None else round(one.timestamp() * 1000) for one in (start, end))
    return first, last


def instant_of(milliseconds: int) -> datetime:
    """The instant of so many milliseconds, UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
