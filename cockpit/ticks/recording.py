"""Recordings of market streams: a line a frame, plain or gzipped, told apart by what is in them.

Two forms are read: ``<receive time, ns> <frame>``, and ``<receive time, s>: <frame>`` after a first line
``URL <-> <time>``. Lines that were sent or fetched (``URL <- ...``, ``URL -> ...``) are passed over.
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from cockpit.errors import DamagedError, UsageError

_NANOSECONDS = re.compile(rb"(\d{18,19}) (.+)")
_SECONDS = re.compile(rb"(\d{9,10}(?:\.\d{1,9})?): (.+)")
_OTHER_TRAFFIC = re.compile(rb"\w+://\S+ (?:<->|<-|->) ")
_STREAM = re.compile(rb"([A-Za-z0-9]{3,20})@[A-Za-z]")
_LONGEST_LINE = 8 * 2**20
_HEAD_LINES = 5000
_FRAME_HEAD = 120
_BAD_LINES_AT_FIRST = 20
_BAD_SHARE = 0.1
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """One frame as it came off the wire.

    Attributes:
        received_ns: the recorder's clock, nanoseconds since 1970 UTC.
        line: its line in the file, from 1.
    """

    received_ns: int
    frame: bytes
    line: int


class Recording:
    """A recording, read from start to end as it is iterated over; never held in memory as a whole.

    Attributes:
        path: the file.
        bad_lines: lines so far that hold no frame, where a few are no reason to stop.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bad_lines = 0

    def __iter__(self) -> Iterator[RecordedFrame]:
        """Frames in the order of the file.

        Raises:
            DamagedError: after the last good frame, where the file breaks off or is no recording.
            UsageError: there is no such file, or it cannot be read.
        """
        frames = 0
        for number, line in lines(self.path):
            received_ns, frame = _parse(line)
            if frame:
                frames += 1
                yield RecordedFrame(received_ns, frame, number)
            elif line.strip() and not _OTHER_TRAFFIC.match(line):
                self.bad_lines += 1
                if self.bad_lines > _BAD_LINES_AT_FIRST and self.bad_lines > _BAD_SHARE * number:
                    raise DamagedError(f"{self.path}, line {number}: no recording of a market stream goes on like this")
        if not frames:
            raise DamagedError(f"{self.path} holds no frame of a market stream")

    def symbols(self) -> tuple[str, ...]:
        """The symbols whose streams are named near the start, in upper case and in order of appearance.

        Raises:
            DamagedError: the file is damaged before it names one; a later damage shows when it is played.
            UsageError: there is no such file, or it cannot be read.
        """
        found: dict[str, None] = {}
        try:
            for _, line in islice(lines(self.path), _HEAD_LINES):
                # A combined frame names its stream at its start, a first line all of them.
                head = line if _OTHER_TRAFFIC.match(line) else line[:_FRAME_HEAD]
                for match in _STREAM.finditer(head):
                    found[match[1].decode().upper()] = None
        except DamagedError:
            if not found:
                raise
        return tuple(found)


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Numbered lines of a plain or gzipped file, without their ends.

    Raises:
        DamagedError: after the last whole line, where compressed data breaks off or a line never ends.
        UsageError: there is no such file, or it cannot be read.
    """
    number = 0
    try:
        with _opened(path) as stream:
            while line := stream.readline(_LONGEST_LINE):
                number += 1
                if len(line) == _LONGEST_LINE:
                    raise DamagedError(f"{path}, line {number}: it is longer than any frame")
                yield number, line.rstrip(b"\r\n")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DamagedError(f"{path} is damaged after line {number}: {str(error).rstrip('.').lower()}") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as raw:
        packed = raw.peek(2)[:2] == _GZIP
        if not packed:
            yield raw
            return
        with gzip.GzipFile(fileobj=raw) as unpacked:
            yield unpacked  # type: ignore[misc]  # it reads like one


def _parse(line: bytes) -> tuple[int, bytes]:
    """Receive time in nanoseconds and the frame; an empty frame where the line has neither form."""
    if match := _NANOSECONDS.match(line):
        return int(match[1]), match[2]
    if match := _SECONDS.match(line):
        whole, _, fraction = match[1].partition(b".")
        return int(whole) * 1_000_000_000 + int(fraction.ljust(9, b"0")), match[2]
    return 0, b""
