"""What I have: open positions with their legs beneath, and the account."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from cockpit.tui.actions import Pane
from cockpit.tui.format import age, day, fixed, percent, short_fraction, signed, since
from cockpit.tui.inks import Ink, Run
from cockpit.tui.panes.base import TRADES_ONLY, TablePane, drained
from cockpit.tui.panes.spreads import short_label
from cockpit.tui.session import Session
from cockpit.tui.widgets.bars import Part, words
from cockpit.tui.widgets.columns import Column, Moment, as_float, moved_run, number_run
from cockpit.tui.widgets.lines import EMPTY, Line
from cockpit.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cockpit.board import Cursor
    from cockpit.filtering import Field
    from cockpit.portfolio.position import Account, Position
    from cockpit.strategies.standing import Standing


def _age(position: Position, moment: Moment) -> float | None:
    return since(position.marked_at, moment.now)


def _name(position: Position, moment: Moment) -> Run:
    return (f"{position.symbol} {short_label(position.kind)}", Ink.STRONG)


def _days(position: Position, moment: Moment) -> Run:
    from cockpit.options.calendar import NEW_YORK

    left = (position.expiry - moment.now.astimezone(NEW_YORK).date()).days
    return (str(left), Ink.WARN if left <= 1 else Ink.TEXT)


def _pnl(position: Position, moment: Moment) -> Run:
    return moved_run(signed(position.unrealised), position.unrealised)


def kept(position: Position) -> float | None:
    """The percentage of the credit that would stay if it were bought back at mid; below zero in a loss."""
    if position.mark is None or position.credit <= 0:
        return None
    return float((position.credit - position.mark) / position.credit) * 100.0


def _kept(position: Position, moment: Moment) -> Run:
    share = kept(position)
    return moved_run(signed(share, 0), None if share is None else round(share))


def _report(position: Position, moment: Moment) -> Run:
    return number_run(day(position.report_date) if position.report_date else "?")


_COLUMNS: tuple[Column[Position], ...] = (
    Column("position", "position", 16, _name, lambda p: p.symbol, "left", 0, descending=False),
    Column("qty", "qty", 4, lambda p, m: (str(p.contracts), Ink.TEXT), lambda p: p.contracts, rank=1),
    Column("credit", "credit", 6, lambda p, m: number_run(fixed(p.credit)), as_float(lambda p: p.credit), rank=4),
    Column("mark", "mark", 6, lambda p, m: number_run(fixed(p.mark)), as_float(lambda p: p.mark), rank=3),
    Column("pnl", "P&L $", 9, _pnl, as_float(lambda p: p.unrealised), rank=2),
    Column("dte", "DTE", 3, _days, lambda p: p.expiry, rank=5, descending=False),
    Column("delta", "Δ", 4, lambda p, m: number_run(short_fraction(p.delta)), lambda p: p.delta, rank=6),
    Column("kept", "kept%", 5, _kept, kept, rank=7),
    Column("risk", "risk $", 9, lambda p, m: number_run(fixed(p.max_loss)), as_float(lambda p: p.max_loss), rank=8),
    Column("report", "report", 6, _report, lambda p: p.report_date, rank=9, descending=False),
    Column("fees", "fees $", 7, lambda p, m: number_run(fixed(p.fees)), as_float(lambda p: p.fees), rank=10),
    Column("age", "age", 4, lambda p, m: number_run(age(_age(p, m)), Ink.MUTED), rank=11),
)


def _label(standing: Standing) -> str:
    return standing.label


def _legs(position: Position) -> Sequence[Mapping[str, Run]]:
    return [
        {
            "position": (f"  {'+' if leg.quantity > 0 else '-'}{leg.right.value}{leg.strike.normalize():f}", Ink.MUTED),
            "qty": (f"{leg.quantity:+d}", Ink.MUTED),
            "credit": (fixed(leg.entry_price), Ink.MUTED),
            "mark": (fixed(leg.mark), Ink.MUTED),
        }
        for leg in position.legs
    ]


class PortfolioPane(TablePane[str, "Position"]):
    """Portfolio: the paper book, a spread a row."""

    def __init__(self, moment: Callable[[], Moment], stale_seconds: float, *, replay: bool = False) -> None:
        """``replay``: the market is a recording, and nothing can be opened."""
        super().__init__(
            Pane.PORTFOLIO,
            LiveTable(
                _COLUMNS,
                sort="position",
                moment=moment,
                legs=_legs,
                age=_age,
                stale_seconds=max(60.0, stale_seconds),
                foot=self._below_rows,
            ),
        )
        self._cursor: Cursor[str] | None = None
        self._replay = replay

    def dim_after(self, seconds: float) -> None:
        """Marks come less often than trades."""
        super().dim_after(max(60.0, seconds))

    def fields(self) -> Mapping[str, Field[Position]]:
        """What the rows can be filtered by."""
        from cockpit.fields import POSITION_FIELDS

        return POSITION_FIELDS

    def attach(self, session: Session) -> None:
        """Read the board of positions."""
        super().attach(session)
        self._cursor = session.boards.positions.cursor()

    def pull(self) -> None:
        """Show fills and new marks."""
        if self.session is not None and self._cursor is not None:
            changes = drained(self.session.boards.positions, self._cursor)
            if changes:
                self.table.apply(changes)

    def account(self) -> Account | None:
        """The book in one line."""
        return self.session.boards.account.get("account") if self.session else None

    def _below_rows(self, position: Position | None, width: int, room: int) -> Sequence[Line]:
        account = self.account()
        if self.session is None:
            return ()
        lines = self._strategies(width)[: max(0, room - 1)]
        if account is not None and not self._replay:
            from cockpit.tui.panes.book_lines import book_lines

            book = book_lines(account, self.session.boards.positions.values(), width)
            both = [*book, *([EMPTY] if lines else []), *lines]
            lines = both if len(both) < room else lines
        return [*([EMPTY] if position else []), *lines] if lines else ()

    def _strategies(self, width: int) -> list[Line]:
        """What strategies hold, apart from the spreads."""
        if self.session is None or not len(self.session.boards.strategies):
            return []
        from cockpit.tui.panes.strategy_lines import strategy_lines

        holding = sorted((one for one in self.session.boards.strategies.values() if one.fills), key=_label)
        head = Line(((" strategies, on paper beside the book", Ink.MUTED),))
        return [head, *strategy_lines(holding, self.moment(), width, symbols=True)] if holding else []

    def count(self) -> str:
        """The day's result, or else how many positions there are."""
        account = self.account()
        if account is not None and account.day is not None and account.open_positions:
            return signed(account.day, 0)
        return str(len(self.session.boards.positions) or "") if self.session else ""

    def empty_reason(self) -> str:
        """Why there are no positions."""
        return TRADES_ONLY if self._replay else "no open position; o on a spread opens one"

    def title_parts(self) -> list[Part]:
        """The account, then sort and counts."""
        account = self.account()
        if account is None:
            return super().title_parts()
        parts = [words((fixed(account.equity if account.equity is not None else account.cash), Ink.TEXT), rank=0)]
        if account.open_positions:
            equity = account.equity if account.equity is not None else account.cash
            parts.append(words(("day ", Ink.MUTED), moved_run(signed(account.day), account.day), rank=1))
            share = float(account.at_risk / equity) if equity > 0 else None
            parts.append(words(("risk ", Ink.MUTED), (f"{percent(share)}%", Ink.TEXT), rank=2))
        parts.append(words(("free ", Ink.MUTED), (fixed(account.buying_power, 0), Ink.TEXT), rank=6))
        return parts + [part for part in super().title_parts() if part.right or part.runs[0][1] is Ink.ACCENT]
