"""A live session on its way into a file that replays to the same rows.

A line is ``<receive time, ns> <frame>``. Every second what has come goes to the disk as one whole gzip member, so that
a process that is killed loses that second and nothing before it.
"""

import asyncio
import gzip
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from cockpit.clock import Clock
from cockpit.errors import StorageError, UsageError
from cockpit.storage.database import whole

log = logging.getLogger(__name__)

_FLUSH_SECONDS = 1.0
_BUFFER_BYTES = 16 * 2**20
_LEVEL = 5
_MEBIBYTE = 2**20


class SessionFile:
    """Takes frames without waiting and writes them off the loop.

    Args:
        path: must not exist yet.
        clock: of the receive times.
        limit_mb: at this size the recording ends.
        buffer_bytes: so much may wait for the disk; what comes beyond it is lost, counted and told.

    Attributes:
        watch: told the message whenever it changes.
        frames: written so far.
        size: of the file, bytes.
        lost: frames that found the buffer full.
        message: why not everything is recorded, as one sentence; empty where all is well.
    """

    def __init__(self, path: Path, *, clock: Clock, limit_mb: int, buffer_bytes: int = _BUFFER_BYTES) -> None:
        self.path = path
        self.frames = 0
        self.size = 0
        self.lost = 0
        self.message = ""
        self.watch: Callable[[str], None] = _ignore
        self._clock = clock
        self._limit = limit_mb * _MEBIBYTE
        self._most = buffer_bytes
        self._lines: list[bytes] = []
        self._waiting = 0
        self._full = False
        self._writing = asyncio.Lock()
        try:
            self._file: BinaryIO = path.open("xb", buffering=0)
        except FileExistsError:
            raise UsageError(f"{path} exists already; a recording goes into a new file") from None
        except OSError as error:
            raise StorageError(f"cannot record to {path}: {error.strerror or error}") from None

    @property
    def ended(self) -> bool:
        """True once the file has reached its limit."""
        return self._full

    def take(self, frame: str | bytes) -> None:
        """Take a frame that came now. Never waits."""
        if self._full:
            return
        received_ns = int(self._clock.now().timestamp() * 1e6) * 1000
        text = frame.encode("utf-8", "backslashreplace") if isinstance(frame, str) else frame
        line = b"%d %b\n" % (received_ns, text.replace(b"\n", b" "))
        if self._waiting + len(line) > self._most:
            self.lost += 1
            return
        self._lines.append(line)
        self._waiting += len(line)

    async def run(self) -> None:
        """Write for ever."""
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write what waits. What the disk refuses goes on waiting, and the message says so."""
        async with self._writing:
            lines = self._lines[:]
            if not lines or self._full:
                return
            if self.lost:
                self._say(f"{self.lost} frames are not in the recording {self.path.name}: the disk is too slow for it")
            try:
                self.size = await whole(asyncio.to_thread(self._append, lines))
            except OSError as error:
                self._say(f"cannot record to {self.path}: {error.strerror or error}; what comes waits")
                return
            del self._lines[: len(lines)]
            self._waiting -= sum(map(len, lines))
            self.frames += len(lines)
            if not self.lost:
                self._say("")
            if self.size >= self._limit:
                self._full = True
                self._lines.clear()
                self._say(f"the recording {self.path.name} has reached {self._limit // _MEBIBYTE} MB and ends there")

    async def close(self) -> None:
        """Write what waits, and end."""
        await self.flush()
        if self._lines and not self._full:
            log.error("%s: the last %d frames could not be written", self.path, len(self._lines))
        self._file.close()

    def _say(self, message: str) -> None:
        if message == self.message:
            return
        if message:
            log.warning("%s", message)
        self.message = message
        self.watch(message)

    def _append(self, lines: list[bytes]) -> int:
        """Add one gzip member; the size of the file then. Half a member must not stand before the next one."""
        member = gzip.compress(b"".join(lines), _LEVEL)
        start, file = self.size, self._file.fileno()
        try:
            written = 0
            while written < len(member):
                written += os.pwrite(file, member[written:], start + written)
        except OSError:
            os.ftruncate(file, start)
            raise
        return start + len(member)


def _ignore(message: str) -> None:
    """Nobody watches."""
