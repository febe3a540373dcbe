"""Earnings reports: when they come, how sure that is, and the instant they move a price."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Timing(StrEnum):
    """When on its day a report comes out, in exchange time."""

    BMO = "BMO"
    """Before the market opens."""
    AMC = "AMC"
    """After the market closes."""
    DMH = "DMH"
    """During market hours."""
    UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class EarningsReport:
    """A coming report.

    Attributes:
        report_date: the day in New York.
        estimate: consensus earnings per share, as the calendar prints it; None where it has none.
        source: the calendar that said so.
    """

    symbol: str
    name: str
    report_date: date
    timing: Timing
    estimate: float | None
    source: str
    sector: str | None = None


@dataclass(frozen=True, slots=True)
class PastReport:
    """A report that has happened; the price's reaction to it is computed from daily bars."""

    symbol: str
    report_date: date
    timing: Timing
    reported_eps: float | None = None
    estimated_eps: float | None = None


@dataclass(frozen=True, slots=True)
class DateClaim:
    """What one source says of a name's coming report.

    Attributes:
        day: in New York.
        confirmed: the source's own word on how sure it is; None where it has none.
        slack: days by which the report may come earlier or later; 0 where the source names a day.
    """

    source: str
    day: date
    timing: Timing = Timing.UNKNOWN
    confirmed: bool | None = None
    slack: int = 0
