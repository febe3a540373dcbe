"""Closed trades with their scorecard above them; Enter tells what was expected of one and what came of it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar

from textual.binding import Binding, BindingType

from cockpit.portfolio.review import review
from cockpit.portfolio.scorecard import By, Scorecard, grouped, scorecard
from cockpit.portfolio.scorecard_words import interval_words, mean_words, scorecard_explained
from cockpit.portfolio.trade import Trade
from cockpit.tui.format import day, fixed, percent, signed
from cockpit.tui.inks import Ground, Ink, Run
from cockpit.tui.screens.explanation import ExplanationView, explanation_lines
from cockpit.tui.screens.sheet import Sheet, hint
from cockpit.tui.widgets.bars import Part, words
from cockpit.tui.widgets.columns import moved_run
from cockpit.tui.widgets.lines import EMPTY, Line, fit
from cockpit.tui.widgets.prose import figure, flowed, line_of


class HistoryScreen(Sheet[None]):
    """A list with a cursor, and behind ``s`` the whole scorecard, by one thing after the other."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", show=False),
        Binding("down,j", "step(1)", show=False),
        Binding("pageup,ctrl+b", "page(-1)", show=False),
        Binding("pagedown,ctrl+f,space", "page(1)", show=False),
        Binding("home,g", "step(-100000)", show=False),
        Binding("end,G", "step(100000)", show=False),
        Binding("enter", "review", show=False),
        Binding("s", "turn", show=False),
        Binding("b", "group", show=False),
    ]
    preferred_width = 104

    def __init__(self, trades: Sequence[Trade], now: Callable[[], datetime]) -> None:
        """Newest first, whatever the order of ``trades``; open ones are left out."""
        super().__init__("Closed positions")
        self._ended = sorted(
            (trade for trade in trades if trade.ended_at is not None),
            key=lambda trade: (trade.ended_at, trade.opened_at),
            reverse=True,
        )
        self._card = scorecard(self._ended)
        self._now = now
        self._cursor = 0
        self._first_row = 0
        self._all_figures = False
        self._by = By.STRUCTURE

    @property
    def chosen(self) -> Trade | None:
        """The trade under the cursor; None where there is none."""
        return self._ended[self._cursor] if self._ended and not self._all_figures else None

    def content(self, width: int) -> list[Line]:
        """The list, or the scorecard."""
        if not self._ended:
            return [EMPTY, line_of(("nothing has been closed yet", Ink.MUTED)), EMPTY]
        if self._all_figures:
            groups = grouped(self._ended, self._by)
            return explanation_lines(scorecard_explained(self._card, groups, self._by.heading), width)
        head = [*summary_lines(self._card, width), EMPTY, head_line(width)]
        self._first_row = len(head)
        return head + [trade_line(trade, width, at == self._cursor) for at, trade in enumerate(self._ended)]

    def title_parts(self) -> list[Part]:
        """The title, and by what the scorecard is broken down."""
        by = [words((f"by {self._by.value}", Ink.MUTED))] if self._all_figures else []
        return [words(("Scorecard" if self._all_figures else self.sheet_title, Ink.STRONG)), *by]

    def hints(self) -> list[Part]:
        """The keys of this page."""
        if not self._ended:
            return [hint("Esc", "close")]
        if self._all_figures:
            return [hint("s", "trades"), hint("b", "by another"), hint("↑↓", "scroll", 1), hint("Esc", "close")]
        return [hint("Enter", "review"), hint("s", "scorecard"), hint("↑↓", "move", 1), hint("Esc", "close")]

    def action_step(self, by: int) -> None:
        """Move the cursor, or scroll where there is none."""
        if self.chosen is None:
            self.action_scroll_lines(by)
            return
        self._cursor = max(0, min(self._cursor + by, len(self._ended) - 1))
        self.refill()
        row, height = self._first_row + self._cursor, max(1, self.body.size.height)
        if self._cursor == 0:
            self.body.scroll_by(-self.body.top)
        elif not self.body.top <= row < self.body.top + height:
            self.body.scroll_by(row - self.body.top - (0 if by < 0 else height - 1))

    def action_page(self, pages: int) -> None:
        """Move by a page."""
        self.action_step(pages * max(1, self.body.size.height - 1))

    def action_turn(self) -> None:
        """Turn to the scorecard, or back to the trades."""
        self._all_figures = bool(self._ended) and not self._all_figures
        self.body.top = 0
        self.refill()

    def action_group(self) -> None:
        """Break the scorecard down by the next thing."""
        if self._all_figures:
            order = list(By)
            self._by = order[(order.index(self._by) + 1) % len(order)]
            self.refill()
            self.body.scroll_by(len(self.body.lines))

    def action_review(self) -> None:
        """The post-mortem of the trade under the cursor."""
        if self.chosen is not None:
            self.app.push_screen(ExplanationView(review(self.chosen, self._now())))


_NAME = 21
_ROOM_FOR_ENDING = 100


def head_line(width: int) -> Line:
    """The titles of the list's columns."""
    titles = (("qty", 4), ("credit", 7), ("debit", 6), ("impl%", 6), ("move%", 6), ("P&L $", 11), ("R", 6))
    text = f"{'closed':<7}{'trade':<{_NAME}}" + "".join(title.rjust(size) for title, size in titles)
    return line_of((f"{text}  how" if width >= _ROOM_FOR_ENDING else text, Ink.MUTED))


def summary_lines(card: Scorecard, width: int) -> list[Line]:
    """The figures that matter most, on as many lines as they need; ``n`` is the number of trades behind them."""
    won, pop, value, move, volatility = card.won, card.probability, card.value, card.move, card.volatility
    result: list[list[Run]] = [
        [("realised ", Ink.MUTED), moved_run(signed(card.net), card.net)],
        figure("won", f"{won.count} of {won.trades}, {percent(won.value, 0)} % ({interval_words(won)})"),
        figure("R", mean_words(card)),
        [("a trade ", Ink.MUTED), moved_run(signed(card.expectancy), card.expectancy)],
        [("worst ", Ink.MUTED), moved_run(signed(card.worst), card.worst)],
        figure("drawdown", fixed(card.drawdown)),
        figure("fees", f"{percent(card.fee_share)} % of credit"),
    ]
    expected = [
        figure("POP", f"{percent(pop.expected, 0)} %, won {percent(pop.won.value, 0)} % (n {pop.won.trades})"),
        figure("EV", f"{signed(value.expected)}, came {signed(value.realised.value)} (n {value.realised.trades})"),
    ]
    if move.trades:
        expected.append(figure("implied", f"{percent(move.implied)} %, moved {percent(move.realised)} %"))
        expected.append(figure("inside", f"{move.inside.count} of {move.trades}"))
    if volatility.points is not None:
        around = f"{percent(volatility.before, 0)} to {percent(volatility.after, 0)} %"
        points = signed(-100.0 * volatility.points, 1)
        expected.append(figure("IV", f"{around}, {points} points (n {volatility.trades})"))
    return [*flowed(result, width), *flowed(expected, width)]


def trade_line(trade: Trade, width: int, under_cursor: bool) -> Line:
    """One closed trade: the implied and the realised move beside what it came to."""
    entry, outcome = trade.entry, trade.outcome
    implied = None if entry is None else entry.implied_move
    moved = None if outcome is None or outcome.close_move is None else 100.0 * outcome.close_move
    multiple = None if trade.realised is None or trade.max_loss <= 0 else trade.realised / trade.max_loss
    name = fit(f"{trade.symbol} {trade.kind.label}", _NAME)
    ended = "" if trade.ended_at is None else day(trade.ended_at)
    figures = (
        f"{trade.contracts:>4}{fixed(trade.credit):>7}{fixed(trade.debit):>6}{percent(implied):>6}{signed(moved, 1):>6}"
    )
    line = line_of(
        (f"{ended:<7}", Ink.MUTED),
        (name, Ink.STRONG),
        (figures, Ink.TEXT),
        moved_run(f"{signed(trade.realised):>11}", trade.realised),
        (f"{signed(multiple):>6}", Ink.TEXT),
        (f"  {trade.ending}" if width >= _ROOM_FOR_ENDING else "", Ink.MUTED),
    )
    if not under_cursor:
        return line
    used = sum(len(text) for text, _ in line.runs)
    return Line((*line.runs, (" " * max(0, width - used), Ink.TEXT)), Ground.CURSOR)
