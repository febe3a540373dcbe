"""Trades as Parquet, for those who read them with data frames. Needs pyarrow, which is asked for here and only here.

Columns: ``trade_id`` (int64), ``price`` and ``quantity`` (decimal of eight places, exact), ``time`` (UTC, to the
millisecond), ``buyer_is_maker`` (bool). The symbol stands in the file's metadata.
"""

from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from cockpit.errors import DamagedError, StorageError, UsageError
from cockpit.storage.database import Database
from cockpit.storage.minutes import ID_MASK
from cockpit.storage.ticks import TradeRow, read_pages, trade_row
from cockpit.ticks.export import whole_file
from cockpit.ticks.text_files import BadLine
from cockpit.ticks.trade import Trade
from cockpit.ticks.units import unscaled

_ROWS_AT_ONCE = 10_000
_GROUP_ROWS = 100_000
_PRECISION = 19
_SYMBOL = b"symbol"
_COLUMNS = ("trade_id", "price", "quantity", "time", "buyer_is_maker")


async def write_parquet(
    path: Path, database: Database, symbol: str, start_ms: int | None = None, end_ms: int | None = None
) -> int:
    """Write the stored trades of a symbol, a row group at once; how many.

    Raises:
        UsageError: pyarrow is not installed.
        StorageError: the file cannot be written.
    """
    arrow, parquet = _pyarrow()
    amount = arrow.decimal128(_PRECISION, 8)
    kinds = (arrow.int64(), amount, amount, arrow.timestamp("ms", tz="UTC"), arrow.bool_())
    schema = arrow.schema(list(zip(_COLUMNS, kinds, strict=True)), metadata={_SYMBOL: symbol.encode()})
    count = 0
    with whole_file(path) as part, parquet.ParquetWriter(part, schema, compression="zstd") as writer:
        async for rows in _groups(read_pages(database, symbol, start_ms, end_ms)):
            columns: tuple[list[Any], ...] = (
                [key & ID_MASK for key, *_ in rows],
                [unscaled(price) for _, price, *_ in rows],
                [unscaled(quantity) for *_, quantity, _ in rows],
                [time_maker >> 1 for *_, time_maker in rows],
                [bool(time_maker & 1) for *_, time_maker in rows],
            )
            arrays = [arrow.array(column, type=kind) for column, kind in zip(columns, kinds, strict=True)]
            writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))
            count += len(rows)
    return count


def read_parquet(path: Path, symbol: str | None = None) -> Iterator[TradeRow | BadLine]:
    """Trades of a file that :func:`write_parquet` wrote; ``symbol`` stands in for the one in its metadata.

    Raises:
        UsageError: pyarrow is not installed, or the symbol is not known.
        DamagedError: the file is damaged, or holds something else.
    """
    return _read(path, symbol, *_pyarrow())


def _read(path: Path, symbol: str | None, arrow: Any, parquet: Any) -> Iterator[TradeRow | BadLine]:
    try:
        with parquet.ParquetFile(path) as file:
            found = (file.schema_arrow.metadata or {}).get(_SYMBOL, b"").decode()
            name = symbol or found
            if not set(_COLUMNS) <= set(file.schema_arrow.names):
                raise DamagedError(f"{path} holds no trades: its columns are {', '.join(file.schema_arrow.names)}")
            if not name:
                raise UsageError(f"{path} does not tell its symbol; say it with --symbol")
            number = 0
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=list(_COLUMNS)):
                columns = batch.set_column(3, "time", batch.column("time").cast(arrow.int64())).to_pydict()
                for trade_id, price, quantity, time_ms, maker in zip(*(columns[one] for one in _COLUMNS), strict=True):
                    number += 1
                    yield _row(name, number, (trade_id, price, quantity, time_ms, maker))
    except (arrow.ArrowException, OSError) as error:
        raise DamagedError(f"{path} is damaged: {str(error).splitlines()[0].partition('. ')[0].rstrip('.')}") from None


def _row(symbol: str, number: int, values: tuple[Any, ...]) -> TradeRow | BadLine:
    trade_id, price, quantity, time_ms, maker = values
    if not isinstance(price, Decimal) or not isinstance(quantity, Decimal) or None in values:
        return BadLine("wrong format", number, str(values))
    try:
        return trade_row(Trade(symbol, trade_id, price, quantity, time_ms, maker))
    except StorageError:
        return BadLine("wrong format", number, str(values))


async def _groups(pages: AsyncIterator[list[Any]]) -> AsyncIterator[list[Any]]:
    rows: list[Any] = []
    async for page in pages:
        rows += page
        if len(rows) >= _GROUP_ROWS:
            yield rows
            rows = []
    if rows:
        yield rows


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError(
            'Parquet needs pyarrow: pip install "trading-cockpit[parquet]", or take --format csv'
        ) from None
    return pyarrow, pyarrow.parquet
