"""The main screen: what each key does on the panes."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.command import CommandPalette

from cockpit.tui import scanning, strategy_keys, trading, vendors, windows
from cockpit.tui.actions import ACTIONS, Pane
from cockpit.tui.panes_screen import PanesScreen
from cockpit.tui.widgets.live_table import LiveTable

_SEEK_SECONDS = 60.0


class MainScreen(PanesScreen):
    """The panes with a handler for every action, ``action_NAME``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(action.keys), action.name, action.label, show=False, id=action.name) for action in ACTIONS
    ]

    def _on_table(self, act: Callable[[LiveTable[str, object]], object], scroll: int = 0) -> None:
        pane = self.table_pane()
        if pane is not None:
            act(pane.table)
            pane.retitle()
        elif scroll:
            self.health.scroll_by(scroll)
        else:
            self._cockpit.say("the health pane has an order of its own; t and r sort the other panes")

    def _step_row(self, by: int) -> None:
        if self.active is Pane.HEALTH:
            self.health.move(by)
        else:
            self._on_table(lambda table: table.move(by))

    def action_up(self) -> None:
        """Row up."""
        self._step_row(-1)

    def action_down(self) -> None:
        """Row down."""
        self._step_row(1)

    def action_page_up(self) -> None:
        """Page up."""
        self._on_table(lambda table: table.move(-table.page), -5)

    def action_page_down(self) -> None:
        """Page down."""
        self._on_table(lambda table: table.move(table.page), 5)

    def action_first(self) -> None:
        """First row."""
        self._on_table(lambda table: table.move(-len(table.rows.order)), -1000)

    def action_last(self) -> None:
        """Last row."""
        self._on_table(lambda table: table.move(len(table.rows.order)), 1000)

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._on_table(lambda table: table.sort_next())

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._on_table(lambda table: table.sort_by(table.sort_column.name))

    def action_ticks(self) -> None:
        """Go to the ticks."""
        self.show_pane(Pane.TICKS)

    def action_candidates(self) -> None:
        """Go to the candidates."""
        self.show_pane(Pane.CANDIDATES)

    def action_spreads(self) -> None:
        """Go to the spreads."""
        self.show_pane(Pane.SPREADS)

    def action_portfolio(self) -> None:
        """Go to the portfolio."""
        self.show_pane(Pane.PORTFOLIO)

    def action_health(self) -> None:
        """Go to the health."""
        self.show_pane(Pane.HEALTH)

    def action_next_pane(self) -> None:
        """Go to the next pane."""
        self._step(1)

    def action_previous_pane(self) -> None:
        """Go to the previous pane."""
        self._step(-1)

    def _step(self, by: int) -> None:
        order = list(Pane)
        self.show_pane(order[(order.index(self.active) + by) % len(order)])

    def action_zoom(self) -> None:
        """Give the pane the whole screen, and back."""
        self.zoomed = not self.zoomed
        self._fit_to(self.size)
        self.call_after_refresh(self._refill)

    def action_back(self) -> None:
        """Clear the filter, or else leave the zoom."""
        pane = self.table_pane()
        if pane is not None and pane.filter_text:
            pane.filter("")
        elif self.zoomed:
            self.action_zoom()

    def action_filter(self) -> None:
        """Ask for an expression and filter as it is typed."""
        from cockpit.tui.screens.filter import FilterScreen

        pane = self.table_pane()
        if pane is None:
            self._cockpit.say("the health pane shows every part; / filters the other panes")
        else:
            self.app.push_screen(FilterScreen(pane))

    def action_detail(self) -> None:
        """Show all that is known of the row."""
        windows.detail(self._cockpit, self)

    def action_why(self) -> None:
        """Show every number behind the name."""
        windows.why(self._cockpit, self)

    def action_open(self) -> None:
        """Open a ticket for the spread under the cursor."""
        trading.open_ticket(self._cockpit, self)

    def action_close(self) -> None:
        """Open a ticket that closes the position under the cursor."""
        trading.close_ticket(self._cockpit, self)

    def action_chart(self) -> None:
        """Show a chart of the symbol under the cursor."""
        windows.chart(self._cockpit, self)

    def action_restart(self) -> None:
        """Start the stopped strategies of the symbol under the cursor again."""
        strategy_keys.restart_strategies(self._cockpit, self)

    def action_flatten(self) -> None:
        """Flatten what strategies of the symbol under the cursor hold that run no more, once that is confirmed."""
        strategy_keys.flatten_strategies(self._cockpit, self)

    def action_scan(self) -> None:
        """Scan the calendar."""
        scanning.scan(self._cockpit)

    def action_cancel_scan(self) -> None:
        """Stop the scan."""
        scanning.cancel_scan(self._cockpit)

    def action_history(self) -> None:
        """Show the closed positions."""
        windows.history(self._cockpit)

    def action_next_session(self) -> None:
        """Move the simulated market on."""
        scanning.next_session(self._cockpit)

    def action_probe(self) -> None:
        """Ask the vendor under the mark something cheap."""
        if (vendor := vendors.chosen_vendor(self._cockpit, self)) is not None:
            vendors.probe(self._cockpit, vendor)

    def action_reset_breaker(self) -> None:
        """Close the breaker of the vendor under the mark."""
        if (vendor := vendors.chosen_vendor(self._cockpit, self)) is not None:
            vendors.reset_breaker(self._cockpit, vendor)

    def action_drop_cache(self) -> None:
        """Forget what the vendor under the mark has answered, once that is confirmed."""
        if (vendor := vendors.chosen_vendor(self._cockpit, self)) is not None:
            vendors.drop_cache(self._cockpit, vendor)

    def action_pause(self) -> None:
        """Stop the recording's time, or let it go on."""
        if self.session is not None:
            self._cockpit.perform(self.session.commands.pause_replay())

    def action_seek_back(self) -> None:
        """Go back by a minute."""
        self._seek(-_SEEK_SECONDS)

    def action_seek_forward(self) -> None:
        """Go forward by a minute."""
        self._seek(_SEEK_SECONDS)

    def action_slower(self) -> None:
        """Play slower."""
        if self.session is not None:
            self._cockpit.perform(self.session.commands.change_replay_speed(-1))

    def action_faster(self) -> None:
        """Play faster."""
        if self.session is not None:
            self._cockpit.perform(self.session.commands.change_replay_speed(1))

    def _seek(self, seconds: float) -> None:
        if self.session is not None:
            self._cockpit.perform(self.session.commands.seek_replay(seconds))

    def action_palette(self) -> None:
        """Type a command."""
        if not CommandPalette.is_open(self.app):
            self.app.push_screen(CommandPalette(placeholder="open NVDA condor, why CRM, sort ev, theme light …"))

    def action_theme(self) -> None:
        """Choose a theme."""
        from cockpit.tui.screens.themes import ThemeScreen

        self.app.push_screen(ThemeScreen())

    def action_help(self) -> None:
        """Show all keys."""
        from cockpit.tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self._cockpit.keymap, self._cockpit.settings.profile))

    def action_quit(self) -> None:
        """Leave."""
        self._cockpit.leave(0)
