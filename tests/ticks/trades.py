"""Trades for tests, and a look into the tables past the code under test."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from cockpit.paths import Paths
from cockpit.ticks.bars import MINUTE_MS, Bar, BarSum, floor_ms
from cockpit.ticks.trade import Trade

START_MS = 1_767_225_600_000


def trade(
    trade_id: int,
    *,
    symbol: str = "BTCUSDT",
    price: str | None = None,
    quantity: str = "0.01021",
    time_ms: int | None = None,
    maker: bool = False,
) -> Trade:
    """The trade of this id: one each 700 ms, at a price that wanders."""
    return Trade(
        symbol,
        trade_id,
        Decimal(price or f"{87659 + trade_id * 7919 % 101}.{trade_id % 100:02d}"),
        Decimal(quantity),
        START_MS + trade_id * 700 if time_ms is None else time_ms,
        maker,
    )


def trades(first: int, last: int, symbol: str = "BTCUSDT") -> list[Trade]:
    """Consecutive trades, both ends included."""
    return [trade(number, symbol=symbol, maker=number % 3 == 0) for number in range(first, last + 1)]


def bars_of(given: Iterable[Trade], length_ms: int = MINUTE_MS) -> list[Bar]:
    """The bars of trades of one symbol, summed up apart from the database."""
    sums: dict[int, BarSum] = {}
    symbol = ""
    for one in given:
        symbol = one.symbol
        sums.setdefault(floor_ms(one.time_ms, length_ms), BarSum()).add(one)
    return [sums[open_ms].bar(symbol, open_ms, length_ms) for open_ms in sorted(sums)]


def stored_ids(paths: Paths, symbol: str = "BTCUSDT") -> list[int]:
    """Trade ids in the file, as another program reads them."""
    connection = sqlite3.connect(paths.database)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = connection.execute(
            "SELECT key & 17592186044415 FROM ticks_trades WHERE key >> 44 = "
            "(SELECT id FROM ticks_symbols WHERE symbol = ?) ORDER BY key",
            (symbol,),
        ).fetchall()
    finally:
        connection.close()
    return [row[0] for row in rows]


def ids(given: Sequence[Trade]) -> list[int]:
    """Their ids, in order."""
    return [one.trade_id for one in given]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that comes about in other tasks; fail after a generous while."""
    async with asyncio.timeout(30):
        while True:
            if condition():
                return
            await asyncio.sleep(0.005)
