"""What a key acts on: the commands of the session, and the row under the cursor."""

from typing import TYPE_CHECKING

from cockpit.tui.actions import Pane
from cockpit.tui.panes.base import TRADES_ONLY

if TYPE_CHECKING:
    from cockpit.commands import Commands
    from cockpit.tui.app import CockpitApp
    from cockpit.tui.main_screen import MainScreen

STARTING = "the market is still starting; a moment"


def commands(app: "CockpitApp") -> "Commands | None":
    """The session's commands; before it is open a word on the screen, and None."""
    if app.session is None:
        app.say(STARTING)
        return None
    return app.session.commands


def say_nothing_here(app: "CockpitApp", sentence: str) -> None:
    """Why a key has nothing to act on; in a replay there never will be anything."""
    app.say(TRADES_ONLY if app.settings.profile == "replay" else sentence)


def chosen_spread(screen: "MainScreen") -> str | None:
    """The id of the spread that ``open`` is about."""
    if screen.active is Pane.SPREADS:
        return screen.spreads.table.cursor
    if screen.active is Pane.CANDIDATES:
        candidate = screen.candidates.table.row()
        return candidate.best_spread if candidate else None
    return None


def chosen_symbol(screen: "MainScreen") -> str | None:
    """The name that ``why`` is about."""
    if screen.active is Pane.PORTFOLIO:
        position = screen.portfolio.table.row()
        return position.symbol if position else None
    if screen.active is Pane.SPREADS:
        return screen.spreads.symbol
    return screen.candidates.table.cursor
