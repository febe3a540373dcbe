"""A question before something that cannot be taken back."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from cockpit.tui.inks import Ink
from cockpit.tui.screens.sheet import Sheet, hint
from cockpit.tui.widgets.bars import Part
from cockpit.tui.widgets.lines import EMPTY, Line
from cockpit.tui.widgets.prose import wrapped


class ConfirmScreen(Sheet[None]):
    """Enter does it, Esc leaves everything as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "confirm", show=False)]
    preferred_width = 64

    def __init__(self, title: str, question: str, label: str, do: Callable[[], None]) -> None:
        """``label`` is the word for Enter; ``do`` is called once, after the window has gone."""
        super().__init__(title)
        self._question = question
        self._label = label
        self._do = do

    def content(self, width: int) -> list[Line]:
        """The question."""
        return [EMPTY, *wrapped(self._question, width, Ink.TEXT), EMPTY]

    def hints(self) -> list[Part]:
        """Yes and no."""
        return [hint("Enter", self._label), hint("Esc", "keep")]

    def action_confirm(self) -> None:
        """Do it."""
        self.dismiss(None)
        self._do()
