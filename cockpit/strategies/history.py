"""Stored bars for a backtest, a page at a time."""

import asyncio
from collections.abc import AsyncIterator

from cockpit.storage.database import Database
from cockpit.storage.gap_marks import read_gap_marks
from cockpit.storage.id_holes import read_id_holes
from cockpit.storage.sourced_bars import read_sourced_bars
from cockpit.strategies.backtest import PastBar
from cockpit.ticks.bars import ceil_ms, parse_timeframe
from cockpit.ticks.kline import Source

_PAGE = 1000


async def read_past(
    database: Database,
    symbol: str,
    timeframe: str,
    start_ms: int | None = None,
    end_ms: int | None = None,
    *,
    warm_up: int = 0,
) -> AsyncIterator[list[PastBar]]:
    """Bars that open from ``start_ms`` up to but without ``end_ms``, rising, flat ones where nothing was traded.

    Args:
        warm_up: so many bars from before the start come first, as far as they are stored.

    Raises:
        UsageError: there is no such timeframe.
    """
    length_ms = parse_timeframe(timeframe)
    if start_ms is not None:
        start_ms = max(0, ceil_ms(start_ms, length_ms) - warm_up * length_ms)
    marks = await read_gap_marks(database, symbol, start_ms, end_ms)
    holes = await read_id_holes(database, symbol, start_ms, end_ms)
    page: list[PastBar] = []
    async for one in read_sourced_bars(database, symbol, timeframe, start_ms, end_ms, flat=True):
        klines = one.source is Source.KLINES
        if klines:
            missing = one.covered is not None and one.covered < 1.0
        else:
            missing = holes.touch(one.bar) or marks.of(one.bar).missing > 0
        page.append(PastBar(one.bar, missing, klines))
        if len(page) == _PAGE:
            yield page
            page = []
            # A long hole is filled without once waiting for the database: a signal to end must be heard all the same.
            await asyncio.sleep(0)
    if page:
        yield page
