"""The stream leaves out trades, few and very many."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from tests.faults.session import ledger, report, say, session, verify

_SYMBOLS = ("BTCUSDT",)


async def gaps(folder: Path, sizes: Sequence[int], speed: float) -> int:
    """One gap of each size; how many trades were stored."""
    async with session(folder, speed=speed, symbols=_SYMBOLS) as feed:
        for size in sizes:
            filled = feed.live.backfilled
            feed.venue.faults.update({"binance_gap": size})
            await feed.timed(f"{size}: left out", lambda: feed.live.gaps > 0)
            await feed.timed(f"{size}: filled", lambda: feed.live.gaps == feed.live.open_gaps == 0)
            assert feed.live.backfilled - filled >= size
        for size in sorted(set(sizes)):
            say(f"gap of {size} trades, filled", feed.times[f"{size}: filled"], "aim: 10,000 in at most 15 s")
        await asyncio.sleep(1.0)
        paths = feed.paths
    rows = ledger(paths)
    assert {state for _, state, _, _ in rows} == {"filled"}, rows
    assert {length for _, _, length, _ in rows} >= set(sizes), rows
    return verify(paths, _SYMBOLS)


def run(full: bool) -> None:
    """Print the report."""
    sizes = (1, 10, 100, 1000, 10_000, 10_000, 10_000) if full else (1, 300)
    report(lambda folder: gaps(folder, sizes, 100.0 if full else 20.0), "; every gap is in the ledger as filled")
