"""The venue's clock is known as well as the quickest round trip allows."""

from hypothesis import given
from hypothesis import strategies as st

from cockpit.ticks.offset import ClockOffset


def test_nothing_is_known_before_the_first_round_trip() -> None:
    assert ClockOffset().milliseconds is None


def test_the_quickest_round_trip_is_believed() -> None:
    offset = ClockOffset()
    offset.add(1000.0, 1400.0, 1600.0)
    offset.add(2000.0, 2275.0, 2050.0)
    offset.add(3000.0, 3900.0, 4000.0)
    assert offset.milliseconds == 250.0
    offset.forget()
    assert offset.milliseconds is None


@given(
    st.floats(-1e6, 1e6),
    st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 1e4)), min_size=1, max_size=8),
)
def test_the_error_is_at_most_half_of_the_quickest_trip(truth: float, ways: list[tuple[float, float]]) -> None:
    offset = ClockOffset()
    for there, back in ways:
        offset.add(0.0, there + truth, there + back)
    assert offset.milliseconds is not None
    assert abs(offset.milliseconds - truth) <= min(there + back for there, back in ways) / 2 + 1e-6
