"""How far the venue's clock is from ours, by round trips: without it a latency tells of clocks, not of the way."""

from collections import deque

_ROUND_TRIPS_KEPT = 8


class ClockOffset:
    """Venue's clock minus ours, from the quickest of the last round trips.

    Half of a round trip is the most by which the estimate can be wrong, so the quickest one is the best one.
    """

    __slots__ = ("_trips",)

    def __init__(self) -> None:
        self._trips: deque[tuple[float, float]] = deque(maxlen=_ROUND_TRIPS_KEPT)

    def add(self, sent_ms: float, venue_ms: float, received_ms: float) -> None:
        """A round trip: when the question left and the answer came by our clock, and the venue's clock between."""
        if received_ms >= sent_ms:
            self._trips.append((received_ms - sent_ms, venue_ms - (sent_ms + received_ms) / 2.0))

    def forget(self) -> None:
        """Start anew after one of the clocks was moved."""
        self._trips.clear()

    @property
    def milliseconds(self) -> float | None:
        """The offset; positive where the venue's clock is ahead; None before the first round trip."""
        return min(self._trips)[1] if self._trips else None
