"""REST knows the newest trades later than the stream."""

from pathlib import Path

from tests.faults.session import ledger, report, say, session, verify

_SPEED = 20.0


async def rest_lag(folder: Path, count: int, seconds: float) -> int:
    """So many gaps while REST is so many seconds of market time behind; how many trades were stored."""
    async with session(folder, speed=_SPEED) as feed:
        feed.venue.faults.update({"binance_rest_lag": seconds})
        for _ in range(count):
            feed.venue.faults.update({"binance_gap": 40})
            await feed.timed("found", lambda: feed.live.gaps > 0)
            await feed.timed("filled", lambda: feed.live.gaps == feed.live.open_gaps == 0)
        behind = f"of which REST is {seconds / _SPEED:g} s behind on purpose"
        say("filled", feed.times["filled"], f"aim: p95 at most 15 s, {behind}")
        paths = feed.paths
    assert {state for _, state, _, _ in ledger(paths)} == {"filled"}
    return verify(paths)


def run(full: bool) -> None:
    """Print the report."""
    report(lambda folder: rest_lag(folder, *((10, 100.0) if full else (1, 30.0))))
