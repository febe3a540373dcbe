"""Stored bars for a backtest, a page at a time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from cockpit.errors import UsageError
from cockpit.storage.database import Database
from cockpit.storage.gap_marks import read_gap_marks
from cockpit.storage.sourced_bars import read_sourced_bars
from cockpit.strategies.backtest import PastBar
from cockpit.ticks.bars import Bar, ceil_ms, flat_bars, parse_timeframe
from cockpit.ticks.kline import Source, SourcedBar

_PAGE = 1000
_LONGEST_HOLE_MS = 86_400_000
_LONGEST_HOLE_BARS = 3


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
        warm_up: so many bars from before the start come first, as far as they are stored without a long hole.

    Raises:
        UsageError: there is no such timeframe, or nothing is stored for more than a day between two bars.
    """
    length_ms = parse_timeframe(timeframe)
    first_ms = 0 if start_ms is None else ceil_ms(start_ms, length_ms)
    span = None if start_ms is None else max(0, first_ms - warm_up * length_ms), end_ms
    marks = await read_gap_marks(database, symbol, *span)

    def past(bar: Bar, one: SourcedBar) -> PastBar:
        if one.source is Source.KLINES:
            return PastBar(bar, missing=one.covered is not None and one.covered < 1.0, klines=True)
        return PastBar(bar, missing=marks.of(bar).missing > 0)

    page: list[PastBar] = []
    previous: SourcedBar | None = None
    async for one in read_sourced_bars(database, symbol, timeframe, *span):
        if previous is not None and not _follows(previous.bar, one.bar, length_ms):
            if previous.bar.open_ms >= first_ms:
                raise UsageError(_hole(previous.bar, one.bar))
            page, previous = [], None
        if previous is not None:
            page += [past(bar, previous) for bar in flat_bars(previous.bar, one.bar.open_ms)]
        page.append(past(one.bar, one))
        previous = one
        # What warms up goes together, since a hole takes all before it away.
        if len(page) >= _PAGE and one.bar.open_ms >= first_ms:
            yield page
            page = []
            # Nothing else waits for anything while a page of the database lasts, and a signal to end must be heard.
            await asyncio.sleep(0)
    if page:
        yield page


def _follows(bar: Bar, later: Bar, length_ms: int) -> bool:
    """True where what lies between two bars can be a quiet market; a longer time is one of which nothing is known."""
    return later.open_ms - bar.close_ms - 1 <= max(_LONGEST_HOLE_MS, _LONGEST_HOLE_BARS * length_ms)


def _hole(bar: Bar, later: Bar) -> str:
    since, until = (datetime.fromtimestamp(ms / 1000, UTC).isoformat() for ms in (bar.close_ms + 1, later.open_ms))
    between = f"nothing of {bar.symbol} is stored from {since} to {until}"
    return f"{between}, and a backtest does not run over such a hole; add --to {since} or --from {until}"
