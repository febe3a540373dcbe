"""Tells by a file's content which form of trades it holds, and reads it as that."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from cockpit.errors import StorageError, UsageError
from cockpit.providers.binance_frames import decode_frame
from cockpit.providers.ports import Rejected
from cockpit.storage.ticks import TradeRow, trade_row
from cockpit.ticks.aggregate import Aggregate
from cockpit.ticks.recording import RecordedFrame, Recording
from cockpit.ticks.text_files import BadLine, bad_line, head, is_zip, lines, zip_members, zipped_lines
from cockpit.ticks.trade import Trade
from cockpit.ticks.trade_files import aggregate_rows, trade_rows

Found = TradeRow | Aggregate | Rejected | BadLine | None
"""A trade or several as one, what is no trade, or None for what has another purpose in its file."""

_NAME = re.compile(r"([A-Z0-9]{3,20})-(trades|aggTrades|\d{1,2}[smhdw]|1mo)(?=[-.])")
_TIME = re.compile(rb"\d{13}(?:\d{3})?")
_SQLITE = b"SQLite format 3\0"
_PARQUET = b"PAR1"
_ANY_SYMBOL: frozenset[str] = frozenset()
_BROKEN = frozenset(("not JSON", "not an object"))
_KLINE_COLUMNS = 12


def is_database(path: Path) -> bool:
    """True where a file is an SQLite database by its content.

    Raises:
        UsageError: there is no such file, or it cannot be read.
    """
    return head(path).startswith(_SQLITE)


def opened(path: Path, symbol: str | None = None) -> Iterator[Found]:
    """What a file holds, in its order.

    Args:
        path: a recording, a bulk file of trades or aggregated trades (CSV, gzipped CSV or zip), or a Parquet export.
        symbol: in place of the one in the file's name.

    Raises:
        UsageError: at once, where the file cannot be read, its symbol is not known, or it holds finished bars.
        DamagedError: at once or after the last good line, where it breaks off or is none of these.
    """
    if head(path).startswith(_PARQUET):
        from cockpit.ticks.parquet_files import read_parquet

        return read_parquet(path, symbol)
    if is_zip(path):
        return _from_zip(path, symbol)
    first = next((line for _, line in lines(path) if line.strip()), b"")
    if first.count(b",") < 3 or b"{" in first or b"://" in first:
        return _from_recording(Recording(path))
    rows = _rows_of(path.name, first)
    return rows(lines(path), symbol or _symbol(path.name))


def _from_zip(path: Path, symbol: str | None) -> Iterator[Found]:
    members = zip_members(path, ".csv")
    symbols = [symbol or _symbol(Path(member).name) for member in members]
    kinds = [
        _rows_of(Path(member).name, next((line for _, line in zipped_lines(path, member)), b"")) for member in members
    ]
    return (
        row
        for member, name, rows in zip(members, symbols, kinds, strict=True)
        for row in rows(zipped_lines(path, member), name)
    )


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


def _rows_of(name: str, first: bytes) -> Callable[[Iterable[tuple[int, bytes]], str], Iterator[Found]]:
    """What reads the rows of a table, by its first line and, where that leaves it open, by its name.

    Raises:
        UsageError: these are bars, which do not tell which trades are in them.
    """
    fields = [field.strip() for field in first.split(b",")]
    match = _NAME.match(name)
    kind = match[2] if match is not None else "trades"
    if fields[0] == b"open_time" or len(fields) == _KLINE_COLUMNS or kind not in ("trades", "aggTrades"):
        raise UsageError(
            f"{name} holds finished bars, which do not tell which trades are in them; bars are summed up from trades"
            " here: take the file named -trades- or -aggTrades- instead"
        )
    if fields[0] in (b"agg_trade_id", b"agg_id") or (len(fields) >= 7 and _TIME.fullmatch(fields[5])):
        return aggregate_rows
    return aggregate_rows if kind == "aggTrades" else trade_rows
