"""Sections of figures: what a candidate, a spread, a position or a part of the cockpit is made of."""

from collections.abc import Callable, Iterator

from cockpit.scan.explain import Explanation, Row, Section
from cockpit.tui.inks import Ink, Run
from cockpit.tui.screens.sheet import Sheet
from cockpit.tui.widgets.lines import EMPTY, Line, clean, fit, width_of
from cockpit.tui.widgets.prose import hanging, line_of

_LABEL = 30
_VALUE = 24
"""Cells of the column of figures; what is longer is a sentence."""
_NOTE = 24
"""Least cells of a column of notes; where there are fewer, a note stands below its figure."""


class ExplanationView(Sheet[None]):
    """Shows any :class:`Explanation`: label, value, and where the value comes from."""

    preferred_width = 110

    def __init__(self, explanation: Explanation, again: Callable[[], Explanation | None] | None = None) -> None:
        """``again`` gives the explanation anew, once a second; None where there is no longer anything to explain."""
        super().__init__(explanation.title)
        self._explanation = explanation
        self._again = again

    def on_mount(self) -> None:
        """Keep up with what is explained."""
        super().on_mount()
        if self._again is not None:
            self.set_interval(1.0, self._renew)

    def content(self, width: int) -> list[Line]:
        """Every section in turn."""
        return explanation_lines(self._explanation, width)

    def _renew(self) -> None:
        fresh = self._again() if self._again is not None else None
        if fresh is not None and fresh != self._explanation:
            self._explanation = fresh
            self.sheet_title = fresh.title
            self.refill()


def explanation_lines(explanation: Explanation, width: int) -> list[Line]:
    """An explanation in lines of ``width`` cells."""
    lines: list[Line] = []
    for section in explanation.sections:
        if lines:
            lines.append(EMPTY)
        lines.append(line_of((section.title, Ink.ACCENT)))
        lines.extend(_section_lines(section, width))
    return lines


def _section_lines(section: Section, width: int) -> Iterator[Line]:
    values = [width_of(clean(row.value)) for row in section.rows]
    label = min(_LABEL, max((width_of(clean(row.label)) for row in section.rows), default=0))
    value = min(_VALUE, max((size for size in values if size <= _VALUE), default=0))
    for row, size in zip(section.rows, values, strict=True):
        named = (f"  {fit(clean(row.label), label)}  ", Ink.TEXT)
        if size > value:
            # A sentence instead of a figure takes the rest of the line, and as many more as it needs.
            text = row.value if not row.note else f"{row.value} ({row.note})"
            yield from hanging((named,), text, width, Ink.STRONG)
        else:
            yield from _figure_lines(named, row, value, width)


def _figure_lines(named: Run, row: Row, value: int, width: int) -> Iterator[Line]:
    figure = clean(row.value)
    # Figures stand below each other by their last digit, words by their first letter.
    placed = fit(figure, value) if figure[:1].isalpha() else " " * (value - width_of(figure)) + figure
    head = (named, (placed, Ink.MUTED if figure.startswith("?") else Ink.STRONG))
    room = width - width_of(named[0]) - value - 4
    if not row.note:
        yield line_of(*head)
    elif room >= min(_NOTE, width_of(row.note)):
        yield from hanging((*head, ("   ", Ink.TEXT)), row.note, width, Ink.MUTED)
    else:
        yield line_of(*head)
        yield from hanging((("     ", Ink.TEXT),), row.note, width, Ink.MUTED)
