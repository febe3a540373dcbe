"""StockTwits: the newest messages about a symbol, whose authors may tag them as bullish or bearish."""

from typing import Any

from cockpit.errors import ProviderError, Refusal
from cockpit.net.http import HttpClient
from cockpit.net.responses import Response
from cockpit.providers.decoding import instant
from cockpit.providers.kept_opinions import KeptOpinions
from cockpit.scan.sentiment import Opinion, mean_opinion
from cockpit.settings import StockTwitsSettings

_SIDES = {"Bullish": 1.0, "Bearish": -1.0}
_PAGE = 30


class StockTwits(KeptOpinions):
    """One page of messages a symbol; no key is needed."""

    name = "stocktwits"

    def __init__(self, http: HttpClient, settings: StockTwitsSettings, keep_seconds: float) -> None:
        self._url = settings.base_url.rstrip("/")
        self._http = http
        super().__init__(http.link(self.name, settings.limits, settings.timeout, address=self._url), keep_seconds)

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
