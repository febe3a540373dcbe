"""The standard streams as a shell hands them over: perhaps closed, perhaps on a full disk, perhaps without UTF-8."""

import errno
import os
import sys
from contextlib import suppress
from typing import TextIO

from cockpit.errors import CockpitError

CLEAR_LINE = "\r\x1b[K"
"""Takes the cursor of a terminal to the start of its line, and what stands there away."""

_PIPE_CLOSED = 141
_NO_MORE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})
_LONGEST = 2000


class OutputError(CockpitError):
    """stdout takes nothing: what was asked for could not be handed over."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"cannot write the output: {error.strerror or error}")


def open_missing() -> None:
    """See to it that all three streams are there, and that none fails on a character it does not know.

    Raises:
        OutputError: stdout is closed.
    """
    streams: dict[str, TextIO | None] = {"stdin": sys.stdin, "stdout": sys.stdout, "stderr": sys.stderr}
    # Descriptors 0 to 2 must be taken, or the next file that is opened becomes stdout.
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    for name, stream in streams.items():
        if stream is None:
            nowhere = open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8")  # noqa: SIM115 - stays open
            setattr(sys, name, nowhere)
    if streams["stdout"] is None:
        raise OutputError(OSError("it is closed"))
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def rewrites_lines() -> bool:
    """Whether a line of stderr can be written over: on a terminal that moves its cursor."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def check_output() -> None:
    """Hand over what is still held back.

    Raises:
        OutputError: stdout does not take it.
        BrokenPipeError: its reader has gone.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _drop_output()
        raise OutputError(error) from None


def is_about_output(error: OSError) -> bool:
    """True where it came of writing to a stream, as far as an error tells: one about a file names it.

    What stdout holds back is dropped then.
    """
    if error.errno not in _NO_MORE or error.filename is not None:
        return False
    _drop_output()
    return True


def let_the_pipe_go() -> int:
    """The reader has gone: nothing more can be said. Returns the exit status for that."""
    _drop_output()
    return _PIPE_CLOSED


def say(sentence: str, code: int) -> int:
    """Tell a person how it ended, in one sentence on stderr; ``code`` is returned.

    What a vendor or a file put into it cannot move the cursor of the terminal.
    """
    text = "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in sentence)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…"
    with suppress(OSError):
        print(f"cockpit: {text}", file=sys.stderr, flush=True)
    return code


def _drop_output() -> None:
    """The interpreter must not try to flush at its end."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
