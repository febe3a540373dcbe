"""Ending for certain: signals, a hard deadline, and the terminal as it was."""

import os
import signal
import sys
import termios
import threading
from collections.abc import Callable
from types import FrameType

# Leaves the alternate screen, shows the cursor, stops mouse, paste and focus reports.
_RESET = b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[<u\x1b[0m\r\n"


class Deadline:
    """Ends the process when the orderly end takes too long, for instance on a terminal that is no more."""

    def __init__(self) -> None:
        self._timer: threading.Timer | None = None

    def arm(self, code: int, seconds: float) -> None:
        """Start counting, anew where it was counting already."""
        self.disarm()
        self._timer = threading.Timer(seconds, end_now, (code or 1,))
        self._timer.daemon = True
        self._timer.start()

    def disarm(self) -> None:
        """The end came in time."""
        if self._timer is not None:
            self._timer.cancel()


def end_now(code: int) -> None:
    """End this process at once, with the terminal put back as far as it still answers."""
    restore_terminal()
    os._exit(code)


def restore_terminal() -> None:
    """Write the reset sequence without waiting, and make the line editable again."""
    descriptor = sys.__stdout__.fileno() if sys.__stdout__ is not None else 1
    try:
        os.set_blocking(descriptor, False)
        os.write(descriptor, _RESET)
        attributes = termios.tcgetattr(0)
        attributes[0] |= termios.ICRNL
        attributes[1] |= termios.OPOST
        attributes[3] |= termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN
        termios.tcsetattr(0, termios.TCSANOW, attributes)
    except (OSError, termios.error, ValueError):
        return  # nobody is left to see it


def exit_signals(leave: Callable[[int], None]) -> None:
    """TERM, HUP and INT leave in order with 128 plus their number; the second of them ends at once.

    The handlers are the interpreter's own and not the loop's: they also run while the loop is stuck.
    """
    seen = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal seen
        if seen:
            end_now(128 + number)
        seen = True
        leave(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, handle)
