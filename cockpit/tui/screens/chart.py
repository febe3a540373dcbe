"""A symbol's prices over the last hours or days: what is stored, what the venue adds, and the stream's last price."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from cockpit.errors import CockpitError
from cockpit.options.calendar import NEW_YORK
from cockpit.ticks.bar_columns import BarColumns
from cockpit.ticks.bars import MINUTE_MS
from cockpit.ticks.chart import SPANS, Chart, chart_of, price_scale, time_marks, window_until
from cockpit.ticks.quote import Ticker
from cockpit.tui.format import age, arrowed, compact, price, price_decimals
from cockpit.tui.inks import Ground, Ink
from cockpit.tui.screens.sheet import SheetBody, hint
from cockpit.tui.session import Session
from cockpit.tui.widgets.bars import Bar, Part, profile_part, words
from cockpit.tui.widgets.columns import Moment, moved_run
from cockpit.tui.widgets.lines import EMPTY, Line, fit
from cockpit.tui.widgets.plot import Axes, Glyphs, plot_lines
from cockpit.tui.widgets.prose import wrapped

log = logging.getLogger(__name__)

_READ_SECONDS = 10.0
_FIRST_SPAN = "24h"
_ZONE = "ET"
_ROWS_A_MARK, _CELLS_A_MARK = 4, 12
_SMALLEST = (24, 4)


class ChartScreen(ModalScreen[None], inherit_bindings=False):
    """One symbol at a time, over the whole screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close_chart", show=False),
        *(Binding(str(number), f"span('{name}')", show=False) for number, name in enumerate(SPANS, 1)),
        Binding("left,h,-", "step_span(-1)", show=False),
        Binding("right,l,+", "step_span(1)", show=False),
        Binding("up,k", "step_symbol(-1)", show=False),
        Binding("down,j", "step_symbol(1)", show=False),
        Binding("y", "copy_chart", show=False),
    ]
    DEFAULT_CSS = """
    ChartScreen { layout: vertical; background: $background; overflow: hidden; }
    """

    def __init__(
        self,
        session: Session,
        symbols: Sequence[str],
        symbol: str,
        *,
        moment: Callable[[], Moment],
        profile: str,
        hz: float,
        stale_seconds: float,
        glyphs: Glyphs,
    ) -> None:
        """Make a screen.

        Args:
            symbols: those that the arrow keys step through.
            moment: the time to draw for.
            hz: how often a second the last price is looked at.
            stale_seconds: age from which the last price is marked as old.
        """
        super().__init__()
        self.symbol, self.span = symbol, _FIRST_SPAN
        self.body = SheetBody()
        self._session = session
        self._symbols = list(symbols)
        self._moment = moment
        self._profile = profile
        self._hz = hz
        self._stale = stale_seconds
        self._glyphs = glyphs
        self._title = Bar(ground=Ground.BAR)
        self._hints = Bar(ground=Ground.PLAIN)
        self._bars: BarColumns | None = None
        self._chart: Chart | None = None
        self._drawn: tuple[object, ...] = ()
        self._reading = self._filling = False
        self._problem = self._lack = ""
        self._chosen = False
        """True once a key, or else what is stored, has said how far to look back."""

    def compose(self) -> ComposeResult:
        """Title, chart, keys."""
        yield self._title
        yield self.body
        yield self._hints

    def on_mount(self) -> None:
        """Read, and keep up."""
        self.body.focus()
        self.set_interval(1.0 / self._hz, self._pull)
        self.set_interval(_READ_SECONDS, self._read)
        self._turn()

    def on_resize(self, event: events.Resize) -> None:
        """Fit the new terminal, once its size has reached the chart."""
        self.call_after_refresh(self._rebuild)

    # --- keys -----------------------------------------------------------------------------------------------------

    def action_close_chart(self) -> None:
        """Back to the panes."""
        self.dismiss(None)

    def action_span(self, name: str) -> None:
        """Look so far back."""
        self._chosen = True
        if name != self.span:
            self.span = name
            self._turn()

    def action_step_span(self, by: int) -> None:
        """Look further back, or less far."""
        names = list(SPANS)
        self.action_span(names[max(0, min(len(names) - 1, names.index(self.span) + by))])

    def action_step_symbol(self, by: int) -> None:
        """The next symbol, or the one before."""
        if self.symbol in self._symbols:
            self.symbol = self._symbols[(self._symbols.index(self.symbol) + by) % len(self._symbols)]
            self._turn()

    def action_copy_chart(self) -> None:
        """Put the chart on the clipboard of the terminal."""
        lines = (self._title.line(0), *self.body.lines)
        self.app.copy_to_clipboard("\n".join("".join(text for text, _ in line.runs).rstrip() for line in lines))
        self.app.notify("copied", markup=False, timeout=2)

    # --- data -----------------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        """Begin with another symbol or another span."""
        self._bars = self._chart = None
        self._reading, self._filling = False, True
        self._problem = self._lack = ""
        self._read()  # which mostly takes less than a pull: what was drawn is in sight until then
        self.run_worker(self._fill(self.symbol, self.span), group="history", exclusive=True, exit_on_error=False)

    def _read(self) -> None:
        if not self._reading:
            self._reading = True
            self.run_worker(self._fetch(self.symbol, self.span), group="chart", exclusive=True, exit_on_error=False)

    async def _fill(self, symbol: str, span: str) -> None:
        """Have the session fetch what is not stored; where it cannot be had, say why beside what is."""
        came, lack = 0, ""
        try:
            came = await self._session.commands.fill_history(symbol, SPANS[span])
        except CockpitError as error:
            lack = str(error)
        except Exception as error:  # a chart must never end the cockpit
            log.exception("the history of a chart could not be had")
            lack = f"older prices could not be had ({type(error).__name__}); the log has the details"
        if (symbol, span) == (self.symbol, self.span):
            self._filling, self._lack = False, lack
            if came or not self._chosen:
                self._reading = False
                self._read()

    async def _fetch(self, symbol: str, span: str) -> None:
        now_ms = self._now_ms()
        bars, problem = self._bars, ""
        try:
            # A window reaches back by less than its span and a few columns.
            start_ms = now_ms - SPANS[span] - MINUTE_MS
            bars = await self._session.commands.minutes(symbol, start_ms, now_ms + MINUTE_MS)
        except CockpitError as error:
            problem = str(error)
        except Exception as error:  # a chart must never end the cockpit
            log.exception("a chart could not be read")
            problem = f"the chart could not be read ({type(error).__name__}); the log has the details"
        if (symbol, span) != (self.symbol, self.span):
            return
        if not (self._chosen or self._filling) and bars is not None and len(bars):
            self.span, self._chosen = _span_of(bars, now_ms), True
        self._bars, self._problem, self._reading = bars, problem, False
        self._rebuild()

    def _pull(self) -> None:
        """The last price of the stream, and now and then the next column."""
        now_ms = self._now_ms()
        if self._chart is not None and self._chart.window.at(now_ms) >= self._chart.window.columns:
            self._read()
        self._show()

    def _rebuild(self) -> None:
        """Put the bars that were read into the columns that there is room for."""
        if self._bars is not None and len(self._bars) and self.is_mounted:
            columns = max(1, self._cells()) * len(self._glyphs.dots)
            now_ms = self._now_ms()
            window = window_until(now_ms, SPANS[self.span], columns, len(self._glyphs.dots))
            self._chart = chart_of(self._bars, window, now_ms)
        self._show()

    # --- drawing --------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        """Draw what has changed."""
        if not self.is_mounted:
            return
        ticker = self._session.boards.ticks.get(self.symbol)
        if self._chart is not None and ticker is not None and ticker.last is not None and ticker.traded_ms is not None:
            self._chart = self._chart.with_price(float(ticker.last), ticker.traded_ms)
        self._title.show(self._title_parts(ticker))
        self._hints.show(self._hint_parts())
        told = self._bars is None, self._filling, self._problem, self._lack
        drawn = (self.symbol, self.span, self._chart, told, self.body.size)
        if drawn != self._drawn:
            self._drawn = drawn
            self.body.lines = self._lines()
            self.body.repaint()

    def _lines(self) -> list[Line]:
        width, height = self.body.size
        if self._chart is None or not self._chart.known:
            return [EMPTY, *wrapped(self._reason(), width, Ink.MUTED)]
        if width < _SMALLEST[0] or height < _SMALLEST[1]:
            return wrapped("too small for a chart", width, Ink.WARN)
        chart, above = self._chart, [Line(((fit(self._lack, width), Ink.WARN),))] if self._lack else []
        height -= len(above)
        volume_rows = 0 if height < 10 else max(2, height // 9)
        rows = height - 1 - volume_rows
        axes = Axes(
            price_scale(chart.low, chart.high, rows // _ROWS_A_MARK, price_decimals(chart.low)),
            time_marks(chart.window, NEW_YORK, self._cells() // _CELLS_A_MARK),
            price,
            self._label_width(),
            _ZONE,
        )
        return [*above, *plot_lines(chart, axes, rows, volume_rows, self._glyphs)]

    def _reason(self) -> str:
        """Why there is no chart, and what gives one."""
        if self._problem:
            return self._problem
        if self._bars is None:
            return "reading what is stored…"
        if self._filling:
            return f"nothing of {self.symbol} is stored of the last {self.span}; asking the venue for it…"
        lack = f" ({self._lack})" if self._lack else ""
        return (
            f"no trade of {self.symbol} is stored of the last {self.span}, and the venue gave none{lack}: the cockpit "
            "stores what it hears while it runs, and past days come from the venue's files with: cockpit ticks import "
            "FILE"
        )

    def _title_parts(self, ticker: Ticker | None) -> list[Part]:
        parts = [profile_part(self._profile), words((self.symbol, Ink.STRONG), rank=0)]
        known = [] if self._chart is None else self._chart.known
        last = ticker.last if ticker is not None and ticker.last is not None else known[-1].close if known else None
        parts.append(words((price(last), Ink.STRONG), rank=1))
        if self._chart is not None and known:
            change = (known[-1].close / known[0].open - 1.0) * 100.0
            parts.append(words(moved_run(arrowed(change), change), (f" % {self.span}", Ink.MUTED), rank=2))
            parts.append(words(("high ", Ink.MUTED), (price(self._chart.high), Ink.TEXT), rank=4))
            parts.append(words(("low ", Ink.MUTED), (price(self._chart.low), Ink.TEXT), rank=5))
            parts.append(words(("volume ", Ink.MUTED), (compact(sum(one.volume for one in known)), Ink.TEXT), rank=6))
            first_ms = self._bars.open_ms[0] if self._bars is not None else 0
            if self._chart.window.at(first_ms) > self._chart.window.columns // 2:  # why most of the chart is empty
                since = datetime.fromtimestamp(first_ms / 1000, NEW_YORK)
                parts.append(words((f"stored since {since.day} {since:%b %H:%M}", Ink.MUTED), rank=7))
        else:
            parts.append(words((self.span, Ink.MUTED), rank=2))
        seconds = self._age(ticker)
        old = seconds is not None and seconds > self._stale
        parts.append(words((f"age {age(seconds)}", Ink.WARN if old else Ink.MUTED), rank=3, right=True))
        return parts

    def _age(self, ticker: Ticker | None) -> float | None:
        """Seconds since the last message of this symbol; without any, since the end of the last bar."""
        if ticker is not None and ticker.received_at is not None:
            return max(0.0, self._moment().monotonic - ticker.received_at)
        if self._bars is None or not len(self._bars):
            return None
        return max(0.0, (self._now_ms() - self._bars.open_ms[-1] - self._bars.length_ms[-1]) / 1000)

    def _hint_parts(self) -> list[Part]:
        if self._problem and self._chart is not None:
            return [words((self._problem, Ink.WARN)), hint("Esc", "close", 1)]
        spans = [
            words((f"{number} ", Ink.ACCENT), (name, Ink.STRONG if name == self.span else Ink.MUTED), rank=1)
            for number, name in enumerate(SPANS, 1)
        ]
        return [*spans, hint("←→", "span", 4), hint("↑↓", "symbol", 2), hint("y", "copy", 3), hint("Esc", "close", 0)]

    def _cells(self) -> int:
        return self.body.size.width - self._label_width()

    def _label_width(self) -> int:
        """By the bars that were read, so that a price of more digits does not move the chart."""
        bars = self._bars
        if bars is None or not len(bars):
            return 0
        return max(len(price(max(bars.high))), len(price(min(bars.low)))) + 1

    def _now_ms(self) -> int:
        return int(self._moment().now.timestamp() * 1000)


def _span_of(bars: BarColumns, now_ms: int) -> str:
    """The shortest span that shows all of the bars: of a young database a day would be an empty chart."""
    reach = min(now_ms - bars.open_ms[0], SPANS[_FIRST_SPAN])
    return next(name for name, span_ms in SPANS.items() if span_ms >= reach)
