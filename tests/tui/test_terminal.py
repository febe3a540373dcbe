"""The screen on a pseudo-terminal: signals, hang-ups and what is left behind."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyte
import pytest

pytestmark = pytest.mark.terminal
_PATIENCE = 20.0


@dataclass
class Terminal:
    """A program on a pseudo-terminal of 120x40, and what it wrote."""

    pid: int
    fd: int
    written: bytes = b""
    screen: pyte.Screen = field(default_factory=lambda: pyte.Screen(120, 40))

    def __post_init__(self) -> None:
        self._stream = pyte.ByteStream(self.screen)

    def read_until(self, held: Callable[[str], bool]) -> None:
        end = time.monotonic() + _PATIENCE
        while not held("\n".join(self.screen.display)):
            assert time.monotonic() < end, "\n".join(self.screen.display)
            self.pump()

    def pump(self) -> bool:
        if not select.select([self.fd], [], [], 0.05)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.written += data
        self._stream.feed(data.replace(b"\x1b[>", b"\x1b[?").replace(b"\x1b[<", b"\x1b[?"))
        return bool(data)

    def exit_code(self, *, reading: bool = True) -> int:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                while reading and self.pump():
                    pass
                return os.waitstatus_to_exitcode(status)
            if reading:
                self.pump()
            else:
                time.sleep(0.02)
        raise AssertionError("the program did not end")


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with demo() as started:
        yield started


@contextmanager
def demo(*arguments: str) -> Iterator[Terminal]:
    root = Path(__file__).parents[2]
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(root)
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        os.execv(sys.executable, [sys.executable, "-m", "tests.tui.demo", *arguments])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    made = Terminal(pid, fd)
    try:
        yield made
    finally:
        if made.pid:
            os.kill(made.pid, signal.SIGKILL)
            os.waitpid(made.pid, 0)
        if made.fd >= 0:
            os.close(made.fd)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_in_order_and_restores_the_terminal(terminal: Terminal, number: signal.Signals) -> None:
    terminal.read_until(lambda text: "NVDA" in text)
    os.kill(terminal.pid, number)
    assert terminal.exit_code() == 128 + number
    assert b"\x1b[?1049l" in terminal.written
    assert b"Traceback" not in terminal.written


def test_q_ends_with_zero(terminal: Terminal) -> None:
    terminal.read_until(lambda text: "NVDA" in text)
    os.write(terminal.fd, b"q")
    assert terminal.exit_code() == 0


def test_a_closed_terminal_never_leaves_it_hanging(terminal: Terminal) -> None:
    terminal.read_until(lambda text: "NVDA" in text)
    os.close(terminal.fd)
    terminal.fd = -1
    assert terminal.exit_code(reading=False) == 128 + signal.SIGHUP


def test_a_stalled_terminal_does_not_keep_it_from_ending(terminal: Terminal) -> None:
    terminal.read_until(lambda text: "NVDA" in text)
    # Nothing is read any more: the line fills up, as on a link that has died without a word.
    filled = time.monotonic() + 3.0
    while time.monotonic() < filled:
        time.sleep(0.1)
    os.kill(terminal.pid, signal.SIGTERM)
    assert terminal.exit_code(reading=False) == 128 + signal.SIGTERM


def test_what_cannot_start_says_so_and_keeps_its_code() -> None:
    with demo("--fail") as terminal:
        terminal.read_until(lambda text: "owned by process 4711" in text)
        os.write(terminal.fd, b"q")
        assert terminal.exit_code() == 1
