"""What the trading keys and commands do. Each captures its key at once: rows may move while a ticket is priced."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.errors import ScanStoppedError, UsageError
from cockpit.tui.actions import Pane
from cockpit.tui.panes.base import TRADES_ONLY

if TYPE_CHECKING:
    from cockpit.commands import Commands
    from cockpit.portfolio.position import Action
    from cockpit.scan.explanation import Explanation
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


def _ticket(app: "CockpitApp", action: "Action", key: str) -> None:
    from cockpit.tui.screens.ticket import TicketScreen

    known = commands(app)
    if known is not None:
        app.push_screen(TicketScreen(known, action, key))


def why(app: "CockpitApp", screen: "MainScreen") -> None:
    """The explanation of the name under the cursor."""
    symbol = chosen_symbol(screen)
    if symbol is None:
        say_nothing_here(app, "no name under the cursor; 2 goes to the candidates, s scans")
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


def chart(app: "CockpitApp", screen: "MainScreen", symbol: str | None = None) -> None:
    """A chart of a symbol's prices; without one of that under the cursor in the ticks."""
    from cockpit.tui.environment import draws_blocks
    from cockpit.tui.screens.chart import ChartScreen
    from cockpit.tui.widgets.plot import ASCII, BLOCKS, BRAILLE

    if symbol is None and screen.active is Pane.TICKS:
        symbol = screen.ticks.table.cursor
    if app.session is None:
        app.say(STARTING)
    elif symbol is None:
        app.say("no symbol under the cursor to chart; 1 goes to the ticks")
    else:
        glyphs = BRAILLE if app.ui.chart == "braille" else BLOCKS
        screen.push_over(
            ChartScreen(
                *(app.session, screen.ticks.table.rows.order, symbol),
                moment=app.moment,
                profile=app.settings.profile,
                hz=app.hz,
                stale_seconds=app.ui.stale_seconds,
                glyphs=glyphs if draws_blocks() else ASCII,
            )
        )


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


def detail(app: "CockpitApp", screen: "MainScreen") -> None:
    """All that is known of the row under the cursor; what comes from the boards goes on to be told as it changes."""
    pane = screen.table_pane()
    key = None if pane is None else pane.table.cursor
    if app.session is None or (pane is not None and key is None):
        app.say("there is no row to look into here" if app.session else STARTING)
    elif screen.active is Pane.CANDIDATES and key is not None:
        explain(app, key)
    elif screen.active is Pane.PORTFOLIO and key is not None:
        position_detail(app, key)
    else:
        from cockpit.tui.details import detail_of
        from cockpit.tui.screens.explanation import ExplanationView

        again = detail_of(app.session.boards, screen.active, key, app.moment)
        if (known := again()) is not None:
            app.push_screen(ExplanationView(known, again))


def position_detail(app: "CockpitApp", key: str) -> None:
    """A position with what was expected of it; once its report is out, with what came of that first."""
    known = commands(app)
    if known is None or app.session is None:
        return
    boards = app.session.boards

    async def show(known: "Commands" = known) -> None:
        from dataclasses import replace

        from cockpit.portfolio.review import review
        from cockpit.portfolio.trade import Passage
        from cockpit.tui.details import detail_of
        from cockpit.tui.screens.explanation import ExplanationView

        held = detail_of(boards, Pane.PORTFOLIO, key, app.moment)
        trade = next((trade for trade in await known.trades() if trade.position_id == key), None)

        def whole() -> "Explanation | None":
            now, shown = app.moment().now, held()
            if shown is None or trade is None:
                return shown
            told = review(trade, now).sections
            if trade.passage(now) is Passage.THROUGH:
                return replace(shown, sections=(*told, *shown.sections))
            return replace(shown, sections=(*shown.sections, *told[1:2]))

        if (explanation := whole()) is not None:
            app.push_screen(ExplanationView(explanation, whole))

    app.perform(show())


def scan(app: "CockpitApp", tickers: Sequence[str] | None = None) -> None:
    """Scan; the panes show it as it goes."""
    known = commands(app)
    if known is None or app.session is None:
        return
    boards = app.session.boards

    async def run(known: "Commands" = known) -> None:
        try:
            await known.scan(tickers)
        except ScanStoppedError:
            return  # by a key or by another scan, and both say so
        progress = boards.scan.get("scan")
        if progress is not None and progress.message:
            app.say(progress.message, "warning")

    app.perform(run())


def cancel_scan(app: "CockpitApp") -> None:
    """Stop the scan that runs."""
    known = commands(app)
    if known is None or app.session is None:
        return
    progress = app.session.boards.scan.get("scan")
    if progress is None or progress.finished_at is not None:
        say_nothing_here(app, "no scan is running; s starts one")
        return
    known.cancel_scan()
    app.say(f"scan stopped after {progress.done} of {progress.total or '?'} names; what was found stays")


def history(app: "CockpitApp") -> None:
    """The closed positions."""
    known = commands(app)
    if known is None:
        return

    async def show(known: "Commands" = known) -> None:
        from cockpit.tui.screens.history import HistoryScreen

        app.push_screen(HistoryScreen(await known.trades(), lambda: app.moment().now))

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
