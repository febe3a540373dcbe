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
_LONG_MS = 5 * MINUTE_MS
_LENGTHS = st.sampled_from([SECOND_MS, MINUTE_MS, _LONG_MS])


async def _listed(database: Database, symbol: str, timeframe: str, *span: int) -> list[tuple[int, Sequence[float]]]:
    bars = [one.bar async for one in read_sourced_bars(database, symbol, timeframe, *span)]
    return [
        (bar.open_ms, [float(value) for value in (bar.open, bar.high, bar.low, bar.close, bar.volume)]) for bar in bars
    ]


def _rows(found: BarColumns, length_ms: int = MINUTE_MS) -> list[tuple[int, Sequence[float]]]:
    """Those of one length."""
    rows = zip(
        *(found.length_ms, found.open_ms, found.open, found.high, found.low, found.close, found.volume), strict=True
    )
    return [(open_ms, values) for length, open_ms, *values in rows if length == length_ms]


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
        listed = await _listed(database, symbol, "1m", start, end)
        long = dict(await _listed(database, symbol, "5m", start, end))
        found = await read_bar_columns(database, symbol, start, end)
    assert found.symbol == symbol
    assert list(found.open_ms) == sorted(found.open_ms)
    assert [row[0] for row in _rows(found)] == [row[0] for row in listed]
    known = {START_MS + at // MINUTE_MS * MINUTE_MS for at, _ in made}
    known |= {START_MS + at * length // MINUTE_MS * MINUTE_MS for length, at in klines if length <= MINUTE_MS}
    whole = {START_MS + at * length for (length, at), count in klines.items() if length > MINUTE_MS and count}
    unknown = {at for at in whole if start <= at < end and known.isdisjoint(range(at, at + _LONG_MS, MINUTE_MS))}
    assert {at for at, _ in _rows(found, _LONG_MS)} == unknown
    pairs = [*zip(_rows(found), listed, strict=True), *((row, (0, long[row[0]])) for row in _rows(found, _LONG_MS))]
    for (_, ours), (_, theirs_of_bar) in pairs:
        assert ours[:4] == theirs_of_bar[:4]
        assert ours[4] == pytest.approx(theirs_of_bar[4], rel=1e-12)


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
