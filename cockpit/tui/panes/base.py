"""What the panes share: a title bar that tells the state, a body, and how the screen drives them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from cockpit.tui.actions import Pane
from cockpit.tui.inks import Ground, Ink, Run
from cockpit.tui.session import Session
from cockpit.tui.widgets.bars import Bar, Part, words
from cockpit.tui.widgets.columns import Moment
from cockpit.tui.widgets.lines import LinesMixin
from cockpit.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cockpit.board import Board, Cursor
    from cockpit.filtering import Field

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")
V = TypeVar("V")

STARTING = "starting the market…"
TRADES_ONLY = "a recording holds trades only: no earnings, no options"
"""Why the panes about options stay empty in a replay, and their keys do nothing."""


class PaneView(Vertical):
    """A pane: title bar above, body below."""

    BLANK = True  # the two cover it: there is nothing of its own to draw

    DEFAULT_CSS = """
    PaneView { height: 1fr; width: 1fr; }
    """

    class Focused(Message):
        """The focus came into this pane."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, pane: Pane) -> None:
        super().__init__(id=pane.value)
        self.pane = pane
        self.title = Bar(gap=2)
        self.session: Session | None = None

    @property
    def body(self) -> LinesMixin:
        """The widget that takes the focus."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Title bar and body."""
        yield self.title
        yield self.body

    def on_mount(self) -> None:
        """Paint the empty pane."""
        self.retitle()

    def attach(self, session: Session) -> None:
        """The session is open: read its boards from now on."""
        self.session = session

    def pull(self) -> None:
        """Take in what changed on the boards since the last pull."""

    def tick(self) -> None:
        """A second has passed: ages move."""

    def count(self) -> str:
        """A figure for the strip of tabs; empty where there is none to give."""
        return ""

    def moment(self) -> Moment:
        """The time to draw for."""
        return self.app.moment()  # type: ignore[attr-defined,no-any-return]  # panes live in the cockpit's app

    def title_parts(self) -> list[Part]:
        """What the title says behind the pane's name."""
        return []

    def retitle(self) -> None:
        """Write the title bar anew."""
        focused = self.body.has_focus
        self.title.ground = Ground.BAR_FOCUS if focused else Ground.BAR
        name: tuple[Run, ...] = ((f"{self.pane.number} ", Ink.MUTED), (self.pane.label, Ink.STRONG))
        self.title.show([Part(name), *self.title_parts()])

    def on_resize(self) -> None:
        """What fits, and what lies below, has changed."""
        self.call_after_refresh(self.retitle)

    def on_descendant_focus(self) -> None:
        """Mark the pane as the one that keys go to."""
        self.retitle()
        self.post_message(self.Focused(self.pane))

    def on_descendant_blur(self) -> None:
        """Back to a quiet title."""
        self.retitle()


class TablePane(PaneView, Generic[K, R]):
    """A pane whose body is a live table."""

    def __init__(self, pane: Pane, table: LiveTable[K, R]) -> None:
        super().__init__(pane)
        self.table = table
        self.table.hint = STARTING
        self.filter_text = ""

    @property
    def body(self) -> LinesMixin:
        """The table."""
        return self.table

    def dim_after(self, seconds: float) -> None:
        """Dim rows that are older than this."""
        self.table.stale_seconds = seconds

    def fields(self) -> Mapping[str, Field[R]]:
        """What the rows can be filtered by."""
        raise NotImplementedError

    def filter(self, text: str) -> None:
        """Show only rows that meet an expression; an empty one shows all.

        Raises:
            FilterError: the expression cannot be read; the rows stay as they were.
        """
        from cockpit.filtering import parse_filter

        self.table.choose(parse_filter(text, self.fields()))
        self.filter_text = text.strip()
        self.retitle()

    def tick(self) -> None:
        """Ages move, an order may be due."""
        self.table.hint = self.empty_hint()
        self.table.tick()
        self.retitle()

    def empty_hint(self) -> str:
        """Why the pane is empty and which key fills it."""
        if self.session is None:
            return STARTING
        if self.filter_text and self.table.rows.all:
            return f"none of {len(self.table.rows.all)} meets the filter; / changes it, Esc clears it"
        return self.empty_reason()

    def empty_reason(self) -> str:
        """Why there are no rows at all."""
        return ""

    def count(self) -> str:
        """Rows that are shown."""
        return str(len(self.table.rows.order)) if self.table.rows.all else ""

    def title_parts(self) -> list[Part]:
        """Sort, filter, and how many of how many."""
        table = self.table
        parts = [words((f"{table.sort_column.name} {'▾' if table.descending else '▴'}", Ink.MUTED), rank=4)]
        if self.filter_text:
            parts.append(words((self.filter_text, Ink.ACCENT), rank=2))
        shown, everything = len(table.rows.order), len(table.rows.all)
        if everything:
            parts.append(words((f"{shown} of {everything}" if shown != everything else f"{shown}", Ink.TEXT), rank=3))
        parts.extend(self.state_parts())
        if table.below:
            parts.append(words((f"↓{table.below}", Ink.MUTED), rank=1, right=True))
        return parts

    def state_parts(self) -> list[Part]:
        """Further words for the title: age, progress, money."""
        return []


def drained(board: Board[K, V], cursor: Cursor[K]) -> dict[K, V | None]:
    """Rows changed since the last drain; None for those removed."""
    return {key: board.get(key) for key in cursor.drain()}
