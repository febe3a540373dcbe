"""Killed at any moment, the database holds every trade that was acknowledged, once, and bars that add up to them.

``COCKPIT_KILLS`` raises the number of rounds.
"""

import asyncio
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from cockpit.paths import Paths
from cockpit.storage.bars import read_bars
from cockpit.storage.database import open_database
from cockpit.storage.ticks import read_trades
from tests.ticks.trades import bars_of, stored_ids

ROUNDS = int(os.environ.get("COCKPIT_KILLS", "5"))

_INGEST = """
import asyncio, sys
from pathlib import Path
from cockpit.clock import SystemClock
from cockpit.paths import Paths
from cockpit.settings import TickSettings
from cockpit.storage.database import open_database
from cockpit.storage.ticks import last_trade_id
from cockpit.ticks.recorder import Recorder
from tests.ticks.trades import trade

async def main():
    settings = TickSettings(batch_rows=100, batch_seconds=0.05, idle_seconds=0.01, ring=100_000)
    async with open_database(Paths(Path(sys.argv[1]), Path(sys.argv[2])), wait=10) as database:
        recorder = Recorder(database, settings=settings, clock=SystemClock())
        running = asyncio.create_task(recorder.run())
        first = number = (await last_trade_id(database, "BTCUSDT") or 0) + 1
        acknowledged = 0
        while True:
            for _ in range(50):
                recorder.record(trade(number, maker=number % 3 == 0))
                number += 1
            await asyncio.sleep(0.005)
            if recorder.stored > acknowledged:
                acknowledged = recorder.stored
                print(first + acknowledged - 1, flush=True)

asyncio.run(main())
"""


async def test_nothing_acknowledged_is_lost_to_a_kill(paths: Paths) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    last_acknowledged = 0
    for _ in range(ROUNDS):
        last_acknowledged = await asyncio.to_thread(_ingest_and_kill, paths, chance.uniform(0.0, 0.3))
        async with open_database(paths) as database:
            found = [one async for one in read_trades(database, "BTCUSDT")]
            bars = [bar async for bar in read_bars(database, "BTCUSDT")]
        assert bars == bars_of(found)
        stored = stored_ids(paths)
        assert stored == list(range(1, len(stored) + 1)), "no hole and no double"
        assert len(stored) >= last_acknowledged
    assert last_acknowledged > 0


def _ingest_and_kill(paths: Paths, seconds: float) -> int:
    """Let a process ingest, kill it so long after its first acknowledgement, and return the last one."""
    with subprocess.Popen(
        [sys.executable, "-c", _INGEST, str(paths.data), str(paths.state)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as child:
        assert child.stdout is not None
        acknowledged = [child.stdout.readline()]
        time.sleep(seconds)
        child.kill()
        acknowledged += child.stdout.readlines()
    whole = [line for line in acknowledged if line.endswith("\n")]
    return int(whole[-1])
