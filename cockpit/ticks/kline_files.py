"""Binance's bulk files of klines, as values.

A line is ``open time, open, high, low, close, volume, close time, quote volume, trades, taker volume, taker quote
volume, unused``. Times are milliseconds, microseconds from 2025 on, which are cut to milliseconds. A first line may
name the columns.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from cockpit.ticks.kline import Kline, contradiction
from cockpit.ticks.text_files import BadLine, bad_line

COLUMNS = 12
HEADS = frozenset((b"open_time", b"open time"))
"""What the first column may be called."""

# Finer than 1e-8 or from 1e10 on is nothing that an exchange quotes, and nothing that could be stored exactly.
_PRICE = rb"(\d{1,10}(?:\.\d{1,8}0*)?)"
_AMOUNT = rb"(\d{1,20}(?:\.\d{1,16})?)"
_OPEN_TIME = rb"(\d{13})(?:000)?"
_CLOSE_TIME = rb"(\d{13})(?:999)?"
_COUNT = rb"(\d{1,13})"
_FIELDS = (
    *(("open time", _OPEN_TIME), ("open", _PRICE), ("high", _PRICE), ("low", _PRICE), ("close", _PRICE)),
    *(("volume", _AMOUNT), ("close time", _CLOSE_TIME), ("quote volume", _AMOUNT), ("trades", _COUNT)),
    *(("taker volume", _AMOUNT), ("taker quote volume", _AMOUNT)),
)
_LINE = re.compile(rb",".join(pattern for _, pattern in _FIELDS) + rb",[^,\r\n]*\r?\n?")
_MATCHES = tuple((name, re.compile(pattern)) for name, pattern in _FIELDS)


def kline_rows(
    lines: Iterable[tuple[int, bytes]], symbol: str, length_ms: int | None = None
) -> Iterator[Kline | BadLine]:
    """Klines in the order of the file, and a :class:`BadLine` for each line that is none.

    Args:
        length_ms: of each; without it that of the first good line.
    """
    for number, line in lines:
        found = _LINE.fullmatch(line)
        if found is None:
            if not _is_head(number, line):
                yield bad_line(_wrong_field(line), number, line)
            continue
        kline = _kline(symbol, found.groups())
        if wrong := contradiction(kline, length_ms):
            yield bad_line(wrong, number, line)
        else:
            length_ms = kline.length_ms
            yield kline


def _kline(symbol: str, fields: tuple[bytes, ...]) -> Kline:
    open_time, opened, high, low, close, volume, close_time, quoted, trades, taker, taker_quoted = fields
    return Kline(
        symbol,
        int(close_time) + 1 - int(open_time),
        int(open_time),
        *(_units(opened), _units(high), _units(low), _units(close)),
        Decimal(volume.decode()),
        Decimal(quoted.decode()),
        int(trades),
        Decimal(taker.decode()),
        Decimal(taker_quoted.decode()),
    )


def _units(price: bytes) -> int:
    whole, _, part = price.partition(b".")
    return int(whole + part[:8].ljust(8, b"0"))


def _is_head(number: int, line: bytes) -> bool:
    """True for a line that may stand where no row does: blank, or the names of the columns."""
    first = line.removeprefix(b"\xef\xbb\xbf").split(b",", 1)[0]
    return not line.strip() or (number == 1 and first.strip().lower() in HEADS)


def _wrong_field(line: bytes) -> str:
    found = line.rstrip(b"\r\n").split(b",")
    if len(found) != COLUMNS:
        return "wrong number of columns"
    wrong = (name for (name, pattern), value in zip(_MATCHES, found, strict=False) if not pattern.fullmatch(value))
    return f"wrong {next(wrong, 'format')}"
