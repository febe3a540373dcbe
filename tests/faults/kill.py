"""``kill -9`` at any moment of a stream of 5,000 trades a second."""

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.faults._verdict import check

_RATE = 5_000


def run(full: bool) -> None:
    """Print the report."""
    with tempfile.TemporaryDirectory() as folder:
        kill(Path(folder), rounds=200 if full else 5, seconds=0.6)


def kill(folder: Path, rounds: int, seconds: float) -> int:
    """Kill an ingesting process again and again, up to so long after its first commit; how many trades are stored."""
    seed = random.randrange(2**32)
    print(f"  seed {seed}")
    chance, acknowledged, stored = random.Random(seed), 0, 0
    starts: list[float] = []
    for number in range(1, rounds + 1):
        begun = time.perf_counter()
        acknowledged = max(acknowledged, _ingest_and_kill(folder, chance.uniform(0.0, seconds), starts, begun))
        if number % 20 == 0 or number == rounds:
            stored = check(folder, acknowledged)
    starts.sort()
    print(
        f"  {rounds} kills, {stored} trades: no acknowledged one lost, none doubled, bars are their sum; committing "
        f"again after {starts[len(starts) // 2]:.2f} s (worst {starts[-1]:.2f} s, goal 2 s)"
    )
    return stored


def _ingest_and_kill(folder: Path, seconds: float, starts: list[float], begun: float) -> int:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults._ingest", str(folder), str(_RATE), "0"],
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline()]
        starts.append(time.perf_counter() - begun)
        time.sleep(seconds)
        child.kill()
        lines += child.stdout.readlines()
    return max(int(line) for line in lines if line.endswith("\n") and line.strip().isdigit())
