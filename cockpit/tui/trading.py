"""What the trading keys and commands do. Each captures its key at once: rows may move while a ticket is priced."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.errors import ScanStoppedError, UsageError
from cockpit.tui.actions import Pane

if TYPE_CHECKING:
    from cockpit.commands import Commands
    from cockpit.portfolio.position import Action
    from cockpit.tui.app import CockpitApp
    from cockpit.tui.main_screen import MainScreen


def commands(app: "CockpitApp") -> "Commands | None":
    """The session's commands; before it is open a word on the screen, and None."""
    if app.session is None:
        app.say("the market is still starting; a moment")
        return None
    return app.session.commands


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


def open_ticket(app: "CockpitApp", screen: "MainScreen") -> None:
    """A ticket for the spread under the cursor."""
    key = chosen_spread(screen)
    if key is None:
        app.say("no spread to open here; 3 goes to the spreads, s scans")
        return
    open_key(app, key)


def close_ticket(app: "CockpitApp", screen: "MainScreen") -> None:
    """A ticket that closes the position under the cursor."""
    key = screen.portfolio.table.cursor if screen.active is Pane.PORTFOLIO else None
    if key is None:
        app.say("no position to close here; 4 goes to the portfolio")
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


def _ticket(app: "CockpitApp", action: "Action", key: str) -> None:
    from cockpit.tui.screens.ticket import TicketScreen

    known = commands(app)
    if known is not None:
        app.push_screen(TicketScreen(known, action, key))


def why(app: "CockpitApp", screen: "MainScreen") -> None:
    """The explanation of the name under the cursor."""
    symbol = chosen_symbol(screen)
    if symbol is None:
        app.say("no name under the cursor; 2 goes to the candidates, s scans")
        return
    explain(app, symbol)


def explain(app: "CockpitApp", symbol: str) -> None:
    """The explanation of a name."""
    known = commands(app)
    if known is None:
        return

    async def show(known: "Commands" = known) -> None:
        from cockpit.tui.screens.explanation import ExplanationView

        app.push_screen(ExplanationView(await known.explain(symbol)))

    app.perform(show())


def detail(app: "CockpitApp", screen: "MainScreen") -> None:
    """All that is known of the row under the cursor."""
    from cockpit.tui import details
    from cockpit.tui.screens.explanation import ExplanationView

    moment = app.moment()
    match screen.active:
        case Pane.TICKS if (ticker := screen.ticks.table.row()) is not None:
            app.push_screen(ExplanationView(details.ticker(ticker, moment)))
        case Pane.CANDIDATES if screen.candidates.table.cursor is not None:
            explain(app, screen.candidates.table.cursor)
        case Pane.SPREADS if (spread := screen.spreads.table.row()) is not None:
            app.push_screen(ExplanationView(details.spread(spread, moment)))
        case Pane.PORTFOLIO if (position := screen.portfolio.table.row()) is not None:
            app.push_screen(ExplanationView(details.position(position, moment)))
        case Pane.HEALTH:
            rows, alerts = screen.health.rows(), screen.health.alerts()
            app.push_screen(ExplanationView(details.health(rows, alerts.values(), moment)))


def scan(app: "CockpitApp", tickers: Sequence[str] | None = None) -> None:
    """Scan; the panes show it as it goes."""
    known = commands(app)
    if known is None:
        return

    async def run(known: "Commands" = known) -> None:
        try:
            await known.scan(tickers)
        except ScanStoppedError:
            return  # the title says so

    app.perform(run())


def cancel_scan(app: "CockpitApp") -> None:
    """Stop the scan."""
    known = commands(app)
    if known is not None:
        known.cancel_scan()


def history(app: "CockpitApp") -> None:
    """The closed positions."""
    known = commands(app)
    if known is None:
        return

    async def show(known: "Commands" = known) -> None:
        from cockpit.tui.screens.history import history_sheet

        app.push_screen(history_sheet(await known.history()))

    app.perform(show())


def next_session(app: "CockpitApp") -> None:
    """Move the simulated market to its next open."""
    known = commands(app)
    if known is None:
        return

    async def move(known: "Commands" = known) -> None:
        from cockpit.options.calendar import NEW_YORK

        now = await known.next_session()
        app.say(f"the market now stands at {now.astimezone(NEW_YORK):%a %d %b %H:%M} ET")

    app.perform(move())


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
