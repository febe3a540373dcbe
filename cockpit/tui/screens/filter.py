"""The line in which a filter is typed; the rows follow every keystroke."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from cockpit.filtering import FilterError
from cockpit.tui.inks import Ground, Ink
from cockpit.tui.panes.base import TablePane
from cockpit.tui.widgets.bars import Bar, words


class FilterScreen(ModalScreen[None]):
    """Enter keeps the filter, Esc takes back what was typed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "undo", show=False)]
    DEFAULT_CSS = """
    FilterScreen { align: left bottom; background: transparent; }
    FilterScreen > Vertical { height: 2; background: $panel; }
    FilterScreen > ToastRack { margin-bottom: 2; }
    FilterScreen Input { height: 1; border: none; padding: 0 1; background: $surface; }
    FilterScreen Input:focus { border: none; }
    """

    def __init__(self, pane: TablePane[Any, Any]) -> None:
        super().__init__()
        self._pane = pane
        self._before = pane.filter_text
        self._input = Input(pane.filter_text, placeholder="vrp>1.2 and score>=50, or a name", select_on_focus=False)
        self._input.cursor_blink = False
        self._note = Bar(ground=Ground.BAR)

    def compose(self) -> ComposeResult:
        """The line, and below it the fields or what is wrong."""
        yield Vertical(self._input, self._note)

    def on_mount(self) -> None:
        """Ready to type."""
        self._input.focus()
        self._tell(None)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as it is typed; while it cannot be read, the filter of before holds."""
        try:
            self._pane.filter(event.value)
        except FilterError as error:
            self._pane.filter(self._before)
            self._tell(str(error))
        else:
            self._tell(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep it, if it can be read."""
        try:
            self._pane.filter(event.value)
        except FilterError as error:
            self._tell(str(error))
        else:
            self.dismiss(None)

    def action_undo(self) -> None:
        """Back to the filter of before."""
        self._pane.filter(self._before)
        self.dismiss(None)

    def _tell(self, trouble: str | None) -> None:
        if trouble is not None:
            self._note.show([words((trouble, Ink.WARN))])
            return
        rows = self._pane.table.rows
        count = f"{len(rows.order)} of {len(rows.all)}"
        self._note.show(
            [
                words((count, Ink.STRONG), rank=0),
                words(("Enter ", Ink.ACCENT), ("keep", Ink.MUTED), rank=1),
                words(("Esc ", Ink.ACCENT), ("undo", Ink.MUTED), rank=1),
                words((" ".join(self._pane.fields()), Ink.MUTED), rank=2),
            ]
        )
