"""An exchange on loopback that does what real ones do: closes, falls silent, refuses, sends rubbish."""

import json
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from cockpit.settings import VenueSettings
from cockpit.ticks.trade import Trade


class FakeVenue:
    """Streams on one path, answers REST on another, and holds the truth in ``log``."""

    def __init__(self) -> None:
        self.log: list[Trade] = []
        self.connections = 0
        self.requests: list[str] = []
        self.refuse_streams: HTTPStatus | None = None
        self.refuse_history = False
        self.ahead_ms = 0.0
        """By how much its clock is ahead of ours."""
        self._open: set[ServerConnection] = set()
        self._server: Server | None = None

    @property
    def settings(self) -> VenueSettings:
        """Its addresses."""
        assert self._server is not None
        port = next(iter(self._server.sockets)).getsockname()[1]
        return VenueSettings(ws_url=f"ws://127.0.0.1:{port}", rest_url=f"http://127.0.0.1:{port}")

    @property
    def open_connections(self) -> int:
        """Streams that are connected now."""
        return len(self._open)

    def last_id(self, symbol: str) -> int:
        """Of the newest trade; -1 before the first, as the real one says it."""
        return max((one.trade_id for one in self.log if one.symbol == symbol), default=-1)

    async def trade(self, trades: Iterable[Trade], *, unseen: bool = False) -> None:
        """Let trades happen; with ``unseen`` no connection gets them."""
        for one in trades:
            self.log.append(one)
            if not unseen:
                await self.send(frame(one))

    async def send(self, text: str | bytes) -> None:
        """A frame as it is, to every open stream; one that the other side has broken gets none."""
        for connection in list(self._open):
            with suppress(ConnectionClosed):
                await connection.send(text)

    async def hang_up(self, code: int = 1000) -> None:
        """Close every stream."""
        for connection in list(self._open):
            self._open.discard(connection)
            await connection.close(code)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FakeVenue"]:
        """Serve while the block runs."""
        async with serve(
            self._stream, "127.0.0.1", 0, process_request=self._answer, close_timeout=0.5, ping_interval=None
        ) as self._server:
            yield self

    async def _stream(self, connection: ServerConnection) -> None:
        self.connections += 1
        self._open.add(connection)
        try:
            await connection.wait_closed()
        finally:
            self._open.discard(connection)

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        url = urlsplit(request.path)
        if url.path.startswith(("/stream", "/ws")):
            return None if self.refuse_streams is None else connection.respond(self.refuse_streams, "no")
        self.requests.append(request.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        if url.path.endswith("/ticker/24hr"):
            return _json(connection, [day(symbol, self.last_id(symbol)) for symbol in json.loads(query["symbols"])])
        if url.path.endswith("/historicalTrades") and not self.refuse_history:
            first, limit = int(query["fromId"]), int(query["limit"])
            found = [one for one in self.log if one.symbol == query["symbol"] and one.trade_id >= first]
            return _json(connection, [_row(one) for one in found[:limit]])
        if url.path.endswith("/aggTrades"):
            start = int(query["startTime"])
            found = [one for one in self.log if one.symbol == query["symbol"] and one.time_ms >= start]
            return _json(connection, [{"f": one.trade_id, "a": one.trade_id} for one in found[:1]])
        if url.path.endswith("/time"):
            return _json(connection, {"serverTime": int(time.time() * 1000 + self.ahead_ms)})
        return connection.respond(HTTPStatus.BAD_REQUEST, '{"code":-1100,"msg":"no"}')


def frame(trade: Trade) -> str:
    """The trade on a combined stream."""
    payload = {
        "e": "trade",
        "E": trade.time_ms + 1,
        "s": trade.symbol,
        "t": trade.trade_id,
        "p": str(trade.price),
        "q": str(trade.quantity),
        "T": trade.time_ms,
        "m": trade.buyer_is_maker,
        "M": True,
    }
    return json.dumps({"stream": f"{trade.symbol.lower()}@trade", "data": payload})


def book(symbol: str, bid: str, ask: str) -> str:
    """A book top on a combined stream."""
    payload = {"u": 1, "s": symbol, "b": bid, "B": "1.0", "a": ask, "A": "2.0"}
    return json.dumps({"stream": f"{symbol.lower()}@bookTicker", "data": payload})


def day(symbol: str, last_id: int = 2) -> dict[str, str | int]:
    """The rolling day as REST gives it: up 1 % to 50,500."""
    return {
        "symbol": symbol,
        "openPrice": "50000.00",
        "highPrice": "51000.00",
        "lowPrice": "49000.00",
        "lastPrice": "50500.00",
        "volume": "1234.5",
        "quoteVolume": "61725000.0",
        "openTime": 1767139200000,
        "closeTime": 1767225600000,
        "firstId": 1,
        "lastId": last_id,
        "count": 2,
    }


def _row(trade: Trade) -> dict[str, str | int | bool]:
    return {
        "id": trade.trade_id,
        "price": str(trade.price),
        "qty": str(trade.quantity),
        "quoteQty": str(trade.price * trade.quantity),
        "time": trade.time_ms,
        "isBuyerMaker": trade.buyer_is_maker,
        "isBestMatch": True,
    }


def _json(connection: ServerConnection, body: object) -> Response:
    response = connection.respond(HTTPStatus.OK, json.dumps(body))
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    return response
