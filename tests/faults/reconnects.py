"""Connections break without a word, again and again."""

import asyncio
from pathlib import Path

from tests.faults.session import SETTINGS, say, session, temporary, verify


async def reconnects(folder: Path, count: int) -> tuple[int, int]:
    """So many broken connections; how many trades were stored, and how many of them over REST."""
    settings = SETTINGS.model_copy(update={"rollover_seconds": 4.0})
    async with session(folder, settings=settings) as feed:
        for _ in range(count):
            feed.venue.faults.update({"binance_drop": 1})
            await feed.counted_up("reconnected", lambda live: live.reconnects)
            await asyncio.sleep(1.1)
        missing, asked = feed.live.gaps, feed.requests
        await feed.whole()
        say("reconnected", feed.times["reconnected"], "aim: p95 at most 3 s")
        say(f"the last {missing} missing trades filled", feed.times["whole"], "aim: p95 at most 15 s")
        filled, paths = feed.live.backfilled, feed.paths
        print(f"  {asked} requests, {filled} trades over REST")
    return verify(paths), filled


def run(full: bool) -> None:
    """Print the report."""
    count = 1000 if full else 3
    with temporary() as folder:
        stored, filled = asyncio.run(reconnects(Path(folder), count))
    print(f"  {count} breaks, {stored} trades stored, {filled} of them over REST: 0 missing, 0 doubled")
