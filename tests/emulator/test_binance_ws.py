"""The exchange's streams: payloads, control frames, keepalive, limits and faults."""

import asyncio
import json
import socket as sockets
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from cockpit.emulator.binance_connection import StreamRules
from tests.emulator.binance_venue import START_MS, Venue, close_code, frames, open_venue, payloads


@pytest.fixture
async def venue() -> AsyncIterator[Venue]:
    async with open_venue() as opened:
        yield opened


@pytest.fixture
async def fast() -> AsyncIterator[Venue]:
    """A venue where twenty seconds pass in one."""
    async with open_venue(speed=20.0) as opened:
        yield opened


@pytest.fixture
async def still() -> AsyncIterator[Venue]:
    """A venue where no time passes, so that only control frames are heard."""
    async with open_venue(speed=0.0) as opened:
        yield opened


async def _said(socket: ClientWebSocketResponse, request: object) -> Any:
    """Send one control frame and give its answer, whatever is said in between."""
    await socket.send_str(request if isinstance(request, str) else json.dumps(request))
    while True:
        (frame,) = await payloads(socket, 1)
        if "stream" not in frame and "e" not in frame and "u" not in frame:
            return frame


async def test_trades_are_consecutive_and_rest_has_the_same(fast: Venue) -> None:
    async with fast.stream("/ws/btcusdt@trade") as socket:
        events = await payloads(socket, 400)
    ids = [event["t"] for event in events]
    assert ids == list(range(ids[0], ids[0] + 400))
    rows = await fast.get("historicalTrades", symbol="BTCUSDT", fromId=ids[0], limit=400)
    assert isinstance(rows, list)
    assert [(event["t"], event["p"], event["q"], event["T"], event["m"]) for event in events] == [
        (row["id"], row["price"], row["qty"], row["time"], row["isBuyerMaker"]) for row in rows
    ]
    assert all(list(event) == ["e", "E", "s", "t", "p", "q", "T", "m", "M"] for event in events)


async def test_aggregates_are_consecutive_and_rest_has_the_same(fast: Venue) -> None:
    async with fast.stream("/ws/ethusdt@aggTrade") as socket:
        events = await payloads(socket, 100)
    rows = await fast.get("aggTrades", symbol="ETHUSDT", fromId=events[0]["a"], limit=100)
    assert [{name: event[name] for name in "apqflTmM"} for event in events] == rows


async def test_two_clients_hear_the_same_bytes(fast: Venue) -> None:
    streams = "/stream?streams=btcusdt@trade/btcusdt@bookTicker/solusdt@trade"
    async with fast.stream(streams) as one, fast.stream(streams) as other:
        heard, also_heard = await frames(one, 300), await frames(other, 300)
    common = set(heard) & set(also_heard)
    first = next(frame for frame in also_heard if frame in common)
    start, offset = heard.index(first), also_heard.index(first)
    length = 300 - max(start, offset)
    assert length > 200
    assert heard[start : start + length] == also_heard[offset : offset + length]


async def test_combined_streams_are_wrapped_and_replies_are_not(fast: Venue) -> None:
    async with fast.stream("/stream?streams=btcusdt@trade/ethusdt@miniTicker") as socket:
        assert await _said(socket, {"method": "LIST_SUBSCRIPTIONS", "id": 3}) == {
            "result": ["btcusdt@trade", "ethusdt@miniTicker"],
            "id": 3,
        }
        seen: dict[str, object] = {}
        async with asyncio.timeout(20):
            while len(seen) < 2:
                seen |= {str(event["stream"]): event["data"] for event in await payloads(socket, 1)}
    assert set(seen) == {"btcusdt@trade", "ethusdt@miniTicker"}
    mini = seen["ethusdt@miniTicker"]
    assert isinstance(mini, dict)
    assert list(mini) == ["e", "E", "s", "c", "o", "h", "l", "v", "q"]


async def test_control_frames_change_what_is_heard(still: Venue) -> None:
    async with still.stream("/ws") as socket:
        assert await _said(socket, {"method": "GET_PROPERTY", "params": ["combined"], "id": 2}) == {
            "result": False,
            "id": 2,
        }
        subscribe = {"method": "SUBSCRIBE", "params": ["btcusdt@aggTrade", "btcusdt@depth"], "id": "a1"}
        assert await _said(socket, subscribe) == {"result": None, "id": "a1"}
        unsubscribe = {"method": "UNSUBSCRIBE", "params": ["btcusdt@depth"], "id": None}
        assert await _said(socket, unsubscribe) == {"result": None, "id": None}
        assert await _said(socket, {"method": "LIST_SUBSCRIPTIONS", "id": 3}) == {
            "result": ["btcusdt@aggTrade"],
            "id": 3,
        }


async def test_wrapping_can_be_switched_on(venue: Venue) -> None:
    async with venue.stream("/ws/btcusdt@trade") as socket:
        assert "stream" not in (await payloads(socket, 1))[0]
        await socket.send_json({"method": "SET_PROPERTY", "params": ["combined", True], "id": 5})
        while (await payloads(socket, 1))[0] != {"result": None, "id": 5}:
            pass
        assert (await payloads(socket, 1))[0]["stream"] == "btcusdt@trade"


_PAIRS = ("btc", "eth", "sol", "bnb", "xrp")
_VARIANTS = "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`"


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (
            {"method": "GET_PROPERTY", "params": ["wrapped"], "id": 1},
            {"code": 0, "msg": "Unknown property", "id": 1},
        ),
        (
            {"method": "SET_PROPERTY", "params": ["combined", "yes"], "id": 1},
            {"code": 1, "msg": "Invalid value type: expected Boolean"},
        ),
        (
            {"method": "GET_PROPERTY", "params": [7], "id": 1},
            {"code": 2, "msg": "Invalid request: property name must be a string"},
        ),
        (
            {"method": "LIST_SUBSCRIPTIONS", "id": [1]},
            {"code": 2, "msg": "Invalid request: request ID must be an unsigned integer"},
        ),
        (
            '{"method":"SUBSCRIBER","params":[],"id":1}',
            {
                "code": 2,
                "msg": f"Invalid request: unknown variant SUBSCRIBER, expected one of {_VARIANTS} at line 1 column 22",
            },
        ),
        (
            {"method": "GET_PROPERTY", "params": ["combined", "more"], "id": 1},
            {"code": 2, "msg": "Invalid request: too many parameters"},
        ),
        (
            '{"params":["btcusdt@trade"],"id":1}',
            {"code": 2, "msg": "Invalid request: missing field `method` at line 1 column 35"},
        ),
        ("hello", {"code": 3, "msg": "Invalid JSON: expected value at line 1 column 1"}),
    ],
)
async def test_wrong_requests_get_the_venues_own_words(still: Venue, request_: object, answer: object) -> None:
    async with still.stream("/ws") as socket:
        assert await _said(socket, request_) == answer


async def test_unknown_streams_are_taken_and_silent(fast: Venue) -> None:
    async with fast.stream("/ws") as socket:
        names = ["nosuch@trade", "BTCUSDT@trade", "btcusdt@kline_7m", "btcusdt@nothing", "!ticker@arr"]
        assert await _said(socket, {"method": "SUBSCRIBE", "params": names, "id": 1}) == {"result": None, "id": 1}
        await socket.send_json({"method": "SUBSCRIBE", "params": ["btcusdt@avgPrice"], "id": 2})
        heard = await payloads(socket, 4)
    assert {event.get("e", "reply") for event in heard} == {"reply", "avgPrice"}


async def test_microseconds_where_the_address_asks_for_them(fast: Venue) -> None:
    async with fast.stream("/stream?streams=btcusdt@trade&timeUnit=MICROSECOND") as socket:
        data = (await payloads(socket, 1))[0]["data"]
    assert isinstance(data, dict)
    assert len(str(data["T"])) == len(str(data["E"])) == 16


async def test_book_tops_agree_with_the_last_trade_and_rise_in_number(fast: Venue) -> None:
    async with fast.stream("/ws/solusdt@bookTicker") as socket:
        tops = await payloads(socket, 60)
    numbers = [top["u"] for top in tops]
    assert all(left < right for left, right in pairwise(numbers))
    assert all(list(top) == ["u", "s", "b", "B", "a", "A"] for top in tops)
    assert all(float(top["b"]) < float(top["a"]) for top in tops)


async def test_a_candle_closes_once_and_rest_has_the_same() -> None:
    async with open_venue(speed=90.0) as venue:
        async with venue.stream("/ws/dotusdt@kline_1m") as socket:
            closed: list[Any] = []
            opened = 0
            while len(closed) < 2:
                (candle,) = [event["k"] for event in await payloads(socket, 1)]
                closed += [candle] if candle["x"] else []
                opened += not candle["x"]
        start = closed[0]["t"]
        rows = await venue.get("klines", symbol="DOTUSDT", interval="1m", startTime=start, limit=2)
    assert opened
    assert closed[1]["t"] == closed[0]["t"] + 60_000
    assert closed[1]["f"] == closed[0]["L"] + 1
    assert [[candle[name] for name in "tohlcvTqnVQB"] for candle in closed] == rows


async def test_a_fast_market_goes_on_after_its_process_had_to_wait() -> None:
    async with open_venue(speed=200.0) as venue, venue.stream("/ws/dotusdt@kline_1m") as socket:
        first = (await payloads(socket, 1))[0]["k"]
        time.sleep(0.5)  # noqa: ASYNC251 - nothing in this process runs for more than a minute of the market
        while (await payloads(socket, 1))[0]["k"]["t"] < first["t"] + 180_000:
            pass
        assert not socket.closed


async def test_depth_differences_lead_from_one_snapshot_to_the_next() -> None:
    async with open_venue(speed=3.0) as venue, venue.stream("/ws/xrpusdt@depth@100ms") as socket:
        events = await payloads(socket, 3)
        book: Any = await venue.get("depth", symbol="XRPUSDT", limit=5000)
        events += await payloads(socket, 12)
        sides: dict[str, dict[str, str]] = {"b": dict(book["bids"]), "a": dict(book["asks"])}
        assert all(right["U"] == left["u"] + 1 for left, right in pairwise(events))
        kept: list[Any] = [event for event in events if event["u"] > book["lastUpdateId"]]
        assert kept[0]["U"] <= book["lastUpdateId"] + 1 <= kept[0]["u"]
        for event in kept:
            for side, levels in sides.items():
                for price, quantity in event[side]:
                    levels[price] = quantity
        async with venue.stream("/ws/xrpusdt@depth20@100ms") as other:
            partial = (await payloads(other, 1))[0]
    bids = [price for price, quantity in sides["b"].items() if float(quantity)]
    assert len(bids) == len(book["bids"])
    assert set(partial) == {"lastUpdateId", "bids", "asks"}


async def test_every_kind_of_ticker(fast: Venue) -> None:
    names = ("!miniTicker@arr", "bnbusdt@ticker", "bnbusdt@ticker_1h", "bnbusdt@avgPrice", "bnbusdt@depth5")
    async with fast.stream(f"/stream?streams={'/'.join(names)}") as socket:
        seen: dict[str, Any] = {}
        while len(seen) < len(names):
            seen |= {str(event["stream"]): event["data"] for event in await payloads(socket, 1)}
    assert {row["e"] for row in seen["!miniTicker@arr"]} == {"24hrMiniTicker"}
    assert list(seen["bnbusdt@ticker"]) == list("eEspPwxcQbBaAohlvqOCFLn")
    assert seen["bnbusdt@ticker_1h"]["e"] == "1hTicker"
    assert list(seen["bnbusdt@avgPrice"]) == ["e", "E", "s", "i", "w", "T"]
    assert len(seen["bnbusdt@depth5"]["bids"]) == 5


async def test_the_venue_pings_and_lets_go_of_who_does_not_answer() -> None:
    rules = StreamRules(ping_every=0.1, pong_within=0.5, messages=100)
    async with open_venue(speed=0.0, rules=rules) as venue, venue.stream("/ws") as socket:
        for _ in range(8):
            ping = await socket.receive(timeout=5)
            assert ping.type is WSMsgType.PING
            assert ping.data
            await socket.pong(ping.data)
        await socket.pong(b"not what you sent")
        while (message := await socket.receive(timeout=5)).type is WSMsgType.PING:
            pass
        assert message.type is WSMsgType.CLOSE
        assert (message.data, message.extra) == (1008, "Pong timeout")


async def test_six_messages_in_a_second_are_too_many(still: Venue) -> None:
    async with still.stream("/ws") as socket:
        for number in range(3):
            await socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": number})
        await socket.ping(b"one")
        await socket.pong(b"")
        await socket.ping(b"two")
        assert await close_code(socket) == 1008


async def test_a_clients_ping_is_answered(still: Venue) -> None:
    async with still.stream("/ws") as socket:
        await socket.ping(b"cockpit")
        pong = await socket.receive(timeout=5)
    assert (pong.type, bytes(pong.data)) == (WSMsgType.PONG, b"cockpit")


async def test_a_connection_carries_1024_streams(still: Venue) -> None:
    async with still.stream("/ws") as socket:
        names = [f"coin{number}@trade" for number in range(1025)]
        assert (await _said(socket, {"method": "SUBSCRIBE", "params": names[:1024], "id": 1}))["result"] is None
        refused = await _said(socket, {"method": "SUBSCRIBE", "params": names[1024:], "id": 2})
        assert refused == {"code": 2, "msg": "Invalid request: too many parameters"}
    path = "/ws/" + "/".join(f"c{number}@t" for number in range(1025))
    async with still.stream(path) as socket:
        assert await close_code(socket) == 1008


async def test_an_address_may_connect_so_often() -> None:
    async with open_venue(speed=0.0, rules=StreamRules(connects=3)) as venue:
        for _ in range(3):
            async with venue.stream("/ws"):
                pass
        with pytest.raises(WSServerHandshakeError) as refused:
            async with venue.stream("/ws"):
                pass
        assert refused.value.status == 429


async def test_a_connection_ends_when_its_time_is_over(venue: Venue) -> None:
    venue.faults.update({"binance_close_after": 0.2})
    async with venue.stream("/ws/btcusdt@trade") as socket:
        assert await close_code(socket) == 1001


async def test_a_jump_of_the_clock_sends_clients_away_and_welcomes_them_again(venue: Venue) -> None:
    async with venue.stream("/stream?streams=btcusdt@trade") as socket:
        await payloads(socket, 1)
        venue.clock.jump_to(venue.clock.now() + timedelta(hours=20))
        heard = []
        while (message := await socket.receive(timeout=20)).type is WSMsgType.TEXT:
            heard.append(json.loads(message.data))
        assert socket.close_code == 1012
        assert heard[-1]["stream"] == "!serverShutdown"
        assert heard[-1]["data"]["e"] == "serverShutdown"
    async with venue.stream("/ws/btcusdt@trade") as socket:
        event = (await payloads(socket, 1))[0]
    assert event["T"] >= START_MS + 20 * 3_600_000


async def test_mute_streams_stay_open_and_answer(venue: Venue) -> None:
    async with venue.stream("/ws/btcusdt@trade") as socket:
        await payloads(socket, 1)
        venue.faults.update({"binance_mute": 1})
        await _said(socket, {"method": "LIST_SUBSCRIPTIONS", "id": 1})
        heard = [await _said(socket, {"method": "LIST_SUBSCRIPTIONS", "id": number}) for number in (7, 8)]
        assert [answer["id"] for answer in heard] == [7, 8]
        assert (await _said(socket, {"method": "LIST_SUBSCRIPTIONS", "id": 2}))["id"] == 2
        venue.faults.update({"binance_mute": 0})
        assert (await payloads(socket, 1))[0]["e"] == "trade"


async def test_a_drop_breaks_the_connection_once(venue: Venue) -> None:
    async with venue.stream("/ws/btcusdt@trade") as socket:
        await payloads(socket, 1)
        venue.faults.update({"binance_drop": 1})
        assert await close_code(socket) == 1006
    async with venue.stream("/ws/btcusdt@trade") as socket:
        await payloads(socket, 3)
    assert venue.faults.binance_drop == 0


async def test_a_gap_leaves_out_trades_that_rest_still_has(fast: Venue) -> None:
    async with fast.stream("/ws/btcusdt@trade") as socket:
        before = await payloads(socket, 5)
        fast.faults.update({"binance_gap": 30})
        ids = [event["t"] for event in before]
        while not any(right - left > 1 for left, right in pairwise(ids)):
            ids += [event["t"] for event in await payloads(socket, 1)]
    (hole,) = [(left, right) for left, right in pairwise(ids) if right != left + 1]
    assert hole[1] - hole[0] == 31
    rows = await fast.get("historicalTrades", symbol="BTCUSDT", fromId=hole[0] + 1, limit=30)
    assert isinstance(rows, list)
    assert [row["id"] for row in rows] == list(range(hole[0] + 1, hole[1]))


async def test_duplicates_and_garbage_by_share(fast: Venue) -> None:
    fast.faults.update({"binance_duplicate": 1.0})
    async with fast.stream("/ws/btcusdt@trade") as socket:
        twice = await frames(socket, 20)
    assert twice[::2] == twice[1::2]
    assert len(set(twice)) == 10
    fast.faults.update({"binance_duplicate": 0, "binance_garbage": 1.0})
    async with fast.stream("/ws/btcusdt@trade") as socket:
        damaged = await frames(socket, 20)
    assert not any(_is_sound(frame) for frame in damaged)


def _is_sound(frame: str) -> bool:
    try:
        return float(json.loads(frame)["p"]) > 0
    except (ValueError, KeyError, TypeError):
        return False


async def test_a_client_that_does_not_read_is_let_go() -> None:
    async with open_venue(speed=20.0, rules=StreamRules(queued=1000), send_buffer=4096) as venue:
        host, port = venue.url.removeprefix("http://").removesuffix("/binance").split(":")
        client = sockets.socket()
        client.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, (host, int(port)))
        streams = "/".join(f"{name}usdt@{kind}" for name in _PAIRS for kind in ("trade", "aggTrade", "bookTicker"))
        await loop.sock_sendall(
            client,
            f"GET /binance/ws/{streams} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode(),
        )
        async with venue.stream("/ws/btcusdt@trade") as reader:
            await payloads(reader, 700)
            async with asyncio.timeout(10):
                while await _received(loop, client):
                    pass
            await payloads(reader, 10)
        client.close()


async def _received(loop: asyncio.AbstractEventLoop, client: sockets.socket) -> bytes:
    try:
        return await loop.sock_recv(client, 65_536)
    except ConnectionError:
        return b""


async def test_one_pair_falls_silent_alone(fast: Venue) -> None:
    fast.faults.update({"binance_mute_symbol": "BTCUSDT"})
    async with fast.stream("/stream?streams=btcusdt@trade/btcusdt@bookTicker/ethusdt@trade") as socket:
        assert {event["stream"] for event in await payloads(socket, 200)} == {"ethusdt@trade"}
        fast.faults.update({"binance_mute_symbol": "off"})
        async with asyncio.timeout(20):
            while (await payloads(socket, 1))[0]["stream"] != "btcusdt@trade":
                pass


async def test_reordered_trades_are_all_there(fast: Venue) -> None:
    fast.faults.update({"binance_reorder": 0.5})
    async with fast.stream("/ws/btcusdt@trade") as socket:
        ids = [event["t"] for event in await payloads(socket, 600)]
    assert ids != sorted(ids)
    assert len(set(ids)) == 600
    assert len(set(range(min(ids), max(ids) + 1)) - set(ids)) < 60, "only what is still to come is missing"


async def test_a_shutdown_is_announced_before_it_comes(fast: Venue) -> None:
    async with fast.stream("/stream?streams=ethusdt@trade") as socket:
        await payloads(socket, 1)
        fast.faults.update({"binance_shutdown": 0.3})
        seen: list[dict[str, Any]] = []
        while not seen or seen[-1]["stream"] != "!serverShutdown":
            seen += await payloads(socket, 1)
        assert seen[-1]["data"]["e"] == "serverShutdown"
        assert (await payloads(socket, 1))[0]["stream"] == "ethusdt@trade", "trades go on until then"
        assert await close_code(socket) == 1001
    assert fast.faults.binance_shutdown == 0


async def test_a_pulled_cable_lets_nothing_through_until_it_is_back(fast: Venue) -> None:
    async with fast.stream("/ws/ethusdt@trade") as socket:
        await payloads(socket, 1)
        fast.faults.update({"binance_black_hole": 1})
        with suppress(TimeoutError):
            async with asyncio.timeout(0.6):
                while True:  # what was on its way still comes, and then nothing
                    await payloads(socket, 1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await fast.get("ping")
        assert not socket.closed
        fast.faults.update({"binance_black_hole": 0})
        await payloads(socket, 1)
        assert await fast.get("ping") == {}


async def test_rest_is_behind_but_its_clock_is_not(fast: Venue) -> None:
    fast.faults.update({"binance_rest_lag": 3600})
    (row,) = await fast.get("trades", symbol="BTCUSDT", limit=1)
    now_ms = (await fast.get("time"))["serverTime"]
    assert 3_500_000 < now_ms - row["time"] < 3_900_000


async def test_a_refusal_asks_for_the_time_it_is_told_to(fast: Venue) -> None:
    fast.faults.update({"binance_status": 429, "binance_retry_after": 3})
    async with fast.http.get(f"{fast.url}/api/v3/ping") as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "3")
