"""Lines of plain, gzipped and zipped text files, however large, without ever holding one as a whole."""

import gzip
import lzma
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from cockpit.errors import DamagedError, UsageError

_LONGEST_LINE = 8 * 2**20
_HEAD_BYTES = 16
_CHUNK = 2**20
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
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


def head(path: Path) -> bytes:
    """The first bytes of a file, which tell its form.

    Raises:
        UsageError: there is no such file, or it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(_HEAD_BYTES)
    except OSError as error:
        raise _unreadable(path, error) from None


def is_zip(path: Path) -> bool:
    """True where the file is a zip archive by its content.

    Raises:
        UsageError: there is no such file, or it cannot be read.
    """
    return head(path).startswith(_ZIP)


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
                if len(rest) > _LONGEST_LINE:
                    raise DamagedError(f"{path}, line {number + 1}: it is longer than any line of such a file")
            if rest:
                yield number + 1, rest
    except (EOFError, zlib.error) as error:
        raise _damaged(str(path), number, error) from None
    except OSError as error:
        raise _unreadable(path, error) from None


def tail(path: Path, size: int) -> bytes:
    """The last bytes of a plain or gzipped file; of a damaged one those before the damage.

    Raises:
        UsageError: there is no such file, or it cannot be read.
    """
    kept = b""
    try:
        with path.open("rb") as raw, _unpacked(raw) as stream:
            if stream is raw:
                raw.seek(max(0, raw.seek(0, os.SEEK_END) - size))
            while chunk := stream.read(_CHUNK):
                kept = (kept + chunk)[-size:]
    except (EOFError, zlib.error, gzip.BadGzipFile):
        pass
    except OSError as error:
        raise _unreadable(path, error) from None
    return kept


def zipped_lines(path: Path, member: str) -> Iterator[tuple[int, bytes]]:
    """Numbered lines of one file of a zip archive, with their ends.

    Raises:
        DamagedError: after the last whole line, where the archive is damaged.
        UsageError: there is no such file, or it cannot be read.
    """
    where = f"{path}, {member}"
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
            yield from _lines(stream, where)
    except (zipfile.BadZipFile, NotImplementedError, KeyError, RuntimeError) as error:  # RuntimeError: a password
        raise _damaged(where, None, error) from None
    except OSError as error:
        raise _unreadable(path, error) from None


def zip_members(path: Path, *suffixes: str) -> list[str]:
    """Names of the files of an archive that end in one of these, as they stand in it.

    Raises:
        DamagedError: it is damaged, or has none.
        UsageError: there is no such file, or it cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = [name for name in archive.namelist() if name.lower().endswith(suffixes)]
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise _damaged(str(path), None, error) from None
    except OSError as error:
        raise _unreadable(path, error) from None
    if not found:
        raise DamagedError(f"{path} holds no {' or '.join(suffixes)} file")
    return found


def _lines(stream: IO[bytes], where: str) -> Iterator[tuple[int, bytes]]:
    number = 0
    readline = stream.readline
    try:
        while line := readline(_LONGEST_LINE):
            number += 1
            if len(line) == _LONGEST_LINE:
                raise DamagedError(f"{where}, line {number}: it is longer than any line of such a file")
            yield number, line
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, lzma.LZMAError) as error:
        raise _damaged(where, number, error) from None


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


@contextmanager
def _unpacked(raw: BinaryIO) -> Iterator[IO[bytes]]:
    packed = raw.read(2) == _GZIP
    raw.seek(0)
    if not packed:
        yield raw
        return
    with gzip.GzipFile(fileobj=raw) as unpacked:
        yield unpacked  # type: ignore[misc]  # it reads like one


def _damaged(where: str, number: int | None, error: Exception) -> DamagedError:
    after = "" if number is None else f" after line {number}"
    return DamagedError(f"{where} is damaged{after}: {str(error).rstrip('.').lower()}")


def _unreadable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"cannot read {path}: {error.strerror or error}")
