"""Tradier: quotes, expirations, chains and daily history of US equities."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from cockpit.clock import Clock
from cockpit.errors import ProviderError, Refusal
from cockpit.net.cache import Place
from cockpit.net.http import HttpClient
from cockpit.net.link import cache_bounds
from cockpit.net.responses import Response
from cockpit.options.calendar import NEW_YORK
from cockpit.options.chain import OptionChain
from cockpit.options.contract import OptionQuote
from cockpit.providers import tradier_chains as chains
from cockpit.providers import tradier_rows as decode
from cockpit.providers.batching import Batcher
from cockpit.providers.decoding import is_loopback
from cockpit.providers.ports import EquityQuote
from cockpit.providers.tradier_dates import report_dates
from cockpit.providers.tradier_rows import MarketClock, MarketDay
from cockpit.scan.earnings import DateClaim
from cockpit.scan.moves import DailyBar
from cockpit.settings import CacheSettings, TradierSettings

log = logging.getLogger(__name__)

T = TypeVar("T")

_TOKEN_VARIABLE = "COCKPIT_PROVIDERS__TRADIER__TOKEN"
_QUOTES_PER_REQUEST = 500
_LONG_LIST = 40
_OPTION_BYTES = 900
_BAR_BYTES = 200
_CLOCK_SECONDS = 30.0
_DATES_PER_REQUEST = 100
_DATES_REST_SECONDS = 1800.0
_DATES_BYTES = 600


class Tradier:
    """The option venue. Decoded answers are kept by the cache settings, and the same object is handed out while fresh.

    Every cached answer belongs to a day of the clock: a simulated clock that moves to another session asks anew.
    """

    name = "tradier"

    def __init__(
        self, http: HttpClient, settings: TradierSettings, cache_settings: CacheSettings, clock: Clock
    ) -> None:
        self._http = http
        self._base = settings.base_url.rstrip("/")
        self._token = settings.token.get_secret_value() if settings.token is not None else ""
        self._ttl = cache_settings
        self._clock = clock
        self._link = http.link(self.name, settings.limits, settings.timeout, address=self._base, secret=self._token)
        self._cache = self._link.open_cache(cache_bounds(cache_settings))
        self._link.probe = self._load_clock
        self._quotes = Batcher(self._load_quotes, _QUOTES_PER_REQUEST)

    def reconfigure(self, settings: TradierSettings, cache_settings: CacheSettings) -> None:
        """Other limits, timeout and times to live for what is asked from now on; the address and the key stay."""
        self._ttl = cache_settings
        self._link.reconfigure(settings.limits, settings.timeout, cache_bounds(cache_settings))

    async def quotes(self, symbols: Sequence[str]) -> dict[str, EquityQuote]:
        """Quotes by symbol as asked; unknown symbols are absent. Callers at the same time share one request."""
        found: dict[str, EquityQuote] = {}
        missing: dict[str, str] = {}
        for symbol in dict.fromkeys(symbols):
            kept = self._cache.peek(self._key("quote", symbol))
            if kept is not None:
                found[symbol] = kept
            else:
                missing[symbol] = decode.listed_symbol(symbol)
        if missing:
            loaded = await self._quotes.get(list(missing.values()))
            for symbol, listed in missing.items():
                quote = loaded.get(listed)
                if quote is not None:
                    found[symbol] = quote
                    key, seconds = self._key("quote", symbol), self._ttl.quotes_seconds
                    self._cache.put(Place(key, seconds, tags=(symbol,)), quote)
        return found

    async def expirations(self, symbol: str) -> list[date]:
        """Listed expiries, rising; empty where the symbol has no options."""

        async def load() -> tuple[date, ...]:
            answer = await self._ask("markets/options/expirations", {"symbol": decode.listed_symbol(symbol)})
            return tuple(self._decoded(answer, decode.expiry_dates))

        return list(await self._cache.get(self._expirations_of(symbol), load))

    async def chain(self, symbol: str, expiry: date, *, fresh: bool = False) -> OptionChain:
        """One expiry's chain with the spot that goes with it.

        Raises:
            ProviderError: NOT_FOUND where nothing is listed for this symbol and expiry.
        """

        async def load() -> OptionChain:
            return await self._load_chain(symbol, expiry, fresh)

        def size(chain: OptionChain) -> int:
            return _OPTION_BYTES * len(chain.quotes)

        key = self._key("chain", symbol, expiry.isoformat())
        place = Place(key, self._ttl.chain_seconds, size=size, tags=(symbol,))
        chain: OptionChain = await self._cache.get(place, load, fresh=fresh)
        return chain

    async def daily_history(self, symbol: str, start: date, end: date) -> list[DailyBar]:
        """Daily bars from ``start`` to ``end`` inclusive, rising; empty where there are none."""

        async def load() -> tuple[DailyBar, ...]:
            answer = await self._ask(
                "markets/history",
                {
                    "symbol": decode.listed_symbol(symbol),
                    "interval": "daily",
                    "start": start.isoformat(),
                    "end": end.isoformat(),
                },
            )
            bars, dropped = self._decoded(
                answer,
                lambda body: decode.daily_bars(body, start, end),
                at_once=lambda body: decode.daily_bars_at_once(body, start, end),
            )
            self._count_dropped(f"history of {symbol}", dropped)
            return tuple(bars)

        return list(await self._cache.get(self._history_of(symbol, start, end), load))

    async def warm(self, symbols: Sequence[str], start: date, end: date) -> None:
        """Have what earlier sessions kept of these names in memory: expiries, and daily bars from start to end."""
        expirations = map(self._expirations_of, symbols)
        histories = (self._history_of(symbol, start, end) for symbol in symbols)
        await self._cache.warm([*expirations, *histories])

    async def clock(self) -> MarketClock:
        """The vendor's word on the session."""
        clock: MarketClock = await self._cache.get(Place(self._key("clock"), _CLOCK_SECONDS), self._load_clock)
        return clock

    async def calendar(self, month: int, year: int) -> list[MarketDay]:
        """The vendor's calendar of a month."""

        async def load() -> tuple[MarketDay, ...]:
            answer = await self._ask("markets/calendar", {"month": f"{month:02d}", "year": str(year)})
            return tuple(self._decoded(answer, decode.market_days))

        key = self._key("calendar", f"{year}-{month:02d}")
        return list(await self._cache.get(Place(key, self._ttl.calendar_seconds, tuple[MarketDay, ...]), load))

    async def report_dates(self, symbols: Sequence[str]) -> dict[str, tuple[DateClaim, ...]]:
        """Days of coming reports by symbol as asked, rising; names that the corporate calendars do not know are absent.

        A hundred names a request. Sandboxes and some plans do not serve these calendars: a refusal stands for half an
        hour, so that scans do not ask in vain.
        """
        wanted = {decode.listed_symbol(symbol): symbol for symbol in symbols}
        places = [self._dates_of(listed, symbol) for listed, symbol in wanted.items()]
        names = dict(zip((place.key for place in places), wanted, strict=True))
        refused: Place[tuple[ProviderError]] = Place(self._key("dates refused"), _DATES_REST_SECONDS)

        async def load(keys: Sequence[str]) -> dict[str, tuple[DateClaim, ...]]:
            refusal: tuple[ProviderError] | None = self._cache.peek(refused.key)
            if refusal is not None:
                raise refusal[0].with_traceback(None)
            found: dict[str, tuple[DateClaim, ...]] = {}
            for at in range(0, len(keys), _DATES_PER_REQUEST):
                group = keys[at : at + _DATES_PER_REQUEST]
                try:
                    known = await self._load_dates([names[key] for key in group])
                except ProviderError as error:
                    self._cache.put(refused, (error,))
                    raise
                found.update({key: known.get(names[key], ()) for key in group})
            return found

        claims: dict[str, tuple[DateClaim, ...]] = await self._cache.get_many(places, load)
        return {wanted[names[key]]: told for key, told in claims.items() if told}

    async def _load_clock(self) -> MarketClock:
        return self._decoded(await self._ask("markets/clock", {}), decode.market_clock)

    async def _load_dates(self, listed: Sequence[str]) -> dict[str, tuple[DateClaim, ...]]:
        today = self._clock.now().astimezone(NEW_YORK).date()
        answer = await self._ask("beta/markets/fundamentals/corporate_calendars", {"symbols": ",".join(listed)})
        return self._decoded(answer, lambda body: report_dates(body, today, self.name))

    async def _load_chain(self, symbol: str, expiry: date, fresh: bool) -> OptionChain:
        asked_at = self._clock.now()
        query = {"symbol": decode.listed_symbol(symbol), "expiration": expiry.isoformat(), "greeks": "true"}
        spot, answer = await asyncio.gather(self._spot(symbol, fresh), self._ask("markets/options/chains", query))
        quotes, dropped = self._decoded(
            answer,
            lambda body: chains.option_quotes(body, symbol, expiry),
            at_once=lambda body: chains.option_quotes_at_once(body, symbol, expiry),
        )
        self._count_dropped(f"chain of {symbol} {expiry}", dropped)
        self._refuse_empty(symbol, expiry, quotes, dropped)
        return OptionChain(symbol, expiry, tuple(quotes), spot, asked_at, self.name)

    def _refuse_empty(self, symbol: str, expiry: date, quotes: Sequence[OptionQuote], dropped: int) -> None:
        if quotes:
            return
        with self._link.judging():
            if dropped:
                raise self._link.refusal(
                    Refusal.MALFORMED, f"none of the {dropped} rows in its chain of {symbol} {expiry} can be used"
                )
            raise self._link.refusal(Refusal.NOT_FOUND, f"no options of {symbol} that expire on {expiry}")

    async def _spot(self, symbol: str, fresh: bool) -> float | None:
        if fresh:
            listed = decode.listed_symbol(symbol)
            quote = (await self._quotes.get([listed])).get(listed)
        else:
            quote = (await self.quotes([symbol])).get(symbol)
        return quote.last if quote is not None else None

    async def _load_quotes(self, symbols: Sequence[str]) -> Mapping[str, EquityQuote]:
        query = {"symbols": ",".join(symbols), "greeks": "false"}
        answer = await self._ask("markets/quotes", query, long=len(symbols) > _LONG_LIST)
        return self._decoded(answer, decode.equity_quotes)

    async def _ask(self, path: str, query: Mapping[str, str], *, long: bool = False) -> Response:
        headers = {"Authorization": f"Bearer {self._authority()}", "Accept": "application/json"}
        # Fundamentals stand beside the numbered version of the interface, not under it.
        base = self._base.removesuffix("/v1") if path.startswith("beta/") else self._base
        url = f"{base}/{path}"
        if long:
            return await self._http.post(self.name, url, query, headers)
        return await self._http.get(self.name, url, query, headers)

    def _authority(self) -> str:
        if self._token:
            return self._token
        if is_loopback(self._base):
            return "loopback"
        raise self._link.failed(Refusal.AUTH, f"no token is set; put yours into {_TOKEN_VARIABLE}")

    def _decoded(
        self, answer: Response, read: Callable[[Any], T | None], *, at_once: Callable[[bytes], T | None] | None = None
    ) -> T:
        """The answer's value: by ``at_once`` from its bytes where that fits, else by ``read`` from its JSON."""
        with self._link.judging():
            value = at_once(answer.body) if at_once is not None else None
            if value is None:
                value = read(answer.json())
            if value is None:
                raise answer.malformed("its answer has not the documented shape")
            return value

    def _count_dropped(self, what: str, dropped: int) -> None:
        if dropped:
            self._link.dropped += dropped
            log.warning("tradier: %d unusable rows left out of the %s", dropped, what)

    def _expirations_of(self, symbol: str) -> Place[tuple[date, ...]]:
        return Place(self._key("expirations", symbol), self._ttl.expirations_seconds, tuple[date, ...], tags=(symbol,))

    def _history_of(self, symbol: str, start: date, end: date) -> Place[tuple[DailyBar, ...]]:
        key = self._key("history", symbol, start.isoformat(), end.isoformat())
        return Place(key, self._ttl.history_seconds, tuple[DailyBar, ...], _bars_size, (symbol,))

    def _dates_of(self, listed: str, symbol: str) -> Place[tuple[DateClaim, ...]]:
        key, kind = self._key("dates", listed), tuple[DateClaim, ...]
        return Place(key, self._ttl.calendar_seconds, kind, lambda _: _DATES_BYTES, (symbol,))

    def _key(self, *parts: str) -> str:
        return "|".join((self._clock.now().date().isoformat(), *parts))


def _bars_size(bars: Sequence[DailyBar]) -> int:
    return _BAR_BYTES * len(bars)
