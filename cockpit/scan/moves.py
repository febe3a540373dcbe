"""Daily bars and what a price did on past reports."""

from dataclasses import dataclass
from datetime import date

from cockpit.scan.earnings import Timing


@dataclass(frozen=True, slots=True)
class DailyBar:
    """One session of an underlying, split-adjusted, dollars."""

    day: date
    open: float
    high: float
    low: float
    close: float
    volume: int


@dataclass(frozen=True, slots=True)
class Reaction:
    """What one past report did to the price, all as fractions of the close before it.

    Attributes:
        base_day: session whose close is the reference.
        reaction_day: first session that knew the report.
        close_move: signed close-to-close move; its size is the only figure comparable with a straddle.
        gap: size of the open against the reference.
        range: high minus low over the reference; for display only.
        weight: 1, or 0.5 where the timing is unknown and the larger candidate was taken.
    """

    report_date: date
    timing: Timing
    base_day: date
    reaction_day: date
    close_move: float
    gap: float
    range: float
    weight: float = 1.0
