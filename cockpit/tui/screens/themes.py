"""Choosing a theme, each shown as the cursor comes to it."""

from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType

from cockpit.tui.inks import Ground, Ink
from cockpit.tui.screens.sheet import Sheet, hint
from cockpit.tui.theming import theme_files
from cockpit.tui.widgets.bars import Part
from cockpit.tui.widgets.lines import Line, fit

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp


class ThemeScreen(Sheet[None]):
    """Up and down preview, Enter keeps, Esc goes back to the theme of before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", show=False),
        Binding("down,j,ctrl+t", "step(1)", show=False),
        Binding("enter", "keep", show=False),
    ]
    preferred_width = 40

    def __init__(self) -> None:
        super().__init__("Theme")
        self._names = list(theme_files())

    def on_mount(self) -> None:
        """Begin at the present theme."""
        self._before = self._chosen = self._app.theme_choice
        super().on_mount()

    @property
    def _app(self) -> "CockpitApp":
        return cast("CockpitApp", self.app)

    def content(self, width: int) -> list[Line]:
        """A line a theme."""
        return [
            Line(
                ((fit(f" {'▌' if name == self._chosen else ' '} {name}", width), Ink.TEXT),),
                Ground.CURSOR if name == self._chosen else Ground.PLAIN,
            )
            for name in self._names
        ]

    def hints(self) -> list[Part]:
        """Keys."""
        return [hint("↑↓", "preview"), hint("Enter", "keep"), hint("Esc", "undo")]

    def action_step(self, by: int) -> None:
        """Preview the next theme that can be read."""
        at = self._names.index(self._chosen) if self._chosen in self._names else 0
        for _ in self._names:
            at = (at + by) % len(self._names)
            if self._app.choose_theme(self._names[at]):
                self._chosen = self._names[at]
                break
        self.refill()

    def action_keep(self) -> None:
        """Keep what is shown."""
        self.dismiss(None)

    def action_close_sheet(self) -> None:
        """Back to the theme of before."""
        self._app.choose_theme(self._before)
        self.dismiss(None)
