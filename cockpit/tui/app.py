"""The screen as a program: first paint first, then the session; an orderly end whatever ends it."""

import asyncio
import gc
import logging
import time
from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import App
from textual.binding import Binding, BindingType
from textual.events import Event, Key
from textual.screen import Screen

from cockpit.errors import CockpitError, ConfigurationError, ExitCode
from cockpit.tui.display import FrameGuard, Watchdog
from cockpit.tui.environment import refresh_rate
from cockpit.tui.holder import SessionHolder
from cockpit.tui.inks import Inks
from cockpit.tui.keymap import check_keymap, usable
from cockpit.tui.leaving import Deadline, exit_signals
from cockpit.tui.main_screen import MainScreen
from cockpit.tui.panes_screen import SCREEN_CSS
from cockpit.tui.session import Look, OpenSession, Session, UiLook
from cockpit.tui.theming import DEFAULT_THEME, find_theme
from cockpit.tui.widgets.columns import Moment

if TYPE_CHECKING:
    from textual.command import Provider
    from textual.notifications import SeverityLevel

    from cockpit.live_settings import SettingsNews

log = logging.getLogger(__name__)

_ORDER_SECONDS = 2.0
_CLOSE_SECONDS = 5.0
_HARD_SECONDS = 8.0
_TERMINAL_SECONDS = 2.0
_SETTINGS_SECONDS = 0.25
_AFTER_ESCAPE = 0.05
_REFUSED = "settings refused"


def _commands() -> "type[Provider]":
    from cockpit.tui.screens.palette import CockpitCommands

    return CockpitCommands


class CockpitApp(App[int]):
    """Paints its empty panes at once, opens the session behind them, and hands it to the panes."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q,ctrl+c", "leave", "Quit", show=False, priority=True)]
    COMMANDS: ClassVar[set[Any]] = {_commands}
    COMMAND_PALETTE_BINDING = "ctrl+p"
    CSS = SCREEN_CSS
    TITLE = "Cockpit"
    ESCAPE_TO_MINIMIZE = False

    def __init__(self, settings: Look, open_session: OpenSession) -> None:
        """Make the app.

        Args:
            settings: validated or not; theme, rate, keymap and profile are taken from here.
            open_session: entered after the first paint, left before the app ends.
        """
        super().__init__()
        self.settings = settings
        self.hz = refresh_rate(settings.ui.hz)
        self.animation_level = "none"
        self.keymap = usable(settings.keymap)
        self.faults: list[str] = check_keymap(settings.keymap)
        self.session: Session | None = None
        self.code: int = ExitCode.OK
        self.inks = Inks({})
        self._holder = SessionHolder(open_session)
        self._errands: set[asyncio.Task[None]] = set()
        self._orders: set[asyncio.Task[None]] = set()
        self._deadline = Deadline()
        self._guard = FrameGuard(self)
        self._leaving = False
        self.ui: UiLook = settings.ui
        """How the screen is to look, as the settings say now."""
        self._news = 0
        if not self.choose_theme(settings.ui.theme):
            self.choose_theme(DEFAULT_THEME)
        self.stylesheet.set_variables(self.get_css_variables())
        self._first_theme: str | None = self.theme
        self.set_keymap(self.keymap)
        self.main = MainScreen(self)

    # --- what panes ask -------------------------------------------------------------------------------------------

    def moment(self) -> Moment:
        """The time to draw for."""
        if self.session is None:
            return Moment(datetime.now(UTC), time.monotonic())
        return Moment(self.session.clock.now(), self.session.clock.monotonic())

    def perform(self, work: Coroutine[Any, Any, None], *, must_finish: bool = False) -> None:
        """Run something that a key asked for; a refusal becomes one sentence on the screen.

        ``must_finish`` is for orders: leaving waits for them, where it cancels all else.
        """
        task = asyncio.create_task(self._performed(work))
        tasks = self._orders if must_finish else self._errands
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def _performed(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except CockpitError as error:
            self.say(str(error), "warning")
        except Exception as error:  # a key must never end the cockpit
            log.exception("a command failed")
            self.say(f"that failed inside the cockpit ({type(error).__name__}); the log has the details", "error")

    def say(self, sentence: str, severity: "SeverityLevel" = "information") -> None:
        """Show one sentence for a while. It is never read as markup."""
        self.notify(sentence, severity=severity, markup=False)

    def bell(self) -> None:
        """Sound the terminal's bell, unless its link does not keep up: a bell is not worth waiting for."""
        if not self._guard.blocked():
            super().bell()

    async def on_event(self, event: Event) -> None:
        """Part what a slow link brought in one piece: Esc and a letter, which Textual takes for Alt with the letter."""
        letter = letter_after_escape(event.key) if isinstance(event, Key) and not event.is_forwarded else None
        if letter is None:
            await super().on_event(event)
            return
        await super().on_event(Key("escape", None))
        # What the first of them closes must be gone before the second is read.
        self.set_timer(_AFTER_ESCAPE, lambda: self.post_message(Key(letter, letter)))

    # --- theme ----------------------------------------------------------------------------------------------------

    def choose_theme(self, name: str) -> bool:
        """Change the theme; False where its file is missing or faulty (the fault is told once)."""
        try:
            theme = find_theme(name)
        except ConfigurationError as error:
            self._fault(str(error))
            return False
        if theme.name == self.theme and theme != self.current_theme:
            self.register_theme(theme)
            self.mutate_reactive(CockpitApp.theme)
        else:
            self.register_theme(theme)
            self.theme = theme.name
        return True

    @property
    def theme_choice(self) -> str:
        """The name of the present theme, as the settings write it."""
        return self.theme.removeprefix("cockpit-")

    def get_css_variables(self) -> dict[str, str]:
        """Textual asks for these whenever the theme changes: the moment to renew our own styles."""
        variables = super().get_css_variables()
        self.inks = Inks(variables)
        return variables

    def refresh_css(self, animate: bool = True) -> None:
        """Parse the styles anew, after a change of theme; the first theme was there before they were parsed at all."""
        first, self._first_theme = self._first_theme, None
        if first != self.theme:
            super().refresh_css(animate)

    def _fault(self, sentence: str) -> None:
        if self.is_running:
            self.say(sentence, "warning")
        else:
            self.faults.append(sentence)

    # --- settings -------------------------------------------------------------------------------------------------

    def _follow_settings(self) -> None:
        """Take over what the session has made of a change of the settings' files."""
        news = self.session.boards.settings.get("settings") if self.session is not None else None
        if news is None or news.number == self._news or self._leaving:
            return
        self._news = news.number
        if not news.refused:
            self._look_like(news)
        self.main.status = _REFUSED if news.refused else ""
        self.main.redraw()
        if news.sentence:
            self.say(news.sentence, "warning" if news.refused else "information")

    def _look_like(self, news: "SettingsNews") -> None:
        # A theme chosen by key stays until the settings name another one; its own file may have changed.
        before, self.ui = self.ui, news.ui
        self.choose_theme(news.ui.theme if news.ui.theme != before.theme else self.theme_choice)
        keymap = usable(news.keymap)
        if keymap != self.keymap:
            self.keymap = keymap
            self.set_keymap(keymap)
        if (news.ui.hz, news.ui.stale_seconds) != (before.hz, before.stale_seconds):
            self.hz = refresh_rate(news.ui.hz)
            self.main.pace(news.ui)

    # --- life -----------------------------------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[Any]:
        """The main screen from the first paint on."""
        return self.main

    def on_mount(self) -> None:
        """Take over the signals; open the session once the empty panes are on the screen."""
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            exit_signals(lambda code: self._signalled(loop, code))
            self.set_interval(3.0, Watchdog(self, self.leave).check)
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        gc.enable()
        if self.faults:
            self.say("\n".join(self.faults), "warning")
        self._holder.start(self._opened, self._failed)

    def _opened(self, session: Session) -> None:
        self.session = session
        self.main.attach(session)
        self.set_interval(_SETTINGS_SECONDS, self._follow_settings)
        if session.read_only:
            self.say(session.read_only, "warning")

    def _failed(self, error: Exception) -> None:
        from cockpit.tui.screens.sorry import SorryScreen

        self.code = error.exit_code if isinstance(error, CockpitError) else ExitCode.ERROR
        if isinstance(error, CockpitError):
            sentence = str(error)
        else:
            self._record(error)
            sentence = f"the cockpit could not start ({type(error).__name__}); details are in {self._log_path()}"
        if isinstance(error, ConfigurationError):
            # Found on the way in, and mended in an editor: say it where the shell is.
            self.exit(self.code, return_code=self.code, message=Text(f"cockpit: {sentence}"))
            return
        self.main.status = "not started"
        self.main.redraw()
        self.push_screen(SorryScreen(sentence))

    def _record(self, error: Exception) -> None:
        # The log was opened with the session, and has been closed with what there was of it.
        from cockpit.logs import logging_to

        folders = self.settings.folders()
        with suppress(CockpitError, OSError):
            folders.create()
            with logging_to(folders.log):
                log.error("the session could not be opened", exc_info=error)

    def action_leave(self) -> None:
        """Quit from wherever the keys go."""
        self.leave(0)

    async def action_quit(self) -> None:
        """Quit, as Textual's own callers ask for it."""
        self.leave(0)

    def leave(self, code: int) -> None:
        """Stop drawing, close the session within its deadline, then end. A second call changes nothing."""
        if self._leaving:
            return
        self._leaving = True
        self.code = code or self.code
        self._arm(self.code, _HARD_SECONDS)
        self.main.drawing = False
        self.main.status = "closing…"
        if self.main.is_attached:
            self.main.redraw()
        self._ending = asyncio.create_task(self._close())

    def _signalled(self, loop: asyncio.AbstractEventLoop, code: int) -> None:
        # Runs in the signal handler, perhaps while the loop is stuck: only what is safe there.
        self._arm(code, _HARD_SECONDS)
        loop.call_soon_threadsafe(self.leave, code)

    async def _close(self) -> None:
        for task in self._errands:
            task.cancel()
        if self._orders:
            await asyncio.wait(self._orders, timeout=_ORDER_SECONDS)
        await self._holder.close(_CLOSE_SECONDS)
        self.exit(self.code, return_code=self.code)

    async def on_unmount(self) -> None:
        """Whatever ended the app, the session is closed."""
        code = self.code or self.return_code or 0
        self._arm(code, _HARD_SECONDS)
        await self._holder.close(_CLOSE_SECONDS)
        # All that is left is the terminal, which may be gone or take no more bytes.
        self._arm(code, _TERMINAL_SECONDS)

    def _arm(self, code: int, seconds: float) -> None:
        # Under a test there is no terminal that could hold the process, and the process is the test's.
        if not self.is_headless:
            self._deadline.arm(code, seconds)

    def disarm(self) -> None:
        """The end has been reached in order."""
        self._deadline.disarm()

    # --- display --------------------------------------------------------------------------------------------------

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        allowed = self._guard.frame(screen, renderable)
        if allowed is not None:
            super()._display(screen, allowed)

    def _fatal_error(self) -> None:
        # Textual would print every local variable of every frame, tokens among them.
        error = self._exception
        log.critical("the screen failed", exc_info=error)
        sentence = f"The cockpit failed ({type(error).__name__}). Details are in {self._log_path()}"
        # One sentence, however much failed after it: Textual would count the rest and speak of its own tools.
        self._exit_renderables[:] = self._exit_renderables[:1] or [Text(sentence)]
        self._close_messages_no_wait()

    def _handle_exception(self, error: Exception) -> None:
        if self._exit:
            log.warning("an error while leaving", exc_info=error)
            return
        super()._handle_exception(error)

    def _log_path(self) -> str:
        return str(self.settings.folders().log)


def letter_after_escape(key: str) -> str | None:
    """The letter of a key with Alt, on which nothing is bound; None for any other key.

    Most digits cannot be told: Textual reads Esc and a digit as the sign that a Mac types with Option, such as £.
    """
    alt, _, name = key.partition("+")
    if alt != "alt":
        return None
    letter = name.removeprefix("shift+").upper() if name.startswith("shift+") else name
    return letter if len(letter) == 1 else None
