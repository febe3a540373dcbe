"""Alpha Vantage: the earnings calendar, past reports and companies' sectors."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from cockpit.clock import Clock
from cockpit.errors import Refusal
from cockpit.net.cache import Place
from cockpit.net.http import HttpClient
from cockpit.net.link import cache_bounds
from cockpit.net.responses import Response
from cockpit.options.calendar import NEW_YORK
from cockpit.providers import alpha_vantage_rows as decode
from cockpit.providers.alpha_vantage_news import opinion_in
from cockpit.providers.alpha_vantage_rows import Overview
from cockpit.providers.decoding import is_loopback
from cockpit.scan.earnings import EarningsReport, PastReport
from cockpit.scan.sentiment import Opinion
from cockpit.settings import AlphaVantageSettings, CacheSettings

log = logging.getLogger(__name__)

T = TypeVar("T")

_KEY_VARIABLE = "COCKPIT_PROVIDERS__ALPHA_VANTAGE__API_KEY"
_REPORT_BYTES = 300


class AlphaVantage:
    """The earnings source. Decoded answers are kept by the cache settings, and belong to a day of the clock."""

    name = "alpha_vantage"

    def __init__(
        self,
        http: HttpClient,
        settings: AlphaVantageSettings,
        cache_settings: CacheSettings,
        clock: Clock,
        news_seconds: float = 900.0,
    ) -> None:
        """``news_seconds``: how long an opinion stays good."""
        self._http = http
        self._url = f"{settings.base_url.rstrip('/')}/query"
        self._key = settings.api_key.get_secret_value() if settings.api_key is not None else ""
        self._ttl = cache_settings
        self._news_seconds = news_seconds
        self._clock = clock
        self._link = http.link(self.name, settings.limits, settings.timeout, address=self._url, secret=self._key)
        self._cache = self._link.open_cache(cache_bounds(cache_settings))

    def reconfigure(self, settings: AlphaVantageSettings, cache_settings: CacheSettings, news_seconds: float) -> None:
        """Other limits, timeout and times to live for what is asked from now on; the address and the key stay."""
        self._ttl = cache_settings
        self._news_seconds = news_seconds
        self._link.reconfigure(settings.limits, settings.timeout, cache_bounds(cache_settings))

    async def calendar(self) -> list[EarningsReport]:
        """Coming reports of the next three months, by date, of every listing that the vendor knows."""

        async def load() -> tuple[EarningsReport, ...]:
            answer = await self._ask("EARNINGS_CALENDAR", horizon="3month")
            reports, dropped = self._decoded(answer, lambda: decode.coming_reports(answer.text()))
            self._count_dropped("calendar", dropped)
            return tuple(reports)

        return list(await self._get("calendar", self._ttl.calendar_seconds, load, _size, tuple[EarningsReport, ...]))

    async def past_reports(self, symbol: str) -> list[PastReport]:
        """Past reports, newest first; empty for a symbol that the vendor does not know."""

        async def load() -> tuple[PastReport, ...]:
            answer = await self._ask("EARNINGS", symbol=symbol)
            today = self._clock.now().astimezone(NEW_YORK).date()
            reports, dropped = self._decoded(answer, lambda: decode.past_reports(answer.json(), today))
            self._count_dropped(f"past reports of {symbol}", dropped)
            return tuple(reports)

        kind = tuple[PastReport, ...]
        return list(await self._get(f"reports|{symbol}", self._ttl.reports_seconds, load, _size, kind, symbol))

    async def overview(self, symbol: str) -> Overview:
        """What a company is.

        Raises:
            ProviderError: NOT_FOUND for a symbol that the vendor does not know.
        """

        async def load() -> Overview:
            answer = await self._ask("OVERVIEW", symbol=symbol)
            with self._link.judging():
                body = answer.json()
                overview = decode.company_overview(body)
                if overview is None and body == {}:
                    raise self._link.refusal(Refusal.NOT_FOUND, f"no company {symbol}")
            return self._decoded(answer, lambda: overview)

        key, seconds = f"overview|{symbol}", self._ttl.reports_seconds
        found: Overview = await self._get(key, seconds, load, lambda _: 512, Overview, symbol)
        return found

    async def opinion(self, symbol: str) -> Opinion:
        """What the news say of a symbol; one request of the day's allowance."""

        async def load() -> Opinion:
            answer = await self._ask("NEWS_SENTIMENT", tickers=symbol, limit="50")
            opinion, dropped = self._decoded(answer, lambda: opinion_in(answer.json(), symbol, self.name))
            self._count_dropped(f"news of {symbol}", dropped)
            return opinion

        key = f"news|{symbol}"
        found: Opinion = await self._get(key, self._news_seconds, load, lambda _: 512, Opinion, symbol)
        return found

    async def _get(
        self, key: str, seconds: float, load: Any, size: Callable[[Any], int], kind: Any, symbol: str = ""
    ) -> Any:
        dated = f"{self._clock.now().date().isoformat()}|{key}"
        return await self._cache.get(Place(dated, seconds, kind, size, (symbol,) if symbol else ()), load)

    async def _ask(self, function: str, **query: str) -> Response:
        query = {"function": function, **query, "apikey": self._authority()}
        return await self._http.get(self.name, self._url, query, {"Accept": "*/*"}, judge=decode.refusal_in)

    def _authority(self) -> str:
        if self._key:
            return self._key
        if is_loopback(self._url):
            return "loopback"
        raise self._link.failed(Refusal.AUTH, f"no key is set; put yours into {_KEY_VARIABLE}")

    def _decoded(self, answer: Response, read: Callable[[], T | None]) -> T:
        with self._link.judging():
            value = read()
            if value is None:
                page = answer.body.lstrip()[:1] == b"<"
                raise answer.malformed(
                    "it answered with a web page instead of data" if page else "its answer has not the documented shape"
                )
            return value

    def _count_dropped(self, what: str, dropped: int) -> None:
        if dropped:
            self._link.dropped += dropped
            log.warning("alpha_vantage: %d unusable rows left out of the %s", dropped, what)


def _size(reports: tuple[object, ...]) -> int:
    return _REPORT_BYTES * len(reports)
