from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.fields import CANDIDATE_FIELDS
from cockpit.filtering import Field, FilterError, parse_filter
from tests.tui.clocks import NOW
from tests.tui.made import NAMES, candidate


@dataclass(frozen=True)
class Fruit:
    name: str
    price: float | None = None
    ripe: date | None = None
    kind: str | None = None


FIELDS: dict[str, Field[Fruit]] = {
    "name": Field("name", str, lambda f: f.name, "name", by_default=True),
    "price": Field("price", float, lambda f: f.price, "price, $"),
    "ripe": Field("ripe", date, lambda f: f.ripe, "day"),
    "kind": Field("kind", str, lambda f: f.kind, "kind"),
}
FRUITS = [
    Fruit("apple", 1.0, date(2026, 9, 1), "pome"),
    Fruit("pear", 2.5, date(2026, 9, 20), "pome"),
    Fruit("plum", None, date(2026, 8, 1), "stone"),
    Fruit("fig", 4.0, None, None),
]


def chosen(text: str) -> list[str]:
    keep = parse_filter(text, FIELDS)
    return [fruit.name for fruit in FRUITS if keep(fruit)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["apple", "pear", "plum", "fig"]),
        ("  ", ["apple", "pear", "plum", "fig"]),
        ("price>1", ["pear", "fig"]),
        ("price >= 1", ["apple", "pear", "fig"]),
        ("price<2.5", ["apple"]),
        ("price!=1", ["pear", "fig"]),
        ("price=?", ["plum"]),
        ("price!=?", ["apple", "pear", "fig"]),
        ("name~P", ["apple", "pear", "plum"]),
        ("pl", ["apple", "plum"]),
        ("kind=POME", ["apple", "pear"]),
        ("ripe>=2026-09-01", ["apple", "pear"]),
        ("ripe~2026-09", ["apple", "pear"]),
        ("price>1 and name~f or kind=stone", ["plum", "fig"]),
        ("price>1 and (name~f or kind=pome)", ["pear", "fig"]),
        ("not kind=pome", ["plum", "fig"]),
        ("NOT (pl OR fig)", ["pear"]),
        ('name="fig"', ["fig"]),
        ("price<0.002k", ["apple"]),
    ],
)
def test_an_expression_chooses(text: str, names: list[str]) -> None:
    assert chosen(text) == names


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("prise>1", 0, "did you mean price?"),
        ("price>", 6, "expected a value after price>"),
        ("price>cheap", 6, "price is a number"),
        ("price>1 name~a", 8, 'expected "and" or "or"'),
        ("(price>1", 0, "not closed"),
        ("price>1 and", 11, "the filter ends"),
        ("ripe>soon", 5, "reads 2026-11-26"),
        ("price>?", 5, "missing value"),
        ("price", 5, "such as price>1"),
        ('name="a', 5, "has no meaning"),
        ("or price>1", 0, "expected a field"),
    ],
)
def test_an_error_names_what_and_where(text: str, position: int, says: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text, FIELDS)
    assert says in str(caught.value)
    assert caught.value.position == position
    assert f"character {position + 1}" in str(caught.value)


def test_depth_and_length_are_bounded() -> None:
    with pytest.raises(FilterError, match="nested too deeply"):
        parse_filter("(" * 200 + "fig" + ")" * 200, FIELDS)
    with pytest.raises(FilterError, match="longer than"):
        parse_filter("fig or " * 200 + "fig", FIELDS)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    try:
        keep = parse_filter(text, FIELDS)
    except FilterError as error:
        position = error.position
    else:
        position = 0
        assert all(keep(fruit) in (True, False) for fruit in FRUITS)
    assert 0 <= position <= len(text)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.sampled_from(["<", "<=", ">", ">=", "=", "!="]))
def test_a_comparison_means_what_it_says(value: float, bound: float, operator: str) -> None:
    keep = parse_filter(f"price{operator}{bound:.9f}", FIELDS)
    exact = float(f"{bound:.9f}")
    expected = {
        "<": value < exact,
        "<=": value <= exact,
        ">": value > exact,
        ">=": value >= exact,
        "=": value == exact,
        "!=": value != exact,
    }
    assert keep(Fruit("x", value)) is expected[operator]
    assert keep(Fruit("x", None)) is False


def test_candidates_are_filtered_in_the_units_of_the_screen() -> None:
    rows = [candidate(name, spot, at, NOW) for at, (name, spot) in enumerate(NAMES.items())]
    keep = parse_filter("impl>=7.5% and vrp>1.2 and liq<=B", CANDIDATE_FIELDS)
    assert [row.symbol for row in rows if keep(row)] == ["NVDA", "CRM"]
    missing = parse_filter("score=?", CANDIDATE_FIELDS)
    assert [row.symbol for row in rows if missing(row)] == ["WDAY"]
