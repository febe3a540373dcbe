"""Whether I can believe it: feed, vendors with their limits, database, process, tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.widget import Widget

from cockpit.tui.actions import Pane
from cockpit.tui.inks import Ink
from cockpit.tui.panes.base import STARTING, PaneView
from cockpit.tui.session import Session
from cockpit.tui.widgets.bars import Part, words
from cockpit.tui.widgets.columns import Moment
from cockpit.tui.widgets.lines import EMPTY, Line, LinesMixin

if TYPE_CHECKING:
    from cockpit.health.status import HealthRow


class HealthBody(LinesMixin, Widget, can_focus=True):
    """Parts and vendors side by side where there is room, below each other where not."""

    DEFAULT_CSS = """
    HealthBody { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.hint = STARTING
        self._lines: list[Line] = []
        self.top = 0

    def show(self, rows: dict[str, HealthRow], moment: Moment) -> None:
        """Lay the rows out for the present size and send what changed."""
        if not rows:
            self.repaint()
            return
        from cockpit.tui.panes.health_lines import health_lines

        self._lines = health_lines(rows, moment, self.size.width)
        self.top = max(0, min(self.top, len(self._lines) - self.size.height))
        self.repaint()

    def scroll_by(self, lines: int) -> None:
        """Scroll by so many lines."""
        self.top = max(0, min(self.top + lines, len(self._lines) - self.size.height))
        self.repaint()

    @property
    def below(self) -> int:
        """Lines out of sight below."""
        return max(0, len(self._lines) - self.top - self.size.height)

    def line(self, y: int) -> Line:
        """One line."""
        if not self._lines:
            return Line(((f" {self.hint}", Ink.MUTED),)) if y == 1 else EMPTY
        at = y + self.top
        return self._lines[at] if at < len(self._lines) else EMPTY

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll by wheel."""
        event.stop()
        self.scroll_by(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll by wheel."""
        event.stop()
        self.scroll_by(-1)


class HealthPane(PaneView):
    """Health: what every part says of itself."""

    def __init__(self) -> None:
        super().__init__(Pane.HEALTH)
        self._body = HealthBody()

    @property
    def body(self) -> LinesMixin:
        """The lines."""
        return self._body

    def attach(self, session: Session) -> None:
        """Read the board of health."""
        super().attach(session)
        self._body.hint = "no part has reported yet; a moment"

    def rows(self) -> dict[str, HealthRow]:
        """Every part by key."""
        return dict(self.session.boards.health.items()) if self.session else {}

    def tick(self) -> None:
        """Lay everything out anew: reset clocks and ages run. Once a second is enough for this pane."""
        self._body.show(self.rows(), self.moment())
        self.retitle()

    def on_resize(self) -> None:
        """Lay out for the new width."""
        self.tick()

    def count(self) -> str:
        """How many parts are not well."""
        if self.session is None:
            return ""
        from cockpit.tui.panes.health_lines import trouble

        bad = trouble(self.rows())
        return f"{bad}!" if bad else ""

    def title_parts(self) -> list[Part]:
        """How many parts are not well, and the first of them by name."""
        rows = self.rows()
        if not rows:
            return []
        from cockpit.tui.panes.health_lines import items_of, troubled

        bad = [row for row in rows.values() if troubled(row)]
        if not bad:
            return [words(("all up", Ink.UP), rank=1)]
        name, _ = items_of(bad[0], self.moment())
        parts = [words((f"{len(bad)} not well: ", Ink.WARN), (name, Ink.WARN), rank=0)]
        if self._body.below:
            parts.append(words((f"↓{self._body.below}", Ink.MUTED), rank=1, right=True))
        return parts
