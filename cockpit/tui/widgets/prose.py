"""Lines made of words: one from runs, groups of runs that flow, prose that wraps."""

import textwrap
from collections.abc import Sequence

from cockpit.tui.inks import Ink, Run
from cockpit.tui.widgets.lines import Line, clean, width_of


def line_of(*runs: Run) -> Line:
    """A line from runs, one space in from the border."""
    return Line(((" ", Ink.TEXT), *((clean(text), ink) for text, ink in runs)))


def flowed(groups: Sequence[Sequence[Run]], width: int) -> list[Line]:
    """Groups of runs one after the other, three spaces apart, on as many lines as they need."""
    lines: list[list[Run]] = [[]]
    used = 1
    for group in groups:
        size = sum(width_of(text) for text, _ in group)
        if lines[-1] and used + 3 + size > width:
            lines.append([])
            used = 1
        if lines[-1]:
            lines[-1].append(("   ", Ink.TEXT))
            used += 3
        lines[-1].extend(group)
        used += size
    return [line_of(*line) for line in lines]


def wrapped(text: str, width: int, ink: Ink = Ink.TEXT) -> list[Line]:
    """Prose in lines of at most ``width`` cells."""
    return [line_of((part, ink)) for part in textwrap.wrap(clean(text), max(10, width - 2)) or [""]]


def hanging(head: Sequence[Run], text: str, width: int, ink: Ink) -> list[Line]:
    """A text behind a head; its further lines stand below its first."""
    used = sum(width_of(part) for part, _ in head)
    first, *rest = wrapped(text, width - used, ink)
    below = (" " * used, Ink.TEXT)
    return [line_of(*head, *first.runs[1:]), *(line_of(below, *more.runs[1:]) for more in rest)]


def figure(label: str, value: str, ink: Ink = Ink.TEXT) -> list[Run]:
    """A figure behind its label; what is unknown is quiet."""
    return [(f"{label} ", Ink.MUTED), (value, Ink.MUTED if value == "?" else ink)]
