"""Sectors of names, kept between sessions: they hardly change, and asking for one costs a request."""

import logging
from collections.abc import Mapping

from cockpit.scan.sectors import KnownSector
from cockpit.storage import meta
from cockpit.storage.database import Database
from cockpit.storage.encoding import EncodingError, dumps, loads

log = logging.getLogger(__name__)

_KEY = "scan.sectors"


class SectorRows:
    """All sectors under one key. In a read-only database what is learnt lasts for the session."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> dict[str, KnownSector]:
        """What was kept; nothing where it cannot be read."""
        text = await meta.get(self._database, _KEY)
        if text is None:
            return {}
        try:
            found: dict[str, KnownSector] = loads(text, dict[str, KnownSector])
        except EncodingError as error:
            log.warning("the kept sectors cannot be read: %s", error)
            return {}
        return found

    async def save(self, known: Mapping[str, KnownSector]) -> None:
        """Keep all of it.

        Raises:
            StorageError: the database cannot be written.
        """
        if not self._database.read_only:
            await meta.put(self._database, _KEY, dumps(known))
