"""Another program holds the database's write lock for 30 s while 5,000 trades a second come."""

import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.faults._verdict import check

_RATE = 5_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds until the reason was said and until trades were stored again; trades waiting at most and stored."""

    told_after: float
    sentence: str
    resumed_after: float
    waited: int
    stored: int
    megabytes: float


def run(full: bool) -> None:
    """Print the report."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = locked(Path(folder), seconds=30.0 if full else 4.0)
    print(f'  said after {outcome.told_after:.1f} s (goal 2 s): "{outcome.sentence}"')
    print(
        f"  {outcome.stored} trades stored, none missing; storing again {outcome.resumed_after:.1f} s after the lock "
        f"had gone; memory grew by {outcome.megabytes:.0f} MB (goal 64 MB)"
    )


def locked(folder: Path, seconds: float) -> Outcome:
    """Lock, wait, let go, and look at what was stored."""
    count = int(_RATE * (seconds + 3.0))
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults._ingest", str(folder), str(_RATE), str(count)],
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        lines: list[tuple[float, str]] = []
        reader = threading.Thread(target=_read, args=(child, lines))
        reader.start()
        process, before = psutil.Process(child.pid), psutil.Process(child.pid).memory_info().rss
        with closing(sqlite3.connect(folder / "cockpit.db", isolation_level=None, timeout=10.0)) as other:
            other.execute("BEGIN IMMEDIATE")
            begun = time.monotonic()
            time.sleep(seconds)
            grown = process.memory_info().rss - before
            other.rollback()
        released = time.monotonic()
        reader.join(seconds + 60.0)
        assert child.wait(10.0) == 0
    said = [(at, line) for at, line in lines if line.startswith("says") and at >= begun and not line.endswith(" -\n")]
    again = [at for at, line in lines if line.strip().isdigit() and at >= released]
    assert said, "nothing was said"
    stored = check(folder, count)
    assert stored == count
    sentence = said[0][1].split(" ", 3)[3].strip()
    return Outcome(said[0][0] - begun, sentence, again[0] - released, count, stored, grown / 1e6)


def _read(child: "subprocess.Popen[str]", lines: list[tuple[float, str]]) -> None:
    assert child.stdout is not None
    lines.extend((time.monotonic(), line) for line in child.stdout)
