"""Trades from the JSON that ``cockpit ticks export`` writes: a head with the symbol, then a line a trade."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated

from msgspec import DecodeError, Meta, Struct, ValidationError
from msgspec.json import Decoder

from cockpit.errors import DamagedError, StorageError
from cockpit.storage.ticks import TradeRow, trade_row
from cockpit.ticks.text_files import BadLine, bad_line
from cockpit.ticks.trade import Trade

_HEAD = re.compile(rb'\s*\{\s*"schema":\s*"cockpit\.ticks/1",\s*"symbol":\s*"([^"]{1,40})",\s*"trades":\s*\[\s*')
_END = b"]}"
_FIELD = re.compile(r"\$\.(\w+)|field `(\w+)`")
_EPOCH = datetime.fromtimestamp(0, UTC)
_MILLISECOND = timedelta(milliseconds=1)
# Finer than 1e-8 or from 1e10 on is nothing that an exchange quotes, and nothing that could be stored exactly.
_Amount = Annotated[str, Meta(pattern=r"^\d{1,10}(\.\d{1,8}0*)?\Z")]


class _Line(Struct, gc=False):
    id: int
    time: Annotated[datetime, Meta(tz=True)]
    price: _Amount
    quantity: _Amount
    buyer_is_maker: bool


def is_json_head(line: bytes) -> bool:
    """True for the first line of such a file."""
    return _HEAD.fullmatch(line) is not None


def json_rows(
    lines: Iterable[tuple[int, bytes]], where: str, symbol: str | None = None
) -> Iterator[TradeRow | BadLine]:
    """Trades in the order of the file, and a :class:`BadLine` for each line that is none.

    Args:
        where: names the file, for the error.
        symbol: in place of the one in the file's head.

    Raises:
        DamagedError: after the last good line, where the file ends before its end.
    """
    decode = Decoder(_Line).decode
    name = symbol or ""
    ended = False
    number = 0
    for number, line in lines:
        content = line.strip()
        head = _HEAD.fullmatch(line) if number == 1 else None
        if head is not None:
            name = name or head[1].decode("utf-8", "replace")
        elif content == _END:
            ended = True
        elif content:
            try:
                yield _row(name, decode(content.removesuffix(b",")))
            except (DecodeError, StorageError) as error:
                yield bad_line(_kind(error), number, line)
    if not ended:
        raise DamagedError(f"{where} breaks off after line {number}: its closing {_END.decode()} is missing")


def _row(symbol: str, line: _Line) -> TradeRow:
    time_ms = (line.time - _EPOCH) // _MILLISECOND
    return trade_row(Trade(symbol, line.id, Decimal(line.price), Decimal(line.quantity), time_ms, line.buyer_is_maker))


def _kind(error: Exception) -> str:
    """For counting."""
    if isinstance(error, StorageError):
        return "not storable"
    found = _FIELD.search(str(error)) if isinstance(error, ValidationError) else None
    if found is not None:
        return f"wrong {found[1] or found[2]}"
    return "wrong format" if isinstance(error, ValidationError) else "not JSON"
