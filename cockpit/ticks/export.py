"""Stored trades as text, a few thousand at once, so that a long history never has to fit into memory.

CSV is the form of Binance's own bulk files, so that every program that reads those reads it, and so does the import.
The one column that is left out is "best match", which is not stored.
"""

import json
import os
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from cockpit.errors import StorageError
from cockpit.storage.database import Database
from cockpit.storage.minutes import ID_MASK
from cockpit.storage.ticks import read_pages

CSV_HEAD = "id,price,qty,quote_qty,time,is_buyer_maker\n"
_ONE = 10**8
_HALF = _ONE // 2


async def csv_text(
    database: Database, symbol: str, start_ms: int | None = None, end_ms: int | None = None
) -> AsyncIterator[str]:
    """A file of trades as Binance writes it, a page at once; the quote quantity is rounded to eight decimals."""
    yield CSV_HEAD
    async for page in read_pages(database, symbol, start_ms, end_ms):
        yield "".join(
            f"{key & ID_MASK},{_amount(price)},{_amount(quantity)},{_amount((price * quantity + _HALF) // _ONE)},"
            f"{time_maker >> 1},{'true' if time_maker & 1 else 'false'}\n"
            for key, price, quantity, time_maker in page
        )


async def json_text(
    database: Database, symbol: str, start_ms: int | None = None, end_ms: int | None = None
) -> AsyncIterator[str]:
    """One JSON document, a page at once and a line a trade."""
    yield f'{{"schema": "cockpit.ticks/1", "symbol": {json.dumps(symbol)}, "trades": ['
    comma = ""
    async for page in read_pages(database, symbol, start_ms, end_ms):
        for key, price, quantity, time_maker in page:
            trade = {
                "id": key & ID_MASK,
                "time": datetime.fromtimestamp((time_maker >> 1) / 1000, UTC).isoformat(),
                "price": _amount(price),
                "quantity": _amount(quantity),
                "buyer_is_maker": bool(time_maker & 1),
            }
            yield f"{comma}\n{json.dumps(trade)}"
            comma = ","
    yield "\n]}\n"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A name to write to that becomes ``path`` once the block has ended well; otherwise nothing is left behind.

    Raises:
        StorageError: the file cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def text_file(path: Path, name: str) -> Iterator[IO[bytes]]:
    """Where the text of a file goes: zipped under the name ``name`` where ``path`` ends so, otherwise as it is.

    Raises:
        StorageError: the file cannot be written.
    """
    with whole_file(path) as part:
        if path.suffix != ".zip":
            with part.open("wb") as plain:
                yield plain
            return
        with (
            zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open(name, "w", force_zip64=True) as member,
        ):
            yield member


def _amount(units: int) -> str:
    return f"{units // _ONE}.{units % _ONE:08d}"
