"""One clear sentence where the cockpit could not start."""

from cockpit.tui.inks import Ink
from cockpit.tui.screens.sheet import Sheet, hint
from cockpit.tui.widgets.bars import Part
from cockpit.tui.widgets.lines import EMPTY, Line
from cockpit.tui.widgets.prose import wrapped


class SorryScreen(Sheet[None]):
    """Says why, and leaves with the error's exit code."""

    def __init__(self, sentence: str) -> None:
        super().__init__("Cannot start")
        self._sentence = sentence

    def content(self, width: int) -> list[Line]:
        """The sentence."""
        return [EMPTY, *wrapped(self._sentence, width, Ink.WARN), EMPTY]

    def hints(self) -> list[Part]:
        """Leaving is all there is to do."""
        return [hint("q", "quit")]

    def action_close_sheet(self) -> None:
        """Leave."""
        self.app.call_next(self.app.action_quit)
