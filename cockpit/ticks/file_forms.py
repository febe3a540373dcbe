"""Tells by a file's content which form of trades or bars it holds, and reads it as that."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from cockpit.errors import DamagedError, StorageError, UsageError
from cockpit.providers.binance_frames import decode_frame
from cockpit.providers.ports import Rejected
from cockpit.storage.ticks import TradeRow, trade_row
from cockpit.ticks.aggregate import Aggregate
from cockpit.ticks.json_files import is_json_head, json_rows
from cockpit.ticks.kline import INTERVALS, Kline
from cockpit.ticks.kline_files import COLUMNS, HEADS, kline_rows
from cockpit.ticks.recording import RecordedFrame, Recording
from cockpit.ticks.text_files import BadLine, bad_line, head, lines
from cockpit.ticks.trade import Trade
from cockpit.ticks.trade_files import aggregate_rows, trade_rows
from cockpit.ticks.zip_files import is_zip, zip_members, zipped_lines

Found = TradeRow | Aggregate | Kline | Rejected | BadLine | None
"""A trade or several as one, a finished bar, what is none of these, or None for what has its own use in a file."""

_SYMBOL = re.compile(r"[A-Z0-9]{3,20}")
_NAME = re.compile(r"([A-Z0-9]{3,20})-(trades|aggTrades|\d{1,2}[smhdw]|1mo)(?=[-.])")
_TIME = re.compile(rb"\d{13}(?:\d{3})?")
_SQLITE = b"SQLite format 3\0"
_MARK = b"\xef\xbb\xbf"
_PARQUET = b"PAR1"
_ANY_SYMBOL: frozenset[str] = frozenset()
_BROKEN = frozenset(("not JSON", "not an object"))
_Rows = Callable[[Iterable[tuple[int, bytes]]], Iterator[Found]]


def check_symbol(symbol: str) -> None:
    """See to it that an exchange could call a pair so.

    Raises:
        UsageError: it could not.
    """
    if _SYMBOL.fullmatch(symbol) is None:
        raise UsageError(f"{symbol!r} is no symbol; it is 3 to 20 capital letters and digits, such as BTCUSDT")


def is_database(path: Path) -> bool:
    """True where a file is an SQLite database by its content.

    Raises:
        UsageError: there is no such file, or it cannot be read.
    """
    return head(path).startswith(_SQLITE)


def opened(path: Path, symbol: str | None = None) -> Iterator[Found]:
    """What a file holds, in its order.

    Args:
        path: a recording, a bulk file of trades, aggregated trades or klines (CSV, gzipped CSV or zip), or an export.
        symbol: in place of the one in the file's name.

    Raises:
        UsageError: at once, where the file cannot be read, its symbol is not known, or its bars have a length that is
            not stored.
        DamagedError: at once or after the last good line, where it breaks off or is none of these.
    """
    if head(path).startswith(_PARQUET):
        from cockpit.ticks.parquet_files import read_parquet

        return read_parquet(path, symbol)
    if is_zip(path):
        return _from_zip(path, symbol)
    first = next((line for _, line in lines(path) if line.strip()), b"")
    if not first:
        raise DamagedError(f"{path} holds nothing")
    is_table = first.count(b",") >= 3 and b"{" not in first and b"://" not in first
    if not is_table and not is_json_head(first):
        return _from_recording(Recording(path))
    return _rows_of(str(path), path.name, first, symbol)(lines(path))


def _from_zip(path: Path, symbol: str | None) -> Iterator[Found]:
    members = zip_members(path, ".csv", ".json")
    forms = [
        _rows_of(
            f"{path}, {member}",
            Path(member).name,
            next((line for _, line in zipped_lines(path, member)), b""),
            symbol,
        )
        for member in members
    ]
    return (row for member, rows in zip(members, forms, strict=True) for row in rows(zipped_lines(path, member)))


def _from_recording(recording: Recording) -> Iterator[Found]:
    for recorded in recording.lines():
        if not isinstance(recorded, RecordedFrame):
            yield recorded
            continue
        event = decode_frame(recorded.frame, _ANY_SYMBOL)
        if isinstance(event, Trade):
            try:
                yield trade_row(event)
            except StorageError as error:
                yield Rejected("not storable", str(error))
        elif isinstance(event, Rejected):
            if event.kind in _BROKEN:
                yield bad_line(event.kind, recorded.line, recorded.frame + b"\n" * recorded.ended)
            else:
                yield event
        else:
            yield None


def _symbol(name: str) -> str:
    match = _NAME.match(name)
    if match is None:
        raise UsageError(
            f"{name} does not tell its symbol; say it with --symbol, or name the file as Binance does, such as"
            " BTCUSDT-trades-2024-08-08.csv"
        )
    return match[1]


def _rows_of(where: str, name: str, first: bytes, symbol: str | None) -> _Rows:
    """What reads the lines of a file, by its first one and, where that leaves it open, by the file's name.

    Raises:
        UsageError: its symbol is not known, or its bars have a length that is not stored.
    """
    if is_json_head(first):
        return partial(json_rows, where=where, symbol=symbol)
    fields = [field.strip() for field in first.removeprefix(_MARK).split(b",")]
    match = _NAME.match(name)
    kind = match[2] if match is not None else "trades"
    symbol = symbol or _symbol(name)
    if kind not in ("trades", "aggTrades"):
        if kind not in INTERVALS:
            raise UsageError(f"{name} holds bars of {kind}; those of {', '.join(INTERVALS)} can be stored")
        return partial(kline_rows, symbol=symbol, length_ms=INTERVALS[kind])
    if fields[0].lower() in HEADS or len(fields) == COLUMNS:
        return partial(kline_rows, symbol=symbol)
    is_aggregate = fields[0] in (b"agg_trade_id", b"agg_id") or (len(fields) >= 7 and _TIME.fullmatch(fields[5]))
    return partial(aggregate_rows if is_aggregate or kind == "aggTrades" else trade_rows, symbol=symbol)
