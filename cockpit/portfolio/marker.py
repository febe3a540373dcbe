"""Keeps the open positions marked, the day's change counted and what has expired settled."""

import asyncio
import logging
from datetime import date

from cockpit.boards import Boards
from cockpit.clock import Clock
from cockpit.errors import ProviderError
from cockpit.options.calendar import closes_at
from cockpit.options.chain import OptionChain
from cockpit.portfolio.broker import Broker
from cockpit.portfolio.marks import chain_smile, marked
from cockpit.portfolio.outcomes import Outcomes
from cockpit.providers.ports import OptionVenue
from cockpit.settings import Settings

log = logging.getLogger(__name__)

EVERY_SECONDS = 5.0


class Marker:
    """Marks every few seconds and right after a fill. It asks nothing of the venue while nothing is open."""

    def __init__(
        self,
        *,
        broker: Broker,
        venue: OptionVenue,
        clock: Clock,
        boards: Boards,
        settings: Settings,
        outcomes: Outcomes | None = None,
        every: float = EVERY_SECONDS,
    ) -> None:
        """``every`` is real seconds between rounds; ``outcomes`` are shown every chain that is read."""
        self._broker = broker
        self._venue = venue
        self._clock = clock
        self._boards = boards
        self._outcomes = outcomes
        self._every = every
        self.reconfigure(settings)

    def reconfigure(self, settings: Settings) -> None:
        """Go by other settings from the next round on."""
        self._rate = settings.scan.risk_free

    async def run(self) -> None:
        """Mark for ever; a venue that gives no chain leaves the old marks standing, with their age."""
        while True:
            self._broker.changed.clear()
            await self.mark()
            try:
                async with asyncio.timeout(self._every):
                    await self._broker.changed.wait()
            except TimeoutError:
                continue

    async def mark(self) -> None:
        """One round: settle, follow the calendar, mark, and count the day."""
        await self._broker.refresh()
        await self._broker.settle_expired()
        await self._broker.follow_reports()
        positions = list(self._boards.positions.values())
        now = self._clock.now()
        wanted = sorted({(p.symbol, p.expiry) for p in positions if now < closes_at(p.expiry)})
        chains = await asyncio.gather(*(self._chain(symbol, expiry) for symbol, expiry in wanted))
        found = dict(zip(wanted, chains, strict=True))
        seen = [
            (position, chain, chain_smile(chain, now, self._rate))
            for position in positions
            if (chain := found.get((position.symbol, position.expiry))) is not None
        ]
        self._broker.apply_marks(marked(*one) for one in seen)
        await self._broker.keep_day()
        if self._outcomes is not None:
            for one in seen:
                await self._outcomes.look(*one)

    async def _chain(self, symbol: str, expiry: date) -> OptionChain | None:
        try:
            return await self._venue.chain(symbol, expiry)
        except ProviderError as error:
            log.info("no marks for %s %s: %s", symbol, expiry, error)
            return None
