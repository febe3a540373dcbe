"""Binance and Binance.US: market streams and the REST calls that repair them."""

import asyncio
import json
import math
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cockpit.clock import Clock
from cockpit.errors import ProviderError, Refusal
from cockpit.net.http import HttpClient
from cockpit.net.limiter import Limiter, LimitError
from cockpit.net.responses import Response
from cockpit.providers import binance_rest as decode
from cockpit.providers.binance_frames import trade_frame
from cockpit.providers.binance_stream import BinanceStream, tls_context
from cockpit.providers.ports import KLINES_AT_ONCE, Tap, TradeStream
from cockpit.setting_values import parse_limit
from cockpit.settings import BinanceSettings, VenueSettings
from cockpit.ticks.kline import INTERVALS, Kline
from cockpit.ticks.quote import DayTicker
from cockpit.ticks.trade import Trade

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_CHANNELS = ("trade", "bookTicker", "miniTicker")
_LONGEST_QUERY = 4000
_STREAMS_PER_SUBSCRIBE = 200
_CONNECTS = "300/5m"
_CONNECT_PATIENCE = 30.0
_MAX_FRAME = 2**20
_MAX_QUEUE = 256
_TICKERS_PER_REQUEST = 20
_US_LIMIT = "1200/1m"
_SUBSCRIBES = "3/1s"
"""The venue ends a connection that sends more than five messages a second; a ping and a pong count too."""
_HISTORY_SHARE = 4
"""What is past, gaps and charts, takes at most one part in so many of the allowance."""
_INTERVALS = {length_ms: name for name, length_ms in INTERVALS.items()}


@dataclass(frozen=True, slots=True)
class _Weights:
    """What the venue charges: 24-hour tickers of up to 20 symbols, trades by id, the last ones, aggregates, klines."""

    tickers: int
    trades: int
    recent: int
    aggregates: int
    klines: int


_WEIGHTS = {
    "binance": _Weights(tickers=2, trades=25, recent=25, aggregates=4, klines=2),
    "binance_us": _Weights(tickers=1, trades=5, recent=1, aggregates=1, klines=1),
}


class Binance:
    """A venue that streams trades.

    Args:
        http: the way out for REST.
        name: ``binance`` or ``binance_us``: the same protocol, other weights and rules.
        venue: addresses.
        settings: limits in request weight, and the timeout.
        clock: monotonic time.

    Attributes:
        served: its name once a connection to it was open; empty before.
    """

    live = True
    notice = ""

    def __init__(
        self, http: HttpClient, name: str, venue: VenueSettings, settings: BinanceSettings, clock: Clock
    ) -> None:
        self.name = name
        self.served = ""
        self._http = http
        self._venue = venue
        self._timeout = settings.timeout
        self._rest = f"{venue.rest_url.rstrip('/')}/api/v3"
        self._weights = _WEIGHTS.get(name, _WEIGHTS["binance"])
        limits = self._limits(settings)
        self.link = http.link(name, limits, settings.timeout, address=venue.rest_url)
        """What the network layer knows of this venue."""
        self.link.probe = self.server_time
        self._connects = Limiter((_CONNECTS,), clock)
        self._history = Limiter(self._history_limits(limits), clock)
        self._history_asked_at = -math.inf
        self._by_id = True
        self._tap: Tap | None = None
        self._tls: ssl.SSLContext | None = None

    def reconfigure(self, settings: BinanceSettings) -> None:
        """Other limits and another timeout; the address stays."""
        limits = self._limits(settings)
        self._timeout = settings.timeout
        self.link.reconfigure(limits, settings.timeout)
        self._history.reconfigure(self._history_limits(limits))

    def _limits(self, settings: BinanceSettings) -> tuple[str, ...]:
        return (*settings.limits, _US_LIMIT) if self.name == "binance_us" else settings.limits

    def _history_limits(self, limits: Sequence[str]) -> list[str]:
        return [_part(limit, self._weights.trades) for limit in limits]

    def tap(self, take: Tap) -> None:
        """Have every frame told as it comes off the wire, and every trade of REST as such a frame."""
        self._tap = take

    @asynccontextmanager
    async def connect(self, symbols: Sequence[str]) -> AsyncIterator[TradeStream]:
        """Open one connection that carries trades, book tops and day tickers of these symbols.

        Raises:
            ProviderError: RESTRICTED where the venue does not serve this location, QUOTA where it refuses more
                connections, UNAVAILABLE where it cannot be reached.
        """
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        from cockpit.providers.coalescing import CoalescingConnection

        wanted = frozenset(symbol.upper() for symbol in symbols)
        streams = [f"{symbol.lower()}@{channel}" for symbol in sorted(wanted) for channel in _CHANNELS]
        first, rest = _split(streams)
        url = f"{self._venue.ws_url.rstrip('/')}/stream?streams={'/'.join(first)}"
        with self.link.counting():
            try:
                await self._connects.acquire(patience=_CONNECT_PATIENCE)
                connection = await connect(
                    url,
                    ssl=await self._security(url),
                    open_timeout=self._timeout,
                    ping_interval=None,
                    close_timeout=1,
                    max_size=_MAX_FRAME,
                    max_queue=_MAX_QUEUE,
                    create_connection=CoalescingConnection,
                )
            except (OSError, EOFError, WebSocketException, LimitError) as error:
                raise self._refused(error) from None
        self.served = self.name
        stream = BinanceStream(connection, wanted, tap=self._tap)
        async with connection:
            keep_alive = asyncio.create_task(stream.keep_alive(), name=f"{self.name}-pings")
            try:
                await self._subscribe(connection, rest)
                yield stream
            finally:
                keep_alive.cancel()

    async def day_tickers(self, symbols: Sequence[str]) -> list[DayTicker]:
        """The rolling 24 hours of these symbols, from REST.

        Raises:
            ProviderError: NOT_FOUND where the venue lacks one of them.
        """
        found: list[DayTicker] = []
        for answer, wanted in await self._days(symbols):
            found.extend(self._rows(answer, decode.day_ticker, frozenset(wanted)))
        return found

    async def trades_from(self, symbol: str, from_id: int, limit: int = 1000) -> list[Trade]:
        """Trades with ids from ``from_id`` on, rising, at most ``limit`` (the venue gives 1,000 at once).

        At most a quarter of the allowance goes into this, so that everything else goes on beside a large gap.
        """
        most = min(limit, 1000)
        if self._by_id:
            query = {"symbol": symbol, "fromId": str(from_id), "limit": str(most)}
            await self._pace(self._weights.trades)
            try:
                answer = await self._ask("historicalTrades", query, self._weights.trades)
            except ProviderError as error:
                if error.refusal is not Refusal.AUTH:
                    raise
                self._by_id = False
        if not self._by_id:
            # Binance.US gives trades by id to holders of a key only; the last thousand are free.
            await self._pace(self._weights.recent)
            answer = await self._ask("trades", {"symbol": symbol, "limit": "1000"}, self._weights.recent)
        trades = self._rows(answer, lambda row, _: decode.trade(row, symbol), frozenset((symbol,)))
        found = sorted({trade.trade_id: trade for trade in trades if trade.trade_id >= from_id}.values(), key=_by_id)
        if self._tap is not None:
            for trade in found[:most]:
                self._tap(trade_frame(trade))
        return found[:most]

    def history_delay(self) -> float:
        """Seconds until filling gaps should ask again; 0 if at once.

        One half of a window is free; the other one is spread over it, so that a link that breaks again and again never
        finds the whole of it spent by its first gaps.
        """
        weight = self._history_weight(self._weights.trades if self._by_id else self._weights.recent)
        windows = self._history.windows()
        pause = max((one.seconds * weight / one.limit for one in windows if 2 * one.used > one.limit), default=0.0)
        return max(self._history.delay(weight), self._history_asked_at + pause - self._http.clock.monotonic())

    async def last_ids(self, symbols: Sequence[str]) -> dict[str, int]:
        """The newest trade id of each symbol by REST; those that did not trade for a day are absent.

        Raises:
            ProviderError: NOT_FOUND where the venue lacks one of them.
        """
        found: dict[str, int] = {}
        for answer, wanted in await self._days(symbols):
            found.update(self._rows(answer, decode.last_id, frozenset(wanted)))
        return found

    async def first_id_since(self, symbol: str, start: datetime) -> int | None:
        """Id of the first trade from an instant on; None where there is none yet."""
        query = {"symbol": symbol, "startTime": str(int(start.timestamp() * 1000)), "limit": "1"}
        answer = await self._ask("aggTrades", query, self._weights.aggregates)
        firsts = self._rows(answer, decode.first_id, frozenset((symbol,)))
        return min(firsts, default=None)

    async def klines(self, symbol: str, length_ms: int, start_ms: int, end_ms: int) -> list[Kline]:
        """Finished klines that open from ``start_ms`` up to but without ``end_ms``, rising, at most the oldest 999.

        They share the allowance of :meth:`trades_from`. A kline is known to be finished by the one behind it, which is
        asked for, too: our clock may not be the venue's.

        Raises:
            ValueError: the venue has no interval of this length.
        """
        interval = _INTERVALS.get(length_ms)
        if interval is None:
            raise ValueError(f"there is no interval of {length_ms} ms")
        query = {"symbol": symbol, "interval": interval, "startTime": str(start_ms), "endTime": str(end_ms)}
        await self._history.acquire(self._history_weight(self._weights.klines))
        answer = await self._ask("klines", query | {"limit": str(KLINES_AT_ONCE + 1)}, self._weights.klines)
        rows = self._rows(answer, lambda row, _: decode.kline(row, symbol, length_ms), frozenset((symbol,)))
        last_ms = max((one.open_ms for one in rows), default=0)
        found = {one.open_ms: one for one in rows if start_ms <= one.open_ms < min(end_ms, last_ms)}
        return [found[open_ms] for open_ms in sorted(found)]

    async def server_time(self) -> datetime:
        """The venue's clock, UTC."""
        answer = await self._ask("time", {}, 1)
        with self.link.judging():
            milliseconds = decode.server_time(answer.json())
            if milliseconds is None:
                raise answer.malformed("its answer has not the documented shape")
            return datetime.fromtimestamp(milliseconds / 1000.0, UTC)

    async def _days(self, symbols: Sequence[str]) -> list[tuple[Response, list[str]]]:
        answers = []
        for start in range(0, len(symbols), _TICKERS_PER_REQUEST):
            wanted = list(symbols[start : start + _TICKERS_PER_REQUEST])
            query = {"symbols": json.dumps(wanted, separators=(",", ":")), "type": "MINI"}
            answers.append((await self._ask("ticker/24hr", query, self._weights.tickers), wanted))
        return answers

    async def _pace(self, weight: int) -> None:
        await self._history.acquire(self._history_weight(weight))
        self._history_asked_at = self._http.clock.monotonic()

    def _history_weight(self, weight: int) -> int:
        """What a request counts in the share of the allowance, which may be smaller than one request."""
        capacity = self._history.capacity
        return weight if capacity is None else min(weight, capacity)

    async def _security(self, url: str) -> ssl.SSLContext | None:
        """What TLS must meet, read once; None for an address without TLS."""
        if not url.startswith("wss:"):
            return None
        if self._tls is None:
            self._tls = await asyncio.to_thread(tls_context)
        return self._tls

    async def _ask(self, path: str, query: Mapping[str, str], weight: int) -> Response:
        url = f"{self._rest}/{path}"
        return await self._http.get(self.name, url, query, weight=weight, judge=self._judge)

    def _judge(self, answer: Response) -> ProviderError | None:
        """What the venue means by 400, 403 and 451, where it differs from other vendors."""
        if answer.status == 451:
            return self.link.refusal(Refusal.RESTRICTED, self._restricted())
        if answer.status == 403:
            return self.link.refusal(Refusal.RESTRICTED, "its firewall refuses this address (HTTP 403)")
        if answer.status == 400:
            code = decode.error_code(answer)
            if code == decode.INVALID_SYMBOL:
                return self.link.refusal(Refusal.NOT_FOUND, "it does not list one of the symbols asked for")
            if code is not None:
                return self.link.refusal(Refusal.MALFORMED, f"it does not accept the request (code {code})")
        return None

    def _rows(self, answer: Response, read: Any, wanted: frozenset[str]) -> list[Any]:
        with self.link.judging():
            body = answer.json()
            if not isinstance(body, list):
                raise answer.malformed("its answer has not the documented shape")
            found = [value for row in body if (value := read(row, wanted)) is not None]
            self.link.dropped += len(body) - len(found)
            return found

    async def _subscribe(self, connection: "ClientConnection", streams: Sequence[str]) -> None:
        """Streams that the address had no room for."""
        pace = Limiter((_SUBSCRIBES,), self._http.clock)
        for number, start in enumerate(range(0, len(streams), _STREAMS_PER_SUBSCRIBE), 1):
            await pace.acquire()
            params = streams[start : start + _STREAMS_PER_SUBSCRIBE]
            await connection.send(json.dumps({"method": "SUBSCRIBE", "params": params, "id": number}))

    def _restricted(self) -> str:
        if self.name == "binance":
            return 'binance does not serve this location; set ticks.venue = "binance_us"'
        return f"{self.name} does not serve this location"

    def _refused(self, error: Exception) -> ProviderError:
        from websockets.exceptions import InvalidStatus

        if isinstance(error, LimitError):
            word = f"too many connections were opened; the next one is in {error.wait:.0f} s"
            return self.link.refusal(Refusal.QUOTA, word, error.wait)
        if isinstance(error, InvalidStatus):
            status = error.response.status_code
            if status in (403, 451):
                return self.link.refusal(Refusal.RESTRICTED, self._restricted())
            if status in (418, 429):
                wait = _seconds(error.response.headers.get("Retry-After"))
                if wait is not None:
                    self._connects.pause(wait)
                    if status == 418:  # a ban of the address holds for every request
                        self.link.limiter.pause(wait)
                return self.link.refusal(Refusal.QUOTA, f"it refuses more connections (HTTP {status})", wait)
            return self.link.refusal(Refusal.UNAVAILABLE, f"its stream is refused (HTTP {status})")
        if isinstance(error, ssl.SSLCertVerificationError):
            return self.link.refusal(Refusal.MALFORMED, "the certificate of its stream is not valid")
        if isinstance(error, TimeoutError):
            word = f"its stream does not answer within {self._timeout:g} s"
        else:
            reason = getattr(error, "strerror", None) or type(error).__name__
            word = f"its stream cannot be reached ({reason})"
        return self.link.refusal(Refusal.UNAVAILABLE, word)


def _split(streams: list[str]) -> tuple[list[str], list[str]]:
    """Those that fit into an address, and the rest."""
    length = 0
    for index, stream in enumerate(streams):
        length += len(stream) + 1
        if length > _LONGEST_QUERY:
            return streams[:index], streams[index:]
    return streams, []


def _part(limit: str, least: int) -> str:
    """The part of a limit that filling gaps may take: a quarter, or one request."""
    count, seconds = parse_limit(limit)
    return f"{max(count // _HISTORY_SHARE, min(count, least))}/{int(seconds)}s"


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 9 else None


def _by_id(trade: Trade) -> int:
    return trade.trade_id
