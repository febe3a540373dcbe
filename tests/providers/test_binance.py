import asyncio
import gzip
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from cockpit.clock import SystemClock
from cockpit.errors import ProviderError, Refusal
from cockpit.net.http import HttpClient
from cockpit.net.retry import Retry
from cockpit.providers.binance import Binance
from cockpit.providers.binance_stream import BinanceStream, tls_context
from cockpit.providers.fallback import FallbackExchange
from cockpit.providers.ports import SHUTDOWN, Exchange, Rejected
from cockpit.settings import BinanceSettings, VenueSettings
from cockpit.ticks.kline import Kline
from cockpit.ticks.quote import DayTicker
from cockpit.ticks.trade import Trade
from tests.net.fakes import HandClock, Vendor, vendor

Script = Callable[[ServerConnection], Awaitable[None]]
TRADE = {"e": "trade", "s": "BTCUSDT", "t": 7, "p": "10", "q": "1", "T": 1723161255342, "m": True}


def venue(ws: str = "ws://127.0.0.1:9", rest: str = "http://127.0.0.1:9") -> VenueSettings:
    return VenueSettings(ws_url=ws, rest_url=rest)


@asynccontextmanager
async def streaming(script: Script, name: str = "binance") -> AsyncIterator[Binance]:
    """A venue whose server runs this script for every connection."""
    async with serve(script, "127.0.0.1", 0) as server, HttpClient(SystemClock()) as http:
        port = next(iter(server.sockets)).getsockname()[1]
        yield Binance(http, name, venue(f"ws://127.0.0.1:{port}"), BinanceSettings(timeout=2.0), SystemClock())


@asynccontextmanager
async def refusing(status: int, headers: dict[str, str] | None = None, name: str = "binance") -> AsyncIterator[Binance]:
    """A venue that answers the upgrade with a status."""

    async def never(_: ServerConnection) -> None:
        pytest.fail("the upgrade must be refused")

    def refuse(connection: ServerConnection, _: Request) -> Response:
        answer = connection.respond(HTTPStatus(status), "no\n")
        for key, value in (headers or {}).items():
            answer.headers[key] = value
        return answer

    async with serve(never, "127.0.0.1", 0, process_request=refuse) as server, HttpClient(SystemClock()) as http:
        port = next(iter(server.sockets)).getsockname()[1]
        yield Binance(http, name, venue(f"ws://127.0.0.1:{port}"), BinanceSettings(timeout=2.0), SystemClock())


async def test_it_is_an_exchange() -> None:
    async with HttpClient(HandClock()) as http:
        exchange: Exchange = Binance(http, "binance_us", venue(), BinanceSettings(), HandClock())
    assert exchange.name == "binance_us"


async def test_a_recorded_stream_arrives_whole_and_in_order(recordings: Path) -> None:
    with gzip.open(recordings / "binance/btcusdt_20240808.gz", "rt") as lines:
        frames = [line.split(" ", 1)[1].strip() for line, _ in zip(lines, range(3000), strict=False)]
    expected = sum("@trade" in frame for frame in frames)
    paths: list[str] = []

    async def script(connection: ServerConnection) -> None:
        assert connection.request is not None
        paths.append(connection.request.path)
        for frame in frames:
            await connection.send(frame)

    async with streaming(script) as binance, binance.connect(["BTCUSDT"]) as stream:
        trades = [event.trade_id async for event in stream if isinstance(event, Trade)]
    assert len(trades) == expected
    assert trades == sorted(trades)
    assert paths == ["/stream?streams=btcusdt@trade/btcusdt@bookTicker/btcusdt@miniTicker"]


async def test_garbage_is_yielded_as_rejected_and_the_stream_goes_on() -> None:
    async def script(connection: ServerConnection) -> None:
        for frame in ("nonsense", b"\xff\xfe", '{"result":null,"id":1}', '{"e":"new"}', json.dumps(TRADE)):
            await connection.send(frame)

    async with streaming(script) as binance, binance.connect(["BTCUSDT"]) as stream:
        events = [event async for event in stream]
    assert [event.kind for event in events if isinstance(event, Rejected)] == ["not JSON", "not JSON", "unknown event"]
    assert isinstance(events[-1], Trade)


async def test_members_that_nobody_knows_are_passed_over_and_told_once_a_connection() -> None:
    news = {**TRADE, "zz": {"new": [1]}}

    async def script(connection: ServerConnection) -> None:
        for _ in range(1000):
            await connection.send(json.dumps(news))

    async with streaming(script) as binance, binance.connect(["BTCUSDT"]) as stream:
        events = [event async for event in stream]
    assert [event for event in events if isinstance(event, Rejected)] == [Rejected("unknown member", "trade.zz")]
    assert sum(isinstance(event, Trade) for event in events) == 1000


async def test_a_shutdown_notice_is_told_and_the_stream_goes_on() -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.send('{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}')
        await connection.send(json.dumps(TRADE))
        await connection.close(1001)

    async with streaming(script) as binance, binance.connect(["BTCUSDT"]) as stream:
        told, trade = [event async for event in stream]
        assert isinstance(told, Rejected)
        assert told.kind == SHUTDOWN
        assert isinstance(trade, Trade)


async def test_a_peer_that_answers_no_ping_is_left_without_a_handshake() -> None:
    """It reads nothing and answers nothing, as behind a cable that was pulled: only a broken transport ends that."""
    pulled = asyncio.Event()

    async def script(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await pulled.wait()

    async with serve(script, "127.0.0.1", 0, ping_interval=None, close_timeout=0.1) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", ping_interval=None, close_timeout=30) as connection:
            stream = BinanceStream(connection, frozenset(), ping_seconds=0.1)
            keep_alive = asyncio.create_task(stream.keep_alive())
            async with asyncio.timeout(10):
                assert [event async for event in stream] == []
            assert stream.ended == "no answer to a ping within 0.1 s"
            await keep_alive
        pulled.set()


def test_a_stream_over_tls_asks_for_a_certificate_and_for_tls_1_2() -> None:
    context = tls_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("abrupt", [False, True])
async def test_a_closed_connection_ends_the_stream_and_says_why(abrupt: bool) -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.send(json.dumps(TRADE))
        if abrupt:
            connection.transport.abort()
        else:
            await connection.close(1008, "too many requests")

    async with streaming(script) as binance, binance.connect(["BTCUSDT"]) as stream:
        events = [event async for event in stream]
        assert isinstance(stream, BinanceStream)
        assert stream.ended == ("the connection broke" if abrupt else "closed with code 1008 too many requests")
    assert abrupt or len(events) == 1


async def test_many_symbols_overflow_into_subscriptions() -> None:
    symbols = [f"COIN{number:03}USDT" for number in range(300)]
    streams: list[str] = []

    async def script(connection: ServerConnection) -> None:
        assert connection.request is not None
        assert len(connection.request.path) < 8000
        streams.extend(connection.request.path.partition("=")[2].split("/"))
        while len(streams) < 900:
            message = json.loads(await connection.recv())
            assert message["method"] == "SUBSCRIBE"
            streams.extend(message["params"])
            await connection.send(json.dumps({"result": None, "id": message["id"]}))

    async with streaming(script) as binance, binance.connect(symbols) as stream:
        assert [event async for event in stream] == []
    assert len(streams) == len(set(streams)) == 900


@pytest.mark.parametrize("status", [451, 403])
async def test_a_restricted_location_names_the_remedy(status: int) -> None:
    async with refusing(status) as binance:
        with pytest.raises(ProviderError) as caught:
            async with binance.connect(["BTCUSDT"]):
                pytest.fail("must not connect")
    assert caught.value.refusal is Refusal.RESTRICTED
    assert 'binance does not serve this location; set ticks.venue = "binance_us"' in str(caught.value)


async def test_other_refusals_of_the_stream() -> None:
    for status, refusal, wait in ((429, Refusal.QUOTA, 30.0), (503, Refusal.UNAVAILABLE, None)):
        async with refusing(status, {"Retry-After": "30"}) as binance:
            with pytest.raises(ProviderError) as caught:
                async with binance.connect(["BTCUSDT"]):
                    pytest.fail("must not connect")
        assert (caught.value.refusal, caught.value.retry_after) == (refusal, wait)


async def test_nobody_there_is_unavailable() -> None:
    async with HttpClient(SystemClock()) as http:
        binance = Binance(http, "binance", venue(), BinanceSettings(timeout=1.0), SystemClock())
        with pytest.raises(ProviderError, match="cannot be reached") as caught:
            async with binance.connect(["BTCUSDT"]):
                pytest.fail("must not connect")
        assert http.link("binance").status().last_error
    assert caught.value.refusal is Refusal.UNAVAILABLE


async def test_an_error_of_the_caller_inside_the_connection_is_its_own() -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.wait_closed()

    with pytest.raises(OSError, match="mine"):
        async with streaming(script) as binance, binance.connect(["BTCUSDT"]):
            raise OSError("mine")


@pytest.fixture
async def served() -> AsyncIterator[Vendor]:
    async with vendor() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    clock = HandClock()
    async with HttpClient(clock, retry=Retry(sleep=clock.sleep)) as client:
        yield client


def rest(http: HttpClient, served: Vendor, name: str = "binance") -> Binance:
    return Binance(http, name, venue(rest=served.url), BinanceSettings(), http.clock)


def past(trade_id: int, **changes: object) -> dict[str, object]:
    row = {"id": trade_id, "price": "10.5", "qty": "2", "quoteQty": "21", "time": 1723161255342, "isBuyerMaker": False}
    return {**row, **changes}


async def test_past_trades_come_rising_and_clean(http: HttpClient, served: Vendor) -> None:
    rows = [past(12), past(11), past(9), past(13, price="NaN"), past(14, isBuyerMaker="yes"), "row", past(12)]
    served.answer(json.dumps(rows))
    trades = await rest(http, served).trades_from("BTCUSDT", 10, 5000)
    assert [trade.trade_id for trade in trades] == [11, 12]
    assert trades[0] == Trade("BTCUSDT", 11, Decimal("10.5"), Decimal(2), 1723161255342, False)
    (request,) = served.requests
    assert request.path == "/api/v3/historicalTrades"
    assert dict(request.query) == {"symbol": "BTCUSDT", "fromId": "10", "limit": "1000"}
    assert http.link("binance").dropped == 3
    assert http.link("binance").status().windows[0].used == 25


def candle(open_ms: int, **changes: object) -> list[object]:
    """A row of klines of a minute, with changes by the number of the column."""
    prices = ["10", "12.5", "9.00000001", "11"]
    row: list[object] = [open_ms, *prices, "3.5", open_ms + 59_999, "35.1", 7, "1.5", "15.0", "0"]
    for at, value in changes.items():
        row[int(at.removeprefix("c"))] = value
    return row


async def test_klines_come_rising_clean_and_finished(http: HttpClient, served: Vendor) -> None:
    start = 1_723_161_240_000
    minutes = [start + number * 60_000 for number in range(12)]
    wrong = [
        *(candle(minutes[2], c2="8"), candle(minutes[3], c3="NaN"), candle(minutes[4], c6=minutes[4])),
        *(
            candle(minutes[5], c8=0),
            candle(minutes[6], c4="0.000000001"),
            candle(minutes[7] + 1),
            candle(minutes[8])[:9],
        ),
        *(candle(minutes[9], c9="4"), {"0": 1}, "row", None),
    ]
    served.answer(json.dumps([candle(minutes[1]), candle(minutes[0]), *wrong, candle(minutes[10])]))
    binance = rest(http, served)
    found = await binance.klines("BTCUSDT", 60_000, start, minutes[11])
    assert [one.open_ms for one in found] == minutes[:2], "the newest may not be finished"
    assert found[0] == Kline(
        *("BTCUSDT", 60_000, start, 1_000_000_000, 1_250_000_000, 900_000_001, 1_100_000_000),
        *(Decimal("3.5"), Decimal("35.1"), 7, Decimal("1.5"), Decimal(15)),
    )
    (request,) = served.requests
    assert request.path == "/api/v3/klines"
    asked = {"interval": "1m", "startTime": str(start), "endTime": str(minutes[11]), "limit": "1000"}
    assert dict(request.query) == {"symbol": "BTCUSDT", **asked}
    assert http.link("binance").dropped == len(wrong)
    assert http.link("binance").status().windows[0].used == 2


async def test_day_tickers_are_asked_for_by_twenty(http: HttpClient, served: Vendor) -> None:
    symbols = [f"COIN{number:02}USDT" for number in range(25)]
    row = {"openPrice": "1", "highPrice": "4", "lowPrice": "1", "lastPrice": "3", "volume": "0", "quoteVolume": "5"}
    rows = [{**row, "symbol": symbol, "closeTime": 1723161255342} for symbol in symbols]
    served.answer(json.dumps(rows[:20])).answer(json.dumps([*rows[20:], {**rows[0]}, {"symbol": "COIN20USDT"}, 7]))
    tickers = await rest(http, served, "binance_us").day_tickers(symbols)
    assert [ticker.symbol for ticker in tickers] == symbols
    assert tickers[0] == DayTicker(
        symbols[0], Decimal(1), Decimal(4), Decimal(1), Decimal(3), Decimal(0), Decimal(5), 1723161255342
    )
    assert json.loads(served.requests[1].query["symbols"]) == symbols[20:]
    assert http.link("binance_us").status().windows[0].used == 2


async def test_the_venues_clock(http: HttpClient, served: Vendor) -> None:
    served.answer('{"serverTime":1499827319559}').answer("{}")
    binance = rest(http, served)
    assert await binance.server_time() == datetime.fromtimestamp(1499827319.559, UTC)
    with pytest.raises(ProviderError) as caught:
        await binance.server_time()
    assert caught.value.refusal is Refusal.MALFORMED


@pytest.mark.parametrize(
    ("status", "body", "refusal"),
    [
        (400, '{"code":-1121,"msg":"Invalid symbol."}', Refusal.NOT_FOUND),
        (400, '{"code":-1102,"msg":"Mandatory parameter."}', Refusal.MALFORMED),
        (400, "<html>", Refusal.NOT_FOUND),
        (403, "<html>", Refusal.RESTRICTED),
        (418, '{"code":-1003,"msg":"Way too much request weight used"}', Refusal.QUOTA),
        (451, '{"code":0,"msg":"Service unavailable from a restricted location"}', Refusal.RESTRICTED),
        (200, '{"code":0}', Refusal.MALFORMED),
        (200, "<html>", Refusal.MALFORMED),
    ],
)
async def test_refusals_over_rest(http: HttpClient, served: Vendor, status: int, body: str, refusal: Refusal) -> None:
    served.answer(body, status)
    with pytest.raises(ProviderError) as caught:
        await rest(http, served).trades_from("NOPE", 1)
    assert caught.value.refusal is refusal
    assert (status != 451) or 'ticks.venue = "binance_us"' in str(caught.value)


async def test_where_the_venue_does_not_serve_the_other_one_is_used_and_says_so() -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.send(json.dumps(TRADE))

    async with refusing(451) as first, streaming(script, "binance_us") as second:
        exchange: Exchange = FallbackExchange(first, second)
        assert (exchange.name, exchange.notice) == ("binance", "")
        for _ in range(2):
            async with exchange.connect(["BTCUSDT"]) as stream:
                assert len([event async for event in stream]) == 1
        assert exchange.name == "binance_us"
        assert exchange.notice == "binance does not serve this location; binance_us is used instead"
        assert first.link.status().requests == 1, "a venue that refuses the location is not asked again"


async def test_another_refusal_does_not_change_the_venue() -> None:
    async with refusing(503) as first, refusing(503, name="binance_us") as second:
        exchange = FallbackExchange(first, second)
        with pytest.raises(ProviderError, match="HTTP 503"):
            async with exchange.connect(["BTCUSDT"]):
                pass
        assert (exchange.name, exchange.served) == ("binance", "")
