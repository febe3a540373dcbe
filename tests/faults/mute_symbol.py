"""One symbol of many falls silent on a connection that is otherwise sound."""

import asyncio
from pathlib import Path

from cockpit.settings import TickSettings
from tests.faults.session import SETTINGS, ledger, report, say, session, verify


async def mute_symbol(folder: Path, count: int, settings: TickSettings) -> int:
    """So many times; how many trades were stored."""
    async with session(folder, speed=100.0, settings=settings) as feed:
        for _ in range(count):
            await asyncio.sleep(1.0)
            feed.venue.faults.update({"binance_mute_symbol": "ETHUSDT"})
            # The first look at REST may come a little after the silence has become strange.
            await feed.timed("found", lambda: feed.row("ETHUSDT").gaps > 0)
            feed.venue.faults.update({"binance_mute_symbol": "off"})
            await feed.whole()
        say("found", feed.times["found"], "aim: at most 30 s or ten times its usual pause")
        say("none missing", feed.times["whole"])
        paths = feed.paths
    assert any("mute" in reason for _, _, _, reason in ledger(paths))
    return verify(paths)


def run(full: bool) -> None:
    """Print the report."""
    quick = SETTINGS.model_copy(update={"quiet_seconds": 1.0})
    report(lambda folder: mute_symbol(folder, *((5, SETTINGS) if full else (1, quick))))
