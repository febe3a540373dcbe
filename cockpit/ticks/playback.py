"""How a replay is played: its speed, its pauses and its ends. Where it is, its clock tells."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
"""What faster and slower choose from, in times the recorded pace."""


@dataclass(frozen=True, slots=True)
class Playback:
    """A replay as the screen shows it.

    Attributes:
        start: time of the first frame, UTC; end: of the last one, None until it is known.
        speed: in times the recorded pace.
        seeking: a new position is being looked for.
        ended: the last frame has been played; a seek goes back.
    """

    start: datetime
    end: datetime | None = None
    speed: float = 1.0
    paused: bool = False
    seeking: bool = False
    ended: bool = False


def other_speed(speed: float, steps: int) -> float:
    """The speed so many steps faster (or, below zero, slower); the fastest and the slowest are the last."""
    if steps > 0:
        index = bisect_right(SPEEDS, speed) + steps - 1
        return max(speed, SPEEDS[min(index, len(SPEEDS) - 1)])
    index = bisect_left(SPEEDS, speed) + steps
    return min(speed, SPEEDS[max(index, 0)])
