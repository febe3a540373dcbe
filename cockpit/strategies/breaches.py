"""Names what a strategy does that it must not, before the system stops it without a word.

Python tells its audit hooks of such calls. They are no wall: code that means harm gets around them, and then meets the
confinement of its process. They are why a user reads "it reached for the network" instead of the number of a signal.
"""

import os
import sys
from collections.abc import Callable
from typing import Any, Final

_CHANGES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_PROCESS = "it started another process"
_FILES = "it changed files"
_SIGNAL = "it sent a signal"
_WORDS: Final = {
    **dict.fromkeys(("os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.exec", "os.system"), _PROCESS),
    **dict.fromkeys(("subprocess.Popen", "pty.spawn", "os.startfile"), _PROCESS),
    "_thread.start_new_thread": "it started a thread",
    **dict.fromkeys(("os.kill", "os.killpg", "signal.pthread_kill"), _SIGNAL),
    **dict.fromkeys(("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink"), _FILES),
    **dict.fromkeys(("os.truncate", "os.chmod", "os.chown", "os.utime", "os.chflags", "os.lockf"), _FILES),
    **dict.fromkeys(("os.setxattr", "os.removexattr", "tempfile.mkstemp", "tempfile.mkdtemp"), _FILES),
    **dict.fromkeys(("resource.setrlimit", "resource.prlimit"), "it changed its own limits"),
}


def breach(event: str, arguments: tuple[Any, ...]) -> str:
    """What a call that Python audits amounts to, in words; empty where it is allowed."""
    if event == "open":
        path, mode, flags = arguments
        writes = isinstance(mode, str) and not {"w", "a", "x", "+"}.isdisjoint(mode)
        if writes or (isinstance(flags, int) and flags & _CHANGES):
            return f"it opened {str(path)[:200]} for writing"
        return ""
    if event.startswith("socket."):
        return "it reached for the network"
    return _WORDS.get(event, "")


def watch_for_breaches(tell: Callable[[str], None]) -> None:
    """Have every breach of this process told from now on; ``tell`` must end the process."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if words := breach(event, arguments):
            tell(words)

    sys.addaudithook(hook)
