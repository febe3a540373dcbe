"""Time as everything in the cockpit sees it, so that a simulation and a test can drive it.

Exchange and wall times come from :meth:`Clock.now`; ages, timeouts and limits from :meth:`Clock.monotonic`, which no
step of the wall clock and no simulated jump ever moves.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from cockpit.options.calendar import SessionState, session_state

FIRST_YEAR, LAST_YEAR = 1970, 2099
"""What a clock may be put at: the vendors' symbols of options tell a year by its last two digits."""


class Clock(Protocol):
    """A source of wall and monotonic time."""

    def now(self) -> datetime:
        """The time of the market this session looks at, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever go forward, at the real speed."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The wall time, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """The system's monotonic seconds."""
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a simulated clock stood: at monotonic ``mono`` it showed ``instant`` and ran at ``speed``.

    The monotonic clock is one for the whole machine, so two processes with the same anchor show the same time.
    """

    mono: float
    instant: datetime
    speed: float

    def at(self, mono: float) -> datetime:
        """The simulated time at a monotonic instant."""
        return self.instant + timedelta(seconds=(mono - self.mono) * self.speed)


class SimulatedClock:
    """A clock that runs from an anchor at a speed; speed 0 makes it stand still."""

    def __init__(self, anchor: Anchor) -> None:
        self.anchor = anchor

    def now(self) -> datetime:
        """The simulated time, UTC."""
        return self.anchor.at(time.monotonic())

    def monotonic(self) -> float:
        """The system's monotonic seconds: real, whatever the simulated speed."""
        return time.monotonic()


def session_now(clock: Clock) -> SessionState:
    """The exchange's phase at the clock's time."""
    return session_state(clock.now())
