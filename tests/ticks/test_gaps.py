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


@given(st.lists(st.integers(0, 40), min_size=1))
def test_missing_is_what_lies_between_and_has_not_come(came: list[int]) -> None:
    sequence = TradeSequence()
    taken = [number for number in came if sequence.advance(number) is not Step.SEEN]
    assert len(taken) == len(set(taken)), "no id is taken twice"
    assert sequence.missing == len(set(range(came[0], max(came) + 1)) - set(taken))
