"""Clocks of a made-up day: one that stands until it is moved, one that runs."""

import time
from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 11, 24, 15, 42, 7, tzinfo=UTC)


class StillClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.instant = now
        self.seconds = 1000.0

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)
        self.seconds += seconds


class RunningClock:
    """Starts at the demo's day and runs."""

    def __init__(self) -> None:
        self._offset = NOW - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def monotonic(self) -> float:
        return time.monotonic()
