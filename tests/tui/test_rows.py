import math
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from cockpit.tui.inks import Ink
from cockpit.tui.widgets.columns import Column, choose
from cockpit.tui.widgets.rows import Rows

values = st.one_of(st.none(), st.floats(allow_nan=True), st.integers(-5, 5), st.text(max_size=3))
changes = st.lists(
    st.dictionaries(st.integers(0, 40), st.one_of(st.none(), st.tuples(values)), max_size=30), max_size=6
)


def value_of(row: tuple[float | str | None]) -> float | str | None:
    return row[0]


def missing(value: float | str | None) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


@given(changes, st.booleans())
def test_rows_are_sorted_once_asked_with_missing_ones_last(
    batches: list[dict[int, tuple[float | str | None] | None]], descending: bool
) -> None:
    rows: Rows[int, tuple[float | str | None]] = Rows(value_of, descending)
    expected: dict[int, tuple[float | str | None]] = {}
    for batch in batches:
        rows.put(batch)
        for key, row in batch.items():
            if row is None:
                expected.pop(key, None)
            else:
                expected[key] = row
        assert sorted(rows.order) == sorted(expected)
        assert rows.all == expected or any(missing(row[0]) for row in expected.values())
    rows.sort()
    order = [rows.all[key][0] for key in rows.order]
    first_missing = next((at for at, value in enumerate(order) if missing(value)), len(order))
    assert all(missing(value) for value in order[first_missing:])
    numbers = [value for value in order[:first_missing] if isinstance(value, int | float)]
    assert numbers == sorted(numbers, reverse=descending)
    assert rows.settled


@given(st.dictionaries(st.integers(0, 200), st.integers(0, 50), min_size=1, max_size=60))
def test_newcomers_come_to_their_places(made: Mapping[int, int]) -> None:
    rows: Rows[int, int] = Rows(lambda row: row, True)
    for key, value in made.items():
        rows.put({key: value})
    arrived = list(rows.order)
    rows.sort()
    assert arrived == rows.order


def test_a_present_row_keeps_its_place_until_the_next_sort() -> None:
    rows: Rows[str, float] = Rows(lambda row: row, True)
    rows.put({"a": 3.0, "b": 2.0, "c": 1.0})
    rows.put({"c": 9.0})
    assert rows.order == ["a", "b", "c"]
    assert not rows.settled
    rows.sort()
    assert rows.order == ["c", "a", "b"]


def test_a_filter_keeps_to_what_it_was_told() -> None:
    rows: Rows[str, float] = Rows(lambda row: row, False)
    rows.put({"a": 3.0, "b": 2.0, "c": 1.0})
    rows.choose(lambda row: row >= 2)
    assert rows.order == ["b", "a"]
    rows.put({"c": 5.0, "a": 1.0})
    assert rows.order == ["b", "c"]


def column(name: str, width: int, rank: int, **options: object) -> Column[str]:
    return Column(name, name, width, lambda row, moment: (row, Ink.TEXT), rank=rank, **options)  # type: ignore[arg-type]  # options of a column


@given(st.lists(st.integers(1, 15), min_size=1, max_size=8), st.integers(1, 100))
def test_columns_never_outgrow_the_pane(widths: list[int], room: int) -> None:
    columns = [column(f"c{at}", width, at) for at, width in enumerate(widths)]
    fitted = choose(columns, room)
    used = sum(width for _, width in fitted) + len(fitted) - 1
    assert used <= room or len(fitted) == 1
    assert fitted[0][0].name == "c0"


def test_a_wider_column_stands_in_for_a_shorter_one_and_the_last_one_stretches() -> None:
    columns = [
        column("a", 5, 0),
        column("short", 5, 1),
        column("long", 10, 2, instead=("short",)),
        column("z", 4, 3, stretch=True),
    ]
    assert [(c.name, width) for c, width in choose(columns, 12)] == [("a", 5), ("short", 5)]
    assert [(c.name, width) for c, width in choose(columns, 30)] == [("a", 5), ("long", 10), ("z", 13)]


def test_a_number_that_does_not_fit_is_hidden_not_cut() -> None:
    number = column("n", 4, 0)
    assert number.place("12345", 4) == "####"
    assert number.place("123", 4) == " 123"
    words = Column("w", "w", 4, lambda row, moment: (row, Ink.TEXT), align="left")
    assert words.place("abcdef", 4) == "abc…"
