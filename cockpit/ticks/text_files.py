"""Lines of plain and gzipped text files, however large, without ever holding one as a whole."""

import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cockpit.errors import DamagedError, UsageError

LONGEST_LINE = 8 * 2**20
"""Bytes; whatever is longer is no line."""

_HEAD_BYTES = 16
_GZIP = b"\x1f\x8b"
_GZIP_FORM = 16 + zlib.MAX_WBITS
_PIECE = 2**18
_SAMPLE = 80

if TYPE_CHECKING:
    from zlib import _Decompress as _Unpacker

_Piece = tuple[int, "_Unpacker | None", bytes]
"""Where it begins in the file, what unpacks it, and what it says."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is not what the file is made of.

    Attributes:
        kind: for counting.
        line: its number, from 1.
        sample: its start, as text.
    """

    kind: str
    line: int
    sample: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where the lines of a file can be read from again.

    Attributes:
        offset: of the first byte that has not been read, in the file as it lies on the disk.
        line: lines before it.
        rest: what has been read of the line after these.
        unpacker: in the midst of compressed data, what is needed to go on; it keeps some 40 kB.
    """

    offset: int = 0
    line: int = 0
    rest: bytes = b""
    unpacker: "_Unpacker | None" = None


def bad_line(kind: str, number: int, line: bytes) -> BadLine:
    """What is wrong with a line; one without an end is the last and was not written to its end."""
    kind = kind if line.endswith(b"\n") else "half-written last line"
    return BadLine(kind, number, line[:_SAMPLE].decode("utf-8", "backslashreplace").rstrip("\r\n"))


def damaged(where: str, number: int | None, error: Exception) -> DamagedError:
    """The sentence for a file that cannot be read on, after so many lines where these were read."""
    after = "" if number is None else f" after line {number}"
    return DamagedError(f"{where} is damaged{after}: {str(error).rstrip('.').lower()}")


def too_long(where: str, number: int) -> DamagedError:
    """The sentence for a line that does not end."""
    return DamagedError(f"{where}, line {number}: it is longer than any line of such a file")


def unreadable(path: Path, error: OSError) -> UsageError:
    """The sentence for a file that the system does not let us read."""
    return UsageError(f"cannot read {path}: {error.strerror or error}")


def head(path: Path) -> bytes:
    """The first bytes of a file, which tell its form.

    Raises:
        UsageError: there is no such file, or it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(_HEAD_BYTES)
    except OSError as error:
        raise unreadable(path, error) from None


def lines(
    path: Path, start: Place | None = None, passed: Callable[[Place], None] | None = None
) -> Iterator[tuple[int, bytes]]:
    """Numbered lines of a plain or gzipped file, with their ends; the last one may lack it.

    Args:
        start: where to begin, as it was told when the file was read before.
        passed: told now and then where the reading could begin another time, before the lines from there on.

    Raises:
        DamagedError: after the last whole line, where compressed data breaks off or a line never ends.
        UsageError: there is no such file, or it cannot be read.
    """
    start = start or Place()
    number, rest = start.line, start.rest
    try:
        with path.open("rb") as raw:
            pieces = _unpacked_pieces if raw.read(len(_GZIP)) == _GZIP else _plain_pieces
            raw.seek(start.offset)
            for offset, unpacker, piece in pieces(raw, start.unpacker):
                if passed is not None:
                    passed(Place(offset, number, rest, unpacker))
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    number += 1
                    yield number, line + b"\n"
                if len(rest) > LONGEST_LINE:
                    raise too_long(str(path), number + 1)
            if rest:
                yield number + 1, rest
    except (EOFError, zlib.error) as error:
        raise damaged(str(path), number, error) from None
    except OSError as error:
        raise unreadable(path, error) from None


def tail(path: Path, size: int) -> bytes:
    """The last bytes of a plain or gzipped file; of a damaged one those before the damage.

    Raises:
        UsageError: there is no such file, or it cannot be read.
    """
    kept = b""
    try:
        with path.open("rb") as raw:
            if raw.read(len(_GZIP)) != _GZIP:
                raw.seek(max(0, raw.seek(0, os.SEEK_END) - size))
                return raw.read()
            raw.seek(0)
            for _, _, piece in _unpacked_pieces(raw, None):
                kept = (kept + piece)[-size:]
    except (EOFError, zlib.error):
        pass
    except OSError as error:
        raise unreadable(path, error) from None
    return kept


def _plain_pieces(raw: BinaryIO, unpacker: "_Unpacker | None") -> Iterator[_Piece]:
    offset = raw.tell()
    while piece := raw.read(_PIECE):
        yield offset, None, piece
        offset += len(piece)


def _unpacked_pieces(raw: BinaryIO, unpacker: "_Unpacker | None") -> Iterator[_Piece]:
    """Of one gzip member after the other. A little that is packed can be a lot: no piece is larger than any other.

    Raises:
        EOFError: the file ends within a member.
        zlib.error: what follows is no member, or a damaged one.
    """
    unpack = None if unpacker is None else unpacker.copy()
    while packed := raw.read(_PIECE):
        piece = b""
        while packed or len(piece) == _PIECE:
            if unpack is None:
                packed = packed.lstrip(b"\0")  # some writers fill up the space between members
                if not packed:
                    break
                unpack = zlib.decompressobj(_GZIP_FORM)
            offset, before = raw.tell() - len(packed), unpack.copy()
            piece = unpack.decompress(packed, _PIECE)
            packed = unpack.unconsumed_tail
            if piece:
                yield offset, before, piece
            if unpack.eof:
                packed, piece = unpack.unused_data, b""
                unpack = None
    if unpack is not None:
        raise EOFError("compressed file ended before the end-of-stream marker was reached")
