"""What sources of opinions have in common: what they say of a symbol is kept for a while, whoever asks."""

from abc import ABC, abstractmethod

from cockpit.net.cache import Bounds, Place
from cockpit.net.link import ProviderLink
from cockpit.scan.sentiment import Opinion
from cockpit.settings import RedditSettings, StockTwitsSettings

_BOUNDS = Bounds(entries=512, megabytes=1.0)
_KNOWN = "SPY"
"""What is asked about to see whether anybody answers."""


class KeptOpinions(ABC):
    """A source behind one link. Its address, its key and what it is asked about stay for the session."""

    def __init__(self, link: ProviderLink, keep_seconds: float) -> None:
        """``keep_seconds``: how long an opinion stays good."""
        self._link = link
        self._seconds = keep_seconds
        self._cache = link.open_cache(_BOUNDS)
        link.probe = lambda: self._load(_KNOWN)

    def reconfigure(self, settings: RedditSettings | StockTwitsSettings, keep_seconds: float) -> None:
        """Other limits, timeout and time to live for what is asked from now on."""
        self._seconds = keep_seconds
        self._link.reconfigure(settings.limits, settings.timeout)

    async def opinion(self, symbol: str) -> Opinion:
        """What its newest voices say of a symbol.

        Raises:
            ProviderError: NOT_FOUND for a symbol that it does not know, AUTH where a key is missing or refused.
        """
        place: Place[Opinion] = Place(symbol, self._seconds, Opinion, tags=(symbol,))
        opinion: Opinion = await self._cache.get(place, lambda: self._load(symbol))
        return opinion

    @abstractmethod
    async def _load(self, symbol: str) -> Opinion:
        """Ask."""
