"""Old trades go, a little at a time; the bars stay and never count a trade twice."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cockpit.clock import Anchor, SimulatedClock
from cockpit.paths import Paths
from cockpit.settings import TickSettings
from cockpit.storage.bars import read_bars
from cockpit.storage.database import open_database
from cockpit.storage.retention import remove_oldest, used_bytes
from cockpit.storage.space import Space
from cockpit.storage.ticks import store_trades
from cockpit.ticks.retention import Retention
from cockpit.ticks.trade import Trade
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
        assert await remove_oldest(database) == 190
        assert await store_trades(database, [*trades(95, 110), *trades(111, 120)]) == 10
        assert [bar async for bar in read_bars(database, "BTCUSDT")] == bars_of([*before, *hole, *after])


async def test_the_oldest_go_when_the_database_takes_too_much_of_its_disk(paths: Paths) -> None:
    disk = Space(total=2_000_000, free=1_000_000)

    def measure(_: Path) -> Space:
        return disk

    async with open_database(paths, measure=measure) as database:
        await store_trades(database, trades(1, 60_000))
        clock = SimulatedClock(Anchor(0.0, _instant(0), 0.0))
        before = await used_bytes(database)
        assert before > 1_000_000
        removed = await Retention(database, clock=clock, settings=TickSettings()).enforce()
        assert 0 < removed < 60_000
        assert await used_bytes(database) <= 1_000_000
    assert stored_ids(paths) == list(range(removed + 1, 60_001))


def _days(first: int, last: int, *, day: int) -> list[Trade]:
    return [trade(number, time_ms=START_MS + day * _DAY_MS + number) for number in range(first, last + 1)]


def _instant(day: int) -> datetime:
    return datetime.fromtimestamp(START_MS / 1000, UTC) + timedelta(days=day)
