from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.tui.format import (
    age,
    arrowed,
    compact,
    duration,
    fixed,
    meter,
    on_point,
    price,
    short_fraction,
    signed,
    spark,
    tails,
)
from cockpit.tui.widgets.lines import clean, fit, width_of

numbers = st.floats(-1e9, 1e9, allow_nan=False)


def test_figures_read_as_a_trader_writes_them() -> None:
    assert fixed(96412.309) == "96,412.31"
    assert fixed(-0.001) == "0.00"
    assert fixed(None) == "?"
    assert signed(Decimal("243")) == "+243.00"
    assert signed(0.0) == "0.00"
    assert signed(-3.5, 1) == "-3.5"
    assert arrowed(1.42) == "▲ 1.42"
    assert arrowed(-0.38) == "▼ 0.38"
    assert arrowed(0.0) == "  0.00"
    assert short_fraction(0.71) == ".71"
    assert short_fraction(-0.17) == "-.17"
    assert short_fraction(1.0) == "1.00"
    assert price(Decimal("0.00001234")) == "0.00001234"
    assert tails(Decimal("96412.30"), Decimal("96412.31")) == ".30/.31"
    assert compact(4210) == "4.21k"
    assert compact(12) == "12"
    assert compact(999_999) == "1.00M"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "?"), (0.4, "now"), (3, "3s"), (14.9, "10s"), (59, "55s"), (61, "1m"), (19020, "5h17m")],
)
def test_ages(seconds: float | None, words: str) -> None:
    assert age(seconds) == words


def test_spans() -> None:
    assert [duration(s) for s in (-5, 45, 720, 36000, 200000)] == ["0s", "45s", "12m", "10h", "2d"]


@given(numbers)
def test_a_fixed_number_reads_back_and_has_no_negative_zero(value: float) -> None:
    text = fixed(value)
    assert abs(float(text.replace(",", "")) - value) <= 0.0051
    assert not text.startswith("-0.00") or float(text.replace(",", "")) < 0


@given(numbers)
def test_direction_stands_without_colour(value: float) -> None:
    shown = float(fixed(value).replace(",", ""))
    assert ("▲" in arrowed(value)) == (shown > 0)
    assert ("▼" in arrowed(value)) == (shown < 0)
    assert signed(value).startswith("+") == (shown > 0)


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=20))
def test_points_stand_below_each_other(values: list[float]) -> None:
    ends = {len(on_point(price(value), 8)) - on_point(price(value), 8).index(".") for value in values}
    assert len(ends) == 1


@given(st.lists(numbers, max_size=40), st.integers(1, 20), st.integers(1, 40))
def test_a_spark_fills_its_cells(values: list[float], width: int, full: int) -> None:
    assert len(spark(tuple(values), width, full)) == width


def test_a_short_spark_tells_of_the_whole_span() -> None:
    rise = tuple(float(at) for at in range(30))
    assert spark(rise, 30, 30) == "▁▁▁▁▂▂▂▂▃▃▃▄▄▄▄▅▅▅▅▆▆▆▇▇▇▇████"
    assert spark(rise, 8, 30) == "▁▂▃▄▅▆▇█"
    assert spark(rise[:9], 8, 30) == "     ▁▅█"


@given(st.floats(0, 3), st.integers(1, 20))
def test_a_meter_fills_its_cells_and_shows_any_use(share: float, width: int) -> None:
    bar = meter(share, width)
    assert len(bar) == width
    assert bar.startswith("▇") == (share > 0)


@given(st.text(max_size=40), st.integers(1, 30))
def test_text_is_cut_to_its_cells_and_never_obeyed(text: str, width: int) -> None:
    safe = clean(text)
    assert safe.isprintable() or safe == ""
    assert width_of(fit(safe, width)) == width
