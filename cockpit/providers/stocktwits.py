"""StockTwits: the newest messages about a symbol, whose authors may tag them as bullish or bearish."""

from typing import Any

from cockpit.clock import Clock
from cockpit.errors import ProviderError, Refusal
from cockpit.net.cache import Cache
from cockpit.net.http import HttpClient
from cockpit.net.responses import Response
from cockpit.providers.decoding import instant
from cockpit.scan.sentiment import Opinion, mean_opinion
from cockpit.settings import StockTwitsSettings

_SIDES = {"Bullish": 1.0, "Bearish": -1.0}
_PAGE = 30
_KNOWN = "SPY"
"""What is asked about to see whether anybody answers."""


class StockTwits:
    """One page of messages a symbol; no key is needed."""

    name = "stocktwits"

    def __init__(self, http: HttpClient, settings: StockTwitsSettings, keep_seconds: float, clock: Clock) -> None:
        self._http = http
        self._url = settings.base_url.rstrip("/")
        self._seconds = keep_seconds
        self._link = http.link(self.name, settings.limits, settings.timeout, address=self._url)
        self._cache = self._link.keep(Cache[Opinion](clock, entries=512, megabytes=1, stats=self._link.cache))
        self._link.probe = lambda: self._load(_KNOWN)

    def reconfigure(self, settings: StockTwitsSettings, keep_seconds: float) -> None:
        """Other limits, timeout and time to live; the address stays."""
        self._seconds = keep_seconds
        self._link.reconfigure(settings.limits, settings.timeout)

    async def opinion(self, symbol: str) -> Opinion:
        """What the newest messages say.

        Raises:
            ProviderError: NOT_FOUND for a symbol that it does not know.
        """
        return await self._cache.get(symbol, self._seconds, lambda: self._load(symbol), tags=(symbol,))

    async def _load(self, symbol: str) -> Opinion:
        url = f"{self._url}/api/2/streams/symbol/{symbol}.json"
        answer = await self._http.get(self.name, url, {"limit": str(_PAGE)}, judge=self._judge)
        with self._link.judging():
            return self._read(answer)

    def _read(self, answer: Response) -> Opinion:
        body = answer.json()
        messages = body.get("messages") if isinstance(body, dict) else None
        if not isinstance(messages, list):
            raise answer.malformed("its answer has not the documented shape")
        good = [message for message in messages if isinstance(message, dict)]
        self._link.dropped += len(messages) - len(good)
        sides = [(side, 1.0) for message in good if (side := _side(message)) is not None]
        times = [at for message in good if (at := instant(message.get("created_at"))) is not None]
        return mean_opinion(self.name, sides, len(good), max(times, default=None), "tagged by its author")

    def _judge(self, answer: Response) -> ProviderError | None:
        if answer.status == 403:
            return self._link.refusal(Refusal.RESTRICTED, "its firewall refuses this address (HTTP 403)")
        return None


def _side(message: dict[str, Any]) -> float | None:
    entities = message.get("entities")
    tag = entities.get("sentiment") if isinstance(entities, dict) else None
    word = tag.get("basic") if isinstance(tag, dict) else None
    return _SIDES.get(word) if isinstance(word, str) else None
