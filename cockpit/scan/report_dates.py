"""How far a report's date and timing can be trusted: calendars beside each other, and the habit of past reports.

The calendar that named the report leads. Another calendar confirms it by naming the same day. The rhythm of past
reports is a weak witness: it can raise a doubt, and it can stand in for a timing that nobody states, but it confirms no
day. All days are the exchange's, in New York.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cockpit.scan.earnings import DateClaim, EarningsReport, PastReport, Timing
from cockpit.scan.explanation import UNKNOWN, Row

RHYTHM = "past reports"
"""The source's name of the claim that is taken from the rhythm of past reports."""
SAME_QUARTER = timedelta(days=45)
"""Claims further apart than this are about different quarters."""
_SAME_REPORT = timedelta(days=10)
"""Calendars that differ by no more mean one report, and an expiry is taken that holds both of their days."""
_YEAR = timedelta(days=364)
_LEAST_SLACK = 7
_MOST_SLACK = 21
_HABIT = 8
_LEAST_HABIT = 3
_HABIT_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class DateTrust:
    """What the sources make of one coming report together.

    Attributes:
        claims: the leading calendar's first, then the others'.
        confirmations: calendars that name the leading one's day, itself included.
        timing: as a calendar states it, else by the habit of past reports, else unknown.
        timing_confirmed: True where a calendar states it for this very report; a habit is an estimate.
        first_day, last_day: the earliest and the latest day that a calendar names for this report: an expiry must hold
            the last one, and is before the report only where it closes before the first.
        flags: doubts in short words.
    """

    claims: tuple[DateClaim, ...]
    confirmations: int
    timing: Timing
    timing_confirmed: bool
    first_day: date
    last_day: date
    flags: tuple[str, ...]

    def veto(self, least: int) -> str | None:
        """Why the date is not to be relied on, as one sentence; None where ``least`` calendars agree."""
        if self.confirmations >= least:
            return None
        leading, *others = self.claims
        said = ", ".join(f"{claim.source} says {claim.day}" for claim in others if not claim.slack)
        rest = f"; {said}" if said else ", no other knows of one"
        return (
            f"the report of {leading.day} is named by {self.confirmations} of the {least} calendars that "
            f"scan.min_confirmations wants: {leading.source} alone{rest}"
        )


def weigh(report: EarningsReport, others: Sequence[DateClaim] | None, past: Sequence[PastReport] = ()) -> DateTrust:
    """Set a report beside what other calendars and its past say.

    Args:
        others: claims of other calendars, of any quarter; None where no other was asked.
        past: newest first.
    """
    leading = DateClaim(report.source or "calendar", report.report_date, report.timing)
    near = tuple(_nearest(leading.day, others or ()))
    rhythm = expected_by_rhythm(past)
    told = (leading, *near)
    stated = next((claim.timing for claim in told if claim.timing is not Timing.UNKNOWN), None)
    habit = usual_timing(past)
    flags = []
    if others is not None and not near:
        flags.append("one date source")
    if any(claim.day != leading.day for claim in near):
        flags.append("dates differ")
    if rhythm is not None and abs((leading.day - rhythm.day).days) > rhythm.slack:
        flags.append("off its rhythm")
    if len({claim.timing for claim in told} - {Timing.UNKNOWN}) > 1:
        flags.append("timings differ")
    if stated is None and habit is not None:
        flags.append("timing estimated")
    elif stated is not None and habit is not None and stated is not habit:
        flags.append("unusual timing")
    return DateTrust(
        claims=(*told, *(() if rhythm is None else (rhythm,))),
        confirmations=sum(claim.day == leading.day for claim in told),
        timing=stated or habit or Timing.UNKNOWN,
        timing_confirmed=stated is not None,
        first_day=min(claim.day for claim in told if leading.day - claim.day <= _SAME_REPORT),
        last_day=max(claim.day for claim in told if claim.day - leading.day <= _SAME_REPORT),
        flags=tuple(flags),
    )


def expected_by_rhythm(past: Sequence[PastReport]) -> DateClaim | None:
    """When the next report is due by the same quarter of the year before; None for a short or irregular past.

    Args:
        past: newest first.
    """
    days = [report.report_date for report in past]
    if len(days) < 5:
        return None
    misses = [abs((later - earlier - _YEAR).days) for later, earlier in zip(days, days[4:], strict=False)]
    if max(misses) > _MOST_SLACK:
        return None
    return DateClaim(RHYTHM, days[3] + _YEAR, usual_timing(past) or Timing.UNKNOWN, None, max(*misses, _LEAST_SLACK))


def usual_timing(past: Sequence[PastReport]) -> Timing | None:
    """The timing of three quarters and more of the last eight reports that have one; None without such a habit."""
    known = [report.timing for report in past[:_HABIT] if report.timing is not Timing.UNKNOWN]
    if len(known) < _LEAST_HABIT:
        return None
    timing, count = Counter(known).most_common(1)[0]
    return timing if count >= _HABIT_SHARE * len(known) else None


def date_rows(
    claims: Sequence[DateClaim], confirmations: int, timing: Timing, *, timing_confirmed: bool
) -> Iterator[Row]:
    """Rows of an explanation: what each source says, and what follows.

    Args:
        timing: what the figures stand on.
    """
    if not claims:
        return
    for claim in claims:
        day = f"{claim.day:%a %d %b %Y}"
        hour = UNKNOWN if claim.timing is Timing.UNKNOWN else claim.timing.value
        if claim.slack:
            yield Row(claim.source, day, f"by the same quarter a year ago, give or take {claim.slack} days; {hour}")
            continue
        words = {None: "", True: ", marked as confirmed", False: ", not confirmed yet"}[claim.confirmed]
        yield Row(claim.source, day, f"timing {hour}{words}; the day in New York")
    yield Row("calendars that agree", str(confirmations), "scan.min_confirmations asks for so many at least")
    if timing is Timing.UNKNOWN:
        yield Row("timing", UNKNOWN, "no calendar states it and past reports have no habit: taken as after the close")
    elif timing_confirmed:
        yield Row("timing", f"{timing.value}, stated", "by a calendar")
    else:
        yield Row("timing", f"{timing.value}, estimated", "by the habit of past reports; no calendar states it")


def _nearest(day: date, claims: Sequence[DateClaim]) -> Iterator[DateClaim]:
    """Of every source, its claim nearest to a day within the same quarter."""
    for source in dict.fromkeys(claim.source for claim in claims):
        own = [claim for claim in claims if claim.source == source and abs(claim.day - day) <= SAME_QUARTER]
        if own:
            yield min(own, key=lambda claim: (abs(claim.day - day), claim.day))
