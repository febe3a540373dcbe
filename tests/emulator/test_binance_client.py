"""A Binance client that others wrote finds the embedded exchange to be one."""

import asyncio
import json
import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from binance.error import ClientError
from binance.spot import Spot
from binance.websocket.spot.websocket_stream import SpotWebsocketStreamClient

from cockpit.emulator.binance_connection import StreamRules
from tests.emulator.binance_venue import open_venue


class _Server(threading.Thread):
    """The venue on a loop of its own, since the foreign client blocks."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._leave = asyncio.Event()

    def run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        async with open_venue(speed=20.0, rules=StreamRules(ping_every=0.6, pong_within=1.0)) as venue:
            self.url = venue.url
            self._up.set()
            await self._leave.wait()

    def __enter__(self) -> "_Server":
        self.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._leave.set)
        self.join(10)


@pytest.fixture(scope="module")
def server() -> Iterator[_Server]:
    with _Server() as running:
        yield running


class _Heard:
    """Decoded messages of a foreign stream client, as they come."""

    def __init__(self, server: _Server, *, combined: bool) -> None:
        self._messages: queue.Queue[Any] = queue.Queue()
        self.pings = 0
        self.client = SpotWebsocketStreamClient(
            stream_url=server.url.replace("http", "ws"),
            is_combined=combined,
            on_message=lambda _, text: self._messages.put(json.loads(text)),
            on_ping=self._pinged,
        )

    def _pinged(self, *_: object) -> None:
        self.pings += 1

    def next(self) -> Any:
        return self._messages.get(timeout=10)

    def __enter__(self) -> "_Heard":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.stop()


def test_it_streams_what_it_can_also_ask_for(server: _Server) -> None:
    with _Heard(server, combined=True) as heard:
        heard.client.trade("btcusdt", id=1)
        assert heard.next() == {"result": None, "id": 1}
        trades = [heard.next()["data"] for _ in range(200)]
    spot = Spot(base_url=server.url)
    rows = spot.historical_trades("BTCUSDT", fromId=trades[0]["t"], limit=200)
    assert [(row["id"], row["price"], row["qty"], row["time"]) for row in rows] == [
        (trade["t"], trade["p"], trade["q"], trade["T"]) for trade in trades
    ]


def test_it_subscribes_lists_and_unsubscribes(server: _Server) -> None:
    with _Heard(server, combined=False) as heard:
        heard.client.kline("ethusdt", "1m", id=1)
        assert heard.next() == {"result": None, "id": 1}
        assert heard.next()["e"] == "kline"
        heard.client.list_subscribe(id=2)
        while (answer := heard.next()).get("id") != 2:
            assert answer["e"] == "kline"
        assert answer["result"] == ["ethusdt@kline_1m"]
        heard.client.kline("ethusdt", "1m", id=3, action=SpotWebsocketStreamClient.ACTION_UNSUBSCRIBE)
        while heard.next().get("id") != 3:
            pass


def test_it_keeps_the_connection_alive(server: _Server) -> None:
    with _Heard(server, combined=False) as heard:
        heard.client.mini_ticker("btcusdt", id=1)
        while heard.pings < 4:
            heard.next()


def test_it_reads_every_endpoint(server: _Server) -> None:
    spot = Spot(base_url=server.url)
    assert spot.ping() == {}
    symbols = [row["symbol"] for row in spot.exchange_info()["symbols"]]
    assert {"BTCUSDT", "ETHUSDT"} <= set(symbols)
    assert abs(spot.time()["serverTime"] - spot.avg_price("BTCUSDT")["closeTime"]) < 600_000
    assert len(spot.klines("BTCUSDT", "5m", limit=7)) == 7
    assert len(spot.ui_klines("BTCUSDT", "1h")) == 500
    assert len(spot.agg_trades("BTCUSDT", limit=9)) == len(spot.trades("BTCUSDT", limit=9)) == 9
    assert len(spot.depth("BTCUSDT", limit=20)["bids"]) == 20
    assert len(spot.ticker_24hr(symbols=["BTCUSDT", "SOLUSDT"])) == 2
    assert spot.ticker_price("BTCUSDT")["symbol"] == spot.book_ticker("BTCUSDT")["symbol"] == "BTCUSDT"
    assert spot.rolling_window_ticker("BTCUSDT", windowSize="2h")["count"] > 0


def test_it_understands_a_refusal(server: _Server) -> None:
    with pytest.raises(ClientError) as refused:
        Spot(base_url=server.url).trades("NOSUCH")
    assert (refused.value.status_code, refused.value.error_code) == (400, -1121)
    assert refused.value.error_message == "Invalid symbol."
