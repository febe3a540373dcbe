"""The table of one-minute bars: always the sum of the trades that were ever stored or came as aggregates."""

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal

from aiosqlite import Connection

from cockpit.ticks.bars import MINUTE_MS, BarSum
from cockpit.ticks.units import PLACES, squared, sum_units, unscaled

COLUMNS = (
    "open_e8, high_e8, low_e8, close_e8, volume, quote_volume, taker_volume, trades, "
    "first_ms, first_id, last_ms, last_id"
)
ID_BITS = 44
ID_MASK = (1 << ID_BITS) - 1

KeyedRow = tuple[int, int, int, int]
"""A row of ``ticks_trades``: key, price and quantity in units of 1e-8, ``time_ms << 1 | buyer_is_maker``."""

Bucket = tuple[int, int]
"""A symbol's number and the start of a minute."""


async def add_to_minutes(connection: Connection, rows: Iterable[KeyedRow]) -> None:
    """Count new trades into their minutes, inside the transaction that stores them."""
    await add_sums(connection, minute_sums(rows))


async def add_sums(connection: Connection, sums: dict[Bucket, BarSum]) -> None:
    """Count sums of new trades into their minutes; they are merged with what is stored."""
    if not sums:
        return
    stored = await connection.execute_fetchall(
        f"SELECT symbol_id, open_ms, {COLUMNS} FROM ticks_bars WHERE (symbol_id, open_ms) IN "
        "(SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))",
        (json.dumps(list(sums)),),
    )
    for symbol_id, open_ms, *columns in stored:
        sums[symbol_id, open_ms].merge(stored_sum(columns))
    await connection.executemany(
        f"INSERT OR REPLACE INTO ticks_bars (symbol_id, open_ms, {COLUMNS}) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(*bucket, *_columns(total)) for bucket, total in sums.items()],
    )


def minute_sums(rows: Iterable[KeyedRow]) -> dict[Bucket, BarSum]:
    """Rows of several symbols and minutes, summed up."""
    sums: dict[Bucket, BarSum] = {}
    # Neighbours mostly share symbol and minute: one comparison tells.
    low_key = high_key = low = high = 0
    count = BarSum().count
    for key, price, quantity, time_maker in rows:
        if not (low <= time_maker < high and low_key <= key <= high_key):
            symbol_id, open_ms = key >> ID_BITS, (time_maker >> 1) // MINUTE_MS * MINUTE_MS
            low_key, high_key = symbol_id << ID_BITS, symbol_id << ID_BITS | ID_MASK
            low, high = open_ms << 1, (open_ms + MINUTE_MS) << 1
            found = sums.get((symbol_id, open_ms))
            if found is None:
                found = sums[symbol_id, open_ms] = BarSum()
            count = found.count
        count(key & ID_MASK, price, quantity, time_maker >> 1, time_maker & 1)
    return sums


def stored_sum(columns: Sequence[int | str]) -> BarSum:
    """A stored minute: the values of :data:`COLUMNS`."""
    total = BarSum()
    numbers = [int(value) for value in columns[:4]]
    total.open, total.high, total.low, total.close = numbers
    volume, quote_volume, taker_volume = (Decimal(value) for value in columns[4:7])
    total.volume, total.taker_volume = sum_units(volume, PLACES), sum_units(taker_volume, PLACES)
    total.quote_volume = sum_units(quote_volume, 2 * PLACES)
    total.trades, total.first_ms, total.first_id, total.last_ms, total.last_id = (int(value) for value in columns[7:])
    return total


def _columns(total: BarSum) -> tuple[int | str, ...]:
    return (
        *(total.open, total.high, total.low, total.close),
        *(f"{unscaled(total.volume):f}", f"{squared(total.quote_volume):f}", f"{unscaled(total.taker_volume):f}"),
        *(total.trades, total.first_ms, total.first_id, total.last_ms, total.last_id),
    )
