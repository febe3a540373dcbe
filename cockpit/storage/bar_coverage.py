"""Of which time nothing is stored: neither trades nor klines."""

from cockpit.storage.database import Database
from cockpit.ticks.bars import ceil_ms

# Looked up bucket by bucket in the keys of the tables: it takes as long as what is asked for, not as what is stored.
_UNCOVERED = (
    "WITH RECURSIVE buckets (at) AS ("
    "SELECT :start WHERE :start < :end UNION ALL SELECT at + :length FROM buckets WHERE at + :length < :end) "
    "SELECT at FROM buckets WHERE NOT EXISTS (SELECT 1 FROM ticks_bars WHERE symbol_id = "
    "(SELECT id FROM ticks_symbols WHERE symbol = :symbol) AND open_ms >= at AND open_ms < at + :length) "
    "AND NOT EXISTS (SELECT 1 FROM ticks_kline_series AS series JOIN ticks_klines AS kline ON series_id = series.id "
    "WHERE symbol = :symbol AND length_ms <= :length AND open_ms >= at AND open_ms < at + :length)"
)


async def uncovered(database: Database, symbol: str, length_ms: int, start_ms: int, end_ms: int) -> list[int]:
    """Starts of the buckets of ``length_ms`` in which no trade of ours and no kline of at most this length begins.

    They rise, and open from ``start_ms`` up to but without ``end_ms``.
    """
    span = {"symbol": symbol, "length": length_ms, "start": ceil_ms(start_ms, length_ms), "end": end_ms}
    async with database.read() as connection:
        return [int(at) for (at,) in await connection.execute_fetchall(_UNCOVERED, span)]
