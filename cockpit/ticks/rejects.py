"""What was not taken from the stream: all of it counted by kind, a little of it in the log."""

import logging
from collections import deque

from cockpit.health.metrics import Tally

log = logging.getLogger(__name__)

_LINES = 10
_SECONDS = 60.0


class Rejects:
    """Counts by kind; at most ten samples a minute are written down, so that a mad venue fills no disk."""

    def __init__(self) -> None:
        self.kinds = Tally()
        self._written: deque[float] = deque(maxlen=_LINES)
        self._silent = 0

    @property
    def total(self) -> int:
        """How many so far."""
        return self.kinds.total

    def add(self, venue: str, kind: str, sample: str | bytes, now: float) -> None:
        """Count one, received at a monotonic time."""
        self.kinds.add(kind)
        written = self._written
        if len(written) == _LINES and now - written[0] < _SECONDS:
            self._silent += 1
            return
        written.append(now)
        more = f" ({self._silent} others were not written down)" if self._silent else ""
        self._silent = 0
        log.warning("%s: %s: %r%s", venue, kind, sample, more)
