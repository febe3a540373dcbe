"""The embedded market's own clock: it runs from an anchor and can be moved forward to any later moment."""

import time
from datetime import UTC, datetime

from cockpit.clock import Anchor, SimulatedClock
from cockpit.errors import UsageError
from cockpit.options.calendar import NEW_YORK, next_session, opens_at, session_on_or_after


class EmulatorClock(SimulatedClock):
    """A simulated clock that its owner may move; its anchor is all that another process needs to show the same time."""

    def __init__(self, start: datetime, speed: float = 1.0) -> None:
        """Start at an aware instant.

        Args:
            start: what the clock shows now.
            speed: simulated seconds per real second; 0 makes it stand still.

        Raises:
            UsageError: the instant has no zone, or the speed is negative.
        """
        if start.tzinfo is None:
            raise UsageError(f"the start of the simulated market needs a time zone: {start.isoformat()}")
        if speed < 0:
            raise UsageError(f"the simulated clock does not run backwards: speed {speed:g}")
        super().__init__(Anchor(time.monotonic(), start.astimezone(UTC), speed))

    def jump_to(self, instant: datetime) -> Anchor:
        """Move forward to an instant and go on from there at the same speed.

        Raises:
            UsageError: the instant lies in the past of this clock, or has no zone.
        """
        if instant.tzinfo is None:
            raise UsageError(f"the simulated clock needs a time zone: {instant.isoformat()}")
        now = self.now()
        if instant < now:
            raise UsageError(
                f"the simulated clock only moves forward: it shows {now.isoformat()}, "
                f"which is after {instant.isoformat()}"
            )
        self.anchor = Anchor(time.monotonic(), instant.astimezone(UTC), self.anchor.speed)
        return self.anchor

    def next_session_open(self) -> datetime:
        """The first opening of the exchange after now, UTC."""
        now = self.now()
        day = session_on_or_after(now.astimezone(NEW_YORK).date())
        opening = opens_at(day)
        return opening if opening > now else opens_at(next_session(day))

    def to_next_session(self) -> Anchor:
        """Move to the next opening of the exchange."""
        return self.jump_to(self.next_session_open())
