"""Which expiries hold a report, by the instant at which it moves the price."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from cockpit.options.calendar import (
    NEW_YORK,
    closes_at,
    next_session,
    opens_at,
    session_on_or_after,
    session_on_or_before,
)
from cockpit.options.forward import SESSIONS_A_YEAR, trading_years
from cockpit.scan.earnings import EarningsReport, Timing

NEXT_REPORT_AFTER = timedelta(days=80)
"""An expiry this long after the report may hold the next one as well, so it tells nothing about this one."""
LEAST_AMBIENT_SESSIONS = 1.0
"""Sessions that an expiry before the report must have left: the last hours of an option tell little of a volatility."""
SETTLED_AFTER = timedelta(minutes=45)
"""After the open, volatilities and spreads have found their new level."""


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


def precedes(expiry: date, report_date: date, timing: Timing) -> bool:
    """True where the expiry surely closes before the report comes out.

    A report after the close of an expiry Friday leaves that Friday's options alone. Of an unknown timing nothing is
    sure on the day itself.
    """
    return expiry <= report_date if timing is Timing.AMC else expiry < report_date


def preceding_expiry(expirations: Iterable[date], report_date: date, timing: Timing, now: datetime) -> date | None:
    """The last expiry before a report that has a session and more to go; None where none is listed."""
    least = LEAST_AMBIENT_SESSIONS / SESSIONS_A_YEAR
    return max(
        (day for day in expirations if precedes(day, report_date, timing) and trading_years(day, now) >= least),
        default=None,
    )


def event_instant(report: EarningsReport) -> datetime:
    """When a report is first known to be out; see :func:`report_instant`."""
    return report_instant(report.report_date, report.timing)


def report_instant(report_date: date, timing: Timing) -> datetime:
    """When a report is first known to be out, UTC: the open for BMO, the close for all others.

    A report during the session or at an unknown hour may come at any time before; until the close it still may.
    """
    if timing is Timing.BMO:
        return opens_at(session_on_or_after(report_date))
    if timing is Timing.DMH:
        return closes_at(session_on_or_after(report_date))
    return closes_at(session_on_or_before(report_date))


def morning_after(report_date: date, timing: Timing) -> datetime:
    """When a holder of the report gets out: 45 minutes into the first session that opens with the report known, UTC."""
    known = report_instant(report_date, timing)
    day = session_on_or_after(known.astimezone(NEW_YORK).date())
    opened = opens_at(day)
    return (opened if opened >= known else opens_at(next_session(day))) + SETTLED_AFTER
