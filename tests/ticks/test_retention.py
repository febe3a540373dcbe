"""Old trades and klines go, a little at a time; bars of trades stay and never count a trade twice."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cockpit.clock import Anchor, SimulatedClock
from cockpit.paths import Paths
from cockpit.settings import TickSettings
from cockpit.storage.bars import read_bars
from cockpit.storage.database import open_database
from cockpit.storage.klines import kline_series, read_klines, store_klines
from cockpit.storage.pages import read_pages
from cockpit.storage.retention import remove_oldest_trades
from cockpit.storage.space import Space
from cockpit.storage.ticks import store_trades
from cockpit.ticks.bars import MINUTE_MS
from cockpit.ticks.retention import Retention
from cockpit.ticks.trade import Trade
from tests.ticks.klines import kline
from tests.ticks.trades import START_MS, bars_of, stored_ids, trade, trades

_DAY_MS = 86_400_000


async def test_trades_beyond_their_age_go_and_their_bars_stay(paths: Paths) -> None:
    old, new = _days(1, 12_000, day=0), _days(12_001, 14_000, day=3)
    other = [trade(number, symbol="ETHUSDT", time_ms=START_MS + number) for number in range(1, 6001)]
    async with open_database(paths) as database:
        await store_trades(database, [*old, *new, *other])
        clock = SimulatedClock(Anchor(0.0, _instant(3), 0.0))
        retention = Retention(database, clock=clock, settings=TickSettings(keep_days=2))
        assert await retention.enforce() == 18_000
        assert await retention.enforce() == 0
        assert [bar async for bar in read_bars(database, "BTCUSDT")] == bars_of([*old, *new])
        assert await store_trades(database, [*old[5000:7000], *other[:100]]) == 0, "known, though not stored any more"
        assert await store_trades(database, _days(14_001, 14_010, day=3)) == 10
        assert [bar.trades async for bar in read_bars(database, "ETHUSDT")] == [bar.trades for bar in bars_of(other)]
    assert stored_ids(paths) == list(range(12_001, 14_011))
    assert stored_ids(paths, "ETHUSDT") == []


async def test_ids_that_were_never_stored_are_still_taken(paths: Paths) -> None:
    """A hole between removed trades may yet be filled."""
    before, hole, after = trades(1, 100), trades(101, 110), trades(111, 200)
    async with open_database(paths) as database:
        await store_trades(database, [*before, *after])
        assert await remove_oldest_trades(database) == 190
        assert await store_trades(database, [*trades(95, 110), *trades(111, 120)]) == 10
        assert [bar async for bar in read_bars(database, "BTCUSDT")] == bars_of([*before, *hole, *after])


async def test_the_oldest_go_when_the_database_takes_too_much_of_its_disk(paths: Paths) -> None:
    disk = Space(total=2_000_000, free=1_000_000)

    def measure(_: Path) -> Space:
        return disk

    async with open_database(paths, measure=measure) as database:
        await store_trades(database, trades(1, 60_000))
        clock = SimulatedClock(Anchor(0.0, _instant(0), 0.0))
        await store_klines(database, [kline(number) for number in range(100)])
        assert (await read_pages(database)).used_bytes > 1_000_000
        removed = await Retention(database, clock=clock, settings=TickSettings()).enforce()
        assert 0 < removed < 60_000
        assert (await read_pages(database)).used_bytes <= 1_000_000
        assert len([one async for one in read_klines(database, "BTCUSDT", MINUTE_MS)]) == 100, "trades go first"
    assert stored_ids(paths) == list(range(removed + 1, 60_001))


async def test_klines_beyond_their_age_go_and_with_the_last_one_their_series(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_trades(database, trades(1, 100))
        await store_klines(database, [kline(number) for number in range(12_000)])
        await store_klines(database, [kline(number, 5 * MINUTE_MS, symbol="ETHUSDT") for number in range(100)])
        clock = SimulatedClock(Anchor(0.0, _instant(8), 0.0))
        settings = TickSettings(keep_kline_days=1.0)
        retention = Retention(database, clock=clock, settings=settings)
        assert await retention.enforce() == 7 * 1440 + 100
        assert await retention.enforce() == 0
        left = [one async for one in read_klines(database, "BTCUSDT", MINUTE_MS)]
        assert left == [kline(number) for number in range(7 * 1440, 12_000)]
        assert await kline_series(database) == {"BTCUSDT": [MINUTE_MS]}
        await store_klines(database, [kline(3, 5 * MINUTE_MS, symbol="ETHUSDT")])
        assert await kline_series(database) == {"BTCUSDT": [MINUTE_MS], "ETHUSDT": [5 * MINUTE_MS]}
    assert stored_ids(paths) == list(range(1, 101))


async def test_what_was_removed_is_given_back_to_the_disk(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_klines(database, [kline(number) for number in range(60_000)])
        large = (await read_pages(database)).count
        clock = SimulatedClock(Anchor(0.0, _instant(365), 0.0))
        settings = TickSettings(keep_kline_days=1.0)
        await Retention(database, clock=clock, settings=settings).enforce()
        kept = await read_pages(database)
        assert (kept.count, kept.empty > large / 2) == (large, True), "so little is left for what comes next"
        await Retention(database, clock=clock, settings=settings, spare_bytes=1_000_000).enforce()
        small = await read_pages(database)
        assert small.empty_bytes <= 1_000_000
        assert await store_trades(database, trades(1, 10)) == 10
    assert paths.database.stat().st_size == small.size * small.count < large * small.size / 2
    assert stored_ids(paths) == list(range(1, 11))


def _days(first: int, last: int, *, day: int) -> list[Trade]:
    return [trade(number, time_ms=START_MS + day * _DAY_MS + number) for number in range(first, last + 1)]


def _instant(day: int) -> datetime:
    return datetime.fromtimestamp(START_MS / 1000, UTC) + timedelta(days=day)
