"""Recordings of market streams: a line a frame, plain or gzipped, told apart by what is in them.

Two forms are read: ``<receive time, ns> <frame>``, and ``<receive time, s>: <frame>`` after a first line
``URL <-> <time>``. Lines that were sent or fetched (``URL <- ...``, ``URL -> ...``) are passed over.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from pathlib import Path

from cockpit.errors import DamagedError
from cockpit.ticks.text_files import BadLine, Place, bad_line, lines, tail

_NANOSECONDS = re.compile(rb"(\d{18,19}) ([^\r\n]+)")
_SECONDS = re.compile(rb"(\d{9,10}(?:\.\d{1,9})?): ([^\r\n]+)")
_OTHER_TRAFFIC = re.compile(rb"\w+://\S+ (?:<->|<-|->) ")
_STREAM = re.compile(rb"([A-Za-z0-9]{3,20})@[A-Za-z]")
_HEAD_LINES = 5000
_TAIL_BYTES = 2**18
_FRAME_HEAD = 120
_BAD_LINES_AT_FIRST = 20
_BAD_SHARE = 0.1
_SPACING = 2**20
_MOST_PLACES = 256


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

    While its frames are read, a few places are noted, so that what has been read once is soon found again.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._places: list[tuple[int, Place]] = []
        """Latest receive time before a place, and the place; rising."""
        self._spacing = _SPACING

    def __iter__(self) -> Iterator[RecordedFrame]:
        """Frames in the order of the file; a few lines that hold none are no reason to stop.

        Raises:
            DamagedError: after the last good frame, where the file breaks off or is no recording.
            UsageError: there is no such file, or it cannot be read.
        """
        return self.frames()

    def frames(self, since_ns: int | None = None) -> Iterator[RecordedFrame]:
        """Frames in the order of the file.

        Args:
            since_ns: some of those that were received before this time may be left out.

        Raises:
            DamagedError: after the last good frame, where the file breaks off or is no recording.
            UsageError: there is no such file, or it cannot be read.
        """
        found = self._read(*self._place_before(since_ns), self._note)
        return (one for one in found if type(one) is RecordedFrame)

    def lines(self) -> Iterator[RecordedFrame | BadLine]:
        """Frames in the order of the file, and a :class:`BadLine` for each line that holds none.

        Raises:
            DamagedError: after the last good frame, where the file breaks off or is no recording.
            UsageError: there is no such file, or it cannot be read.
        """
        return self._read(0, Place(), lambda latest, place: None)

    def _read(self, latest: int, start: Place, note: Callable[[int, Place], None]) -> Iterator[RecordedFrame | BadLine]:
        """Lines from a place on; ``note`` is told of others, with the latest receive time before each."""
        frames = bad = 0

        def passed(place: Place) -> None:
            note(latest, place)

        for number, line in lines(self.path, start, passed):
            received_ns, frame = _parse(line)
            if frame:
                frames += 1
                latest = max(latest, received_ns)
                yield RecordedFrame(received_ns, frame, number, line.endswith(b"\n"))
            elif line.strip() and not _OTHER_TRAFFIC.match(line):
                bad += 1
                if bad > _BAD_LINES_AT_FIRST and bad > _BAD_SHARE * number:
                    raise DamagedError(f"{self.path}, line {number}: no recording of a market stream goes on like this")
                yield bad_line("no frame", number, line)
        if not frames and not start.line:
            raise DamagedError(f"{self.path} holds no frame of a market stream")

    def _place_before(self, since_ns: int | None) -> tuple[int, Place]:
        """The last place noted with nothing before it that was received from a time on."""
        index = 0 if since_ns is None else bisect_left(self._places, since_ns, key=itemgetter(0))
        return self._places[index - 1] if index else (0, Place())

    def _note(self, latest: int, place: Place) -> None:
        last = self._places[-1][1].offset if self._places else 0
        if place.offset < last + self._spacing:
            return
        self._places.append((latest, place))
        if len(self._places) > _MOST_PLACES:
            del self._places[::2]
            self._spacing *= 2

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
