"""What the tables hold in the end, read past the code that wrote them."""

import asyncio
from pathlib import Path

from cockpit.paths import Paths
from cockpit.storage.bars import read_bars
from cockpit.storage.database import open_database
from cockpit.storage.ticks import read_trades
from tests.ticks.trades import bars_of, stored_ids


def check(folder: Path, at_least: int) -> int:
    """See to it that ids have neither hole nor double, that bars are their sum and that the file is sound.

    Returns:
        how many trades are stored.
    """
    stored = stored_ids(Paths(folder, folder))
    assert stored == list(range(1, len(stored) + 1)), "ids with a hole or a double"
    assert len(stored) >= at_least, f"{at_least} trades were acknowledged and {len(stored)} are stored"
    asyncio.run(_check_bars(folder))
    return len(stored)


async def _check_bars(folder: Path) -> None:
    async with open_database(Paths(folder, folder), wait=5.0) as database:
        bars = [bar async for bar in read_bars(database, "BTCUSDT")]
        assert bars == bars_of([one async for one in read_trades(database, "BTCUSDT")]), "bars that are not the sum"
