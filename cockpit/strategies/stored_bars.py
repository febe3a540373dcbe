"""The stored bars of one symbol and timeframe for a strategy at work, read once their trades have come to rest.

Trades of the stream take a moment to the database, and those that the stream has missed another one to be fetched.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cockpit.storage.database import Database
from cockpit.storage.gaps import holes, open_gaps, stored_end
from cockpit.strategies.backtest import PastBar
from cockpit.strategies.history import read_past
from cockpit.strategies.live_bars import ClosedBar
from cockpit.ticks.bars import Bar, parse_timeframe
from cockpit.ticks.trade import Trade

_LONGEST_HISTORY = 20_000
_LOOK_SECONDS = 0.1
_IDS_LOOKED_AT = 10_000


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds.

    Attributes:
        noticed: that missing trades may take until they are in the ledger of gaps.
        stored: that trades of the stream may take to the database.
        filled: that missing trades may take until they have been fetched.
        quote: that a signal waits for a bid and ask.
    """

    noticed: float = 5.0
    stored: float = 10.0
    filled: float = 20.0
    quote: float = 30.0


class StoredBars:
    """Reads them, and waits for what is on its way no longer than its patience lasts."""

    def __init__(self, database: Database, symbol: str, timeframe: str, patience: Patience) -> None:
        self._database = database
        self._symbol = symbol
        self._timeframe = timeframe
        self._length_ms = parse_timeframe(timeframe)
        self._patience = patience

    async def join(self, trade: Trade) -> bool:
        """True where what came before a trade of the stream is stored, as far as anything is."""
        end = await stored_end(self._database, self._symbol)
        if end is None or end.trade_id == trade.trade_id - 1:
            return True
        return end.trade_id >= trade.trade_id and await self._is_noticed(trade.trade_id) and await self._is_filled()

    async def wait_before(self, trade: Trade) -> None:
        """Wait for what is missing before a trade of the stream: until it is noticed, and then until it is filled."""
        await self._until_stored(trade.trade_id)
        await _until(lambda: self._is_noticed(trade.trade_id), self._patience.noticed)
        await self._until_filled()

    async def before(self, end_ms: int, first_ms: int, warm_up: int) -> list[PastBar]:
        """The bars from ``first_ms`` up to but without ``end_ms``, and so many from before as warm up.

        Of all that the stretch after the last bar of which nothing came, and no more than the newest 20,000.
        """
        start_ms = max(first_ms, end_ms - _LONGEST_HISTORY * self._length_ms) - warm_up * self._length_ms
        return [past for past in await self._read(start_ms, end_ms) if past.bar.open_ms < end_ms]

    async def up_to(self, closed: ClosedBar, last: Bar | None) -> list[PastBar]:
        """A bar that the stream has not seen whole, and those since the ``last`` one, as far as they could be fetched.

        Those of which nothing came and nothing could be fetched are not there, nor are any before them.
        """
        await self._until_stored(closed.last_id)
        await self._until_filled()
        bar = closed.bar
        start_ms = bar.open_ms if last is None else last.close_ms + 1
        stored = await self._read(max(start_ms, bar.open_ms - _LONGEST_HISTORY * self._length_ms), bar.open_ms)
        if not stored or stored[-1].bar.open_ms < bar.open_ms:
            stored.append(PastBar(bar, missing=True))
        return stored

    async def _read(self, start_ms: int, last_ms: int) -> list[PastBar]:
        """Up to the bar that opens at ``last_ms``: the stretch after the last bar of which nothing came."""
        before = max(0, last_ms - start_ms) // self._length_ms
        span = last_ms, last_ms + self._length_ms
        stretch: list[PastBar] = []
        async for page in read_past(self._database, self._symbol, self._timeframe, *span, warm_up=before):
            for past in page:
                if past.missing and past.bar.is_gap_fill:
                    stretch.clear()
                else:
                    stretch.append(past)
        return stretch

    async def _until_stored(self, trade_id: int) -> None:
        """Wait until the recorder has stored the stream up to this trade."""

        async def is_stored() -> bool:
            end = await stored_end(self._database, self._symbol)
            return end is not None and end.trade_id >= trade_id

        await _until(is_stored, self._patience.stored)

    async def _until_filled(self) -> None:
        """Wait until no gap of the symbol is asked for any more."""
        await _until(self._is_filled, self._patience.filled)

    async def _is_noticed(self, trade_id: int) -> bool:
        """Whether what is missing shortly before a stored trade is in the ledger of gaps."""
        return not await holes(self._database, self._symbol, trade_id, _IDS_LOOKED_AT)

    async def _is_filled(self) -> bool:
        return not any(gap.symbol == self._symbol for gap in await open_gaps(self._database))


async def _until(holds: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Wait for a condition, at most so long."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not await holds() and loop.time() < deadline:  # noqa: ASYNC110 - the database tells nobody
        await asyncio.sleep(_LOOK_SECONDS)
