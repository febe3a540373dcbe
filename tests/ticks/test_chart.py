"""A chart keeps every high and low, shows what is missing as missing, and has round axes."""

import math
from array import array
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.ticks.bar_columns import BarColumns
from cockpit.ticks.bars import MINUTE_MS
from cockpit.ticks.chart import SPANS, Candle, Window, chart_of, price_scale, time_marks, window_until

_START = 1_767_225_600_000
_NEW_YORK = ZoneInfo("America/New_York")
_LATE = 1 << 60
_PRICES = st.floats(1e-7, 1e9)

Minute = tuple[int, float, float, float, float]
"""Number of the minute, low, high, and how far open and close lie between them."""


def columns_of(minutes: Sequence[Minute]) -> BarColumns:
    """Bars of these minutes, each with its number plus one as volume."""
    bars = BarColumns("BTCUSDT", array("q"), array("q"), *(array("d") for _ in range(5)))
    for number, low, high, opened, closed in minutes:
        bars.open_ms.append(_START + number * MINUTE_MS)
        bars.length_ms.append(MINUTE_MS)
        bars.low.append(low)
        bars.high.append(high)
        bars.open.append(min(high, low + (high - low) * opened))
        bars.close.append(min(high, low + (high - low) * closed))
        bars.volume.append(number + 1.0)
    return bars


@st.composite
def _minutes(draw: st.DrawFn) -> list[Minute]:
    numbers = sorted(draw(st.sets(st.integers(0, 2000), max_size=60)))
    shares = st.floats(0.0, 1.0)
    made = []
    for number in numbers:
        low, high = sorted((draw(_PRICES), draw(_PRICES)))
        made.append((number, low, high, draw(shares), draw(shares)))
    return made


@given(_minutes(), st.integers(1, 250), st.integers(MINUTE_MS, 10 * MINUTE_MS))
def test_no_high_and_no_low_is_lost(minutes: list[Minute], count: int, width: int) -> None:
    chart = chart_of(columns_of(minutes), Window(_START, width, count), _LATE)
    inside = [one for one in minutes if one[0] * MINUTE_MS < width * count]
    assert len(chart.candles) == count
    assert bool(chart.known) == bool(inside)
    if inside:
        assert (chart.low, chart.high) == (min(one[1] for one in inside), max(one[2] for one in inside))
        traded = sum((one[0] + 1.0) * min(1.0, width * count / MINUTE_MS - one[0]) for one in inside)
        assert math.fsum(candle.volume for candle in chart.known) == pytest.approx(traded)
    for candle in chart.known:
        assert candle.low <= min(candle.open, candle.close) <= max(candle.open, candle.close) <= candle.high


@given(_minutes(), st.integers(1, 250), st.integers(1_000, 10 * MINUTE_MS))
def test_a_column_is_known_where_a_bar_reaches_into_it(minutes: list[Minute], count: int, width: int) -> None:
    window = Window(_START, width, count)
    chart = chart_of(columns_of(minutes), window, _LATE)
    for column, candle in enumerate(chart.candles):
        since, until = column * width, (column + 1) * width
        reaching = any(one[0] * MINUTE_MS < until and (one[0] + 1) * MINUTE_MS > since for one in minutes)
        assert (candle is not None) == reaching


def test_a_wide_bar_goes_on_as_its_close_until_now() -> None:
    bars = columns_of([(0, 10.0, 20.0, 0.0, 0.5), (2, 30.0, 40.0, 0.5, 1.0)])
    chart = chart_of(bars, Window(_START, 20_000, 10), _START + 2 * MINUTE_MS + 25_000)
    held, gap = Candle(15.0, 15.0, 15.0, 15.0, 1 / 3), None
    first, later = Candle(10.0, 20.0, 10.0, 15.0, 1 / 3), Candle(35.0, 40.0, 30.0, 40.0, 1.0)
    after = Candle(40.0, 40.0, 40.0, 40.0, 1.0)
    assert chart.candles == (first, held, held, gap, gap, gap, later, after, gap, gap)


def test_long_and_short_bars_stand_side_by_side() -> None:
    bars = columns_of([(0, 10.0, 20.0, 0.0, 0.5), (15, 30.0, 40.0, 0.0, 1.0), (16, 50.0, 60.0, 0.0, 1.0)])
    bars.length_ms[0] = 15 * MINUTE_MS
    chart = chart_of(bars, Window(_START, 5 * MINUTE_MS, 4), _LATE)
    held = Candle(15.0, 15.0, 15.0, 15.0, 1 / 3)
    assert chart.candles == (
        held._replace(open=10.0, high=20.0, low=10.0),
        held,
        held,
        Candle(30.0, 60.0, 30.0, 60.0, 33.0),
    )


def test_volume_that_does_not_change_makes_an_even_line() -> None:
    bars = columns_of([(number, 10.0, 20.0, 0.0, 0.5) for number in range(100)])
    bars.volume[:] = array("d", [1.0]) * 100
    chart = chart_of(bars, Window(_START, 7 * MINUTE_MS // 2, 20), _LATE)
    assert [candle.volume for candle in chart.known] == [3.5] * 20


def test_the_last_price_moves_its_own_column_and_no_other() -> None:
    chart = chart_of(columns_of([(0, 10.0, 20.0, 0.0, 0.5)]), Window(_START, MINUTE_MS, 3), _LATE)
    higher = chart.with_price(25.0, _START + 30_000)
    assert higher.candles == (Candle(10.0, 25.0, 10.0, 25.0, 1.0), None, None)
    later = higher.with_price(26.0, _START + 130_000)
    assert later.candles == (Candle(10.0, 25.0, 10.0, 25.0, 1.0), None, Candle(26.0, 26.0, 26.0, 26.0, 0.0))
    assert later.with_price(1.0, _START + 3 * MINUTE_MS) is later
    assert later.with_price(1.0, _START - 1) is later


def test_the_first_price_of_a_minute_makes_it_known_from_its_start() -> None:
    chart = chart_of(columns_of([(0, 10.0, 20.0, 0.0, 0.5)]), Window(_START, 20_000, 9), _LATE)
    found = chart.with_price(25.0, _START + MINUTE_MS + 50_000).candles
    assert [candle and candle.close for candle in found] == [15.0, 15.0, 15.0, 25.0, 25.0, 25.0, None, None, None]


@given(st.integers(0, 1 << 42), st.sampled_from(list(SPANS.values())), st.integers(1, 400), st.integers(1, 2))
def test_a_window_ends_just_after_now(now: int, span: int, columns: int, together: int) -> None:
    window = window_until(now, span, columns, together)
    assert window.end_ms - together * window.width_ms <= now < window.end_ms
    assert columns - together <= window.at(now) < columns
    assert span - columns < window.width_ms * columns <= span
    assert window.start_ms == window_until(now - now % (window.width_ms * together), span, columns, together).start_ms


@given(_PRICES, _PRICES, st.integers(0, 40), st.integers(0, 12))
def test_a_price_scale_holds_its_prices_and_is_marked_at_round_ones(
    one: float, other: float, most: int, decimals: int
) -> None:
    low, high = sorted((one, other))
    scale = price_scale(low, high, most, decimals)
    assert scale.decimals <= decimals
    assert scale.bottom <= low <= high <= scale.top
    assert scale.bottom < scale.top
    assert len(scale.marks) <= max(2, most)
    assert list(scale.marks) == sorted(set(scale.marks))
    for mark in scale.marks:
        assert -1e-9 <= scale.place(mark) <= 1.0 + 1e-9
        assert float(f"{mark:.{scale.decimals}f}") == mark, "a label tells the very price of its mark"
    steps = {f"{later - mark:.3e}"[0:5] for mark, later in zip(scale.marks, scale.marks[1:], strict=False)}
    assert steps <= {"1.000", "2.000", "5.000"}


def test_prices_are_marked_as_a_person_would() -> None:
    assert price_scale(96_012.5, 97_388.0, 6, 2) == (96_000.0, 97_400.0, (96_000.0, 96_500.0, 97_000.0), 0)
    assert price_scale(0.39127, 0.39201, 4, 5).marks == (0.3914, 0.3916, 0.3918, 0.392)
    assert price_scale(100.0, 100.0, 5, 2).marks == (99.96, 99.98, 100.0, 100.02, 100.04)
    for low, high in ((2.0, 1.0), (math.nan, 1.0), (1.0, math.inf)):
        with pytest.raises(ValueError, match="no scale"):
            price_scale(low, high, 5, 2)


@given(st.integers(0, 400 * 1440), st.sampled_from(list(SPANS.values())), st.integers(1, 14))
def test_times_are_round_in_their_zone(minute: int, span: int, most: int) -> None:
    window = window_until(_START + minute * MINUTE_MS, span, 200)
    marks = time_marks(window, _NEW_YORK, most)
    assert len(marks) <= most + 2
    for mark in marks:
        local = datetime.fromtimestamp(mark.time_ms / 1000, _NEW_YORK)
        assert window.start_ms <= mark.time_ms < window.end_ms
        assert mark.label == (f"{local:%H:%M}" if local.hour or local.minute else f"{local.day} {local:%b}")
    assert [mark.time_ms for mark in marks] == sorted({mark.time_ms for mark in marks})


def test_an_hour_that_comes_twice_is_marked_twice() -> None:
    end = int(datetime(2026, 11, 1, 8, tzinfo=UTC).timestamp() * 1000)
    window = Window(end - 6 * 60 * MINUTE_MS, MINUTE_MS, 360)
    labels = [mark.label for mark in time_marks(window, _NEW_YORK, 6)]
    assert labels == ["22:00", "23:00", "1 Nov", "01:00", "01:00", "02:00"]
    assert timedelta(milliseconds=window.end_ms - window.start_ms) == timedelta(hours=6)
