"""Bars that lack trades are known by the ids of those that are there."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.paths import Paths
from cockpit.storage.database import Database, open_database
from cockpit.storage.id_holes import read_id_holes
from cockpit.storage.sourced_bars import read_sourced_bars
from cockpit.storage.ticks import store_trades
from tests.ticks.trades import START_MS, trade, trades


async def _touched(database: Database, symbol: str = "BTCUSDT", *, flat: bool = True) -> list[bool]:
    holes = await read_id_holes(database, symbol)
    return [holes.missing(one.bar) > 0 async for one in read_sourced_bars(database, symbol, flat=flat)]


async def test_a_hole_inside_of_a_minute_marks_it_alone(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_trades(database, [*trades(0, 99), *trades(110, 300)])
        assert await _touched(database) == [False, True, False, False]
        await store_trades(database, trades(100, 109))
        assert await _touched(database) == [False] * 4


async def test_a_hole_over_several_minutes_marks_them_and_its_ends(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_trades(database, [*trades(0, 99), *trades(400, 600)])
        assert await _touched(database) == [False, True, True, True, True, False, False, False]


async def test_a_hole_tells_how_many_are_missing(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_trades(database, [*trades(0, 99), *trades(110, 119), *trades(125, 300)])
        holes = await read_id_holes(database, "BTCUSDT")
        missing = [holes.missing(one.bar) async for one in read_sourced_bars(database, "BTCUSDT")]
        assert missing == [0, 15, 0, 0]


async def test_quiet_is_no_hole(paths: Paths) -> None:
    late = [trade(100 + number, time_ms=START_MS + 600_000 + number) for number in range(5)]
    async with open_database(paths) as database:
        await store_trades(database, [*trades(0, 99), *late])
        assert await _touched(database) == [False] * 11


async def test_trades_that_changed_places_over_a_minutes_end_are_no_hole(paths: Paths) -> None:
    ends = {84: START_MS + 60_001, 85: START_MS + 59_999, 86: START_MS + 59_998, 87: START_MS + 60_002}
    swapped = [trade(one.trade_id, time_ms=ends.get(one.trade_id, one.time_ms)) for one in trades(0, 200)]
    async with open_database(paths) as database:
        await store_trades(database, swapped)
        assert await _touched(database) == [False] * 3


@given(st.sets(st.integers(1, 399), min_size=1, max_size=60))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_missing_marks_the_minutes_it_was_of(paths: Paths, missing: set[int]) -> None:
    symbol = f"S{abs(hash(frozenset(missing))) % 10**9}"
    stored = [one for one in trades(0, 400, symbol) if one.trade_id not in missing]
    async with open_database(paths) as database:
        await store_trades(database, stored)
        touched = await _touched(database, symbol)
        lacking = {one.time_ms // 60_000 - START_MS // 60_000 for one in trades(0, 400) if one.trade_id in missing}
        assert lacking <= {minute for minute, one in enumerate(touched) if one}
