"""The command palette speaks the trade: ``open NVDA condor``, ``why CRM``, ``sort ev``, ``theme light``."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from cockpit.errors import CockpitError
from cockpit.health.status import ProviderStatus
from cockpit.tui import scanning, trading, vendors, windows
from cockpit.tui.actions import offered
from cockpit.tui.format import fixed, percent, signed
from cockpit.tui.keymap import keys_of, shown
from cockpit.tui.theming import theme_files

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp
    from cockpit.tui.main_screen import MainScreen


class Command(NamedTuple):
    """Words that can be typed, what they do, and a line of help."""

    words: str
    run: Callable[[], object]
    help: str


class CockpitCommands(Provider):
    """Every action by its label, and the verbs with what they can be said of."""

    @property
    def _cockpit(self) -> "CockpitApp":
        return cast("CockpitApp", self.app)

    @property
    def _main(self) -> "MainScreen":
        return self._cockpit.main

    async def discover(self) -> Hits:
        """What an empty prompt offers."""
        for command in self._actions():
            yield DiscoveryHit(command.words, self._guarded(command.run), help=command.help)

    async def search(self, query: str) -> Hits:
        """What meets the words: first what was typed in full, then what resembles it."""
        typed = self._typed(query.strip())
        if typed is not None:
            yield Hit(2.0, typed.words, self._guarded(typed.run), text=typed.words, help=typed.help)
        matcher = self.matcher(query)
        for command in (*self._verbs(), *self._actions()):
            score = matcher.match(command.words)
            if score > 0:
                yield Hit(
                    score,
                    matcher.highlight(command.words),
                    self._guarded(command.run),
                    text=command.words,
                    help=command.help,
                )

    def _actions(self) -> Iterator[Command]:
        for action in offered(self._cockpit.settings.profile):
            if action.palette:
                keys = " ".join(shown(key) for key in keys_of(action.name, self._cockpit.keymap))
                handler = getattr(self._main, f"action_{action.name}")
                yield Command(action.label.lower(), handler, f"{action.description} ({keys})")

    def _verbs(self) -> Iterator[Command]:
        app, main = self._cockpit, self._main
        boards = app.session.boards if app.session else None
        if boards is not None:
            for symbol, spreads in boards.spreads.items():
                for spread in spreads:
                    yield Command(
                        f"open {symbol} {spread.kind.label} {spread.strikes_label}",
                        partial(trading.open_key, app, spread.spread_id),
                        spread.rejected
                        or f"credit {fixed(spread.fill)}, POP {percent(spread.pop, 0)} %, EV {signed(spread.ev, 1)} $, "
                        f"score {spread.score.total:.0f}",
                    )
            for symbol in [candidate.symbol for candidate in boards.candidates.values()]:
                yield Command(f"why {symbol}", partial(windows.explain, app, symbol), "every number behind it")
                yield Command(f"scan {symbol}", partial(scanning.scan, app, [symbol]), "look at this name again")
            for key, position in boards.positions.items():
                yield Command(
                    f"close {position.symbol} {position.kind.label} {key}",
                    partial(trading.close_key, app, key),
                    "a ticket that closes this position",
                )
            for row in boards.health.values():
                if isinstance(row, ProviderStatus):
                    yield from self._about_vendor(row.provider)
            for symbol in [ticker.symbol for ticker in boards.ticks.values()]:
                yield Command(f"chart {symbol}", partial(windows.chart, app, main, symbol), "its prices, as a chart")
        pane = main.table_pane()
        if pane is not None:
            for name in pane.table.sortable():
                yield Command(f"sort {name}", partial(self._sort, name), f"sort {pane.pane.label}")
        for name in theme_files():
            yield Command(f"theme {name}", partial(app.choose_theme, name), "change the colours")

    def _about_vendor(self, name: str) -> Iterator[Command]:
        app = self._cockpit
        yield Command(f"probe {name}", partial(vendors.probe, app, name), "ask it something cheap")
        yield Command(f"reset breaker {name}", partial(vendors.reset_breaker, app, name), "ask it again")
        yield Command(f"drop cache {name}", partial(vendors.drop_cache, app, name), "forget what it has answered")

    def _typed(self, query: str) -> Command | None:
        verb, _, rest = query.partition(" ")
        rest = rest.strip()
        app, main = self._cockpit, self._main
        if not rest:
            return None
        pane = main.table_pane()
        if verb == "filter" and pane is not None:
            return Command(query, lambda: pane.filter(rest), f"filter {pane.pane.label}")
        if verb == "scan":
            names = [name.strip().upper() for name in rest.replace(" ", ",").split(",") if name.strip()]
            return Command(f"scan {','.join(names)}", lambda: scanning.scan(app, names), "look at these names only")
        if verb == "why":
            return Command(f"why {rest.upper()}", lambda: windows.explain(app, rest.upper()), "every number behind it")
        if verb == "drop" and not rest.startswith("cache"):
            symbol = rest.upper()
            return Command(
                f"drop {symbol}", lambda: vendors.drop_cache(app, symbol=symbol), "forget all answers about this name"
            )
        if verb == "open":
            symbol, _, structure = rest.partition(" ")
            words = structure.strip().lower()
            return Command(
                f"open {symbol.upper()} {words}".rstrip(),
                lambda: trading.open_by_words(app, main, symbol.upper(), words),
                "a ticket for the best such spread",
            )
        return None

    def _sort(self, name: str) -> None:
        pane = self._main.table_pane()
        if pane is not None:
            pane.table.sort_by(name)
            pane.retitle()

    def _guarded(self, run: Callable[[], object]) -> Callable[[], None]:
        def guarded() -> None:
            try:
                run()
            except CockpitError as error:
                self._cockpit.say(str(error), "warning")

        return guarded
