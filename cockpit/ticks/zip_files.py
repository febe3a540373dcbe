"""Lines of the text files in a zip archive, without ever holding one as a whole."""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cockpit.errors import DamagedError
from cockpit.ticks.text_files import LONGEST_LINE, damaged, head, too_long, unreadable

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the second is an archive without a file
# What the standard library says of a broken archive: also that it knows no such packing (NotImplementedError), that it
# lacks a file (KeyError) or the password (RuntimeError), that a name is no text (ValueError) or a place lies outside
# (ValueError, OSError, struct.error).
_BROKEN = (
    *(zipfile.BadZipFile, NotImplementedError, KeyError, RuntimeError, ValueError, OSError, struct.error),
    *(EOFError, zlib.error, lzma.LZMAError),
)


def is_zip(path: Path) -> bool:
    """True where the file is a zip archive by its content.

    Raises:
        UsageError: there is no such file, or it cannot be read.
    """
    return head(path).startswith(_ZIP)


def zip_members(path: Path, *suffixes: str) -> list[str]:
    """Names of the files of an archive that end in one of these, as they stand in it.

    Raises:
        DamagedError: it is damaged, or has none.
        UsageError: there is no such file, or it cannot be read.
    """
    with _open(path) as raw:
        try:
            with zipfile.ZipFile(raw) as archive:
                found = [name for name in archive.namelist() if name.lower().endswith(suffixes)]
        except _BROKEN as error:
            raise damaged(str(path), None, error) from None
    if not found:
        raise DamagedError(f"{path} holds no {' or '.join(suffixes)} file")
    return found


def zipped_lines(path: Path, member: str) -> Iterator[tuple[int, bytes]]:
    """Numbered lines of one file of an archive, with their ends.

    Raises:
        DamagedError: after the last whole line, where the archive is damaged or a line never ends.
        UsageError: there is no such file, or it cannot be read.
    """
    where, number = f"{path}, {member}", 0
    with _open(path) as raw:
        try:
            with zipfile.ZipFile(raw) as archive, archive.open(member) as stream:
                while line := stream.readline(LONGEST_LINE):
                    number += 1
                    if len(line) == LONGEST_LINE:
                        raise too_long(where, number)
                    yield number, line
        except _BROKEN as error:
            raise damaged(where, number or None, error) from None


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise unreadable(path, error) from None
