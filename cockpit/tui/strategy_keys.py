"""What the keys of strategies do, on the symbol under the cursor in the ticks."""

from typing import TYPE_CHECKING

from cockpit.tui.actions import Pane
from cockpit.tui.chosen import commands, say_nothing_here

if TYPE_CHECKING:
    from cockpit.commands import Commands
    from cockpit.tui.app import CockpitApp
    from cockpit.tui.main_screen import MainScreen


def restart_strategies(app: "CockpitApp", screen: "MainScreen") -> None:
    """Start the stopped strategies of the symbol under the cursor in the ticks again, and say so."""
    known = commands(app)
    symbol = screen.ticks.table.cursor if screen.active is Pane.TICKS else None
    if known is None:
        return
    if symbol is None:
        say_nothing_here(app, "no symbol under the cursor; 1 goes to the ticks")
        return

    async def restart(known: "Commands" = known) -> None:
        app.say(await known.restart_strategies(symbol))

    app.perform(restart())


def flatten_strategies(app: "CockpitApp", screen: "MainScreen") -> None:
    """Ask, and then flatten what strategies hold on the symbol under the cursor in the ticks that run no more."""
    from cockpit.health.status import State
    from cockpit.tui.panes.strategy_lines import of_symbol
    from cockpit.tui.screens.confirm import ConfirmScreen

    known = commands(app)
    symbol = screen.ticks.table.cursor if screen.active is Pane.TICKS else None
    if known is None or app.session is None:
        return
    if symbol is None:
        say_nothing_here(app, "no symbol under the cursor; 1 goes to the ticks")
        return
    held = [one for one in of_symbol(app.session.boards.strategies.values(), symbol) if one.quantity]
    left = [one for one in held if one.state is State.OFF]
    if not left:
        runs = "its strategies run; take their lines out of strategies.run first" if held else "no strategy holds it"
        app.say(f"nothing of {symbol} to flatten: {runs}")
        return

    async def flatten(known: "Commands" = known) -> None:
        app.say(await known.flatten_strategies(symbol))

    what = ", ".join(f"{one.quantity.normalize():+f} of {one.strategy} {one.timeframe}" for one in left)
    question = f"Flatten {what} on {symbol} at the next bid and ask, with the fee?"
    app.push_screen(ConfirmScreen("Flatten", question, "flatten", lambda: app.perform(flatten())))
