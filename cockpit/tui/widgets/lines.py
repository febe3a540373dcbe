"""Widgets that write whole lines and send only those that changed."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from cockpit.tui.inks import Ground, Ink, Inks, Run


class Line(NamedTuple):
    """One line of the screen: its text in runs, and the ground it stands on."""

    runs: tuple[Run, ...] = ()
    ground: Ground = Ground.PLAIN


EMPTY = Line()


def clean(text: str) -> str:
    """Text from outside without anything that a terminal would obey."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def width_of(text: str) -> int:
    """Cells that a text takes."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int) -> str:
    """The text in exactly so many cells, cut with an ellipsis."""
    size = width_of(text)
    if size == width:
        return text
    if size < width:
        return text + " " * (width - size)
    return "" if width <= 0 else set_cell_size(text, width - 1) + "…"


def merged(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Neighbours of one ink as one run: fewer escape sequences on the wire. Blanks take their neighbour's ink."""
    out: list[Run] = []
    for text, ink in runs:
        if not text:
            continue
        if out and (out[-1][1] is ink or text.isspace()):
            out[-1] = (out[-1][0] + text, out[-1][1])
        elif out and out[-1][0].isspace():
            out[-1] = (out[-1][0] + text, ink)
        else:
            out.append((text, ink))
    return tuple(out)


class LinesMixin(Widget):
    """Draws by :meth:`line`; :meth:`repaint` refreshes exactly the lines whose content differs from what is shown."""

    _painted: dict[int, Line]
    _strips: dict[Line, Strip]
    _strips_of: tuple[object, int] = (None, -1)

    def line(self, y: int) -> Line:
        """The content of screen line ``y``."""
        raise NotImplementedError

    @property
    def inks(self) -> Inks:
        """Styles of the present theme."""
        inks: Inks = self.app.inks  # type: ignore[attr-defined]  # every screen of the cockpit runs in its app
        return inks

    def repaint(self) -> int:
        """Refresh the changed lines; returns how many there were."""
        if not self.is_mounted or not self.size:
            return 0
        regions: list[Region] = []
        width = self.size.width
        painted = self._painted_lines()
        for y in range(self.size.height):
            fresh = self.line(y)
            shown = painted.get(y)
            if fresh == shown:
                continue
            painted[y] = fresh
            regions.append(Region(0, y, _changed_until(shown, fresh, width), 1))
        if regions:
            self.refresh(*regions)
        return len(regions)

    def repaint_all(self) -> None:
        """Draw every line anew, after a change of theme or size."""
        self._painted_lines().clear()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Textual's way to ask for one line."""
        line = self._painted_lines()[y] = self.line(y)
        width, inks = self.size.width, self.inks
        if self._strips_of != (inks, width):
            self._strips, self._strips_of = {}, (inks, width)
        strip = self._strips.get(line)
        if strip is None:
            if len(self._strips) > 512:
                self._strips.clear()
            strip = self._strips[line] = _strip(line, width, inks)
        return strip

    def _painted_lines(self) -> dict[int, Line]:
        try:
            return self._painted
        except AttributeError:
            self._painted = {}
            return self._painted


def _strip(line: Line, width: int, inks: Inks) -> Strip:
    segments = [Segment(text, inks.style(ink, line.ground)) for text, ink in line.runs]
    return Strip(segments).adjust_cell_length(width, inks.style(Ink.TEXT, line.ground))


def _changed_until(shown: Line | None, fresh: Line, width: int) -> int:
    """Cells from the left up to the last one that differs: the tail of the line need not be sent."""
    if shown is None or shown.ground is not fresh.ground:
        return width
    old, new = _cells(shown.runs), _cells(fresh.runs)
    if old is None or new is None or len(old) != len(new):
        return width
    end = len(new)
    while end and old[end - 1] == new[end - 1]:
        end -= 1
    return min(end, width)


def _cells(runs: Sequence[Run]) -> list[tuple[str, Ink]] | None:
    if any(width_of(text) != len(text) for text, _ in runs):
        return None
    return [(character, ink) for text, ink in runs for character in text]
