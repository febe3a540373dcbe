"""Every way to end: the right code, the terminal as it was found, and no process left behind."""

import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.terminal.conftest import Start
from tests.terminal.driver import (
    ALTERNATE_SCREEN,
    BRACKETED_PASTE,
    FOCUS_EVENTS,
    LIMIT,
    MOUSE_MODES,
    Terminal,
    cockpit_command,
    cockpit_environment,
)

pytestmark = pytest.mark.terminal


def running(start: Start) -> tuple[Terminal, list[psutil.Process]]:
    """A cockpit whose prices have come, and the processes that belong to it."""
    terminal = start()
    terminal.sees("SIM")
    terminal.until(lambda: bool(terminal.family()), "started the embedded market")
    terminal.sees("BTCUSDT")
    assert ALTERNATE_SCREEN in terminal.modes
    return terminal, terminal.family()


def left_alive(family: list[psutil.Process]) -> list[psutil.Process]:
    return psutil.wait_procs(family, timeout=LIMIT)[1]


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
def test_a_key_ends_it(start: Start, key: str) -> None:
    terminal, family = running(start)
    terminal.press(key)
    assert terminal.ends() == 0
    is_as_found(terminal)
    assert left_alive(family) == []


@pytest.mark.parametrize(
    ("signum", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=lambda value: str(value),
)
def test_a_signal_ends_it_with_its_code(start: Start, signum: signal.Signals, code: int) -> None:
    terminal, family = running(start)
    terminal.send(signum)
    assert terminal.ends() == code
    is_as_found(terminal)
    assert left_alive(family) == []


def test_a_link_that_drops_ends_it(start: Start) -> None:
    terminal, family = running(start)
    terminal.close()
    assert terminal.ends() == 129
    assert left_alive(family) == []


def test_a_second_signal_ends_it_at_once_even_when_nobody_reads(start: Start) -> None:
    terminal, family = running(start)
    for columns in range(60, 120):  # each size is a whole frame, and nobody takes them
        terminal.resize(columns, 40)
    terminal.send(signal.SIGTERM)
    terminal.send(signal.SIGTERM)
    assert terminal.process.wait(LIMIT) == 143
    assert left_alive(family) == []


def test_no_process_outlives_a_kill(start: Start) -> None:
    terminal, family = running(start)
    terminal.send(signal.SIGKILL)
    assert terminal.ends() == -signal.SIGKILL
    assert left_alive(family) == []


def test_no_terminal_is_said_and_is_misuse(tmp_path: Path) -> None:
    ended = subprocess.run(
        cockpit_command(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", **cockpit_environment(tmp_path)},
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "terminal" in ended.stderr
    assert list(tmp_path.iterdir()) == [], "nothing was made"


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [("TERM", "dumb", "TERM is dumb"), ("PYTHONIOENCODING", "latin-1", "the screen needs UTF-8")],
)
def test_a_terminal_that_cannot_show_it_is_said_and_is_misuse(
    tmp_path: Path, variable: str, value: str, told: str
) -> None:
    environment = {**cockpit_environment(tmp_path), variable: value}
    with Terminal(cockpit_command(tmp_path), columns=120, lines=40, environment=environment) as terminal:
        assert terminal.ends() == 2
        assert told in terminal.text
        assert terminal.modes == set(), "nothing was asked of the terminal"


def is_as_found(terminal: Terminal) -> None:
    """The terminal is as the shell left it to the program."""
    assert terminal.settings == terminal.settings_before
    assert not terminal.modes & {ALTERNATE_SCREEN, BRACKETED_PASTE, FOCUS_EVENTS, *MOUSE_MODES}
    assert 25 in terminal.modes, "the cursor shows"
    assert "Traceback" not in terminal.text
