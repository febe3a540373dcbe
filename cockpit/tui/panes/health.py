"""Whether I can believe it: alerts, feed, vendors with their limits, database, process, tasks."""

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
    from cockpit.health.alert import Alert
    from cockpit.health.status import HealthRow

_PAGE = 10
"""Lines from which a pane that is alone shows everything."""


class HealthBody(LinesMixin, Widget, can_focus=True):
    """Parts and vendors side by side where there is room, below each other where not; all of it where it is alone."""

    DEFAULT_CSS = """
    HealthBody { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.hint = STARTING
        self._lines: list[Line] = []
        self._places: dict[str, int] = {}
        self.vendor: str | None = None
        """The vendor that keys act on."""
        self.top = 0

    def show(self, rows: dict[str, HealthRow], alerts: dict[str, Alert], moment: Moment, *, alone: bool) -> None:
        """Lay the rows out for the present size and send what changed."""
        if not rows and not alerts:
            self.repaint()
            return
        width, height = self.size
        chosen = self.vendor if self.has_focus else None
        if alone and height >= _PAGE:
            from cockpit.tui.panes.health_page import health_page

            laid = health_page(rows, moment, width, alerts=alerts, height=height, chosen=chosen)
        else:
            from cockpit.tui.panes.health_lines import health_lines

            laid = health_lines(rows, moment, width, alerts=alerts, height=height, chosen=chosen)
        self._lines, self._places = laid
        if self.vendor not in self._places:
            self.vendor = next(iter(self._places), None)
        self.top = max(0, min(self.top, len(self._lines) - height))
        self.repaint()

    def move(self, by: int) -> None:
        """Go so many vendors on, and see them; past the first and the last one scroll."""
        order = list(self._places)
        at = order.index(self.vendor) + by if self.vendor in self._places else -1
        if not 0 <= at < len(order):
            self.scroll_by(by)
            return
        self.vendor = order[at]
        line = self._places[self.vendor]
        self.top = max(min(self.top, line), line - self.size.height + 2, 0)

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

    def alerts(self) -> dict[str, Alert]:
        """Every alert whose condition holds, by key."""
        return dict(self.session.boards.alerts.items()) if self.session else {}

    @property
    def vendor(self) -> str | None:
        """The vendor that keys act on; None where there is none."""
        return self._body.vendor

    def move(self, by: int) -> None:
        """Go so many vendors on."""
        self._body.move(by)
        self.tick()

    def scroll_by(self, lines: int) -> None:
        """Scroll by so many lines."""
        self._body.scroll_by(lines)
        self.retitle()

    def tick(self) -> None:
        """Lay everything out anew: reset clocks and ages run. Once a second is enough for this pane."""
        self._body.show(self.rows(), self.alerts(), self.moment(), alone=self.screen.has_class("-single"))
        self.retitle()

    def on_descendant_focus(self) -> None:
        """Show which vendor keys act on."""
        super().on_descendant_focus()
        self.tick()

    def on_descendant_blur(self) -> None:
        """Keys act on another pane."""
        super().on_descendant_blur()
        self.tick()

    def on_resize(self) -> None:
        """Lay out for the new width."""
        self.tick()

    def count(self) -> str:
        """How many alerts and parts need the user's eye."""
        if self.session is None:
            return ""
        from cockpit.tui.panes.health_lines import trouble

        bad = trouble(self.rows()) + len(self.session.boards.alerts)
        return f"{bad}!" if bad else ""

    def title_parts(self) -> list[Part]:
        """How many alerts there are, how many parts are not well, and the first of them by name."""
        rows, alerts = self.rows(), self.alerts()
        if not rows and not alerts:
            return []
        from cockpit.tui.panes.health_lines import alert_count, items_of, troubled

        parts = [words((alert_count(len(alerts)), Ink.WARN), rank=0)] if alerts else []
        bad = [row for row in rows.values() if troubled(row)]
        if bad:
            name, _ = items_of(bad[0], self.moment())
            parts.append(words((f"{len(bad)} not well: ", Ink.WARN), (name, Ink.WARN), rank=0))
        elif not alerts:
            parts.append(words(("all up", Ink.UP), rank=1))
        if self._body.below:
            parts.append(words((f"↓{self._body.below}", Ink.MUTED), rank=1, right=True))
        return parts
