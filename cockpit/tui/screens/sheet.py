"""A sheet: a window of lines over the panes, scrolled by the same keys."""

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import Widget

from cockpit.tui.inks import Ground, Ink
from cockpit.tui.widgets.bars import Bar, Part, words
from cockpit.tui.widgets.lines import EMPTY, Line, LinesMixin

T = TypeVar("T")


class SheetBody(LinesMixin, Widget, can_focus=True):
    """Lines, as many as there is room for."""

    DEFAULT_CSS = """
    SheetBody { height: 1fr; }
    """

    class Scrolled(Message):
        """Other lines are in sight."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: Sequence[Line] = ()
        self.top = 0

    def line(self, y: int) -> Line:
        """One line."""
        at = y + self.top
        return self.lines[at] if at < len(self.lines) else EMPTY

    def scroll_by(self, lines: int) -> None:
        """Scroll by so many lines."""
        self.top = max(0, min(self.top + lines, len(self.lines) - self.size.height))
        self.repaint()
        self.post_message(self.Scrolled())

    def scroll_to_part(self, by: int) -> None:
        """Scroll to the next part, or to the one before; a part begins behind an empty line."""
        parts = [at for at, line in enumerate(self.lines) if at == 0 or (self.lines[at - 1] == EMPTY != line)]
        if by > 0:
            there = next((at for at in parts if at > self.top), self.top)
        else:
            there = next((at for at in reversed(parts) if at < self.top), 0)
        self.scroll_by(there - self.top)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll by wheel."""
        event.stop()
        self.scroll_by(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll by wheel."""
        event.stop()
        self.scroll_by(-3)


class Sheet(ModalScreen[T], inherit_bindings=False):
    """Title, lines, hints. Subclasses give the lines for a width."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close_sheet", "Close", show=False),
        Binding("up,k", "scroll_lines(-1)", show=False),
        Binding("down,j", "scroll_lines(1)", show=False),
        Binding("pageup,ctrl+b", "scroll_pages(-1)", show=False),
        Binding("pagedown,ctrl+f,space", "scroll_pages(1)", show=False),
        Binding("home,g", "scroll_lines(-100000)", show=False),
        Binding("end,G", "scroll_lines(100000)", show=False),
        Binding("tab", "scroll_parts(1)", show=False),
        Binding("shift+tab", "scroll_parts(-1)", show=False),
        Binding("y", "copy_sheet", show=False),
    ]
    DEFAULT_CSS = """
    Sheet { align: center middle; background: transparent; }
    Sheet > #sheet { border: round $primary; background: $background; }
    Sheet > ToastRack { margin-bottom: 2; }
    """
    preferred_width = 78

    def __init__(self, title: str) -> None:
        super().__init__()
        self.sheet_title = title
        self.body = SheetBody()
        self._bar = Bar(ground=Ground.BAR)
        self._hints = Bar(ground=Ground.PLAIN)
        self._box = Vertical(self._bar, self.body, self._hints, id="sheet")

    def compose(self) -> ComposeResult:
        """The box."""
        yield self._box

    def on_mount(self) -> None:
        """Fill it."""
        self.body.focus()
        self.refill()

    def on_resize(self) -> None:
        """Fit the new terminal, once its size has reached the screen."""
        self.call_after_refresh(self.refill)

    def content(self, width: int) -> list[Line]:
        """The lines for so many cells."""
        raise NotImplementedError

    def title_parts(self) -> list[Part]:
        """The title and what stands beside it."""
        return [words((self.sheet_title, Ink.STRONG))]

    def hints(self) -> list[Part]:
        """The keys of this sheet."""
        return [hint("↑↓", "scroll"), hint("y", "copy"), hint("Esc", "close")]

    def refill(self) -> None:
        """Make the lines anew and fit the box around them."""
        if not self.is_mounted:
            return
        width = min(self.size.width, self.preferred_width)
        self.body.lines = self.content(max(1, width - 2))
        height = min(self.size.height, len(self.body.lines) + 4)
        if self._box.styles.width is None or (self._box.size.width, self._box.size.height) != (width, height):
            self._box.styles.width, self._box.styles.height = width, height
        self._bar.show(self.title_parts())
        self._show_hints(height - 4)
        self.body.repaint()

    def _show_hints(self, room: int) -> None:
        """The keys, and where there is more than fits, which of the lines are in sight."""
        parts, count = self.hints(), len(self.body.lines)
        if count > room > 0:
            first = min(self.body.top, count - room) + 1
            parts.append(hint("Tab", "next part", 5))
            parts.append(words((f"{first}-{first + room - 1} of {count}", Ink.MUTED), rank=6, right=True))
        self._hints.show(parts)

    def on_sheet_body_scrolled(self) -> None:
        """Tell which lines are in sight now."""
        self._show_hints(self.body.size.height)

    def action_close_sheet(self) -> None:
        """Close without a result."""
        self.dismiss(None)

    def action_scroll_lines(self, lines: int) -> None:
        """Scroll by lines."""
        self.body.scroll_by(lines)

    def action_scroll_pages(self, pages: int) -> None:
        """Scroll by pages."""
        self.body.scroll_by(pages * max(1, self.body.size.height - 1))

    def action_scroll_parts(self, by: int) -> None:
        """Scroll to the next part, or to the one before."""
        self.body.scroll_to_part(by)

    def action_copy_sheet(self) -> None:
        """Put the text of the sheet on the clipboard of the terminal."""
        text = "\n".join("".join(text for text, _ in line.runs).rstrip() for line in self.body.lines)
        self.app.copy_to_clipboard(text)
        self.app.notify("copied", markup=False, timeout=2)


def hint(key: str, label: str, rank: int = 0) -> Part:
    """A key with what it does."""
    return words((f"{key} ", Ink.ACCENT), (label, Ink.MUTED), rank=rank)
