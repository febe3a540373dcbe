"""Closed positions and what they came to."""

from collections.abc import Sequence
from decimal import Decimal

from cockpit.portfolio.position import ClosedPosition
from cockpit.tui.format import day, fixed, signed
from cockpit.tui.inks import Ink
from cockpit.tui.screens.sheet import LinesSheet, line_of
from cockpit.tui.widgets.columns import moved_run
from cockpit.tui.widgets.lines import EMPTY, Line, fit


def history_sheet(closed: Sequence[ClosedPosition]) -> LinesSheet:
    """The history as a window."""
    return LinesSheet("Closed positions", history_lines(closed), width=84)


def history_lines(closed: Sequence[ClosedPosition]) -> list[Line]:
    """The total, then a line a position, newest first."""
    if not closed:
        return [EMPTY, line_of(("nothing has been closed yet", Ink.MUTED)), EMPTY]
    total = sum((position.realised for position in closed), Decimal(0))
    won = sum(position.realised > 0 for position in closed)
    share = won / len(closed)
    lines = [
        line_of(
            ("realised ", Ink.MUTED),
            moved_run(signed(total), total),
            (f"   {len(closed)} closed, {won} with a profit ({share:.0%})", Ink.TEXT),
        ),
        EMPTY,
        line_of(
            (
                f"{'closed':<8}{'position':<22}{'qty':>4}{'credit':>8}{'debit':>8}{'fees':>8}{'P&L $':>11}  how",
                Ink.MUTED,
            )
        ),
    ]
    for position in closed:
        name = fit(f"{position.symbol} {position.kind.label}", 22)
        figures = (
            f"{position.contracts:>4}{fixed(position.credit):>8}{fixed(position.debit):>8}{fixed(position.fees):>8}"
        )
        lines.append(
            line_of(
                (f"{day(position.closed_at):<8}", Ink.MUTED),
                (name, Ink.STRONG),
                (figures, Ink.TEXT),
                moved_run(f"{signed(position.realised):>11}", position.realised),
                (f"  {position.reason}", Ink.MUTED),
            )
        )
    return lines
