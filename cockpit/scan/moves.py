"""Daily bars and what a price did on past reports."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import inf, log, sqrt

from cockpit.options.calendar import next_session, previous_session, session_on_or_after, session_on_or_before
from cockpit.scan.earnings import PastReport, Timing

_SMALLEST_SPLIT = 2.0
_SPLIT_SLACK = 0.025
"""How far the open may lie from a whole multiple; more would take real collapses for splits."""


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


def splits(before: DailyBar, after: DailyBar) -> bool:
    """True where the price opened at a whole multiple or fraction of the close before, as only a split makes it.

    Bars are meant to be adjusted for splits. Where one was missed, the move across it says nothing about the report.
    """
    factor = before.close / after.open if before.close > after.open else after.open / before.close
    if factor < _SMALLEST_SPLIT * (1.0 - _SPLIT_SLACK):
        return False
    return abs(factor / round(factor) - 1.0) <= _SPLIT_SLACK


def split_days(bars: Sequence[DailyBar]) -> tuple[date, ...]:
    """Days on which a split was missed by whoever adjusted the bars, which rise by day."""
    found = []
    for before, after in pairwise(bars):
        # Years of bars are looked at: what is no leap at all goes on at once.
        if 0.6 * before.close < after.open < 1.8 * before.close:
            continue
        if _sound(before) and _sound(after) and splits(before, after):
            found.append(after.day)
    return tuple(found)


def reaction(report: PastReport, bars: Mapping[date, DailyBar]) -> Reaction | None:
    """What the price did on one past report; None where a bar that the rule needs is missing or a split lies between.

    Before the market or during it on day D: from the last session before D to the first not before D. After the
    market: from the last session not after D to the next. Unknown: the larger of the two, with half the weight.
    Sessions are the exchange's, so that a hole in the bars is never bridged.
    """
    before = previous_session(session_on_or_after(report.report_date)), session_on_or_after(report.report_date)
    after_base = session_on_or_before(report.report_date)
    after = after_base, next_session(after_base)
    if report.timing is Timing.UNKNOWN:
        found = [_move(report, bars, *days, weight=0.5) for days in (before, after)]
        return max((one for one in found if one is not None), key=lambda one: abs(one.close_move), default=None)
    return _move(report, bars, *(after if report.timing is Timing.AMC else before))


def reactions(reports: Iterable[PastReport], bars: Iterable[DailyBar], limit: int) -> tuple[Reaction, ...]:
    """Reactions to the newest ``limit`` reports whose bars are there, newest first."""
    by_day = {bar.day: bar for bar in bars}
    found: list[Reaction] = []
    for report in sorted(reports, key=lambda report: report.report_date, reverse=True):
        one = reaction(report, by_day)
        if one is not None:
            found.append(one)
        if len(found) == limit:
            break
    return tuple(found)


def realised_volatility(
    bars: Sequence[DailyBar], sessions: int = 20, skip: Container[date] = frozenset()
) -> float | None:
    """Annual volatility of the last ``sessions`` daily log returns around zero; None where there are fewer.

    Args:
        bars: rising by day.
        skip: days whose return does not count, because a report and no ordinary session made it.
    """
    squares: list[float] = []
    for today, before in zip(reversed(bars), reversed(bars[:-1]), strict=False):
        if today.day in skip or not _sound(today) or not _sound(before) or splits(before, today):
            continue
        squares.append(log(today.close / before.close) ** 2)
        if len(squares) == sessions:
            return sqrt(252.0 * sum(squares) / sessions)
    return None


def _sound(bar: DailyBar) -> bool:
    return 0.0 < bar.close < inf and 0.0 < bar.open < inf and 0.0 < bar.high < inf and 0.0 < bar.low < inf


def _move(
    report: PastReport, bars: Mapping[date, DailyBar], base_day: date, reaction_day: date, weight: float = 1.0
) -> Reaction | None:
    base, after = bars.get(base_day), bars.get(reaction_day)
    if base is None or after is None or not _sound(base) or not _sound(after) or splits(base, after):
        return None
    return Reaction(
        report_date=report.report_date,
        timing=report.timing,
        base_day=base_day,
        reaction_day=reaction_day,
        close_move=after.close / base.close - 1.0,
        gap=abs(after.open / base.close - 1.0),
        range=(after.high - after.low) / base.close,
        weight=weight,
    )
