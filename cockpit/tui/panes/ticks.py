"""What moves: one row an exchange symbol."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from cockpit.tui.actions import Pane
from cockpit.tui.format import age, arrowed, compact, on_point, price, spark, tails
from cockpit.tui.inks import Ink, Run
from cockpit.tui.panes.base import TablePane, drained
from cockpit.tui.session import Session
from cockpit.tui.widgets.bars import Part, words
from cockpit.tui.widgets.columns import GAP, Column, Moment, as_float, moved_run, number_run
from cockpit.tui.widgets.lines import EMPTY, Line
from cockpit.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cockpit.board import Cursor
    from cockpit.filtering import Field
    from cockpit.health.status import FeedStatus
    from cockpit.ticks.quote import Ticker

_POINT = 5
_CLOSES = 30
"""Closes of two seconds that make the minute."""
_SIDES = 26
_SYMBOL = 8


def _by_name(ticker: Ticker) -> str:
    return ticker.symbol


def _age(ticker: Ticker, moment: Moment) -> float | None:
    return None if ticker.received_at is None else max(0.0, moment.monotonic - ticker.received_at)


def _last(ticker: Ticker, moment: Moment) -> Run:
    ink = {1: Ink.UP, -1: Ink.DOWN}.get(ticker.last_move, Ink.TEXT)
    return number_run(on_point(price(ticker.last), _POINT), Ink.MUTED if ticker.last is None else ink)


def _change(ticker: Ticker, moment: Moment) -> Run:
    percent = None if ticker.change is None else ticker.change * 100.0
    return moved_run(arrowed(percent), percent)


def _sides(ticker: Ticker, moment: Moment) -> Run:
    if ticker.bid is None or ticker.ask is None:
        return ("?", Ink.MUTED)
    bid, ask = (on_point(price(side), _POINT) for side in (ticker.bid, ticker.ask))
    text = f"{bid} {ask:>13}"
    # A price too large for its half gives up the common point, never a digit.
    return (text if len(text) <= _SIDES else f"{bid.rstrip()} {ask:>13}", Ink.TEXT)


def _volume(ticker: Ticker, moment: Moment) -> Run:
    return number_run(compact(ticker.quote_volume))


def _minute(cells: int) -> Callable[[Ticker, Moment], Run]:
    return lambda ticker, moment: (spark(ticker.spark, cells, _CLOSES), Ink.ACCENT)


def _lost(ticker: Ticker, moment: Moment) -> Run:
    """Trades that are missing; where none is, how many came later over REST."""
    if ticker.gaps:
        return (compact(ticker.gaps), Ink.WARN)
    return (f"+{compact(ticker.backfilled)}" if ticker.backfilled else "-", Ink.MUTED)


_COLUMNS: tuple[Column[Ticker], ...] = (
    Column("last", "last", 12, _last, as_float(lambda t: t.last), rank=1),
    Column("chg", "chg %", 7, _change, lambda t: t.change, rank=2),
    Column("book", "bid/ask", 9, lambda t, m: number_run(tails(t.bid, t.ask)), rank=3),
    Column("sides", f"bid{'ask':>14}", _SIDES, _sides, as_float(lambda t: t.bid), rank=8, instead=("book",)),
    Column(
        "tps", "tr/s", 5, lambda t, m: (f"{t.trades_per_second:.1f}", Ink.TEXT), lambda t: t.trades_per_second, rank=4
    ),
    Column("vol", "24h vol", 7, _volume, as_float(lambda t: t.quote_volume), rank=6),
    Column("spark", "60 s", 8, _minute(8), rank=5),
    Column("age", "age", 4, lambda t, m: number_run(age(_age(t, m)), Ink.MUTED), lambda t: t.received_at, rank=7),
    Column("gaps", "lost", 5, _lost, lambda t: t.gaps, rank=10),
    Column("minute", "60 s", _CLOSES, _minute(_CLOSES), rank=11, instead=("spark",)),
)


class TicksPane(TablePane[str, "Ticker"]):
    """Ticks: exchange symbols with their last trade."""

    def __init__(self, moment: Callable[[], Moment], stale_seconds: float) -> None:
        symbol = Column("symbol", "symbol", _SYMBOL, self._symbol, _by_name, "left", descending=False, spills=True)
        super().__init__(
            Pane.TICKS,
            LiveTable(
                (symbol, *_COLUMNS),
                sort="chg",
                moment=moment,
                age=_age,
                stale_seconds=stale_seconds,
                foot=self._below_rows,
            ),
        )
        self._cursor: Cursor[str] | None = None

    def _symbol(self, ticker: Ticker, moment: Moment) -> Run:
        if self.session is None or not len(self.session.boards.strategies):
            return (ticker.symbol, Ink.STRONG)
        from cockpit.tui.panes.strategy_lines import marked, of_symbol

        standings = of_symbol(self.session.boards.strategies.values(), ticker.symbol)
        return marked(ticker.symbol, standings, _SYMBOL + len(GAP))

    def _below_rows(self, ticker: Ticker | None, width: int, room: int) -> Sequence[Line]:
        """The strategies of the symbol under the cursor."""
        if self.session is None or ticker is None or not len(self.session.boards.strategies):
            return ()
        from cockpit.tui.panes.strategy_lines import of_symbol, strategy_lines

        standings = of_symbol(self.session.boards.strategies.values(), ticker.symbol)
        if not standings or room < 2:
            return ()
        return [EMPTY, *strategy_lines(standings[: room - 1], self.moment(), width)]

    def fields(self) -> Mapping[str, Field[Ticker]]:
        """What the rows can be filtered by."""
        from cockpit.fields import TICK_FIELDS

        return TICK_FIELDS

    def attach(self, session: Session) -> None:
        """Read the board of ticks."""
        super().attach(session)
        self._cursor = session.boards.ticks.cursor()

    def pull(self) -> None:
        """Show the latest of each symbol."""
        if self.session is not None and self._cursor is not None:
            changes = drained(self.session.boards.ticks, self._cursor)
            self.table.apply(changes)

    def count(self) -> str:
        """Symbols on the board, drawn or not."""
        return str(len(self.session.boards.ticks) or "") if self.session else ""

    def empty_reason(self) -> str:
        """Why there are no ticks."""
        feed = self._feed()
        return (feed.message if feed else "") or "waiting for the first trade of the exchange"

    def state_parts(self) -> list[Part]:
        """The feed's state where it is not simply up."""
        feed = self._feed()
        if feed is None or feed.state == "up":
            return []
        return [words((feed.state.value, Ink.WARN if feed.state == "starting" else Ink.ERROR), rank=0)]

    def _feed(self) -> FeedStatus | None:
        if self.session is None:
            return None
        from cockpit.health.status import FeedStatus

        row = self.session.boards.health.get("feed")
        return row if isinstance(row, FeedStatus) else None
