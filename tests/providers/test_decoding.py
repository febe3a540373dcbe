import math
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.providers import decoding


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        (None, []),
        ("null", []),
        ({}, []),
        ({"x": None}, []),
        ({"x": "null"}, []),
        ({"x": {"a": 1}}, [{"a": 1}]),
        ({"x": [1, 2]}, [1, 2]),
        ({"x": "2024-01-01"}, ["2024-01-01"]),
        ([], None),
        (7, None),
        ("text", None),
    ],
)
def test_a_container_of_any_documented_shape_is_rows(container: Any, expected: list[Any] | None) -> None:
    assert decoding.rows(container, "x") == expected


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())))
def test_a_number_is_finite_or_missing(value: Any) -> None:
    for read in (decoding.finite, decoding.positive, decoding.number_in):
        number = read(value)
        assert number is None or math.isfinite(number)
    counted = decoding.count(value)
    assert counted is None or counted >= 0
    decoding.day(value)
    moment = decoding.instant(value)
    assert moment is None or moment.tzinfo is UTC


@pytest.mark.parametrize("value", [True, "1", None, float("nan"), float("inf"), 10**400])
def test_what_only_looks_like_a_number_is_none(value: Any) -> None:
    assert decoding.finite(value) is None


@pytest.mark.parametrize("value", ["2099-99-99", "None", "", "20240101", 20240101, None])
def test_a_date_that_is_none(value: Any) -> None:
    assert decoding.day(value) is None


def test_dates_and_times() -> None:
    assert decoding.day("2024-02-29") == date(2024, 2, 29)
    assert decoding.instant(1644524228000) == datetime(2022, 2, 10, 20, 17, 8, tzinfo=UTC)
    assert decoding.instant("2013-06-10T16:00:00-04:00") == datetime(2013, 6, 10, 20, tzinfo=UTC)
    assert decoding.instant("2013-06-10T16:00:00") is None
    assert decoding.instant(0) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8000/x", True),
        ("http://localhost/x", True),
        ("http://[::1]:80", True),
        ("https://api.tradier.com/v1", False),
        ("http://127.0.0.1.example.com", False),
        ("http://10.0.0.1", False),
    ],
)
def test_only_this_machine_is_loopback(url: str, expected: bool) -> None:
    assert decoding.is_loopback(url) is expected
