"""Binance's bulk files of trades and of aggregated trades, as rows.

A trade is ``id, price, quantity, quote quantity, time, buyer is maker`` (and, for spot, best match); an aggregate is
``id, price, quantity, first trade id, last trade id, time, buyer is maker`` (and best match). Times are milliseconds,
microseconds from 2025 on, which are cut to milliseconds. A first line may name the columns.
"""

import re
from collections.abc import Iterable, Iterator

from cockpit.storage.ticks import TradeRow
from cockpit.ticks.aggregate import Aggregate
from cockpit.ticks.text_files import BadLine, bad_line

# Finer than 1e-8 or from 1e10 on is nothing that an exchange quotes, and nothing that could be stored exactly.
_AMOUNT = rb"(\d{1,10})(?:\.(\d{1,8})0*)?"
_ID = rb"(\d{1,13})"
_TIME = rb"(\d{13})(?:\d{3})?"
_MAKER = rb"(true|True|TRUE|false|False|FALSE)"
_TRADE = re.compile(rb"%b,%b,%b,[\d.]*,%b,%b(?:,\w*)?\r?\n?" % (_ID, _AMOUNT, _AMOUNT, _TIME, _MAKER))
_AGGREGATE = re.compile(rb"\d{1,18},%b,%b,%b,%b,%b,%b(?:,\w*)?\r?\n?" % (_AMOUNT, _AMOUNT, _ID, _ID, _TIME, _MAKER))
_FIELDS = {
    name: re.compile(pattern)
    for name, pattern in (("id", _ID), ("price", _AMOUNT), ("quantity", _AMOUNT), ("time", _TIME), ("maker", _MAKER))
}
_TRADE_FIELDS = ("id", "price", "quantity", "", "time", "maker")
_AGGREGATE_FIELDS = ("id", "price", "quantity", "id", "id", "time", "maker")
_TRUE = frozenset((b"true", b"True", b"TRUE"))
_HEADS = frozenset((b"id", b"trade_id", b"agg_trade_id", b"agg_id"))


def trade_rows(lines: Iterable[tuple[int, bytes]], symbol: str) -> Iterator[TradeRow | BadLine]:
    """Trades in the order of the file, ready to be stored, and a :class:`BadLine` for each line that is none."""
    match = _TRADE.fullmatch
    for number, line in lines:
        row = match(line)
        if row is None:
            if not _is_head(number, line):
                yield _bad(number, line, _TRADE_FIELDS)
            continue
        trade_id, whole, part, whole_quantity, quantity_part, time, maker = row.groups(b"")
        price = int(whole + part.ljust(8, b"0"))
        quantity = int(whole_quantity + quantity_part.ljust(8, b"0"))
        if price and quantity:
            yield symbol, int(trade_id), price, quantity, int(time) << 1 | (maker in _TRUE)
        else:
            yield bad_line("zero price or quantity", number, line)


def aggregate_rows(lines: Iterable[tuple[int, bytes]], symbol: str) -> Iterator[Aggregate | BadLine]:
    """Aggregates in the order of the file, and a :class:`BadLine` for each line that is none."""
    for number, line in lines:
        row = _AGGREGATE.fullmatch(line)
        if row is None:
            if not _is_head(number, line):
                yield _bad(number, line, _AGGREGATE_FIELDS)
            continue
        whole, part, whole_quantity, quantity_part, first, last, time, maker = row.groups(b"")
        price = int(whole + part.ljust(8, b"0"))
        quantity = int(whole_quantity + quantity_part.ljust(8, b"0"))
        if not (price and quantity):
            yield bad_line("zero price or quantity", number, line)
        elif int(last) < int(first):
            yield bad_line("wrong id", number, line)
        else:
            yield Aggregate(symbol, int(first), int(last), price, quantity, int(time), maker in _TRUE)


def _is_head(number: int, line: bytes) -> bool:
    """True for a line that may stand where no row does: blank, or the names of the columns."""
    if not line.strip():
        return True
    first = line.removeprefix(b"\xef\xbb\xbf").split(b",", 1)[0]
    return number == 1 and first.strip().lower() in _HEADS


def _bad(number: int, line: bytes, fields: tuple[str, ...]) -> BadLine:
    """What is wrong with a line, by its first wrong field."""
    found = line.rstrip(b"\r\n").split(b",")
    if len(found) not in (len(fields), len(fields) + 1):
        return bad_line("wrong number of columns", number, line)
    for field, value in zip(fields, found, strict=False):
        if field and _FIELDS[field].fullmatch(value) is None:
            return bad_line(f"wrong {field}", number, line)
    return bad_line("wrong format", number, line)
