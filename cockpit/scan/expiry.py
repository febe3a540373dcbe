"""Which expiries hold a report, by the instant at which it moves the price."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from cockpit.options.calendar import closes_at, opens_at, session_on_or_after, session_on_or_before
from cockpit.scan.earnings import EarningsReport, Timing

NEXT_REPORT_AFTER = timedelta(days=80)
"""An expiry this long after the report may hold the next one as well, so it tells nothing about this one."""


def covers(expiry: date, report_date: date, timing: Timing) -> bool:
    """True where the expiry's close comes after the report has moved the price.

    A report after the close of an expiry Friday is not covered by that Friday. An unknown timing counts as after the
    close, which is right for both.
    """
    if timing in (Timing.BMO, Timing.DMH):
        return expiry >= report_date
    return expiry > report_date


def covering_expiries(expirations: Iterable[date], report_date: date, timing: Timing) -> list[date]:
    """Expiries that hold this report and not the next, nearest first."""
    latest = report_date + NEXT_REPORT_AFTER
    return sorted(day for day in expirations if day <= latest and covers(day, report_date, timing))


def event_instant(report: EarningsReport) -> datetime:
    """When the report is first known to be out, UTC: the open for BMO, the close for all others.

    A report during the session or at an unknown hour may come at any time before; until the close it still may.
    """
    if report.timing is Timing.BMO:
        return opens_at(session_on_or_after(report.report_date))
    if report.timing is Timing.DMH:
        return closes_at(session_on_or_after(report.report_date))
    return closes_at(session_on_or_before(report.report_date))
