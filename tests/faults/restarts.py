"""The cockpit ends and starts again, while the exchange goes on."""

import asyncio
from functools import partial
from pathlib import Path

from cockpit.paths import Paths
from tests.emulator.binance_venue import open_venue
from tests.faults.session import FREE, SEED, ledger, report, say, session, verify


async def restarts(folder: Path, count: int, pause: float) -> int:
    """So many restarts with a pause between; how many trades were stored."""
    times: list[float] = []
    async with open_venue(20.0, {"binance": 0}, FREE, seed=SEED) as venue:
        for number in range(count + 1):
            async with session(folder, venue=venue) as feed:
                paths = feed.paths
                await feed.timed("gap in the ledger", partial(_has_rows, paths, number))
                times.append(await feed.whole())
                await asyncio.sleep(0.5)
            await asyncio.sleep(pause)
    say("none missing", times[1:])
    rows = ledger(paths)
    assert len(rows) >= count
    assert {state for _, state, _, _ in rows} == {"filled"}
    # A session may end before it knew of what the one before it had missed; the next one sees the hole.
    assert {reason for _, _, _, reason in rows} <= {
        "missed since the last session",
        "not stored when the last session ended",
    }
    return verify(paths)


def _has_rows(paths: Paths, count: int) -> bool:
    return len(ledger(paths)) >= count


def run(full: bool) -> None:
    """Print the report."""
    report(lambda folder: restarts(folder, *((20, 5.0) if full else (1, 1.0))))
