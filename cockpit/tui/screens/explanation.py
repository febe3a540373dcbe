"""Sections of figures: what a candidate, a spread, a position or a part of the cockpit is made of."""

from cockpit.scan.explain import Explanation
from cockpit.tui.inks import Ink
from cockpit.tui.screens.sheet import Sheet, line_of, wrapped
from cockpit.tui.widgets.lines import EMPTY, Line, clean, fit, width_of

_VALUE = 24
"""Cells of the column of figures; what is longer is a sentence."""


class ExplanationView(Sheet[None]):
    """Shows any :class:`Explanation`: label, value, and where the value comes from."""

    preferred_width = 100

    def __init__(self, explanation: Explanation) -> None:
        super().__init__(explanation.title)
        self._explanation = explanation

    def content(self, width: int) -> list[Line]:
        """Every section in turn."""
        return explanation_lines(self._explanation, width)


def explanation_lines(explanation: Explanation, width: int) -> list[Line]:
    """An explanation in lines of ``width`` cells."""
    lines: list[Line] = []
    for section in explanation.sections:
        if lines:
            lines.append(EMPTY)
        lines.append(line_of((section.title, Ink.ACCENT)))
        label = min(30, max((width_of(clean(row.label)) for row in section.rows), default=0))
        value = min(_VALUE, max((width_of(clean(row.value)) for row in section.rows), default=0))
        room = width - label - value - 8
        for row in section.rows:
            ink = Ink.MUTED if row.value == "?" else Ink.STRONG
            head = (f"  {fit(clean(row.label), label)}  ", Ink.TEXT)
            if width_of(clean(row.value)) > value:
                # A sentence instead of a figure takes the rest of the line, and as many more as it needs.
                text = row.value if not row.note else f"{row.value} ({row.note})"
                first, *rest = wrapped(text, max(12, width - label - 6), ink)
                lines.append(line_of(head, *first.runs[1:]))
                lines.extend(line_of((" " * (label + 4), Ink.TEXT), *more.runs[1:]) for more in rest)
                continue
            figure = clean(row.value).rjust(value)
            note = clean(row.note)
            if width_of(note) <= room:
                lines.append(line_of(head, (figure, ink), (f"   {note}", Ink.MUTED)))
            else:
                lines.append(line_of(head, (figure, ink)))
                lines.extend(
                    line_of(("      ", Ink.TEXT), *more.runs[1:]) for more in wrapped(note, width - 8, Ink.MUTED)
                )
    return lines
