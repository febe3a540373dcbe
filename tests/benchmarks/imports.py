"""What it costs to load the program's parts, beside the bare interpreter."""

import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial

from tests.benchmarks.measurement import Measurement, interleaved

_MODULES = ("cockpit.cli.main", "cockpit.settings", "cockpit.context", "cockpit.tui.app")
_RUNS = 9


def import_time() -> Iterator[Measurement]:
    """A fresh interpreter that imports one module and ends."""
    statements = ["pass", *(f"import {module}" for module in _MODULES)]
    bare, *ours = interleaved(_RUNS, *(partial(_run, statement) for statement in statements))
    for module, milliseconds in zip(_MODULES, ours, strict=True):
        yield Measurement(f"import {module}", milliseconds, "ms", bare, "bare interpreter")


def _run(statement: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return (time.perf_counter() - started) * 1000.0
