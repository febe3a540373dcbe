"""Stored bars as a backtest reads them: flat ones, doubtful ones, and those before the start."""

import re
from pathlib import Path

import pytest

from cockpit.errors import UsageError
from cockpit.paths import Paths
from cockpit.storage.database import Database, open_database
from cockpit.storage.gaps import GapRow, GapState, write_gap
from cockpit.storage.klines import store_klines
from cockpit.storage.ticks import store_trades
from cockpit.strategies.backtest import Backtest, PastBar, run
from cockpit.strategies.history import read_past
from tests.strategies.series import FREE, MINUTE_MS, scripted
from tests.ticks.klines import kline
from tests.ticks.trades import START_MS, trade, trades


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "data", tmp_path / "state")


async def past(database: Database, timeframe: str = "1m", start: int | None = None, warm_up: int = 0) -> list[PastBar]:
    start_ms = None if start is None else START_MS + start * MINUTE_MS
    return [one async for page in read_past(database, "BTCUSDT", timeframe, start_ms, warm_up=warm_up) for one in page]


def minutes(found: list[PastBar]) -> list[int]:
    return [(one.bar.open_ms - START_MS) // MINUTE_MS for one in found]


async def test_quiet_minutes_are_flat_and_lacking_ones_are_missing(paths: Paths) -> None:
    late = [trade(401 + number, time_ms=START_MS + 420_000 + number) for number in range(3)]
    async with open_database(paths) as database:
        await store_trades(database, [*trades(0, 50), *trades(300, 400), *late])
        found = await past(database)
    assert minutes(found) == list(range(8))
    assert [one.missing for one in found] == [True, True, True, True, False, False, False, False]
    assert [one.bar.is_gap_fill for one in found] == [False, True, True, False, False, True, True, False]


async def test_what_only_the_ledger_knows_is_missing_too(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_trades(database, trades(0, 170))
        gap = GapRow("BTCUSDT", 171, 180, 171, START_MS + 180_000, GapState.OPEN, "missing in the stream")
        await write_gap(database, gap)
        assert [one.missing for one in await past(database)] == [False, True]


async def test_klines_that_do_not_cover_a_bar_are_missing_and_trades_go_first(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_klines(database, [kline(number) for number in (*range(8), 10)])
        await store_trades(database, trades(0, 20))
        found = await past(database, "5m")
        assert [(one.klines, one.missing) for one in found] == [(False, False), (True, True), (True, True)]


async def test_the_warm_up_is_read_from_before_the_start(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_trades(database, trades(0, 800))
        assert minutes(await past(database, start=5, warm_up=3)) == [2, 3, 4, 5, 6, 7, 8, 9]
        assert minutes(await past(database, start=1, warm_up=3))[0] == 0
        result = await run(
            scripted(None, None, None, 1.0),
            read_past(database, "BTCUSDT", "1m", START_MS + 4 * MINUTE_MS, warm_up=2),
            Backtest("BTCUSDT", FREE),
            START_MS + 4 * MINUTE_MS,
        )
    assert result is not None
    assert (result.bars, result.start_ms) == (6, START_MS + 4 * MINUTE_MS)
    assert result.open_trip is not None
    assert result.open_trip.opened_ms == result.start_ms


async def test_seconds_come_in_pages_and_in_order(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_trades(database, trades(0, 3000))
        sizes = [len(page) async for page in read_past(database, "BTCUSDT", "1s")]
        found = await past(database, "1s")
    assert sum(sizes) == 2101
    assert max(sizes) < 1010, "never a whole range in memory"
    assert [one.bar.open_ms for one in found] == list(range(START_MS, START_MS + 2_101_000, 1000))


async def test_a_hole_of_more_than_a_day_is_refused_with_the_way_around_it(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_klines(database, [kline(number) for number in (*range(5), *range(1445, 1450))])
        assert len(await past(database)) == 1450
        await store_klines(database, [kline(number) for number in range(5000, 5020)])
        since, until = "2026-01-02T00:10:00+00:00", "2026-01-04T11:20:00+00:00"
        with pytest.raises(UsageError, match=re.escape(f"from {since} to {until}")) as caught:
            await past(database)
        assert f"--to {since} or --from {until}" in str(caught.value)
        assert len(await past(database, start=5000, warm_up=5000)) == 20, "what is before the hole warms nothing up"
        assert minutes(await past(database, start=2000))[0] == 5000
        assert minutes(await past(database, start=5010, warm_up=3))[0] == 5007


async def test_bars_of_days_may_lack_three(paths: Paths) -> None:
    day_ms = 86_400_000
    async with open_database(paths) as database:
        await store_klines(database, [kline(number, day_ms) for number in (0, 4)])
        assert [one.bar.is_gap_fill for one in await past(database, "1d")] == [False, True, True, True, False]
        await store_klines(database, [kline(9, day_ms)])
        with pytest.raises(UsageError, match="does not run over such a hole"):
            await past(database, "1d")


async def test_an_unknown_timeframe_is_refused(paths: Paths) -> None:
    async with open_database(paths) as database:
        with pytest.raises(UsageError, match="there is no timeframe 7m"):
            await past(database, "7m")
