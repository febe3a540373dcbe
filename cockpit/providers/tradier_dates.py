"""Tradier's corporate calendars as report dates: a second word on when a name reports. Pure."""

from datetime import date, datetime, time, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cockpit.options.calendar import NEW_YORK
from cockpit.providers.decoding import rows, text
from cockpit.scan.earnings import DateClaim, Timing

_OPENS, _CLOSES = time(9, 30), time(16, 0)


def report_dates(body: Any, today: date, source: str) -> dict[str, tuple[DateClaim, ...]] | None:
    """Coming earnings reports by the vendor's symbol, rising; None where the body is not of the documented shape.

    Conference calls and all other corporate events are left out.
    """
    if not isinstance(body, list):
        return None
    found: dict[str, tuple[DateClaim, ...]] = {}
    for answer in body:
        symbol = text(answer.get("request")) if isinstance(answer, dict) else None
        results = rows(answer, "results") if isinstance(answer, dict) else None
        if symbol is None or results is None:
            continue
        claims: dict[date, DateClaim] = {}
        for result in results:
            tables = result.get("tables") if isinstance(result, dict) else None
            for row in rows(tables, "corporate_calendars") or ():
                claim = _date_claim(row, source) if isinstance(row, dict) else None
                if claim is not None and claim.day >= today:
                    claims.setdefault(claim.day, claim)
        if claims:
            found[symbol.upper()] = tuple(claims[key] for key in sorted(claims))
    return found


def _date_claim(row: dict[str, Any], source: str) -> DateClaim | None:
    """The day that an earnings event begins on in New York, and its timing where it comes with a time of day."""
    event = (text(row.get("event")) or "").lower()
    begins = row.get("begin_date_time")
    if "earnings" not in event or "call" in event or not isinstance(begins, str):
        return None
    try:
        moment = datetime.fromisoformat(begins)
    except ValueError:
        return None
    timing = Timing.UNKNOWN
    if moment.time() != time.min:
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=_zone(row.get("time_zone")))
        moment = moment.astimezone(NEW_YORK)
        timing = _timing_at(moment.time())
    status = (text(row.get("event_status")) or "").lower()
    return DateClaim(source, moment.date(), timing, status == "confirmed" if status else None)


def _zone(name: Any) -> tzinfo:
    """The zone that a row names; the exchange's where it names none."""
    try:
        return ZoneInfo(name) if isinstance(name, str) and "/" in name else NEW_YORK
    except (ZoneInfoNotFoundError, ValueError):
        return NEW_YORK


def _timing_at(moment: time) -> Timing:
    if moment < _OPENS:
        return Timing.BMO
    return Timing.DMH if moment < _CLOSES else Timing.AMC
