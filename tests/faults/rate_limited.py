"""The venue refuses requests (429), and bans the address (418), while a gap is to be filled."""

import asyncio
from pathlib import Path

from tests.faults.session import Session, ledger, report, say, session, verify


async def rate_limited(folder: Path, rounds: int, retry_after: int) -> int:
    """So many refusals of each kind; how many trades were stored."""
    async with session(folder) as feed:
        for status in (429, 418) * rounds:
            await _refusal(feed, status, retry_after)
        say("filled after a refusal", feed.times["whole"])
        paths = feed.paths
    assert {state for _, state, _, _ in ledger(paths)} == {"filled"}
    return verify(paths)


async def _refusal(feed: Session, status: int, retry_after: int) -> None:
    feed.venue.faults.update({"binance_gap": 50, "binance_status": status, "binance_retry_after": retry_after})
    await feed.timed("refused", lambda: f"HTTP {status}" in feed.live.message)
    asked = feed.requests
    await asyncio.sleep(0.8 * retry_after)
    assert feed.requests == asked, "nothing is asked before the time that the venue named"
    feed.venue.faults.update({"binance_status": "off", "binance_retry_after": "off"})
    await feed.whole()


def run(full: bool) -> None:
    """Print the report."""
    report(
        lambda folder: rate_limited(folder, *((5, 10) if full else (1, 1))),
        "; 0 requests before Retry-After was over",
    )
