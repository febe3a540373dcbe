"""Imported klines, apart from trades and from the bars that are summed up from these."""

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal

from cockpit.storage.database import Database
from cockpit.ticks.kline import Kline

_END_MS = 1 << 60
_PAGE = 5000
_COLUMNS = "open_ms, open_e8, high_e8, low_e8, close_e8, volume, quote_volume, trades, taker_volume, taker_quote_volume"
_SERIES = "(SELECT id FROM ticks_kline_series WHERE symbol = ? AND length_ms = ?)"
_VALUES = [name for name in _COLUMNS.split(", ") if name != "open_ms"]
# A bar that was published before it was finished gives way to the one with all its trades.
_STORE = (
    f"INSERT INTO ticks_klines (series_id, {_COLUMNS}) VALUES ({_SERIES}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    f"ON CONFLICT (series_id, open_ms) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _VALUES)} "
    "WHERE excluded.trades > trades"
)


async def store_klines(database: Database, klines: Sequence[Kline]) -> int:
    """Commit klines; how many were new, or held more trades than the one that was stored.

    Raises:
        StorageError: the database cannot be written; then none is stored.
    """
    series = {(one.symbol, one.length_ms) for one in klines}
    async with database.write() as connection:
        await connection.executemany(
            "INSERT OR IGNORE INTO ticks_kline_series (symbol, length_ms) VALUES (?, ?)", sorted(series)
        )
        stored = await connection.executemany(_STORE, map(_row, klines))
        return stored.rowcount


async def kline_series(database: Database) -> dict[str, list[int]]:
    """The lengths in milliseconds, rising, of the klines of every symbol, by name."""
    async with database.read() as connection:
        rows = await connection.execute_fetchall(
            "SELECT symbol, length_ms FROM ticks_kline_series ORDER BY symbol, length_ms"
        )
    found: dict[str, list[int]] = {}
    for symbol, length_ms in rows:
        found.setdefault(str(symbol), []).append(int(length_ms))
    return found


async def read_klines(
    database: Database, symbol: str, length_ms: int, start_ms: int = 0, end_ms: int = _END_MS
) -> AsyncIterator[Kline]:
    """Klines of one length that open from ``start_ms`` up to but without ``end_ms``, rising."""
    while True:
        async with database.read() as connection:
            rows = list(
                await connection.execute_fetchall(
                    f"SELECT {_COLUMNS} FROM ticks_klines WHERE series_id = {_SERIES} "
                    "AND open_ms >= ? AND open_ms < ? ORDER BY open_ms LIMIT ?",
                    (symbol, length_ms, start_ms, end_ms, _PAGE),
                )
            )
        for open_ms, opened, high, low, close, volume, quoted, trades, taker, taker_quoted in rows:
            yield Kline(
                *(symbol, length_ms, open_ms, opened, high, low, close),
                Decimal(volume),
                Decimal(quoted),
                trades,
                Decimal(taker),
                Decimal(taker_quoted),
            )
        if len(rows) < _PAGE:
            return
        start_ms = int(rows[-1][0]) + length_ms


def _row(one: Kline) -> tuple[int | str, ...]:
    return (
        *(one.symbol, one.length_ms, one.open_ms),
        *(one.open_e8, one.high_e8, one.low_e8, one.close_e8),
        *(f"{one.volume:f}", f"{one.quote_volume:f}", one.trades),
        *(f"{one.taker_volume:f}", f"{one.taker_quote_volume:f}"),
    )
