"""Daily bars and what a price did on past reports."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import inf, log, sqrt

from cockpit.options.calendar import next_session, previous_session, session_on_or_after, session_on_or_before
from cockpit.scan.earnings import PastReport, Timing

_SMALLEST_SPLIT = 2.0
_SPLIT_SLACK = 0.025
"""How far the open may lie from a whole multiple; more would take real collapses for splits."""
_CROWDED = 3.0
"""A split moves no more money than other days do. A collapse by as much moves a multiple: from here on it is one."""
_SMALL_SPLITS = (1.5, 4.0 / 3.0, 1.25)
"""Three shares for two, four for three, five for four. Prices fall as far by themselves: more must tell of a split."""
_SMALL_SLACK = 0.015
_CALM = 1.25
"""Multiple of the usual money up to which a day may have been one like any other."""
_USUAL_SESSIONS = 20
_LEAST_SESSIONS = 5


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
        like_split: the price opened as after a split that nobody adjusted for, but it is taken for real: it was a whole
            multiple, but money came in crowds; or it was that of a small split, which a report may look like.
    """

    report_date: date
    timing: Timing
    base_day: date
    reaction_day: date
    close_move: float
    gap: float
    range: float
    weight: float = 1.0
    like_split: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A past report without a reaction, and why, in a few words."""

    report_date: date
    timing: Timing
    reason: str


def leaps(before: DailyBar, after: DailyBar) -> bool:
    """True where the price opened at a whole multiple or fraction of the close before, as a split makes it."""
    factor = before.close / after.open if before.close > after.open else after.open / before.close
    if factor < _SMALLEST_SPLIT * (1.0 - _SPLIT_SLACK):
        return False
    return abs(factor / round(factor) - 1.0) <= _SPLIT_SLACK


def crowded(after: DailyBar, earlier: Iterable[DailyBar]) -> bool:
    """True where a multiple of the usual money changed hands; False as well where volumes do not tell.

    Args:
        earlier: the sessions before, a month of them.
    """
    usual = _usual_money(earlier)
    return usual is not None and after.close * after.volume >= _CROWDED * usual


def steps(before: DailyBar, after: DailyBar) -> bool:
    """True where the price opened at 2/3, 3/4 or 4/5 of the close before, as a small split makes it."""
    factor = before.close / after.open
    return any(abs(factor / split - 1.0) <= _SMALL_SLACK for split in _SMALL_SPLITS)


def calm(after: DailyBar, earlier: Iterable[DailyBar]) -> bool:
    """True where no more money than usual changed hands; False as well where volumes do not tell.

    Args:
        earlier: the sessions before, a month of them.
    """
    usual = _usual_money(earlier)
    return usual is not None and 0 < after.close * after.volume <= _CALM * usual


def split_days(bars: Sequence[DailyBar]) -> tuple[date, ...]:
    """Days on which a split was missed by whoever adjusted the bars, which rise by day.

    Small ones can be real: on the day of a report they are for the caller to leave out.
    """
    # Years of bars are looked at: what is no leap at all goes on at once.
    far = [
        index
        for index, (before, after) in enumerate(pairwise(bars), 1)
        if not 0.82 * (close := before.close) < after.open < 1.8 * close
    ]
    return tuple(
        bars[index].day for index in far if _sound(bars[index - 1]) and _sound(bars[index]) and _split_at(bars, index)
    )


def reaction(report: PastReport, bars: Mapping[date, DailyBar]) -> Reaction | None:
    """What the price did on one past report; None where a bar that the rule needs is missing or a split lies between.

    Before the market or during it on day D: from the last session before D to the first not before D. After the
    market: from the last session not after D to the next. Unknown: the larger of the two, with half the weight.
    Sessions are the exchange's, so that a hole in the bars is never bridged.
    """
    found = _reaction(report, bars)
    return None if isinstance(found, str) else found


def reactions(reports: Iterable[PastReport], bars: Iterable[DailyBar], limit: int) -> tuple[Reaction, ...]:
    """Reactions to the newest ``limit`` reports whose bars are there, newest first."""
    return review(reports, bars, limit)[0]


def review(
    reports: Iterable[PastReport], bars: Iterable[DailyBar], limit: int
) -> tuple[tuple[Reaction, ...], tuple[LeftOut, ...]]:
    """Reactions as by :func:`reactions`, and the reports among them that have none.

    Reports older than the oldest reaction are not missed: the bars do not reach back that far.
    """
    by_day = {bar.day: bar for bar in bars}
    found: list[Reaction] = []
    missed: list[LeftOut] = []
    counted = 0
    for report in sorted(reports, key=lambda report: report.report_date, reverse=True):
        one = _reaction(report, by_day)
        if isinstance(one, str):
            missed.append(LeftOut(report.report_date, report.timing, one))
            continue
        found.append(one)
        counted = len(missed)
        if len(found) == limit:
            break
    return tuple(found), tuple(missed[: counted if found else limit])


def realised_volatility(
    bars: Sequence[DailyBar], sessions: int = 20, skip: Container[date] = frozenset()
) -> float | None:
    """Annual volatility of the last ``sessions`` daily log returns around zero; None where there are fewer.

    Args:
        bars: rising by day.
        skip: days whose return does not count, because a report and no ordinary session made it.
    """
    squares: list[float] = []
    for index in range(len(bars) - 1, 0, -1):
        today, before = bars[index], bars[index - 1]
        if today.day in skip or not _sound(today) or not _sound(before) or _split_at(bars, index):
            continue
        squares.append(log(today.close / before.close) ** 2)
        if len(squares) == sessions:
            return sqrt(252.0 * sum(squares) / sessions)
    return None


def _sound(bar: DailyBar) -> bool:
    return 0.0 < bar.close < inf and 0.0 < bar.open < inf and 0.0 < bar.high < inf and 0.0 < bar.low < inf


def _usual_money(earlier: Iterable[DailyBar]) -> float | None:
    """Dollars that change hands in the middle one of some sessions; None where too few of them tell."""
    money = sorted(bar.close * bar.volume for bar in earlier if bar.volume > 0 and _sound(bar))
    return money[len(money) // 2] if len(money) >= _LEAST_SESSIONS else None


def _split_at(bars: Sequence[DailyBar], index: int) -> bool:
    before, after, earlier = bars[index - 1], bars[index], bars[max(index - _USUAL_SESSIONS, 0) : index]
    if leaps(before, after):
        return not crowded(after, earlier)
    return steps(before, after) and calm(after, earlier)


def _reaction(report: PastReport, bars: Mapping[date, DailyBar]) -> Reaction | str:
    """The reaction, or why there is none."""
    before = previous_session(session_on_or_after(report.report_date)), session_on_or_after(report.report_date)
    after_base = session_on_or_before(report.report_date)
    after = after_base, next_session(after_base)
    if report.timing is not Timing.UNKNOWN:
        return _move(report, bars, *(after if report.timing is Timing.AMC else before))
    either = [_move(report, bars, *days, weight=0.5) for days in (before, after)]
    moves = [one for one in either if isinstance(one, Reaction)]
    return max(moves, key=lambda one: abs(one.close_move)) if moves else either[0]


def _move(
    report: PastReport, bars: Mapping[date, DailyBar], base_day: date, reaction_day: date, weight: float = 1.0
) -> Reaction | str:
    base, after = bars.get(base_day), bars.get(reaction_day)
    if base is None or after is None:
        return f"no daily bar of {base_day if base is None else reaction_day}"
    if not _sound(base) or not _sound(after):
        return f"the daily bar of {reaction_day if _sound(base) else base_day} holds no prices"
    leap = leaps(base, after)
    if leap and not crowded(after, _month_before(bars, reaction_day)):
        return f"a split on {reaction_day}: it opened at {after.open / base.close:.3g} times the close before"
    return Reaction(
        report_date=report.report_date,
        timing=report.timing,
        base_day=base_day,
        reaction_day=reaction_day,
        close_move=after.close / base.close - 1.0,
        gap=abs(after.open / base.close - 1.0),
        range=(after.high - after.low) / base.close,
        weight=weight,
        # What a report did and a small split on its day look alike: it stays, and the doubt is said.
        like_split=leap or (steps(base, after) and calm(after, _month_before(bars, reaction_day))),
    )


def _month_before(bars: Mapping[date, DailyBar], day: date) -> Iterator[DailyBar]:
    for _ in range(_USUAL_SESSIONS):
        day = previous_session(day)
        bar = bars.get(day)
        if bar is not None:
            yield bar
