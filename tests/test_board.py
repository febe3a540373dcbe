"""Boards: the latest value by key, and exactly the changes since a reader last looked."""

from hypothesis import given
from hypothesis import strategies as st

from cockpit.board import Board


def test_a_new_reader_sees_everything_once() -> None:
    board: Board[str, int] = Board()
    board.put("a", 1)
    cursor = board.cursor()
    assert cursor.drain() == {"a"}
    assert cursor.drain() == set()


def test_an_equal_value_wakes_nobody() -> None:
    board: Board[str, int] = Board()
    board.put("a", 1)
    cursor = board.cursor()
    cursor.drain()
    version = board.version
    board.put("a", 1)
    assert cursor.drain() == set()
    assert board.version == version


def test_a_removed_key_is_drained_and_gone() -> None:
    board: Board[str, int] = Board()
    board.put("a", 1)
    cursor = board.cursor()
    cursor.drain()
    board.remove("a")
    assert cursor.drain() == {"a"}
    assert board.get("a") is None


operations = st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.integers(0, 3)), max_size=40)


@given(operations, st.integers(1, 5))
def test_a_reader_that_applies_its_drains_holds_what_the_board_holds(
    steps: list[tuple[str, int | None]], every: int
) -> None:
    board: Board[str, int] = Board()
    cursor, copy = board.cursor(), dict[str, int]()

    def apply() -> None:
        for key in cursor.drain():
            value = board.get(key)
            if value is None:
                copy.pop(key, None)
            else:
                copy[key] = value

    for number, (key, value) in enumerate(steps):
        if value is None:
            board.remove(key)
        else:
            board.put(key, value)
        if number % every == 0:
            apply()
    apply()
    assert copy == dict(board.items())


@given(st.dictionaries(st.text(max_size=2), st.integers()), st.dictionaries(st.text(max_size=2), st.integers()))
def test_replace_touches_only_what_differs(before: dict[str, int], after: dict[str, int]) -> None:
    board: Board[str, int] = Board()
    board.replace(before)
    cursor = board.cursor()
    cursor.drain()
    board.replace(after)
    expected = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert cursor.drain() == expected
    assert dict(board.items()) == after
