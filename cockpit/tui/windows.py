"""The windows that keys and commands open over the panes."""

from typing import TYPE_CHECKING

from cockpit.tui.actions import Pane
from cockpit.tui.chosen import STARTING, chosen_symbol, commands, say_nothing_here

if TYPE_CHECKING:
    from cockpit.commands import Commands
    from cockpit.scan.explanation import Explanation
    from cockpit.tui.app import CockpitApp
    from cockpit.tui.main_screen import MainScreen


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


def history(app: "CockpitApp") -> None:
    """The closed positions."""
    known = commands(app)
    if known is None:
        return

    async def show(known: "Commands" = known) -> None:
        from cockpit.tui.screens.history import HistoryScreen

        app.push_screen(HistoryScreen(await known.trades(), lambda: app.moment().now))

    app.perform(show())
