"""The connection stands and answers pings, but nothing comes."""

from pathlib import Path

from tests.faults.session import SETTINGS, report, say, session, verify


async def mute_feed(folder: Path, count: int, mute_seconds: float) -> int:
    """So many times; how many trades were stored."""
    settings = SETTINGS.model_copy(update={"mute_seconds": mute_seconds, "rollover_seconds": 40.0})
    async with session(folder, settings=settings) as feed:
        for _ in range(count):
            feed.venue.faults.update({"binance_mute": 1})
            await feed.timed("found", lambda: "mute" in feed.live.message)
            feed.venue.faults.update({"binance_mute": 0})
            await feed.whole()
        say("found", feed.times["found"], "aim: at most 10 s")
        say("trades again and none missing", feed.times["whole"])
        paths = feed.paths
    return verify(paths)


def run(full: bool) -> None:
    """Print the report."""
    report(lambda folder: mute_feed(folder, *((10, 8.0) if full else (2, 0.6))))
