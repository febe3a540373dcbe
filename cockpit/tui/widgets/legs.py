"""The legs of a structure with their quotes, and its result at expiry beside them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cockpit.options.contract import OptionQuote
from cockpit.spreads.structure import Leg
from cockpit.tui.format import compact, fixed, short_fraction
from cockpit.tui.inks import Ink, Run
from cockpit.tui.widgets.lines import Line, width_of
from cockpit.tui.widgets.payoff import payoff_plot
from cockpit.tui.widgets.prose import line_of

_NAME = 11
_APART = 3
_LEAST_PLOT, _MOST_PLOT = 16, 26


class _Cell(NamedTuple):
    """A figure of a leg; where it is narrow, those of high rank go."""

    title: str
    cells: int
    rank: int
    text: Callable[[OptionQuote], str]


_CELLS = (
    _Cell("bid", 6, 0, lambda quote: fixed(quote.bid)),
    _Cell("ask", 7, 1, lambda quote: fixed(quote.ask)),
    _Cell("mid", 7, 3, lambda quote: fixed(quote.mid)),
    _Cell("iv", 5, 4, lambda quote: "?" if quote.iv is None else f"{quote.iv:.0%}"),
    _Cell("Δ", 5, 2, lambda quote: short_fraction(quote.greeks.delta if quote.greeks else None)),
    _Cell("oi", 7, 5, lambda quote: compact(quote.open_interest)),
)
_WIDEST = _NAME + sum(cell.cells for cell in _CELLS)


def leg_lines(legs: Sequence[Leg], width: int, credit: float | None = None) -> list[Line]:
    """A line a leg below a head; with a ``credit``, and where there is room, the result at expiry beside them."""
    rows = _rows(legs, width)
    room = width - _WIDEST - _APART - 2
    if credit is None or room < _LEAST_PLOT:
        return [line_of(*row) for row in rows]
    plot = payoff_plot(legs, credit, min(room, _MOST_PLOT), max(3, len(rows) - 1))
    lines = []
    for at in range(max(len(rows), len(plot) + 1)):
        row = rows[at] if at < len(rows) else ()
        used = sum(width_of(text) for text, _ in row)
        beside: tuple[Run, ...] = (("at expiry", Ink.MUTED),) if at == 0 else plot[at - 1] if at <= len(plot) else ()
        lines.append(line_of(*row, (" " * (_WIDEST + _APART - used), Ink.TEXT), *beside))
    return lines


def _rows(legs: Sequence[Leg], width: int) -> list[tuple[Run, ...]]:
    room = width - _NAME - 1
    shown = [cell for cell in _CELLS if sum(other.cells for other in _CELLS if other.rank <= cell.rank) <= room]
    heads = "".join(f"{cell.title:>{cell.cells}}" for cell in shown)
    rows: list[tuple[Run, ...]] = [((f"{'leg':<{_NAME}}{heads}", Ink.MUTED),)]
    for leg in legs:
        verb = "buy" if leg.quantity > 0 else "sell"
        times = f"{abs(leg.quantity)}x" if abs(leg.quantity) != 1 else ""
        name = f"{verb:<4} {times}{leg.quote.right.value}{leg.quote.strike:g}"
        figures = "".join(f"{cell.text(leg.quote):>{cell.cells}}" for cell in shown)
        rows.append(((f"{name:<{_NAME}}", Ink.STRONG), (figures, Ink.TEXT)))
    return rows
