"""Our bars are the exchange's own: summed up here from its trades, compared with its klines."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from cockpit.paths import Paths
from cockpit.storage.bars import read_bars
from cockpit.storage.database import open_database
from cockpit.storage.sourced_bars import read_sourced_bars
from cockpit.storage.ticks import store_trades
from cockpit.ticks.bars import TIMEFRAMES, Bar
from cockpit.ticks.trade import Trade
from tests.emulator.binance_venue import Venue, open_venue

_SYMBOL = "DOTUSDT"
_MIDNIGHT = int(datetime(2026, 11, 24, tzinfo=UTC).timestamp() * 1000)
_FIRST_MS, _END_MS = _MIDNIGHT, _MIDNIGHT + 14_400_000
_AT_ONCE = 1000


async def test_bars_are_the_klines_of_the_exchange(tmp_path: Path) -> None:
    async with open_venue(speed=0.0) as venue, open_database(Paths(tmp_path, tmp_path)) as database:
        await store_trades(database, await _trades(venue))
        for timeframe, length_ms in TIMEFRAMES.items():
            if timeframe == "1d":
                continue
            last = min(_END_MS, _FIRST_MS + _AT_ONCE * length_ms)
            rows = await venue.get(
                "klines", symbol=_SYMBOL, interval=timeframe, startTime=_FIRST_MS, endTime=last - 1, limit=_AT_ONCE
            )
            span = _FIRST_MS, last
            ours = [one.bar async for one in read_sourced_bars(database, _SYMBOL, timeframe, *span, flat=True)]
            expected = [row for row in rows if ours[0].open_ms <= row[0] <= ours[-1].open_ms]
            assert [_row(bar) for bar in ours] == [_figures(row) for row in expected], timeframe
            traded = [bar async for bar in read_bars(database, _SYMBOL, timeframe, *span)]
            assert traded == [bar for bar in ours if not bar.is_gap_fill]


async def _trades(venue: Venue) -> list[Trade]:
    first = await venue.get("aggTrades", symbol=_SYMBOL, startTime=_FIRST_MS, limit=1)
    found: list[Trade] = []
    next_id = first[0]["f"]
    while True:
        rows = await venue.get("historicalTrades", symbol=_SYMBOL, fromId=next_id, limit=_AT_ONCE)
        for row in rows:
            if row["time"] >= _END_MS:
                return found
            price, quantity = Decimal(row["price"]), Decimal(row["qty"])
            found.append(Trade(_SYMBOL, row["id"], price, quantity, row["time"], row["isBuyerMaker"]))
        next_id = rows[-1]["id"] + 1


def _figures(row: list[Any]) -> tuple[object, ...]:
    return (row[0], *map(Decimal, row[1:6]), row[6], Decimal(row[7]), row[8], Decimal(row[9]))


def _row(bar: Bar) -> tuple[object, ...]:
    prices = bar.open, bar.high, bar.low, bar.close
    return (bar.open_ms, *prices, bar.volume, bar.close_ms, bar.quote_volume, bar.trades, bar.taker_volume)
