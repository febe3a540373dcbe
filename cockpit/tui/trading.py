"""What the trading keys and commands do. Each captures its key at once: rows may move while a ticket is priced."""

from typing import TYPE_CHECKING

from cockpit.errors import UsageError
from cockpit.tui.actions import Pane
from cockpit.tui.chosen import chosen_spread, commands, say_nothing_here

if TYPE_CHECKING:
    from cockpit.portfolio.position import Action
    from cockpit.tui.app import CockpitApp
    from cockpit.tui.main_screen import MainScreen


def open_ticket(app: "CockpitApp", screen: "MainScreen") -> None:
    """A ticket for the spread under the cursor."""
    key = chosen_spread(screen)
    if key is None:
        say_nothing_here(app, "no spread to open here; 3 goes to the spreads, s scans")
        return
    open_key(app, key)


def close_ticket(app: "CockpitApp", screen: "MainScreen") -> None:
    """A ticket that closes the position under the cursor."""
    key = screen.portfolio.table.cursor if screen.active is Pane.PORTFOLIO else None
    if key is None:
        say_nothing_here(app, "no position to close here; 4 goes to the portfolio")
        return
    close_key(app, key)


def open_key(app: "CockpitApp", key: str) -> None:
    """A ticket for a spread by its id."""
    from cockpit.portfolio.position import Action

    _ticket(app, Action.OPEN, key)


def close_key(app: "CockpitApp", key: str) -> None:
    """A ticket that closes a position by its id."""
    from cockpit.portfolio.position import Action

    _ticket(app, Action.CLOSE, key)


def open_by_words(app: "CockpitApp", screen: "MainScreen", symbol: str, structure: str) -> None:
    """``open NVDA condor``: the best spread of a name whose structure meets the word.

    Raises:
        UsageError: there is none.
    """
    spreads = (app.session.boards.spreads.get(symbol) if app.session else None) or ()
    for spread in spreads:
        if structure in spread.kind.label or structure == spread.kind.code.lower():
            open_key(app, spread.spread_id)
            return
    raise UsageError(f"no scanned spread of {symbol} meets {structure!r}; s scans")


def _ticket(app: "CockpitApp", action: "Action", key: str) -> None:
    from cockpit.tui.screens.ticket import TicketScreen

    known = commands(app)
    if known is not None:
        app.push_screen(TicketScreen(known, action, key))
