"""Reddit: the day's posts about a symbol in the subreddits of the settings, over OAuth."""

import asyncio
import base64
from typing import Any

from cockpit import __version__
from cockpit.clock import Clock
from cockpit.errors import Refusal
from cockpit.net.http import HttpClient
from cockpit.net.responses import Response
from cockpit.providers.decoding import finite, instant, is_loopback
from cockpit.providers.kept_opinions import KeptOpinions
from cockpit.scan.sentiment import Opinion, mean_opinion
from cockpit.scan.side_words import side_of
from cockpit.settings import RedditSettings

_ID_VARIABLE = "COCKPIT_PROVIDERS__REDDIT__CLIENT_ID"
_SECRET_VARIABLE = "COCKPIT_PROVIDERS__REDDIT__CLIENT_SECRET"
_POSTS = 100
_TOKEN_MARGIN = 60.0
_SHORTEST_TOKEN = 60.0


class Reddit(KeptOpinions):
    """Posts are weighed alike, whatever their votes: votes come later than opinions."""

    name = "reddit"

    def __init__(self, http: HttpClient, settings: RedditSettings, keep_seconds: float, clock: Clock) -> None:
        link = http.link(
            self.name, settings.limits, settings.timeout, address=settings.base_url, secret=settings.client_id
        )
        super().__init__(link, keep_seconds)
        self._http = http
        self._settings = settings
        self._clock = clock
        self._asking = asyncio.Lock()
        self._token = ""
        self._token_until = float("-inf")
        secret = settings.client_secret.get_secret_value() if settings.client_secret else ""
        self._client = (settings.client_id, secret)
        self._agent = f"terminal:cockpit:{__version__} (by /u/{settings.user})"

    async def _load(self, symbol: str) -> Opinion:
        headers = {"Authorization": f"bearer {await self._authority()}", "User-Agent": self._agent}
        where = "+".join(self._settings.subreddits)
        query = {"q": symbol, "restrict_sr": "1", "sort": "new", "t": "day", "limit": str(_POSTS)}
        url = f"{self._settings.base_url.rstrip('/')}/r/{where}/search"
        answer = await self._http.get(self.name, url, query, headers)
        with self._link.judging():
            return self._read(answer)

    async def _authority(self) -> str:
        """A token, asked for once by all who wait where there is none or it runs out."""
        async with self._asking:
            return await self._current()

    async def _current(self) -> str:
        if self._clock.monotonic() < self._token_until:
            return self._token
        identity, secret = self._client
        if not identity and not is_loopback(self._settings.token_url):
            raise self._link.failed(
                Refusal.AUTH, f"no client is set; put yours into {_ID_VARIABLE} and {_SECRET_VARIABLE}"
            )
        basic = base64.b64encode(f"{identity or 'loopback'}:{secret}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "User-Agent": self._agent}
        form = {"grant_type": "client_credentials"}
        answer = await self._http.post(self.name, self._settings.token_url, form, headers)
        with self._link.judging():
            body = answer.json()
            token = body.get("access_token") if isinstance(body, dict) else None
            if not isinstance(token, str) or not token:
                raise answer.malformed("its answer holds no token")
        seconds = finite(body.get("expires_in")) or _SHORTEST_TOKEN
        self._token, self._token_until = token, self._clock.monotonic() + seconds - _TOKEN_MARGIN
        return token

    def _read(self, answer: Response) -> Opinion:
        body = answer.json()
        listing = body.get("data") if isinstance(body, dict) else None
        children = listing.get("children") if isinstance(listing, dict) else None
        if not isinstance(children, list):
            raise answer.malformed("its answer has not the documented shape")
        posts = [post for child in children if (post := _post(child)) is not None]
        self._link.dropped += len(children) - len(posts)
        sides = [(side, 1.0) for text, _ in posts if (side := side_of(text)) is not None]
        newest = max((seconds for _, seconds in posts), default=None)
        at = None if newest is None else instant(newest * 1000.0)
        return mean_opinion(self.name, sides, len(posts), at, "by its words")


def _post(child: Any) -> tuple[str, float] | None:
    """Text and epoch seconds of a post."""
    post = child.get("data") if isinstance(child, dict) else None
    if not isinstance(post, dict):
        return None
    title, text, created = post.get("title"), post.get("selftext"), finite(post.get("created_utc"))
    if not isinstance(title, str) or created is None:
        return None
    return (f"{title}\n{text}" if isinstance(text, str) else title), created
