"""Connections reach their age one after the other, and the venue would end them a little later."""

from pathlib import Path

from tests.faults.session import SETTINGS, ledger, report, say, session, verify


async def rollovers(folder: Path, count: int) -> int:
    """So many rollovers; how many trades were stored, every one of them."""
    settings = SETTINGS.model_copy(update={"rollover_seconds": 1.0, "quiet_seconds": 600.0})
    async with session(folder, settings=settings) as feed:
        feed.venue.faults.update({"binance_close_after": 6.0})
        await feed.timed("all rollovers", lambda: feed.live.reconnects >= count, 30.0 + 5.0 * count)
        await feed.whole()
        assert feed.live.backfilled == 0, "both connections overlap, so nothing had to be fetched"
        say("all rollovers", feed.times["all rollovers"])
        paths = feed.paths
    assert not ledger(paths), "a rollover leaves no gap"
    return verify(paths)


def run(full: bool) -> None:
    """Print the report."""
    count = 100 if full else 3
    report(lambda folder: rollovers(folder, count), f"; {count} rollovers (aim: 0 and 0 over 100)")
