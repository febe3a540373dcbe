"""The venue refuses requests (429), and bans the address (418), while a gap is to be filled."""

import asyncio
from pathlib import Path

from tests.faults.session import ledger, say, session, temporary, verify


async def rate_limited(folder: Path, rounds: int, retry_after: int) -> int:
    """So many refusals of each kind; how many trades were stored."""
    async with session(folder) as feed:
        for status in (429, 418) * rounds:
            feed.venue.faults.update({"binance_gap": 50, "binance_status": status, "binance_retry_after": retry_after})
            await feed.timed("refused", lambda status=status: f"HTTP {status}" in feed.live.message)  # type: ignore[misc]
            asked = feed.requests
            await asyncio.sleep(0.8 * retry_after)
            assert feed.requests == asked, "nothing is asked before the time that the venue named"
            feed.venue.faults.update({"binance_status": "off", "binance_retry_after": "off"})
            await feed.whole()
        say("filled after a refusal", feed.times["whole"])
        paths = feed.paths
    assert {state for _, state, _, _ in ledger(paths)} == {"filled"}
    return verify(paths)


def run(full: bool) -> None:
    """Print the report."""
    with temporary() as folder:
        stored = asyncio.run(rate_limited(Path(folder), *((5, 10) if full else (1, 1))))
    print(f"  {stored} trades stored: 0 missing, 0 doubled; 0 requests before Retry-After was over (G14)")
