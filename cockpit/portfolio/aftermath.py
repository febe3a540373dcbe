"""What a report did to the price of a name that is held: which daily bars tell it, and when they are final."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cockpit.options.calendar import closes_at, next_session, session_on_or_after, session_on_or_before
from cockpit.scan.earnings import PastReport, Timing
from cockpit.scan.moves import DailyBar, review

OFFICIAL_CLOSE_DELAY = timedelta(minutes=10)
"""After the bell the closing auction still prints; only then is a daily bar's close the official one."""
_BEFORE = timedelta(days=35)
"""Days before the report whose volumes tell a collapse from a split."""


@dataclass(frozen=True, slots=True)
class Move:
    """Between the close of ``base_day`` and the open (``gap``) and close of ``reaction_day``, signed fractions."""

    base_day: date
    reaction_day: date
    gap: float
    close_move: float


def reaction_over(report_date: date, timing: Timing) -> datetime:
    """When the last session that may be the reaction has its official close, UTC."""
    before_close = timing in (Timing.BMO, Timing.DMH)
    day = session_on_or_after(report_date) if before_close else next_session(session_on_or_before(report_date))
    return closes_at(day) + OFFICIAL_CLOSE_DELAY


def days_needed(report_date: date, timing: Timing) -> tuple[date, date]:
    """First and last day of the bars that :func:`move_on` goes by."""
    return report_date - _BEFORE, reaction_over(report_date, timing).date()


def move_on(symbol: str, report_date: date, timing: Timing, bars: Sequence[DailyBar]) -> Move | str:
    """The move by the rules of :func:`cockpit.scan.moves.reaction`, or why there is none, in a few words."""
    found, missed = review([PastReport(symbol, report_date, timing)], bars, 1)
    if not found:
        return missed[0].reason
    by_day = {bar.day: bar for bar in bars}
    base, after = by_day[found[0].base_day], by_day[found[0].reaction_day]
    return Move(base.day, after.day, after.open / base.close - 1.0, found[0].close_move)
