"""A silence is strange by the measure of the symbol itself."""

from cockpit.ticks.pulse import Pulse


def test_before_anything_came_the_floor_counts_from_the_connection() -> None:
    pulse = Pulse(30.0)
    assert not pulse.is_strange(1030.0, 1000.0)
    assert pulse.is_strange(1030.1, 1000.0)


def test_a_lively_symbol_is_strange_after_the_floor() -> None:
    pulse = Pulse(30.0)
    for tenth in range(1000):
        pulse.beat(tenth / 10)
    assert pulse.limit() == 30.0
    assert not pulse.is_strange(99.9 + 30.0, 0.0)
    assert pulse.is_strange(99.9 + 30.1, 0.0)


def test_a_quiet_symbol_may_be_quiet_for_ten_times_its_pauses() -> None:
    pulse = Pulse(30.0)
    for number in range(100):
        pulse.beat(number * 20.0)
        pulse.beat(number * 20.0 + 0.001)  # a burst tells nothing of pauses
    assert 199.0 < pulse.limit() <= 200.0
    assert not pulse.is_strange(99 * 20.0 + 199.0, 0.0)
    assert pulse.is_strange(99 * 20.0 + 201.0, 0.0)


def test_a_new_connection_begins_a_new_silence() -> None:
    pulse = Pulse(30.0)
    pulse.beat(100.0)
    assert pulse.is_strange(200.0, since=0.0)
    assert not pulse.is_strange(200.0, since=190.0)


def test_an_outage_is_no_pause_of_the_symbol() -> None:
    pulse = Pulse(30.0)
    for number in range(20):
        pulse.beat(float(number))
    pulse.interrupt()
    assert pulse.is_strange(61.0, since=30.0), "until something comes the connection's age counts"
    pulse.beat(600.0)
    pulse.beat(601.0)
    assert pulse.limit() == 30.0
    assert pulse.is_strange(632.0, since=0.0)
