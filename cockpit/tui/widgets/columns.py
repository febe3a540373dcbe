"""Columns of a live table: declared once, each with a fixed width, a format and a sort key."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Generic, Literal, NamedTuple, SupportsFloat, TypeVar

from cockpit.tui.inks import Ink, Run
from cockpit.tui.widgets.lines import clean, fit, width_of

R = TypeVar("R")
Sortable = float | str | date

GAP = " "


class Moment(NamedTuple):
    """When a row is drawn: the market's time, and monotonic seconds for ages that count from receipt."""

    now: datetime
    monotonic: float


class Column(NamedTuple, Generic[R]):
    """One column.

    Attributes:
        name: the word of ``sort`` commands, and of filters where a field of this name exists.
        title: as the header shows it, with the unit if any.
        width: cells, fixed; only a ``stretch`` column takes what is left over.
        cell: text and ink of a row.
        key: what to sort by; None where the value is missing. Without it the column is not sorted by.
        rank: columns of low rank stay when the pane is narrow.
        descending: the direction of the first sort by this column.
        instead: names of columns that go when this one fits.
        spills: a text that is a cell too long takes the gap behind the column.
    """

    name: str
    title: str
    width: int
    cell: Callable[[R, Moment], Run]
    key: Callable[[R], Sortable | None] | None = None
    align: Literal["left", "right"] = "right"
    rank: int = 0
    descending: bool = True
    stretch: bool = False
    instead: tuple[str, ...] = ()
    spills: bool = False

    def place(self, text: str, width: int) -> str:
        """The text in exactly ``width`` cells. A number that does not fit is hidden, never cut to another number."""
        text = clean(text)
        size = width_of(text)
        if self.align == "left":
            return fit(text, width)
        return "#" * width if size > width else " " * (width - size) + text

    def placed_title(self, width: int) -> str:
        """The title in exactly ``width`` cells, on the side on which the cells stand."""
        title = fit(self.title, width)
        return title if self.align == "left" else title.rstrip().rjust(width)


def choose(columns: Sequence[Column[R]], width: int) -> list[tuple[Column[R], int]]:
    """The columns that fit, in their declared order, each with its width."""
    room = width
    kept: set[str] = set()
    gone: set[str] = set()
    for column in sorted(columns, key=lambda column: column.rank):
        freed = sum(other.width + len(GAP) for other in columns if other.name in kept and other.name in column.instead)
        needs = column.width + (len(GAP) if kept else 0)
        if column.name in gone or (needs > room + freed and kept):
            continue
        gone.update(column.instead)
        kept.difference_update(column.instead)
        kept.add(column.name)
        room += freed - needs
    chosen = [column for column in columns if column.name in kept]
    spare = max(0, room)
    stretched = next((column.name for column in chosen if column.stretch), None)
    return [(column, column.width + (spare if column.name == stretched else 0)) for column in chosen]


def number_run(text: str, ink: Ink = Ink.TEXT) -> Run:
    """A cell of a formatted number; a missing one is a quiet ``?``."""
    return (text, Ink.MUTED if text == "?" else ink)


def moved_run(text: str, value: SupportsFloat | None) -> Run:
    """A signed figure: up and down by ink, beside the sign that its text carries."""
    if value is None:
        return (text, Ink.MUTED)
    size = float(value)
    return (text, Ink.UP if size > 0 else Ink.DOWN if size < 0 else Ink.TEXT)


def as_float(get: Callable[[R], SupportsFloat | None]) -> Callable[[R], float | None]:
    """A sort key of figures that are no floats."""

    def number(row: R) -> float | None:
        value = get(row)
        return None if value is None else float(value)

    return number
