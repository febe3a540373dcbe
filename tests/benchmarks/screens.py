"""The running program on a pseudo-terminal beside a bare Textual app."""

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from tests.benchmarks.measurement import Measurement, interleaved
from tests.terminal.driver import Terminal, cockpit_command, cockpit_environment

_BARE = [sys.executable, "-m", "tests.benchmarks.bare"]
_RUNS = 7
_SETTLE_SECONDS = 10.0
_WATCH_SECONDS = 20.0


def first_paint() -> Iterator[Measurement]:
    """From the start of the process to the first whole frame: the footer's last word is on the screen.

    Both programs run as installed ones do, with their modules compiled: in a checkout, and where the shell forbids to
    write bytecode, one of them would be parsed anew in every run and the other, in site-packages, never.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = cockpit_command(Path(folder))
        compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(Path(folder) / "bytecode")}
        environment = cockpit_environment(Path(folder)) | compiled
        _until_seen(command, environment, "q quit")
        _until_seen(_BARE, environment, "READY")
        ours, bare = interleaved(
            _RUNS,
            lambda: _until_seen(command, environment, "q quit"),
            lambda: _until_seen(_BARE, environment, "READY"),
        )
    yield Measurement("first_paint", ours, "ms", bare, "bare Textual app")


def screen_load() -> Iterator[Measurement]:
    """CPU of the screen's own process and bytes to the terminal, with the feed and the marks running, at 120x40."""
    with tempfile.TemporaryDirectory() as folder:
        environment = cockpit_environment(Path(folder))
        cpu, traffic = _load(cockpit_command(Path(folder)), environment, "BTCUSDT")
        bare_cpu, bare_traffic = _load(_BARE, environment, "READY")
    yield Measurement("screen_cpu", cpu, "% of a core", bare_cpu, "idle bare Textual app")
    yield Measurement("screen_bytes", traffic, "B/s", bare_traffic, "idle bare Textual app")


def _until_seen(command: Sequence[str], environment: dict[str, str], text: str) -> float:
    started = time.perf_counter()
    with Terminal(command, environment=environment) as terminal:
        while text not in terminal.text:
            terminal.pump(0.002)
            assert terminal.process.poll() is None, terminal.text
        return (time.perf_counter() - started) * 1000.0


def _load(command: Sequence[str], environment: dict[str, str], text: str) -> tuple[float, float]:
    with Terminal(command, environment=environment) as terminal:
        terminal.sees(text)
        _watch(terminal, _SETTLE_SECONDS)
        process = psutil.Process(terminal.process.pid)
        before, received = sum(process.cpu_times()[:2]), terminal.received
        seconds = _watch(terminal, _WATCH_SECONDS)
        cpu = sum(process.cpu_times()[:2]) - before
        return 100.0 * cpu / seconds, (terminal.received - received) / seconds


def _watch(terminal: Terminal, seconds: float) -> float:
    started = time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds:
        terminal.pump(0.05)
        assert terminal.process.poll() is None, terminal.text
    return elapsed
