"""What is always on the screen: header, five panes, footer, and the one timer that pulls the boards."""

import logging
from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.screen import Screen

from cockpit.tui.actions import Group, Pane, offered
from cockpit.tui.alert_news import AlertNews
from cockpit.tui.areas import PanesArea
from cockpit.tui.inks import Ground, Ink
from cockpit.tui.keymap import keys_of, shown
from cockpit.tui.panes.base import PaneView, TablePane
from cockpit.tui.panes.candidates import CandidatesPane
from cockpit.tui.panes.health import HealthPane
from cockpit.tui.panes.portfolio import PortfolioPane
from cockpit.tui.panes.spreads import SpreadsPane
from cockpit.tui.panes.ticks import TicksPane
from cockpit.tui.session import Session, UiLook
from cockpit.tui.strategy_news import StrategyNews
from cockpit.tui.widgets.bars import Bar, Part, product, profile_part, words
from cockpit.tui.widgets.columns import Moment

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp

log = logging.getLogger(__name__)

_GRID = (100, 30)
_SMALLEST = (30, 6)
_SHORT = 13
_FULL_NAMES = 76
"""Cells from which the strip of tabs takes the panes' full names."""
_SLOW_SECONDS = 1.0
_STALE_SCAN_SECONDS = 900.0
_KEPT = ("help", "quit", "pause")

SCREEN_CSS = """
PanesScreen { layout: vertical; background: $background; color: $foreground; overflow: hidden; }
PanesScreen #tabs, PanesScreen #tiny { display: none; }
PanesScreen.-single #tabs { display: block; }
PanesScreen.-single PaneView { display: none; }
PanesScreen.-single PaneView.-active { display: block; }
PanesScreen.-short #tabs { display: none; }
PanesScreen.-tiny #header, PanesScreen.-tiny #tabs, PanesScreen.-tiny #footer { display: none; }
PanesScreen.-tiny PanesArea { display: none; }
PanesScreen.-tiny #tiny { display: block; height: 1fr; }
CommandPalette { background: transparent; }
CommandPalette SearchIcon { display: none; }
CommandPalette > Vertical { margin-top: 1; width: 100%; max-width: 90; }
Toast { width: auto; max-width: 80%; padding: 0 1; margin-top: 0; }
"""
"""Loaded by the app: Textual reads no style of a default screen."""


class PanesScreen(Screen[None], inherit_bindings=False):
    """Everything that is always there. It knows no key."""

    AUTO_FOCUS = ""
    BLANK = True  # bars and panes cover it

    def __init__(self, app: "CockpitApp") -> None:
        super().__init__()
        self._cockpit = app
        stale = app.settings.ui.stale_seconds
        self.ticks = TicksPane(app.moment, stale)
        replay = app.settings.profile == "replay"
        self.candidates = CandidatesPane(app.moment, max(stale, _STALE_SCAN_SECONDS), replay=replay)
        self.spreads = SpreadsPane(app.moment, max(stale, _STALE_SCAN_SECONDS), replay=replay)
        self.portfolio = PortfolioPane(app.moment, stale, replay=replay)
        self.health = HealthPane()
        self.panes: dict[Pane, PaneView] = {
            Pane.TICKS: self.ticks,
            Pane.CANDIDATES: self.candidates,
            Pane.SPREADS: self.spreads,
            Pane.PORTFOLIO: self.portfolio,
            Pane.HEALTH: self.health,
        }
        self.active = Pane.TICKS
        self.ticks.add_class("-active", update=False)
        self.zoomed = False
        self.session: Session | None = None
        self.status = "starting…"
        self.drawing = True
        """False once the cockpit is leaving: nothing is pulled any more."""
        self._hidden = False
        self._body = PanesArea(*self.panes.values(), symbols=lambda: len(self.ticks.table.rows.all))
        self._header = Bar("header")
        self._tabs = Bar("tabs", ground=Ground.PLAIN)
        self._footer = Bar("footer")
        self._tiny = Bar("tiny", ground=Ground.PLAIN)
        self._slow_at = float("-inf")
        self._fresh = True
        self._news: AlertNews | None = None
        self._strategies: StrategyNews | None = None

    def compose(self) -> ComposeResult:
        """Header, tabs, panes, footer; laid out for this terminal from the first frame on."""
        self._fit_to(self.app.size, restyle=False)
        yield self._header
        yield self._tabs
        yield self._body
        yield self._footer
        yield self._tiny

    def on_mount(self) -> None:
        """Start pulling; the first paint waits for nothing."""
        self._tiny.show([words(("too small: 30x6 at least", Ink.WARN))])
        self.ticks.body.focus()
        self.redraw()
        self._pulling = self.set_interval(1.0 / self._cockpit.hz, self._pull)

    def pace(self, ui: UiLook) -> None:
        """Draw at the app's present rate, and dim rows from another age on."""
        self._pulling.stop()
        self._pulling = self.set_interval(1.0 / self._cockpit.hz, self._pull)
        self.ticks.dim_after(ui.stale_seconds)
        self.portfolio.dim_after(ui.stale_seconds)
        self.candidates.dim_after(max(ui.stale_seconds, _STALE_SCAN_SECONDS))
        self.spreads.dim_after(max(ui.stale_seconds, _STALE_SCAN_SECONDS))

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Spare the widgets a second styling right after the one at their mount; behind other screens they need it."""
        event.refresh_styles = event.refresh_styles and not self._fresh
        self._fresh = False
        self._show_toasts(shown=True)

    def on_screen_suspend(self) -> None:
        """A window over the panes shows every toast itself; those below it would be seen a second time."""
        self._show_toasts(shown=False)

    def _show_toasts(self, *, shown: bool) -> None:
        for rack in self.query("ToastRack"):
            rack.display = shown

    # --- data -----------------------------------------------------------------------------------------------------

    def attach(self, session: Session) -> None:
        """The session is open."""
        self.session = session
        self.status = ""
        self._news = AlertNews(session.boards.alerts)
        self._strategies = StrategyNews(session.boards.strategies)
        for pane in self.panes.values():
            pane.attach(session)
        self._slow_at = float("-inf")
        self._pull()

    def shown_panes(self) -> list[PaneView]:
        """The panes that are on the screen."""
        if self._hidden or self.has_class("-tiny"):
            return []
        return [self.panes[self.active]] if self.has_class("-single") else list(self.panes.values())

    def _pull(self) -> None:
        if not self.drawing or not self.is_attached:
            return
        try:
            if self.session is not None:
                shown = self.shown_panes()
                if self.spreads in shown and self.candidates not in shown:
                    self.candidates.pull()  # the spreads are of the name under its cursor
                for pane in shown:
                    pane.pull()
            moment = self._cockpit.moment().monotonic
            if self._news is not None:
                self._tell_alerts(self._news, moment)
            for notice in self._strategies.notices() if self._strategies is not None else ():
                self._cockpit.say(notice, "warning")
            # Half a period of slack, so that a second never becomes two by a late timer.
            if moment - self._slow_at >= _SLOW_SECONDS - 0.5 / self._cockpit.hz:
                self._slow_at = moment
                self.redraw()
        except Exception:  # one faulty row must not end the session: what it shows is on the boards, and in the log
            log.exception("the screen could not be drawn; the next pull tries again")

    def _tell_alerts(self, news: AlertNews, now: float) -> None:
        """What has fired since the last look pops up and is heard, and stands on top of the health pane at once."""
        fired = news.fired()
        if any(alert.bell for alert in fired):
            self._cockpit.bell()
        if fired:
            self._slow_at = float("-inf")
        for sentence in news.notices(now):
            self._cockpit.say(sentence, "warning")

    def redraw(self) -> None:
        """Draw what the passing of time changes, and the bars."""
        if self._hidden:
            return
        for pane in self.shown_panes():
            pane.tick()
        self._body.resplit()
        single = self.has_class("-single")
        moment = self._cockpit.moment() if self.session is not None else None
        self._header.show(self._header_parts(moment, limits=single))
        if single:
            self._tabs.show([self._tab(pane) for pane in self.panes.values()])
        self._footer.show(self._hints())

    def _header_parts(self, moment: Moment | None, *, limits: bool) -> list[Part]:
        profile = self._cockpit.settings.profile
        if self.session is None or moment is None:
            return [product(), profile_part(profile), words((self.status, Ink.ACCENT), rank=1)]
        from cockpit.tui.header import header_parts

        return header_parts(profile, self.session, moment, limits=limits, status=self.status)

    def _tab(self, pane: PaneView) -> Part:
        active = pane.pane is self.active
        count = pane.count()
        name = pane.pane.label if self.size.width >= _FULL_NAMES else pane.pane.short
        return words(
            (f"{pane.pane.number} ", Ink.MUTED),
            (name, Ink.ACCENT if active else Ink.TEXT),
            (f" {count}" if count else "", Ink.MUTED),
            rank=0 if active else pane.pane.number,
            target=pane.pane.value,
        )

    def _hints(self) -> list[Part]:
        keymap = self._cockpit.keymap
        scan = self.candidates.progress()
        absent = "cancel_scan" if scan is None or scan.finished_at is not None else "scan"
        everything = (action for action in offered(self._cockpit.settings.profile) if action.name != absent)
        chosen = [action for action in everything if action.always or self.active in action.panes]
        return [
            words(
                *((f"{shown(keys_of(action.name, keymap)[0])} ", Ink.ACCENT), (action.label, Ink.MUTED)),
                rank=(0 if action.name in _KEPT else 1 if action.group is Group.REPLAY else 3 if action.always else 2),
                target=action.name,
            )
            for action in chosen
        ]

    # --- layout ---------------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Grid, one pane, or a notice, by the size of the terminal."""
        self._fit_to(event.size)
        self.call_after_refresh(self._refill)

    def _fit_to(self, size: Size, *, restyle: bool = True) -> None:
        width, height = size
        roomy = width >= _GRID[0] and height >= _GRID[1]
        self.set_class(self.zoomed or not roomy, "-single", update=restyle)
        self.set_class(height < _SHORT, "-short", update=restyle)
        self.set_class(width < _SMALLEST[0] or height < _SMALLEST[1], "-tiny", update=restyle)

    def _refill(self) -> None:
        self._slow_at = float("-inf")
        self._pull()

    def push_over(self, screen: Screen[None]) -> None:
        """Show a screen that leaves nothing of the panes in sight: until it goes they are not drawn.

        Textual would send the lines of the upper screen again wherever a pane below has changed.
        """
        self._hidden = True
        self.app.push_screen(screen, self._come_back)

    def _come_back(self, _: None) -> None:
        self._hidden = False
        self._refill()

    def show_pane(self, pane: Pane) -> None:
        """Go to a pane."""
        for each, view in self.panes.items():
            view.set_class(each is pane, "-active")
        self.active = pane
        self.panes[pane].body.focus(scroll_visible=False)
        self._refill()

    def on_pane_view_focused(self, event: PaneView.Focused) -> None:
        """A click or a key brought the focus into a pane."""
        if event.pane is not self.active:
            self.show_pane(event.pane)
        else:
            self._footer.show(self._hints())

    def on_bar_clicked(self, event: Bar.Clicked) -> None:
        """A word of the header, the tabs or the footer was clicked."""
        self.run_worker(self.run_action(event.target), group="clicks", exit_on_error=False)

    def on_live_table_cursor_moved(self) -> None:
        """The spreads follow the candidate under the cursor."""
        self.spreads.follow(self.candidates.table.cursor)

    def table_pane(self) -> "TablePane[str, object] | None":
        """The active pane where it is a table."""
        pane = self.panes[self.active]
        return cast("TablePane[str, object]", pane) if isinstance(pane, TablePane) else None
