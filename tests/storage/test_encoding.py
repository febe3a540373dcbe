"""What is written as JSON comes back equal and of the same types; anything else is an error with a word."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.storage.encoding import EncodingError, dumps, loads, thorough_text


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    number: float | None
    colour: Colour


@dataclass(frozen=True, slots=True)
class Outer:
    text: str
    money: Decimal
    day: date
    instant: datetime
    count: int
    flag: bool
    inners: tuple[Inner, ...]
    by_name: dict[str, tuple[int, ...]]
    inner: Inner | None = None


OUTER = Outer(
    text='ü\n"',
    money=Decimal("0.10"),
    day=date(2026, 11, 24),
    instant=datetime(2026, 11, 24, 14, 30, tzinfo=UTC),
    count=2**60,
    flag=True,
    inners=(Inner(0.1, Colour.RED), Inner(None, Colour.RED), Inner(float("inf"), Colour.RED)),
    by_name={"a": (1, 2), "b": ()},
)


def test_every_kind_of_field_comes_back() -> None:
    back = loads(dumps(OUTER), Outer)
    assert back == OUTER
    assert str(back.money) == "0.10"
    assert isinstance(back.inners[0].colour, Colour)


@given(
    st.builds(
        Inner,
        number=st.none() | st.floats(allow_nan=False),
        colour=st.just(Colour.RED),
    ),
    st.text(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.datetimes(timezones=st.just(UTC)),
)
def test_any_value_comes_back(inner: Inner, text: str, money: Decimal, instant: datetime) -> None:
    value = replace(OUTER, inner=inner, text=text, money=money, instant=instant, day=instant.date())
    assert loads(dumps(value), Outer) == value


def test_what_an_older_version_has_written_is_read() -> None:
    text = thorough_text(OUTER)
    assert "2026-11-24T14:30:00+00:00" in text
    assert loads(text, Outer) == OUTER


@given(st.lists(st.builds(Inner, number=st.none() | st.floats(), colour=st.just(Colour.RED))))
def test_a_tuple_comes_back_by_its_kind(inners: list[Inner]) -> None:
    kind = tuple[Inner, ...]
    back = loads(dumps(tuple(inners), kind), kind)
    assert repr(back) == repr(tuple(inners))  # NaN is not equal to itself


def test_unknown_keys_are_ignored_and_missing_ones_take_their_default() -> None:
    text = dumps(OUTER).replace('"inner":null', '"added":1')
    assert loads(text, Outer) == OUTER


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('"count":', '"counts":', "lacks count"),
        ('"money":"0.10"', '"money":0.1', "no Decimal"),
        ('"money":"0.10"', '"money":"ten"', "no Decimal"),
        ('"colour":"red"', '"colour":"blue"', "no Colour"),
        ('"flag":true', '"flag":1', "no bool"),
        ('"count":1152921504606846976', '"count":true', "no int"),
        ('"day":"2026-11-24"', '"day":"24 Nov"', "no date"),
        ("{", "", "not JSON"),
    ],
)
def test_what_does_not_fit_is_named(old: str, new: str, word: str) -> None:
    with pytest.raises(EncodingError, match=word):
        loads(dumps(OUTER).replace(old, new, 1), Outer)


def test_what_has_no_encoding_is_refused() -> None:
    with pytest.raises(EncodingError, match="a set has no encoding"):
        dumps({"a": {1}})
