"""Stored bars as columns of floats, for charts: the minutes of ``read_sourced_bars`` without a Python object for each,
and longer klines where no minute is known.

SQLite joins each column into one text, and the text is decoded at once. Rows fetched one by one take twice as long, and
hold up the event loop meanwhile.
"""

import asyncio
from array import array
from collections.abc import Sequence

from msgspec.json import Decoder

from cockpit.storage.database import Database
from cockpit.ticks.bar_columns import BarColumns
from cockpit.ticks.bars import MINUTE_MS, SECOND_MS, ceil_ms
from cockpit.ticks.units import PLACES

_PRICES = ("open_e8", "high_e8", "low_e8", "close_e8")
_EXPONENT = f"e-{PLACES}"

_OURS = "(SELECT id FROM ticks_symbols WHERE symbol = :symbol)"
_MINUTE = f"(SELECT id FROM ticks_kline_series WHERE symbol = :symbol AND length_ms = {MINUTE_MS})"
_SECOND = f"(SELECT id FROM ticks_kline_series WHERE symbol = :symbol AND length_ms = {SECOND_MS})"
_SPAN = "open_ms >= :start AND open_ms < :end"
_COLUMNS = f"open_ms, {MINUTE_MS} AS length_ms, {', '.join(_PRICES)}, volume"
_LONG = f"open_ms, length_ms, {', '.join(_PRICES)}, volume"

_TRADED = f"SELECT {_COLUMNS} FROM ticks_bars WHERE symbol_id = {_OURS} AND {_SPAN}"
# The rule is that of ``read_sourced_bars``: a minute with any trade of ours comes from the trades; any other from the
# kline of that minute, which may tell that nothing was traded; and where there is none, from those of its seconds.
_FILLED = (
    f"{_TRADED} UNION ALL "
    f"SELECT {_COLUMNS} FROM ticks_klines AS minute WHERE series_id = {_MINUTE} AND {_SPAN} AND trades > 0 "
    f"AND NOT EXISTS (SELECT 1 FROM ticks_bars WHERE symbol_id = {_OURS} AND open_ms = minute.open_ms) UNION ALL "
    f"SELECT at, {MINUTE_MS}, (SELECT open_e8 FROM ticks_klines WHERE series_id = series AND open_ms = first_ms), "
    "high, low, (SELECT close_e8 FROM ticks_klines WHERE series_id = series AND open_ms = last_ms), volume FROM ("
    f"SELECT series_id AS series, open_ms / {MINUTE_MS} * {MINUTE_MS} AS at, min(open_ms) AS first_ms, "
    "max(open_ms) AS last_ms, max(high_e8) AS high, min(low_e8) AS low, sum(CAST(volume AS REAL)) AS volume "
    f"FROM ticks_klines WHERE series_id = {_SECOND} AND {_SPAN} AND trades > 0 GROUP BY at) AS seconds "
    f"WHERE NOT EXISTS (SELECT 1 FROM ticks_bars WHERE symbol_id = {_OURS} AND open_ms = at) "
    f"AND NOT EXISTS (SELECT 1 FROM ticks_klines WHERE series_id = {_MINUTE} AND open_ms = at) UNION ALL "
    # Longer ones never stand beside anything finer of their time.
    f"SELECT {_LONG} FROM ticks_kline_series AS series JOIN ticks_klines AS long ON series_id = series.id "
    f"WHERE symbol = :symbol AND length_ms > {MINUTE_MS} AND {_SPAN} AND trades > 0 AND NOT EXISTS "
    f"(SELECT 1 FROM ticks_bars WHERE symbol_id = {_OURS} "
    "AND open_ms >= long.open_ms AND open_ms < long.open_ms + series.length_ms) AND NOT EXISTS "
    "(SELECT 1 FROM ticks_kline_series AS finer JOIN ticks_klines AS one ON one.series_id = finer.id "
    "WHERE finer.symbol = :symbol AND finer.length_ms < series.length_ms "
    "AND one.open_ms >= long.open_ms AND one.open_ms < long.open_ms + series.length_ms)"
)
_HAS_KLINES = "SELECT EXISTS (SELECT 1 FROM ticks_kline_series WHERE symbol = ?)"
_JOINED = ", ".join(
    [
        "SELECT group_concat(open_ms)",
        "group_concat(length_ms)",
        *(f"group_concat({name}, '{_EXPONENT},')" for name in _PRICES),
        "group_concat(volume) FROM ({bars} ORDER BY open_ms)",
    ]
)


async def read_bar_columns(database: Database, symbol: str, start_ms: int, end_ms: int) -> BarColumns:
    """Bars that open from ``start_ms`` up to but without ``end_ms``, the finest there are, down to minutes.

    A minute comes from trades, and where there are none from klines; a longer kline stands where nothing finer opens.
    """
    span = {"symbol": symbol, "start": ceil_ms(start_ms, MINUTE_MS), "end": ceil_ms(end_ms, MINUTE_MS)}
    async with database.read() as connection:
        ((klines,),) = await connection.execute_fetchall(_HAS_KLINES, (symbol,))
        query = _JOINED.format(bars=_FILLED if klines else _TRADED)
        ((*texts,),) = await connection.execute_fetchall(query, span)
    return await asyncio.to_thread(_decoded, symbol, texts)


def _decoded(symbol: str, texts: Sequence[str | None]) -> BarColumns:
    times, lengths, *prices, volumes = (text or "" for text in texts)
    numbers = Decoder(list[float]).decode
    opened, high, low, close = (array("d", numbers(f"[{text}{_EXPONENT}]") if text else ()) for text in prices)
    open_ms, length_ms = (array("q", Decoder(list[int]).decode(f"[{text}]")) for text in (times, lengths))
    return BarColumns(symbol, open_ms, length_ms, opened, high, low, close, array("d", numbers(f"[{volumes}]")))
