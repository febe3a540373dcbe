"""A missing trade is known to be missing until it has come, by whatever way."""

from hypothesis import given
from hypothesis import strategies as st

from cockpit.ticks.gaps import Gap, Step, TradeSequence


def test_consecutive_ids_are_no_gap() -> None:
    sequence = TradeSequence()
    assert [sequence.advance(n) for n in (7, 8, 9)] == [Step.NEXT] * 3
    assert sequence.missing == 0


def test_a_jump_is_a_gap_until_its_ids_have_come() -> None:
    sequence = TradeSequence()
    sequence.advance(1)
    assert sequence.advance(5) is Step.JUMP
    assert sequence.newest_gap == Gap(2, 4)
    assert (len(sequence.newest_gap), sequence.missing) == (3, 3)
    assert sequence.advance(3) is Step.LATE
    assert sequence.advance(3) is Step.SEEN
    assert [sequence.find(n) for n in (2, 4, 5)] == [True, True, False]
    assert sequence.missing == 0


def test_what_was_seen_is_seen() -> None:
    sequence = TradeSequence()
    sequence.advance(10)
    assert [sequence.advance(n) for n in (10, 9, 1)] == [Step.SEEN] * 3


def test_after_a_restart_anything_follows() -> None:
    sequence = TradeSequence()
    for number in (1, 100, 50):
        sequence.advance(number)
    sequence.restart()
    assert sequence.missing == 0
    assert sequence.advance(7) is Step.NEXT


def test_a_single_wild_id_hides_nothing() -> None:
    sequence = TradeSequence()
    sequence.advance(1)
    assert sequence.advance(2**62) is Step.DOUBTFUL
    assert sequence.advance(2) is Step.NEXT
    assert sequence.missing == 0


def test_a_far_jump_is_believed_once_it_is_confirmed() -> None:
    sequence = TradeSequence()
    sequence.advance(1)
    assert sequence.advance(50_000_000) is Step.DOUBTFUL
    assert sequence.advance(50_000_001) is Step.JUMP
    assert sequence.missing == 49_999_999
    assert sequence.find(50_000_000)


def test_a_forgiven_gap_is_not_missing() -> None:
    sequence = TradeSequence()
    sequence.advance(1)
    sequence.advance(1000)
    sequence.forgive(sequence.newest_gap)
    assert sequence.missing == 0
    assert sequence.advance(500) is Step.SEEN


def test_what_is_lost_again_is_missing_again() -> None:
    sequence = TradeSequence()
    for number in range(1, 11):
        sequence.advance(number)
    for number in (4, 5, 6, 9):
        sequence.lose(Gap(number, number))
    assert sequence.missing_in(Gap(0, 100)) == [Gap(4, 6), Gap(9, 9)]
    sequence.lose(Gap(2, 8))
    assert sequence.missing == 8
    assert sequence.missing_in(Gap(5, 8)) == [Gap(5, 8)]
    assert all(sequence.find(number) for number in range(2, 10))
    assert sequence.missing == 0


def test_what_is_heard_of_elsewhere_is_missing_here() -> None:
    sequence = TradeSequence()
    assert sequence.expect(10) is None
    assert (sequence.first_id, sequence.last_id) == (11, 10)
    assert sequence.advance(11) is Step.NEXT
    assert sequence.expect(11) is None
    assert sequence.expect(14) == Gap(12, 14)
    assert sequence.advance(13) is Step.LATE
    assert sequence.missing == 2


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=12), st.sets(st.integers(0, 60)))
def test_missing_ids_are_a_set(stretches: list[tuple[int, int]], found: set[int]) -> None:
    sequence = TradeSequence()
    expected: set[int] = set()
    for first_id, length in stretches:
        sequence.lose(Gap(first_id, first_id + length - 1))
        expected |= set(range(first_id, first_id + length))
    for trade_id in found:
        assert sequence.find(trade_id) is (trade_id in expected)
    left = expected - found
    assert sequence.missing == len(left)
    parts = sequence.missing_in(Gap(5, 30))
    assert {number for part in parts for number in range(part.first_id, part.last_id + 1)} == left & set(range(5, 31))
    sequence.forgive(Gap(5, 30))
    assert sequence.missing == len(left - set(range(5, 31)))
    assert not sequence.missing_in(Gap(5, 30))


@given(st.lists(st.integers(0, 40), min_size=1))
def test_missing_is_what_lies_between_and_has_not_come(came: list[int]) -> None:
    sequence = TradeSequence()
    taken = [number for number in came if sequence.advance(number) is not Step.SEEN]
    assert len(taken) == len(set(taken)), "no id is taken twice"
    assert sequence.missing == len(set(range(came[0], max(came) + 1)) - set(taken))
