"""An exchange with a second one behind it, for locations that the first does not serve."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from cockpit.errors import ProviderError, Refusal
from cockpit.providers.ports import Exchange, Tap, TradeStream
from cockpit.ticks.kline import Kline
from cockpit.ticks.quote import DayTicker
from cockpit.ticks.trade import Trade

log = logging.getLogger(__name__)


class FallbackExchange:
    """Implements :class:`cockpit.providers.ports.Exchange` with the first of two venues that serves this location.

    Once the second is in use it stays: its trades are numbered in its own way and must not alternate with others.

    Args:
        first: the venue that is configured.
        second: the one that is taken where the first refuses this location (HTTP 451).

    Attributes:
        served: name of the venue that has been connected to; empty before.
    """

    def __init__(self, first: Exchange, second: Exchange) -> None:
        self._venue = first
        self._second: Exchange | None = second
        self.notice = ""
        self.served = ""

    @property
    def name(self) -> str:
        """Of the venue in use."""
        return self._venue.name

    @property
    def live(self) -> bool:
        """As the venue in use."""
        return self._venue.live

    def switch(self, reason: str) -> None:
        """Take the second venue, and say why; nothing where it is in use already."""
        if self._second is None:
            return
        self.notice = f"{reason}; {self._second.name} is used instead"
        log.warning("%s", self.notice)
        self._venue, self._second = self._second, None

    def tap(self, take: Tap) -> None:
        """Have every frame of either venue told."""
        for venue in (self._venue, self._second):
            if venue is not None:
                venue.tap(take)

    @asynccontextmanager
    async def connect(self, symbols: Sequence[str]) -> AsyncIterator[TradeStream]:
        """A connection to the first venue that serves this location."""
        async with AsyncExitStack() as stack:
            try:
                stream = await stack.enter_async_context(self._venue.connect(symbols))
            except ProviderError as error:
                if error.refusal is not Refusal.RESTRICTED or self._second is None:
                    raise
                self.switch(f"{self._venue.name} does not serve this location")
                stream = await stack.enter_async_context(self._venue.connect(symbols))
            self.served = self._venue.name
            yield stream

    async def day_tickers(self, symbols: Sequence[str]) -> list[DayTicker]:
        """From the venue in use."""
        return await self._venue.day_tickers(symbols)

    async def trades_from(self, symbol: str, from_id: int, limit: int = 1000) -> list[Trade]:
        """From the venue in use."""
        return await self._venue.trades_from(symbol, from_id, limit)

    def history_delay(self) -> float:
        """As the venue in use."""
        return self._venue.history_delay()

    async def last_ids(self, symbols: Sequence[str]) -> dict[str, int]:
        """From the venue in use."""
        return await self._venue.last_ids(symbols)

    async def first_id_since(self, symbol: str, start: datetime) -> int | None:
        """From the venue in use."""
        return await self._venue.first_id_since(symbol, start)

    async def klines(self, symbol: str, length_ms: int, start_ms: int, end_ms: int) -> list[Kline]:
        """From the venue in use."""
        return await self._venue.klines(symbol, length_ms, start_ms, end_ms)

    async def server_time(self) -> datetime:
        """The clock of the venue in use."""
        return await self._venue.server_time()
