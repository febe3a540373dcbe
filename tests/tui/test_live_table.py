"""Laws of the live table, on a table of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from cockpit.tui.inks import Ink, Inks
from cockpit.tui.widgets.columns import Column, Moment
from cockpit.tui.widgets.live_table import LiveTable
from tests.tui.clocks import NOW

Pair = tuple[str, float | None]

COLUMNS: tuple[Column[Pair], ...] = (
    Column("name", "name", 6, lambda row, moment: (row[0], Ink.TEXT), lambda row: row[0], "left", descending=False),
    Column("value", "value", 8, lambda row, moment: (f"{row[1]}", Ink.TEXT), lambda row: row[1], rank=1),
)


class Watched(LiveTable[str, Pair]):
    """Remembers which regions it asked Textual to repaint."""

    asked: list[Region]

    def refresh(self, *regions: Region, **options: Any) -> "Watched":
        if regions:
            self.asked = [*getattr(self, "asked", []), *regions]
        return super().refresh(*regions, **options)

    def repainted(self) -> list[int]:
        rows = sorted({region.y for region in getattr(self, "asked", [])})
        self.asked = []
        return rows


class Harness(App[None]):
    def __init__(self, age: float | None = None) -> None:
        super().__init__()
        self.inks = Inks({})
        self.seconds = 0.0
        self.age = age
        self.table = Watched(
            COLUMNS, sort="value", moment=self.moment, age=lambda row, moment: self.age, stale_seconds=15.0
        )

    def moment(self) -> Moment:
        return Moment(NOW, self.seconds)

    def compose(self) -> ComposeResult:
        yield self.table


@asynccontextmanager
async def table(
    count: int = 8, size: tuple[int, int] = (40, 12)
) -> AsyncIterator[tuple[Harness, Watched, Pilot[None]]]:
    app = Harness()
    async with app.run_test(size=size) as pilot:
        app.table.apply({f"k{at}": (f"k{at}", float(count - at)) for at in range(count)})
        app.table.focus()
        await pilot.pause()
        app.table.repainted()
        yield app, app.table, pilot


def text(shown: Watched) -> list[str]:
    return ["".join(t for t, _ in shown.line(y).runs).rstrip() for y in range(shown.size.height)]


async def test_only_changed_rows_are_repainted() -> None:
    async with table() as (_, shown, _pilot):
        shown.apply({"k2": ("k2", 6.5)})
        assert shown.repainted() == [3]
        shown.apply({"k0": ("k0", 8.5), "k7": ("k7", 0.5)})
        assert shown.repainted() == [1, 8]


async def test_an_equal_row_and_an_idle_second_repaint_nothing() -> None:
    async with table() as (app, shown, _pilot):
        shown.apply({"k2": ("k2", 6.0)})
        app.seconds += 1
        shown.tick()
        assert shown.repainted() == []


async def test_rows_out_of_sight_repaint_nothing() -> None:
    async with table(count=100) as (_, shown, _pilot):
        shown.apply({"k90": ("k90", 9.5)})
        assert shown.repainted() == []
        assert shown.below == 89


async def test_the_cursor_stays_on_its_key_through_a_sort() -> None:
    async with table() as (_, shown, _pilot):
        shown.move(2)
        assert shown.cursor == "k2"
        shown.sort_by("value")
        assert shown.rows.order[-1] == "k0"
        assert shown.cursor == "k2"
        assert shown.row() == ("k2", 6.0)


async def test_the_cursor_stays_on_its_key_when_rows_come_and_go_above() -> None:
    async with table() as (_, shown, _pilot):
        shown.move(4)
        shown.apply({"k0": None, "k1": None, "new": ("new", 99.0)})
        assert shown.cursor == "k4"
        assert text(shown)[1].split() == ["new", "99.0"]


async def test_when_its_row_goes_the_cursor_takes_the_one_in_its_place() -> None:
    async with table(count=3) as (_, shown, _pilot):
        shown.move(1)
        cursors = []
        for gone in ("k1", "k2", "k0"):
            shown.apply({gone: None})
            cursors.append(shown.cursor)
        assert cursors == ["k2", "k0", None]
        assert shown.row() is None


async def test_a_cursor_that_nobody_moved_waits_on_the_first_row_until_the_pane_is_entered() -> None:
    app = Harness()
    async with app.run_test(size=(40, 12)) as pilot:
        app.table.blur()
        app.table.apply({"b": ("b", 2.0)})
        app.table.apply({"a": ("a", 9.0)})
        cursors = [app.table.cursor]
        app.table.focus()
        await pilot.pause()
        app.table.apply({"c": ("c", 99.0)})
        cursors.append(app.table.cursor)
        assert cursors == ["a", "a"]
        assert app.table.rows.order == ["c", "a", "b"]


async def test_a_table_that_is_worked_in_holds_still_and_sorts_afterwards() -> None:
    async with table() as (app, shown, _pilot):
        shown.move(1)
        app.seconds += 5
        shown.apply({"k7": ("k7", 100.0)})
        assert shown.rows.order[-1] == "k7"
        app.seconds += 20
        shown.tick()
        assert shown.rows.order[0] == "k7"
        assert shown.cursor == "k1"


async def test_sorting_is_done_at_most_every_two_seconds() -> None:
    async with table() as (app, shown, _pilot):
        app.seconds = 100.0
        shown.apply({"k7": ("k7", 100.0)})
        assert shown.rows.order[0] == "k7"
        app.seconds += 1
        shown.apply({"k6": ("k6", 200.0)})
        assert shown.rows.order[0] == "k7"
        app.seconds += 1.5
        shown.tick()
        assert shown.rows.order[0] == "k6"


async def test_a_stale_row_is_dimmed() -> None:
    async with table() as (app, shown, _pilot):
        assert {ink for _, ink in shown.line(3).runs} == {Ink.TEXT}
        app.age = 20.0
        shown.tick()
        assert {ink for _, ink in shown.line(3).runs} == {Ink.MUTED}


async def test_the_cursor_is_kept_in_sight() -> None:
    async with table(count=100) as (_, shown, pilot):
        shown.move(50)
        await pilot.pause()
        assert any("k50" in line for line in text(shown))
        shown.move(-50)
        await pilot.pause()
        assert "k0" in text(shown)[1]


async def test_text_from_outside_is_never_obeyed() -> None:
    async with table(count=1) as (_, shown, _pilot):
        shown.apply({"evil": ("\x1b[2J[b]x", 50.0)})
        assert "\x1b" not in "".join(text(shown))


async def test_a_click_puts_the_cursor_on_its_row() -> None:
    async with table() as (_, shown, pilot):
        await pilot.click(Watched, offset=(2, 4))
        assert shown.cursor == "k3"
