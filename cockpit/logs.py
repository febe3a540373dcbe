"""Logging to a rotating file, never to the screen, through a queue so that no caller waits for the disk."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path
from queue import SimpleQueue
from time import monotonic

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_REPEAT_SECONDS = 60.0


class _PrivateFile(RotatingFileHandler):
    """A rotating file that only its owner can read."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        return open(descriptor, "a", encoding=self.encoding)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is the library's
        """Lose a record that cannot be written: a trace on stderr would stand in the middle of the screen."""


class Repeats(logging.Filter):
    """Lets one of a run of equal messages through a minute, and says how many were held back."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """True where the record is to be written."""
        key = (record.name, record.getMessage())
        now = monotonic()
        since, held = self._seen.get(key, (float("-inf"), 0))
        if now - since < _REPEAT_SECONDS:
            self._seen[key] = (since, held + 1)
            return False
        if len(self._seen) > 1000:
            self._seen.clear()
        self._seen[key] = (now, 0)
        if held:
            record.msg, record.args = f"{record.getMessage()} (and {held} more like it)", ()
        return True


@contextmanager
def logging_to(path: Path, level: int = logging.INFO) -> Iterator[None]:
    """Send the log of the process to ``path`` (10 MB, three older ones kept) while the block runs."""
    file = _PrivateFile(path, maxBytes=10_000_000, backupCount=3, encoding="utf-8", delay=True)
    file.setFormatter(logging.Formatter(_FORMAT))
    queue: SimpleQueue[logging.LogRecord] = SimpleQueue()
    handler = QueueHandler(queue)
    handler.addFilter(Repeats())
    listener = QueueListener(queue, file)
    root = logging.getLogger()
    previous = root.handlers[:], root.level
    root.handlers[:] = [handler]
    root.setLevel(level)
    listener.start()
    try:
        yield
    finally:
        root.handlers[:], level_before = previous
        root.setLevel(level_before)
        listener.stop()
        with suppress(OSError):  # a full disk refuses the last of it
            file.close()
