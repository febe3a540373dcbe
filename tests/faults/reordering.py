"""Many trades change places with the one after."""

import asyncio
from pathlib import Path

from tests.faults.session import ledger, report, session, verify


async def reordering(folder: Path, seconds: float, share: float = 0.4) -> int:
    """For so long; how many trades were stored."""
    async with session(folder) as feed:
        feed.venue.faults.update({"binance_reorder": share})
        await asyncio.sleep(seconds)
        feed.venue.faults.update({"binance_reorder": 0})
        await feed.whole()
        assert feed.live.backfilled == 0, "what comes a moment later is not fetched"
        paths = feed.paths
    assert not ledger(paths), "what comes a moment later is no gap"
    return verify(paths)


def run(full: bool) -> None:
    """Print the report."""
    report(lambda folder: reordering(folder, 60.0 if full else 1.5), "; no gap in the ledger")
