"""Many trades come twice."""

import asyncio
from pathlib import Path

from tests.faults.session import ledger, session, temporary, verify


async def duplicates(folder: Path, seconds: float, share: float = 0.5) -> tuple[int, int]:
    """For so long; trades received and trades stored."""
    async with session(folder) as feed:
        feed.venue.faults.update({"binance_duplicate": share})
        await asyncio.sleep(seconds)
        await feed.whole()
        received, paths = feed.live.received, feed.paths
    assert not ledger(paths)
    return received, verify(paths)


def run(full: bool) -> None:
    """Print the report."""
    with temporary() as folder:
        received, stored = asyncio.run(duplicates(Path(folder), 60.0 if full else 1.5))
    assert received > stored
    print(f"  {received} trades received, {stored} stored: 0 missing, 0 doubled")
