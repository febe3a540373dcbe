"""A chart sees the bars that ``cockpit ticks bars`` lists."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.paths import Paths
from cockpit.storage.bar_columns import read_bar_columns
from cockpit.storage.database import Database, open_database
from cockpit.storage.klines import store_klines
from cockpit.storage.sourced_bars import read_sourced_bars
from cockpit.storage.ticks import store_trades
from cockpit.ticks.bar_columns import BarColumns
from cockpit.ticks.bars import MINUTE_MS, SECOND_MS
from tests.ticks.klines import kline
from tests.ticks.trades import START_MS, trade, trades

_MINUTES = 30
_LENGTHS = st.sampled_from([SECOND_MS, MINUTE_MS, 5 * MINUTE_MS])


async def _listed(database: Database, symbol: str, *span: int) -> list[tuple[int, Sequence[float]]]:
    bars = [one.bar async for one in read_sourced_bars(database, symbol, "1m", *span)]
    return [
        (bar.open_ms, [float(value) for value in (bar.open, bar.high, bar.low, bar.close, bar.volume)]) for bar in bars
    ]


def _rows(found: BarColumns) -> list[tuple[int, Sequence[float]]]:
    rows = zip(found.open_ms, found.open, found.high, found.low, found.close, found.volume, strict=True)
    return [(open_ms, values) for open_ms, *values in rows]


@given(
    st.lists(st.tuples(st.integers(0, _MINUTES * MINUTE_MS - 1), st.integers(1, 10**15)), max_size=25),
    st.lists(st.tuples(_LENGTHS, st.integers(0, _MINUTES * 60 - 1), st.integers(0, 3)), max_size=40),
    st.tuples(st.integers(0, _MINUTES), st.integers(0, _MINUTES)),
)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_columns_are_the_listed_bars(
    paths: Paths, made: list[tuple[int, int]], theirs: list[tuple[int, int, int]], span: tuple[int, int]
) -> None:
    symbol = f"S{abs(hash((tuple(made), tuple(theirs)))) % 10**9}"
    stored = [
        trade(number, symbol=symbol, price=f"{units}e-8", time_ms=START_MS + at)
        for number, (at, units) in enumerate(made, 1)
    ]
    klines = {(length, number % (_MINUTES * MINUTE_MS // length)): count for length, number, count in theirs}
    start, end = (START_MS + minutes * MINUTE_MS for minutes in sorted(span))
    async with open_database(paths) as database:
        await store_trades(database, stored)
        await store_klines(
            database, [kline(at, length, trades=count, symbol=symbol) for (length, at), count in klines.items()]
        )
        listed = await _listed(database, symbol, start, end)
        found = await read_bar_columns(database, symbol, start, end)
    assert found.symbol == symbol
    assert [row[0] for row in _rows(found)] == [row[0] for row in listed]
    for (_, ours), (_, theirs_of_minute) in zip(_rows(found), listed, strict=True):
        assert ours[:4] == theirs_of_minute[:4]
        assert ours[4] == pytest.approx(theirs_of_minute[4], rel=1e-12)


async def test_a_symbol_that_is_not_stored_has_none(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_trades(database, trades(0, 99))
        assert not len(await read_bar_columns(database, "NOBODY", START_MS, START_MS + MINUTE_MS))
        assert not len(await read_bar_columns(database, "BTCUSDT", START_MS + MINUTE_MS, START_MS))
        assert not len(await read_bar_columns(database, "BTCUSDT", 0, START_MS))


async def test_a_span_begins_and_ends_with_whole_minutes(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_trades(database, trades(0, 400))
        found = await read_bar_columns(database, "BTCUSDT", START_MS + 1, START_MS + 2 * MINUTE_MS + 1)
    assert list(found.open_ms) == [START_MS + MINUTE_MS, START_MS + 2 * MINUTE_MS]
