"""What stands below the rows of the spreads pane: structures that could not be built, why a spread is so, its legs."""

from collections.abc import Iterator, Sequence

from cockpit.scan.candidate import Candidate
from cockpit.spreads.sizing import cap_words
from cockpit.spreads.structure import Spread, Unbuilt
from cockpit.spreads.verdict import breakeven_credit
from cockpit.tui.format import fixed, percent, signed
from cockpit.tui.inks import Ink
from cockpit.tui.panes.spreads import short_label
from cockpit.tui.widgets.legs import leg_lines
from cockpit.tui.widgets.lines import EMPTY, Line, fit

MOST_LINES = 3
"""Lines of reasons for one spread."""
_BETWEEN = " | "
_MARGIN = 1
_HEAD = 5
_LABEL = 12


def below(spread: Spread | None, candidate: Candidate | None, width: int, room: int) -> list[Line]:
    """As much as fits into ``room`` lines: what is missing, the reasons, the legs with the result at expiry."""
    missing = [_unbuilt(one, width) for one in candidate.unbuilt] if candidate is not None else []
    lines = missing[: max(0, room)]
    if spread is None:
        return lines
    left = room - len(lines)
    reasons = why_lines(spread, candidate, width, min(MOST_LINES, left))
    if reasons and left > len(reasons):
        lines.append(EMPTY)
    lines += reasons
    # The legs are all or nothing, and set off.
    legs = [EMPTY, *leg_lines(spread.legs, width, spread.fill)]
    return [*lines, *legs] if len(lines) + len(legs) <= room else lines


def why_lines(spread: Spread, candidate: Candidate | None, width: int, most: int) -> list[Line]:
    """The reasons for one spread in at most so many lines; what is unknown is left out."""
    if most <= 0:
        return []
    why = _flowed("why", list(_why_items(spread, candidate)), width, max(1, most - 1))
    return why + _flowed("size", list(_size_items(spread)), width, most - len(why))


def _unbuilt(one: Unbuilt, width: int) -> Line:
    text = f" {fit(short_label(one.kind), _LABEL)}{one.reason}"
    return Line(((fit(text, width).rstrip(), Ink.MUTED),))


def _why_items(spread: Spread, candidate: Candidate | None) -> Iterator[str]:
    if spread.rejected:
        yield f"no trade: {spread.rejected}"
    if candidate is not None:
        event = candidate.event_move is not None
        implied = candidate.event_move if event else candidate.implied_move
        if implied is not None and candidate.historical_mean is not None:
            past = f"{percent(candidate.historical_mean)}% x{candidate.quarters}"
            yield f"{'event' if event else 'implied'} {percent(implied)}% vs {past}"
        if candidate.vrp is not None:
            yield f"VRP {fixed(candidate.vrp)}"
    if spread.breakevens and spread.pop is not None:
        yield f"POP at {' / '.join(fixed(point) for point in spread.breakevens)}"
    if spread.ev_exit is not None:
        yield f"EV next morning {signed(spread.ev_exit, 1)}"
    if spread.pop_exit is not None:
        yield f"POP then {percent(spread.pop_exit, 0)}%"
    yield f"costs {fixed(spread.commission)}"


def _size_items(spread: Spread) -> Iterator[str]:
    size = spread.size
    if size.full_kelly is None:
        yield f"{size.contracts}: no Kelly fraction without an expected value"
    else:
        yield f"{size.contracts} by {cap_words(size.bound_by)} (full Kelly {percent(size.full_kelly, 0)}%)"
    credit = breakeven_credit(spread)
    if credit is not None:
        yield f"needs {fixed(credit)} credit"
    if len(spread.totals) > 1:
        yield "also " + ", ".join(f"{one.scorer} {one.total:.0f}" for one in spread.totals[1:])


def _flowed(head: str, items: Sequence[str], width: int, most: int) -> list[Line]:
    """Items side by side, and on the next line where they do not fit; one that has no room is left out."""
    room = width - _MARGIN - _HEAD
    rows: list[str] = []
    for item in items:
        if rows and len(rows[-1]) + len(_BETWEEN) + len(item) <= room:
            rows[-1] += _BETWEEN + item
        elif len(rows) < most:
            rows.append(fit(item, room).rstrip() if len(item) > room else item)
    heads = [head, *([""] * len(rows))]
    margin = " " * _MARGIN
    return [Line(((f"{margin}{name:<{_HEAD}}{text}", Ink.MUTED),)) for name, text in zip(heads, rows, strict=False)]
