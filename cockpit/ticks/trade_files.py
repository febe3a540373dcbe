"""Binance's bulk files of trades: CSV or zipped CSV named ``SYMBOL-trades-....``, with or without a header.

Columns are id, price, quantity, quote quantity, time, buyer is maker (and, for spot, best match); times are
milliseconds, microseconds from 2025 on.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TextIO

from cockpit.errors import DamagedError, UsageError
from cockpit.ticks.trade import Trade

_NAME = re.compile(r"([A-Z0-9]{3,20})-trades[-.]")
_COLUMNS = (6, 7)
_TIME = re.compile(r"\d{13}(\d{3})?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}
_ZIP = b"PK\x03\x04"


def is_zip(path: Path) -> bool:
    """True where the file is a zip archive by its content.

    Raises:
        UsageError: there is no such file, or it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(4) == _ZIP
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None


def read_trade_file(path: Path) -> Iterator[Trade]:
    """Trades in the order of the file.

    Raises:
        DamagedError: after the last good trade, at the first line that is none; it names the line.
        UsageError: the name does not tell the symbol, or the file cannot be read.
    """
    try:
        if not is_zip(path):
            with path.open(encoding="utf-8", newline="") as stream:
                yield from _rows(stream, str(path), _symbol(path.name))
            return
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if member.endswith(".csv"):
                    with archive.open(member) as packed:
                        text = io.TextIOWrapper(packed, encoding="utf-8", newline="")
                        yield from _rows(text, f"{path}, {member}", _symbol(member))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DamagedError(f"{path} is damaged: {error}") from None
    except UnicodeDecodeError:
        raise DamagedError(f"{path} is no text file of trades") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None


def _symbol(name: str) -> str:
    match = _NAME.match(Path(name).name)
    if match is None:
        raise UsageError(
            f"{name} does not tell its symbol; name it as Binance does, such as BTCUSDT-trades-2024-08-08.csv"
        )
    return match[1]


def _rows(stream: TextIO, where: str, symbol: str) -> Iterator[Trade]:
    rows = csv.reader(stream)
    try:
        for row in rows:
            if not row or (rows.line_num == 1 and row[0].strip().lower() in ("id", "trade_id")):
                continue
            yield _trade(row, f"{where}, line {rows.line_num}", symbol)
    except csv.Error as error:
        raise DamagedError(f"{where}, line {rows.line_num}: {error}") from None


def _trade(row: list[str], where: str, symbol: str) -> Trade:
    if len(row) not in _COLUMNS:
        hint = "; aggregated trades have ids of their own, take the file named -trades-" if len(row) == 8 else ""
        raise DamagedError(f"{where}: {len(row)} columns where a trade has 6 or 7{hint}")
    trade_id, price, quantity, _, time, maker = row[:6]
    try:
        if not trade_id.isdecimal() or not _TIME.fullmatch(time):
            raise ValueError("id or time")
        trade = Trade(
            symbol, int(trade_id), Decimal(price), Decimal(quantity), int(time[:13]), _BOOLEANS[maker.strip().lower()]
        )
    except (ValueError, KeyError, InvalidOperation):
        raise DamagedError(
            f"{where}: {','.join(row)[:80]!r} is no trade; its columns are id, price, quantity, quote quantity, time,"
            " buyer is maker"
        ) from None
    if not (trade.price.is_finite() and trade.quantity.is_finite() and trade.price > 0 and trade.quantity > 0):
        raise DamagedError(f"{where}: price and quantity of a trade are greater than zero")
    return trade
