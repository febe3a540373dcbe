"""Drawdown and Sharpe, beside the standard library's own statistics."""

import statistics
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.strategies.equity import DAY_MS, EquityCurve

MIDNIGHT = 20_000 * DAY_MS


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=40))
def test_sharpe_is_mean_over_deviation_of_the_days(results: list[float]) -> None:
    curve, equity = EquityCurve(1000.0, MIDNIGHT), 1000.0
    for number, result in enumerate(results):
        for part in (0.5, 1.0):
            curve.add(MIDNIGHT + int((number + part) * DAY_MS) - 1, equity + part * result)
        equity += result
    shares = [result / 1000 for result in results]
    deviation = statistics.stdev(shares)
    assert curve.days == len(results)
    if deviation > 1e-9:
        assert curve.sharpe == pytest.approx(statistics.fmean(shares) / deviation * sqrt(365), rel=1e-6, abs=1e-9)


def test_days_that_were_not_whole_are_left_out_and_days_without_a_bar_count() -> None:
    curve = EquityCurve(1000.0, MIDNIGHT + 5)
    curve.add(MIDNIGHT + DAY_MS - 1, 900.0)
    assert (curve.days, curve.sharpe) == (0, None), "it began in the middle of a day"
    curve.add(MIDNIGHT + 2 * DAY_MS - 1, 910.0)
    assert (curve.days, curve.sharpe) == (1, None), "one day has no deviation"
    curve.add(MIDNIGHT + 5 * DAY_MS + 7, 950.0)
    assert curve.days == 4
    # +10, 0, 0, 0 on 1000; the fifth has only begun.
    assert curve.sharpe == pytest.approx(0.0025 / statistics.stdev([0.01, 0, 0, 0]) * sqrt(365))


def test_days_that_are_all_alike_have_no_sharpe() -> None:
    curve = EquityCurve(1000.0, MIDNIGHT)
    for number in range(1, 5):
        curve.add(MIDNIGHT + number * DAY_MS - 1, 1000.0)
    assert (curve.days, curve.sharpe) == (4, None)


@given(st.lists(st.floats(1, 5000), min_size=1, max_size=60))
def test_the_drawdown_is_the_deepest_of_all_pairs(values: list[float]) -> None:
    curve = EquityCurve(1000.0, 0)
    for number, value in enumerate(values):
        curve.add(number + 1, value)
    path = [1000.0, *values]
    deepest = max((peak - low) / peak for at, peak in enumerate(path) for low in path[at:])
    found = curve.drawdown
    assert found.depth == pytest.approx(deepest)
    assert (path[found.peak_ms] - path[found.trough_ms]) / path[found.peak_ms] == pytest.approx(deepest)
