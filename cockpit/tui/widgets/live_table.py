"""A table for data that never stands still.

Columns have fixed widths, the cursor stands on a key and not on an index, and a refresh sends only the lines whose
text or style differs from what is on the screen.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView

from cockpit.tui.inks import Ground, Ink, Run
from cockpit.tui.widgets.columns import GAP, Column, Moment, Sortable, choose
from cockpit.tui.widgets.lines import EMPTY, Line, LinesMixin, clean, fit, merged, width_of
from cockpit.tui.widgets.rows import Rows

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")

_SORT_SECONDS = 2.0
_HOLD_SECONDS = 10.0
_MARK = "▌"


class LiveTable(LinesMixin, ScrollView, Generic[K, R], can_focus=True):
    """Rows by key under a fixed header."""

    DEFAULT_CSS = """
    LiveTable { height: 1fr; overflow: hidden; scrollbar-size: 0 0; }
    """

    class CursorMoved(Message):
        """The cursor stands on another key, or on none."""

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        sort: str,
        moment: Callable[[], Moment],
        legs: Callable[[R], Sequence[Mapping[str, Run]]] | None = None,
        age: Callable[[R, Moment], float | None] | None = None,
        stale_seconds: float = float("inf"),
        foot: Callable[[R | None, int, int], Sequence[Line]] | None = None,
        remark: Callable[[R], str | None] | None = None,
        name: str | None = None,
    ) -> None:
        """Declare the table.

        Args:
            columns: in the order in which they are shown.
            sort: name of the column that the rows are sorted by at first.
            moment: the time that ages and staleness are drawn for.
            legs: further lines below a row, as cells by column name.
            age: seconds since a row was true; older than ``stale_seconds`` dims it.
            foot: lines below the last row, where there is room: of the row under the cursor, cells and lines.
            remark: why a row has no figures: stands dimmed in their place, and the row sorts last either way.
        """
        super().__init__(name=name)
        self._columns = columns
        self._moment = moment
        self._legs = legs
        self._age = age
        self.stale_seconds = stale_seconds
        self._remark = remark
        self._foot = foot
        self._foot_lines: Sequence[Line] = ()
        self.sort_column = next(column for column in columns if column.name == sort)
        self.descending = self.sort_column.descending
        self.rows: Rows[K, R] = Rows(self._sort_key(), self.descending)
        self.cursor: K | None = None
        """The key under the cursor; stays on its key wherever the row goes."""
        self.hint = ""
        """What an empty table says."""
        self._lines: list[tuple[K, int]] = []
        self._shown: dict[K, tuple[Line, ...]] = {}
        self._fitted: list[tuple[Column[R], int]] = []
        self._fitted_to = -1
        self._sorted_at = float("-inf")
        self._held_until = float("-inf")
        self._pinned = False

    # --- data -----------------------------------------------------------------------------------------------------

    def apply(self, changes: Mapping[K, R | None]) -> None:
        """Take changed rows in (None removes) and send what that changes on the screen."""
        before = self.rows.order
        count = len(before)
        self.rows.put(changes)
        for key in changes:
            self._shown.pop(key, None)
        moment = self._moment()
        if not self.rows.settled and self._may_sort(moment.monotonic):
            self.rows.sort()
            self._sorted_at = moment.monotonic
        if self.rows.order is not before or len(self.rows.order) != count or self._legs is not None:
            self._relist()
        self.repaint()

    def tick(self) -> None:
        """Draw what the passing of time changes: ages, staleness, an order that was due."""
        self._shown.clear()
        self.apply({})

    def choose(self, keep: Callable[[R], bool]) -> None:
        """Show only some of the rows."""
        self.rows.choose(keep)
        self._relist()
        self.repaint()

    def row(self) -> R | None:
        """The row under the cursor."""
        return None if self.cursor is None else self.rows.all.get(self.cursor)

    # --- order ----------------------------------------------------------------------------------------------------

    def sort_next(self) -> None:
        """Sort by the next sortable column that is on the screen."""
        names = [column.name for column, _ in self._fitted if column.key is not None]
        if not names:
            return
        at = names.index(self.sort_column.name) + 1 if self.sort_column.name in names else 0
        self.sort_by(names[at % len(names)])

    def sort_by(self, name: str, descending: bool | None = None) -> bool:
        """Sort by a column; False where there is no such one. Asking for the present column turns it round."""
        column = next((column for column in self._columns if column.name == name and column.key is not None), None)
        if column is None:
            return False
        if descending is None:
            descending = not self.descending if column is self.sort_column else column.descending
        self.sort_column, self.descending = column, descending
        self.rows.sort_by(self._sort_key(), descending)
        self._sorted_at = self._moment().monotonic
        self._relist()
        self.repaint()
        return True

    def sortable(self) -> list[str]:
        """Names of the columns that can be sorted by."""
        return [column.name for column in self._columns if column.key is not None]

    def _sort_key(self) -> Callable[[R], Sortable | None]:
        key, remark = self.sort_column.key, self._remark
        assert key is not None, f"the column {self.sort_column.name} has no sort key"
        return key if remark is None else lambda row: None if remark(row) else key(row)

    def _may_sort(self, monotonic: float) -> bool:
        # A table that is being worked in holds still: nothing moves away from under a finger.
        held = self.has_focus and monotonic < self._held_until
        return not held and monotonic - self._sorted_at >= _SORT_SECONDS

    # --- cursor ---------------------------------------------------------------------------------------------------

    def move(self, by: int) -> None:
        """Move the cursor by so many rows."""
        order = self.rows.order
        if not order:
            return
        at = order.index(self.cursor) if self.cursor in self.rows.all and self.cursor in order else 0
        self.move_to(order[max(0, min(len(order) - 1, at + by))])

    def move_to(self, key: K) -> None:
        """Put the cursor on a key and bring it into view."""
        self._held_until = self._moment().monotonic + _HOLD_SECONDS
        self._pinned = True
        self._set_cursor(key)
        self._scroll_to_cursor()
        self.repaint()

    @property
    def page(self) -> int:
        """Rows of one page."""
        return max(1, self.size.height - 2)

    @property
    def below(self) -> int:
        """Lines that lie below the visible ones."""
        return max(0, len(self._lines) - round(self.scroll_y) - max(0, self.size.height - 1))

    def _set_cursor(self, key: K | None) -> None:
        if key != self.cursor:
            self.cursor = key
            self.post_message(self.CursorMoved())

    def _scroll_to_cursor(self) -> None:
        room = self.size.height - 1
        first = next((at for at, (key, _) in enumerate(self._lines) if key == self.cursor), None)
        if first is None or room <= 0:
            return
        last = first
        while last + 1 < len(self._lines) and self._lines[last + 1][0] == self.cursor:
            last += 1
        top = round(self.scroll_y)
        if last >= top + room:
            top = last - room + 1
        top = min(top, first)
        if top != round(self.scroll_y):
            self.scroll_to(y=top, animate=False, force=True, immediate=True)

    def _relist(self) -> None:
        order, at_cursor = self.rows.order, self.cursor
        lines: list[tuple[K, int]] = []
        for key in order:
            lines.append((key, 0))
            if self._legs is not None:
                lines.extend((key, at + 1) for at in range(len(self._legs(self.rows.all[key]))))
        was_at = next((at for at, (key, _) in enumerate(self._lines) if key == at_cursor), 0)
        self._lines = lines
        if not self._pinned:
            # Nobody has been here yet: the cursor waits on the first row, whichever that is.
            self._set_cursor(order[0] if order else None)
        elif at_cursor not in order or at_cursor is None:
            # The row under the cursor has gone: the next one at its place takes over.
            self._set_cursor(lines[min(was_at, len(lines) - 1)][0] if lines else None)
        self.virtual_size = Size(self.size.width, len(lines) + 1)
        if self.has_focus:
            self._scroll_to_cursor()

    # --- drawing --------------------------------------------------------------------------------------------------

    def line(self, y: int) -> Line:
        """The content of one screen line."""
        self._fit()
        if y == 0:
            return self._header()
        at = round(self.scroll_y) + y - 1
        if at < len(self._lines):
            key, part = self._lines[at]
            lines = self._shown.get(key)
            if lines is None:
                lines = self._shown[key] = self._row_lines(self.rows.all[key])
            drawn = lines[part] if part < len(lines) else EMPTY
            return self._under_cursor(drawn) if key == self.cursor and part == 0 else drawn
        if y == 2 and not self._lines and self.hint:
            return Line(((fit(f" {self.hint}", self.size.width).rstrip(), Ink.MUTED),))
        below = at - self._foot_at
        return self._foot_lines[below] if 0 <= below < len(self._foot_lines) else EMPTY

    def repaint(self) -> int:
        """Send the lines that changed."""
        self._refoot()
        return super().repaint()

    @property
    def _foot_at(self) -> int:
        """The line that the foot begins at: below the rows, or below the hint of an empty table."""
        return len(self._lines) or 3

    def _refoot(self) -> None:
        if self._foot is not None:
            room = self.size.height - 1 - self._foot_at
            self._foot_lines = self._foot(self.row(), self.size.width, room) if room > 0 else ()

    def _under_cursor(self, drawn: Line) -> Line:
        if not self.has_focus:
            return Line(drawn.runs, Ground.CURSOR_ELSEWHERE)
        first, ink = drawn.runs[0]
        return Line(merged(((_MARK, Ink.ACCENT), (first[1:], ink), *drawn.runs[1:])), Ground.CURSOR)

    def _fit(self) -> None:
        """Choose the columns for the present width; the first lines are asked for before any event tells the size."""
        if self._fitted_to != self.size.width:
            self._fitted_to = self.size.width
            self._fitted = choose(self._columns, self.size.width - 1)
            self._shown.clear()

    def _header(self) -> Line:
        words: list[Run] = [(" ", Ink.MUTED)]
        for at, (column, width) in enumerate(self._fitted):
            text, gap = column.placed_title(width), GAP * (at > 0)
            sorted_by = column is self.sort_column
            if sorted_by:
                arrow = "▾" if self.descending else "▴"
                # Beside the title, on the side away from the column's edge; a title that fills it has it in the gap.
                if text.endswith(" "):
                    text = f"{column.title}{arrow}".ljust(width)
                elif text.startswith(" "):
                    text = f"{arrow}{column.title}".rjust(width)
                elif gap:
                    gap = arrow
            words.append((gap + text, Ink.ACCENT if sorted_by else Ink.MUTED))
        return Line(merged(words))

    def _row_lines(self, row: R) -> tuple[Line, ...]:
        moment = self._moment()
        age = self._age(row, moment) if self._age is not None else None
        dim = age is not None and age > self.stale_seconds
        cells = {column.name: column.cell(row, moment) for column, _ in self._fitted}
        remark = self._remark(row) if self._remark is not None else None
        parent = self._laid_out(cells, dim) if not remark else self._remarked(cells, remark)
        legs = self._legs(row) if self._legs is not None else ()
        return (parent, *(self._laid_out(leg, dim) for leg in legs))

    def _laid_out(self, cells: Mapping[str, Run], dim: bool) -> Line:
        runs: list[Run] = [(" ", Ink.TEXT)]
        gap = ""
        for column, width in self._fitted:
            text, ink = cells.get(column.name, ("", Ink.TEXT))
            spilt = column.spills and width_of(text) > width
            runs.append((gap + column.place(text, width + len(GAP) * spilt), Ink.MUTED if dim else ink))
            gap = "" if spilt else GAP
        return Line(merged(runs))

    def _remarked(self, cells: Mapping[str, Run], remark: str) -> Line:
        """The leading words of a row, and the remark where its figures would stand."""
        words = " "
        for column, width in self._fitted:
            if column.align != "left":
                break
            words += column.place(cells[column.name][0], width) + GAP
        return Line(((words + fit(clean(remark), max(0, self.size.width - width_of(words))), Ink.MUTED),))

    # --- events ---------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Lay out for the new size."""
        self._fit()
        self._relist()
        self._scroll_to_cursor()
        self._refoot()
        self.repaint_all()

    def on_focus(self) -> None:
        """Show the cursor, and leave it on its row from now on."""
        self._pinned = bool(self.rows.order)
        self.repaint()

    def on_blur(self) -> None:
        """Show the cursor quietly."""
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row that was clicked."""
        at = round(self.scroll_y) + event.y - 1
        if event.y >= 1 and at < len(self._lines):
            self.move_to(self._lines[at][0])

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move down by wheel."""
        event.stop()
        self.move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move up by wheel."""
        event.stop()
        self.move(-3)
