"""A terminal for the real program: a pseudo-terminal with a screen that can be read, and keys that can be pressed."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import psutil
import pyte

LIMIT = 60.0
"""Seconds after which a wait has failed. Nothing is asserted about how long anything takes."""

_KEYS = {
    "enter": b"\r",
    "escape": b"\x1b",
    "tab": b"\t",
    "up": b"\x1b[A",
    "down": b"\x1b[B",
    "ctrl+c": b"\x03",
}
_ANSWERS = {
    b"\x1b[6n": b"\x1b[1;1R",  # where is the cursor
    b"\x1b[c": b"\x1b[?62;c",  # what are you
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",  # do you know synchronized output
}
_PRIVATE_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
# Private parameters that pyte would take for others: key protocols and device queries with > and <.
_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<>=][\d;]*[a-zA-Z]")

ALTERNATE_SCREEN = 1049
MOUSE_MODES = frozenset({1000, 1002, 1003, 1006, 1015, 1016})
BRACKETED_PASTE = 2004
FOCUS_EVENTS = 1004


class Terminal:
    """A program on a pseudo-terminal of so many columns and lines."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        lines: int = 40,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.received = 0
        self.modes: set[int] = set()
        self._stream = pyte.ByteStream(self.screen)
        self._rest = b""
        self._open = True
        self._master, slave = pty.openpty()
        self.resize(columns, lines)
        self.settings_before = termios.tcgetattr(self._master)
        inherited = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
        try:
            self.process = subprocess.Popen(
                command,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env={**inherited, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(environment or {})},
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            )
        finally:
            os.close(slave)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        family = self.family()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.close()
        for member in family:
            if member.is_running():
                member.kill()

    @property
    def text(self) -> str:
        """What a person sees now."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def line_with(self, text: str) -> str | None:
        """The first line that holds a text."""
        return next((line for line in self.screen.display if text in line), None)

    @property
    def settings(self) -> list[object]:
        """The line discipline's settings, as ``termios.tcgetattr`` gives them."""
        return list(termios.tcgetattr(self._master))

    def family(self) -> list[psutil.Process]:
        """The processes that the program has started and that live."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size, as dragging a window does."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.screen.resize(lines, columns)

    def press(self, *keys: str) -> None:
        """Press keys: single characters or the names in this module."""
        for key in keys:
            os.write(self._master, _KEYS.get(key) or key.encode())

    def send(self, signum: signal.Signals) -> None:
        """Send a signal to the program alone."""
        self.process.send_signal(signum)

    def close(self) -> None:
        """Close the terminal, as a link that drops does."""
        if self._open:
            self._open = False
            os.close(self._master)

    def until(self, held: Callable[[], bool], what: str, limit: float = LIMIT) -> None:
        """Read until a condition holds.

        Raises:
            AssertionError: it never did; the screen is in the message.
        """
        deadline = time.monotonic() + limit
        while not held():
            ended = self.process.poll()
            alive = self.pump(0.05)
            if not alive and ended is not None and not held():
                raise AssertionError(f"ended with {ended} before {what}:\n{self.text}")
            if time.monotonic() > deadline:
                raise AssertionError(f"never {what}:\n{self.text}")

    def sees(self, text: str) -> None:
        """Wait until a text is on the screen."""
        self.until(lambda: text in self.text, f"saw {text!r}")

    def loses(self, text: str) -> None:
        """Wait until a text has left the screen."""
        self.until(lambda: text not in self.text, f"lost {text!r}")

    def ends(self, limit: float = LIMIT) -> int:
        """Wait for the program's end while reading what it writes; its status, negative where a signal killed it."""
        deadline = time.monotonic() + limit
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"did not end:\n{self.text}"
            self.pump(0.05)
        while self.pump(0.0):
            pass
        return self.process.returncode

    def pump(self, seconds: float) -> bool:
        """Read what has been written, waiting for it so long; True where something came."""
        if not self._open:
            time.sleep(seconds)
            return False
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:  # nobody holds the other side any more
            time.sleep(seconds)
            return False
        self.received += len(data)
        for question, answer in _ANSWERS.items():
            if question in data:
                os.write(self._master, answer)
        self._show(self._rest + data)
        return bool(data)

    def _show(self, data: bytes) -> None:
        """Feed the screen with whole sequences only, so that a cut one is not misread."""
        cut = data.rfind(b"\x1b", max(0, len(data) - 32))
        whole = cut < 0 or re.match(rb"\x1b(\[[0-9;?<>=$ ]*[@-~]|[^\[\]P])", data[cut:]) is not None
        data, self._rest = (data, b"") if whole else (data[:cut], data[cut:])
        for numbers, state in _PRIVATE_MODE.findall(data):
            change = self.modes.add if state == b"h" else self.modes.discard
            for number in numbers.split(b";"):
                change(int(number))
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", data))


def cockpit_command(folder: Path, *arguments: str) -> list[str]:
    """The real program with its files below ``folder``."""
    return [sys.executable, "-m", "cockpit", "--data-dir", str(folder), *arguments]


def cockpit_environment(folder: Path) -> dict[str, str]:
    """A home of its own, so that no user's configuration is read."""
    return {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")}
