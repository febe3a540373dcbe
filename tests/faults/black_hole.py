"""A cable is pulled: sockets stay open on both sides, and nothing goes in or out."""

import asyncio
from pathlib import Path

from cockpit.health.status import State
from tests.faults.session import SETTINGS, report, say, session, verify


async def black_hole(folder: Path, count: int, mute_seconds: float, hole_seconds: float, calm_seconds: float) -> int:
    """So many times, with data for so long between that the next break is a new one; how many trades were stored."""
    settings = SETTINGS.model_copy(update={"mute_seconds": mute_seconds, "rollover_seconds": 40.0})
    async with session(folder, settings=settings) as feed:
        for _ in range(count):
            await asyncio.sleep(calm_seconds)
            feed.venue.faults.update({"binance_black_hole": 1})
            await feed.timed("found", lambda: feed.live.state is State.DOWN)
            await asyncio.sleep(hole_seconds)
            feed.venue.faults.update({"binance_black_hole": 0})
            await feed.counted_up("trades again", lambda live: live.received)
            await feed.whole()
        say("found", feed.times["found"], "aim: at most 10 s")
        say("trades again after the network was back", feed.times["trades again"], "aim: p95 at most 3 s")
        say("none missing", feed.times["whole"])
        paths = feed.paths
    return verify(paths)


def run(full: bool) -> None:
    """Print the report; in full counts only pings can find the hole, as the watch on data sleeps."""
    report(lambda folder: black_hole(folder, *((10, 600.0, 12.0, 6.0) if full else (1, 0.6, 0.5, 0.0))))
