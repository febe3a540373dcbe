"""Connections break without a word, again and again."""

import asyncio
from pathlib import Path

from tests.faults.session import SETTINGS, say, session, temporary, verify

_SYMBOLS = ("BTCUSDT",)


async def reconnects(folder: Path, count: int) -> tuple[int, int]:
    """So many broken connections; how many trades were stored, and how many of them over REST."""
    settings = SETTINGS.model_copy(update={"rollover_seconds": 4.0})
    # The allowance fills one gap a second: more symbols would only pile up behind breaks that come as fast.
    async with session(folder, settings=settings, symbols=_SYMBOLS) as feed:
        for _ in range(count):
            before = feed.live.reconnects
            feed.venue.faults.update({"binance_drop": 1})
            await feed.timed("reconnected", lambda before=before: feed.live.reconnects > before)  # type: ignore[misc]
            await asyncio.sleep(1.1)
        await feed.whole(120.0 + count)
        say("reconnected", feed.times["reconnected"])
        say("filled after the last one", feed.times["whole"])
        filled, paths = feed.live.backfilled, feed.paths
    return verify(paths, _SYMBOLS), filled


def run(full: bool) -> None:
    """Print the report."""
    count = 1000 if full else 3
    with temporary() as folder:
        stored, filled = asyncio.run(reconnects(Path(folder), count))
    print(f"  {count} breaks, {stored} trades stored, {filled} of them over REST: 0 missing, 0 doubled")
