"""Sectors of the names that may be traded: the cap a sector needs them, and no calendar names them.

A lookup costs a request of a small day's allowance, so it comes last in a scan, best names first, and is kept for long.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from cockpit.clock import Clock
from cockpit.errors import ProviderError, Refusal, StorageError

log = logging.getLogger(__name__)

KNOWN_FOR = timedelta(days=90)
UNKNOWN_FOR = timedelta(days=7)
"""A company without a sector is asked for again after this."""
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class KnownSector:
    """What a source said of a name's sector, and when; None where it has none."""

    sector: str | None
    asked_on: date

    def holds(self, today: date) -> bool:
        """True where there is no need to ask again."""
        return timedelta(0) <= today - self.asked_on < (UNKNOWN_FOR if self.sector is None else KNOWN_FOR)


class Company(Protocol):
    """What a company is, as far as sectors go."""

    @property
    def sector(self) -> str | None:
        """None where the source says nothing."""
        ...


class CompanySource(Protocol):
    """Who knows companies."""

    async def overview(self, symbol: str) -> Company:
        """What a company is.

        Raises:
            ProviderError: NOT_FOUND for a symbol that the source does not know.
        """
        ...


class SectorStore(Protocol):
    """Where sectors outlive a session."""

    async def load(self) -> dict[str, KnownSector]:
        """All that is kept, by symbol."""
        ...

    async def save(self, known: Mapping[str, KnownSector]) -> None:
        """Keep all of it in the place of what was kept.

        Raises:
            StorageError: it could not be written.
        """
        ...


class Sectors:
    """Sectors by symbol, asked for once in three months."""

    def __init__(self, source: CompanySource, clock: Clock, store: SectorStore | None = None) -> None:
        self._source = source
        self._clock = clock
        self._store = store
        self._known: dict[str, KnownSector] | None = None

    def recall(self, symbol: str) -> str | None:
        """A sector that this session has seen and that still holds."""
        found = (self._known or {}).get(symbol)
        return found.sector if found is not None and found.holds(self._clock.now().date()) else None

    async def of(self, symbols: Sequence[str]) -> dict[str, str]:
        """The sectors that are known or can be had now, by symbol; asked for in the order given.

        The first refusal ends the asking: what is left of an allowance is for the reports.
        """
        known = self._known
        if known is None:
            known = self._known = {} if self._store is None else await self._store.load()
        today = self._clock.now().date()
        missing = [symbol for symbol in symbols if symbol not in known or not known[symbol].holds(today)]
        for start in range(0, len(missing), _AT_ONCE):
            answers = await asyncio.gather(*map(self._ask, missing[start : start + _AT_ONCE]))
            known.update({symbol: answer for symbol, answer in answers if answer is not None})
            if any(answer is None for _, answer in answers):
                break
        if missing:
            await self._keep(known)
        return {symbol: one.sector for symbol in symbols if (one := known.get(symbol)) and one.sector is not None}

    async def _ask(self, symbol: str) -> tuple[str, KnownSector | None]:
        today = self._clock.now().date()
        try:
            return symbol, KnownSector((await self._source.overview(symbol)).sector, today)
        except ProviderError as error:
            if error.refusal is Refusal.NOT_FOUND:
                return symbol, KnownSector(None, today)
            log.warning("the sector of %s is not known: %s", symbol, error)
            return symbol, None

    async def _keep(self, known: Mapping[str, KnownSector]) -> None:
        if self._store is None:
            return
        try:
            await self._store.save(known)
        except StorageError as error:
            log.warning("sectors not kept: %s", error)
