"""The few styles that lines are written in, taken from the theme once, not per cell."""

from collections.abc import Mapping
from enum import StrEnum

from rich.style import Style
from textual.color import Color


class Ink(StrEnum):
    """What a piece of text means; the theme decides how that looks. The value is the theme's variable."""

    TEXT = "foreground"
    STRONG = "strong"
    MUTED = "muted"
    UP = "up"
    DOWN = "down"
    ACCENT = "accent"
    WARN = "warning"
    ERROR = "error"
    SIM = "sim"
    LIVE = "live"
    REPLAY = "replay"


class Ground(StrEnum):
    """What a line stands on; the value is the theme's variable for the background."""

    PLAIN = "background"
    CURSOR = "cursor"
    CURSOR_ELSEWHERE = "cursor-elsewhere"
    BAR = "bar"
    BAR_FOCUS = "bar-focus"


Run = tuple[str, Ink]
"""Text with its ink."""

COCKPIT_VARIABLES: tuple[str, ...] = tuple(
    dict.fromkeys([*(ink.value for ink in Ink), *(ground.value for ground in Ground)])
)
"""Every variable that a theme gives beside Textual's own."""


class Inks:
    """Rich styles of the present theme by ink and ground."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """``variables`` is the app's ``theme_variables``."""
        self._colours = {
            name: Color.parse(variables[name]).rich_color for name in COCKPIT_VARIABLES if name in variables
        }
        self._focus_ink = Color.parse(variables["bar-focus-text"]).rich_color if "bar-focus-text" in variables else None
        self._styles: dict[tuple[Ink, Ground], Style] = {}

    def style(self, ink: Ink, ground: Ground = Ground.PLAIN) -> Style:
        """The style of an ink on a ground."""
        found = self._styles.get((ink, ground))
        if found is None:
            found = self._styles[ink, ground] = self._make(ink, ground)
        return found

    def _make(self, ink: Ink, ground: Ground) -> Style:
        colour = self._colours.get(ink.value)
        bold = ink in (Ink.STRONG, Ink.SIM, Ink.LIVE, Ink.REPLAY)
        if ground is Ground.BAR_FOCUS and self._focus_ink is not None:
            colour, bold = self._focus_ink, ink is not Ink.MUTED
        if ground is Ground.CURSOR and ink is Ink.MUTED:
            colour = self._colours.get(Ink.TEXT.value)
        return Style(color=colour, bgcolor=self._colours.get(ground.value), bold=bold or None)
