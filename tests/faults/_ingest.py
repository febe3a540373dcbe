"""A process that ingests made-up trades at a steady pace and says what is safe: ``python -m tests.faults._ingest``.

Arguments: data folder, trades a second, and how many trades in all (0: for ever). After each commit it prints the
highest id that is committed, and ``says`` with time, waiting trades and the recorder's message when that changes.
"""

import asyncio
import sys
import time
from pathlib import Path

from cockpit.clock import SystemClock
from cockpit.paths import Paths
from cockpit.settings import TickSettings
from cockpit.storage.database import open_database
from cockpit.storage.gaps import stored_end
from cockpit.ticks.recorder import Recorder
from tests.ticks.trades import trade

_PAUSE = 0.005


async def main(folder: Path, rate: float, count: int) -> None:
    async with open_database(Paths(folder, folder), wait=10.0) as database:
        recorder = Recorder(database, settings=TickSettings(symbols=("BTCUSDT",)), clock=SystemClock())
        running = asyncio.create_task(recorder.run())
        end = await stored_end(database, "BTCUSDT")
        first = 1 if end is None else end.trade_id + 1
        begun, sent, told, said = time.perf_counter(), 0, 0, ""
        while not count or recorder.stored < count:
            due = int((time.perf_counter() - begun) * rate)
            for number in range(sent, min(due, count) if count else due):
                if not recorder.record(trade(first + number, maker=number % 3 == 0)):
                    break
                sent = number + 1
            if recorder.stored > told:
                told = recorder.stored
                print(first + told - 1, flush=True)
            if bool(recorder.message) != bool(said):
                said = recorder.message
                print(f"says {time.monotonic()} {recorder.waiting} {said or '-'}", flush=True)
            await asyncio.sleep(_PAUSE)
        running.cancel()
        await asyncio.wait({running})
        await recorder.drain()
        print(first + recorder.stored - 1, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
