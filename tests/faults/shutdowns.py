"""The venue announces that it shuts down, and closes every connection a moment later."""

import asyncio
from pathlib import Path

from tests.faults.session import SETTINGS, ledger, report, say, session, verify

_LEAD_SECONDS = 1.5


async def shutdowns(folder: Path, count: int) -> int:
    """So many announced shutdowns; how many trades were stored."""
    # The shorter the planned life, the sooner a connection counts as sound and the next one is opened without delay.
    settings = SETTINGS.model_copy(update={"rollover_seconds": 4.0, "quiet_seconds": 600.0})
    async with session(folder, settings=settings) as feed:
        for _ in range(count):
            await asyncio.sleep(1.6)
            feed.venue.faults.update({"binance_shutdown": _LEAD_SECONDS})
            await feed.counted_up("taken over", lambda live: live.reconnects)
        await feed.whole()
        say("from the announcement to the new connection", feed.times["taken over"])
        paths = feed.paths
    assert not ledger(paths), "an announced shutdown leaves no gap"
    return verify(paths)


def run(full: bool) -> None:
    """Print the report."""
    count = 100 if full else 2
    report(lambda folder: shutdowns(folder, count), f"; {count} shutdowns (aim: 0 and 0)")
