from hypothesis import given
from hypothesis import strategies as st

from cockpit.health.metrics import LatencyRing, Tally


def test_an_empty_ring_knows_no_quantile() -> None:
    assert LatencyRing().p95 is None


def test_quantiles_are_of_the_last_samples_only() -> None:
    ring = LatencyRing(100)
    for value in range(1000):
        ring.record(float(value))
    assert ring.count == 1000
    assert len(ring) == 100
    assert (ring.p50, ring.p95, ring.p99) == (950.0, 995.0, 999.0)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.floats(0, 1))
def test_a_quantile_is_a_sample(samples: list[float], share: float) -> None:
    ring = LatencyRing(32)
    for sample in samples:
        ring.record(sample)
    assert ring.quantile(share) in samples[-32:]


def test_a_tally_is_bounded_and_loses_no_count() -> None:
    tally = Tally(most=3)
    for number in range(10):
        tally.add(f"kind {number}", 2)
    tally.add("kind 0")
    assert tally.total == 21
    assert len(tally) <= 4
    assert tally["kind 0"] == 3
    assert next(iter(tally)) == ("other", 14)
