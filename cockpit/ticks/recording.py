"""Recordings of market streams: a line a frame, plain or gzipped, told apart by what is in them.

Two forms are read: ``<receive time, ns> <frame>``, and ``<receive time, s>: <frame>`` after a first line
``URL <-> <time>``. Lines that were sent or fetched (``URL <- ...``, ``URL -> ...``) are passed over.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from cockpit.errors import DamagedError
from cockpit.ticks.text_files import BadLine, bad_line, lines, tail

_NANOSECONDS = re.compile(rb"(\d{18,19}) ([^\r\n]+)")
_SECONDS = re.compile(rb"(\d{9,10}(?:\.\d{1,9})?): ([^\r\n]+)")
_OTHER_TRAFFIC = re.compile(rb"\w+://\S+ (?:<->|<-|->) ")
_STREAM = re.compile(rb"([A-Za-z0-9]{3,20})@[A-Za-z]")
_HEAD_LINES = 5000
_TAIL_BYTES = 2**18
_FRAME_HEAD = 120
_BAD_LINES_AT_FIRST = 20
_BAD_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """One frame as it came off the wire.

    Attributes:
        received_ns: the recorder's clock, nanoseconds since 1970 UTC.
        line: its line in the file, from 1.
        ended: False where the file ends within its line.
    """

    received_ns: int
    frame: bytes
    line: int
    ended: bool = True


class Recording:
    """A recording, read from start to end as it is iterated over; never held in memory as a whole.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __iter__(self) -> Iterator[RecordedFrame]:
        """Frames in the order of the file; a few lines that hold none are no reason to stop.

        Raises:
            DamagedError: after the last good frame, where the file breaks off or is no recording.
            UsageError: there is no such file, or it cannot be read.
        """
        return (one for one in self.lines() if type(one) is RecordedFrame)

    def lines(self) -> Iterator[RecordedFrame | BadLine]:
        """Frames in the order of the file, and a :class:`BadLine` for each line that holds none.

        Raises:
            DamagedError: after the last good frame, where the file breaks off or is no recording.
            UsageError: there is no such file, or it cannot be read.
        """
        frames = bad = 0
        for number, line in lines(self.path):
            received_ns, frame = _parse(line)
            if frame:
                frames += 1
                yield RecordedFrame(received_ns, frame, number, line.endswith(b"\n"))
            elif line.strip() and not _OTHER_TRAFFIC.match(line):
                bad += 1
                if bad > _BAD_LINES_AT_FIRST and bad > _BAD_SHARE * number:
                    raise DamagedError(f"{self.path}, line {number}: no recording of a market stream goes on like this")
                yield bad_line("no frame", number, line)
        if not frames:
            raise DamagedError(f"{self.path} holds no frame of a market stream")

    def last_received_ns(self) -> int | None:
        """Receive time of the last frame; None where there is none near the end.

        Raises:
            UsageError: there is no such file, or it cannot be read.
        """
        for line in reversed(tail(self.path, _TAIL_BYTES).splitlines()):
            received_ns, frame = _parse(line)
            if frame:
                return received_ns
        return None

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


def _parse(line: bytes) -> tuple[int, bytes]:
    """Receive time in nanoseconds and the frame; an empty frame where the line has neither form."""
    if match := _NANOSECONDS.match(line):
        return int(match[1]), match[2]
    if match := _SECONDS.match(line):
        whole, _, fraction = match[1].partition(b".")
        return int(whole) * 1_000_000_000 + int(fraction.ljust(9, b"0")), match[2]
    return 0, b""
