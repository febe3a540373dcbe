"""The exchange over REST: documented shapes, rules, weights and refusals."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from cockpit.emulator.binance_limits import WeightLimit
from tests.emulator.binance_venue import START_MS, Venue, open_venue


@pytest.fixture
async def venue() -> AsyncIterator[Venue]:
    async with open_venue(speed=0.0) as opened:
        yield opened


async def _rows(venue: Venue, path: str, **params: object) -> list[Any]:
    body = await venue.get(path, **params)
    assert isinstance(body, list)
    return body


async def test_time_is_the_market_clocks(venue: Venue) -> None:
    assert await venue.get("ping") == {}
    assert await venue.get("time") == {"serverTime": START_MS}


async def test_trades_are_the_newest_and_history_goes_on_from_an_id(venue: Venue) -> None:
    newest = await _rows(venue, "trades", symbol="BTCUSDT", limit=1000)
    ids = [row["id"] for row in newest]
    assert ids == list(range(ids[0], ids[0] + 1000))
    again = await _rows(venue, "historicalTrades", symbol="BTCUSDT", fromId=ids[0], limit=1000)
    assert again == newest
    assert await _rows(venue, "historicalTrades", symbol="BTCUSDT", fromId=ids[-1] + 1) == []
    row = newest[-1]
    assert list(row) == ["id", "price", "qty", "quoteQty", "time", "isBuyerMaker", "isBestMatch"]
    assert Decimal(row["price"]) * Decimal(row["qty"]) == Decimal(row["quoteQty"])
    assert row["time"] < START_MS


async def test_the_weight_of_a_request_is_counted_in_headers(venue: Venue) -> None:
    used = 0
    for path, weight in (
        ("ping", 1),
        ("exchangeInfo", 20),
        ("exchangeInfo?symbol=BTCUSDT", 20),
        ("depth?symbol=BTCUSDT", 5),
        ("depth?symbol=BTCUSDT&limit=500", 25),
        ("depth?symbol=BTCUSDT&limit=1000", 50),
        ("depth?symbol=BTCUSDT&limit=5000", 250),
        ("trades?symbol=BTCUSDT", 25),
        ("historicalTrades?symbol=BTCUSDT", 25),
        ("aggTrades?symbol=BTCUSDT", 4),
        ("klines?symbol=BTCUSDT&interval=1m", 2),
        ("uiKlines?symbol=BTCUSDT&interval=1m", 2),
        ("avgPrice?symbol=BTCUSDT", 2),
        ("ticker/24hr?symbol=BTCUSDT", 2),
        ('ticker/24hr?symbols=["BTCUSDT","ETHUSDT"]', 2),
        ("ticker/24hr", 80),
        ("ticker/price?symbol=BTCUSDT", 2),
        ("ticker/price", 4),
        ("ticker/bookTicker?symbol=BTCUSDT", 2),
        ("ticker/bookTicker", 4),
        ('ticker?symbols=["BTCUSDT","ETHUSDT"]', 8),
    ):
        async with venue.http.get(f"{venue.url}/api/v3/{path}") as response:
            used += weight
            assert response.status == 200, path
            assert response.headers["X-MBX-USED-WEIGHT-1M"] == str(used), path
            assert response.headers["X-MBX-USED-WEIGHT"] == str(used)
            await response.read()


async def test_aggregates_cover_their_trades_and_keep_their_rules(venue: Venue) -> None:
    newest = await _rows(venue, "aggTrades", symbol="ETHUSDT", limit=50)
    assert [row["a"] for row in newest] == list(range(newest[0]["a"], newest[0]["a"] + 50))
    assert all(left["l"] + 1 == right["f"] for left, right in pairwise(newest))
    assert await _rows(venue, "aggTrades", symbol="ETHUSDT", fromId=newest[10]["a"], limit=5) == newest[10:15]
    start, end = newest[10]["T"], newest[40]["T"]
    within = await _rows(venue, "aggTrades", symbol="ETHUSDT", startTime=start, endTime=end)
    assert within == [row for row in newest if start <= row["T"] <= end]
    until = await _rows(venue, "aggTrades", symbol="ETHUSDT", endTime=end, limit=3)
    assert until == [row for row in newest if row["T"] <= end][-3:]
    micro = await _rows(venue, "aggTrades", symbol="ETHUSDT", startTime=start * 1000, limit=2)
    assert micro == within[:2]


async def test_candles_are_the_trades_added_up_and_the_last_is_open(venue: Venue) -> None:
    candles = await _rows(venue, "klines", symbol="DOTUSDT", interval="1m", limit=3)
    minute = START_MS // 60_000 * 60_000
    assert [row[0] for row in candles] == [minute - 120_000, minute - 60_000, minute]
    assert [row[6] for row in candles] == [minute - 60_001, minute - 1, minute + 59_999]
    trades = await _rows(venue, "trades", symbol="DOTUSDT", limit=1000)
    for row in candles:
        within = [trade for trade in trades if row[0] <= trade["time"] <= row[6]]
        prices = [Decimal(trade["price"]) for trade in within]
        assert [Decimal(text) for text in row[1:5]] == [prices[0], max(prices), min(prices), prices[-1]]
        assert Decimal(row[5]) == sum(Decimal(trade["qty"]) for trade in within)
        assert Decimal(row[7]) == sum(Decimal(trade["quoteQty"]) for trade in within)
        assert row[8] == len(within)
        bought = [trade for trade in within if not trade["isBuyerMaker"]]
        assert Decimal(row[9]) == sum(Decimal(trade["qty"]) for trade in bought)
        assert Decimal(row[10]) == sum(Decimal(trade["quoteQty"]) for trade in bought)
    assert await _rows(venue, "uiKlines", symbol="DOTUSDT", interval="1m", limit=3) == candles


async def test_long_candles_add_up_the_short_ones(venue: Venue) -> None:
    day = START_MS // 86_400_000 * 86_400_000 - 86_400_000
    hours = await _rows(venue, "klines", symbol="ADAUSDT", interval="1h", startTime=day, limit=24)
    days = await _rows(venue, "klines", symbol="ADAUSDT", interval="1d", startTime=day, limit=1)
    assert days[0][1:5] == [
        hours[0][1],
        max((row[2] for row in hours), key=Decimal),
        min((row[3] for row in hours), key=Decimal),
        hours[-1][4],
    ]
    assert Decimal(days[0][7]) == sum(Decimal(row[7]) for row in hours)


@pytest.mark.parametrize(
    ("interval", "start", "step"),
    [("1s", 1000, 1000), ("15m", 900_000, 900_000), ("1w", 4 * 86_400_000, 7 * 86_400_000)],
)
async def test_candles_begin_where_their_interval_does(venue: Venue, interval: str, start: int, step: int) -> None:
    rows = await _rows(venue, "klines", symbol="LTCUSDT", interval=interval, limit=4)
    assert all((row[0] - start) % step == 0 for row in rows)
    assert [right[0] - left[0] for left, right in pairwise(rows)] == [step] * 3
    assert rows[-1][0] < START_MS <= rows[-1][6] + 1


async def test_months_and_zones_move_the_candles(venue: Venue) -> None:
    month = (await _rows(venue, "klines", symbol="LTCUSDT", interval="1M", limit=1))[0]
    assert (month[0], month[6]) == (1_793_491_200_000, 1_796_083_199_999)
    shifted = (await _rows(venue, "klines", symbol="LTCUSDT", interval="1d", timeZone="+08:00", limit=1))[0]
    assert shifted[0] % 86_400_000 == 16 * 3_600_000


async def test_day_tickers_in_every_form(venue: Venue) -> None:
    full = await venue.get("ticker/24hr", symbol="BTCUSDT")
    assert isinstance(full, dict)
    assert set(full) >= {"priceChange", "priceChangePercent", "weightedAvgPrice", "prevClosePrice", "lastQty", "bidQty"}
    assert full["closeTime"] - full["openTime"] == 86_400_000
    assert full["lastId"] - full["firstId"] + 1 == full["count"]
    change = Decimal(full["lastPrice"]) - Decimal(full["openPrice"])
    assert Decimal(full["priceChange"]) == change
    several = await _rows(venue, "ticker/24hr", symbols='["BTCUSDT","ETHUSDT"]', type="MINI")
    assert [row["symbol"] for row in several] == ["BTCUSDT", "ETHUSDT"]
    assert "priceChange" not in several[0]
    assert several[0]["volume"] == full["volume"]
    assert len(await _rows(venue, "ticker/24hr")) == 13
    hour = await venue.get("ticker", symbol="BTCUSDT", windowSize="1h")
    assert isinstance(hour, dict)
    assert hour["openTime"] % 60_000 == 0
    price = await venue.get("ticker/price", symbol="BTCUSDT")
    assert price == {"symbol": "BTCUSDT", "price": full["lastPrice"]}
    book = await venue.get("ticker/bookTicker", symbol="BTCUSDT")
    assert book == {name: full[name] for name in ("symbol", "bidPrice", "bidQty", "askPrice", "askQty")}


async def test_average_price_and_book(venue: Venue) -> None:
    average = await venue.get("avgPrice", symbol="BTCUSDT")
    assert isinstance(average, dict)
    assert list(average) == ["mins", "price", "closeTime"]
    depth = await venue.get("depth", symbol="BTCUSDT", limit=5)
    assert isinstance(depth, dict)
    assert [len(depth["bids"]), len(depth["asks"])] == [5, 5]


async def test_the_venue_describes_its_pairs(venue: Venue) -> None:
    info = await venue.get("exchangeInfo")
    assert isinstance(info, dict)
    assert info["rateLimits"][0] == {
        "rateLimitType": "REQUEST_WEIGHT",
        "interval": "MINUTE",
        "intervalNum": 1,
        "limit": 6000,
    }
    btc = next(row for row in info["symbols"] if row["symbol"] == "BTCUSDT")
    filters = {row["filterType"]: row for row in btc["filters"]}
    assert filters["PRICE_FILTER"]["tickSize"] == "0.01000000"
    assert filters["LOT_SIZE"]["stepSize"] == "0.00001000"
    assert btc["permissionSets"] == [["SPOT", "MARGIN"]]
    trades = await _rows(venue, "trades", symbol="BTCUSDT", limit=20)
    assert all(Decimal(row["price"]) % Decimal("0.01") == 0 for row in trades)


async def test_microseconds_on_request(venue: Venue) -> None:
    headers = {"X-MBX-TIME-UNIT": "MICROSECOND"}
    async with venue.http.get(f"{venue.url}/api/v3/time", headers=headers) as response:
        assert await response.json() == {"serverTime": START_MS * 1000}
    path = f"{venue.url}/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=1"
    async with venue.http.get(path, headers=headers) as response:
        row = (await response.json())[0]
    assert row[6] - row[0] == 60_000_000 - 1


_MISSING = "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."
_ILLEGAL = "Illegal characters found in parameter 'symbol'; legal range is '^[A-Z0-9-_.]{1,20}$'."


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("trades", -1102, _MISSING),
        ("trades?symbol=", -1105, "Parameter 'symbol' was empty."),
        ("trades?symbol=btcusdt", -1100, _ILLEGAL),
        ("trades?symbol=NOSUCH", -1121, "Invalid symbol."),
        ("klines?symbol=BTCUSDT&interval=7m", -1120, "Invalid interval."),
        (
            "trades?symbol=BTCUSDT&limit=ten",
            -1100,
            "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'.",
        ),
        ("aggTrades?symbol=BTCUSDT&fromId=1&startTime=1", -1128, "Combination of optional parameters invalid."),
        ('ticker/24hr?symbol=BTCUSDT&symbols=["ETHUSDT"]', -1128, "Combination of optional parameters invalid."),
        ('ticker/24hr?symbols=["NOSUCH"]', -1121, "Invalid symbol."),
    ],
)
async def test_wrong_parameters_get_the_venues_own_codes(venue: Venue, path: str, code: int, message: str) -> None:
    async with venue.http.get(f"{venue.url}/api/v3/{path}") as response:
        assert response.status == 400
        assert await response.json() == {"code": code, "msg": message}


async def test_too_much_weight_is_refused_then_banned() -> None:
    async with open_venue(speed=0.0, quotas={"binance": 50}) as venue:
        url = f"{venue.url}/api/v3/trades?symbol=BTCUSDT&limit=1"
        answers = []
        for _ in range(13):
            async with venue.http.get(url) as response:
                answers.append((response.status, response.headers.get("Retry-After"), await response.json()))
    assert [status for status, _, _ in answers] == [200] * 2 + [429] * 10 + [418]
    assert answers[2][2] == {
        "code": -1003,
        "msg": "Too much request weight used; current limit is 50 request weight per 1 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API.",
    }
    assert 1 <= int(answers[2][1] or 0) <= 60
    assert answers[12][1] == "120"
    assert answers[12][2] == {
        "code": -1003,
        "msg": f"Way too much request weight used; IP banned until {START_MS + 120_000}. "
        "Please use WebSocket Streams for live updates to avoid bans.",
    }


def test_windows_and_bans_end_with_real_time() -> None:
    now = 6_000.0

    def monotonic() -> float:
        return now

    limit = WeightLimit(10, monotonic)
    assert [limit.spend(10).status, limit.spend(1).status] == [200, 429]
    assert limit.spend(1).retry_after == 60
    now += 60
    assert limit.spend(10).used == 10
    statuses = [limit.spend(10).status for _ in range(11)]
    assert statuses == [429] * 10 + [418]
    now += 119
    assert limit.spend(1).retry_after == 1
    now += 1
    assert limit.spend(10).status == 200
    assert [limit.spend(10).status for _ in range(11)][-1] == 418
    assert limit.spend(1).retry_after == 240


async def test_no_quota_no_refusal() -> None:
    async with open_venue(speed=0.0, quotas={"binance": 0}) as venue:
        for _ in range(80):
            await venue.get("ticker/24hr")
        await venue.get("ping")


@pytest.mark.parametrize(
    ("status", "retry_after", "part"),
    [
        (451, None, '"code":0,"msg":"Service unavailable from a restricted location'),
        (429, "30", '"code":-1003,"msg":"Too much request weight used'),
        (418, "120", '"code":-1003,"msg":"Way too much request weight used'),
        (503, None, '"code":-1000'),
    ],
)
async def test_the_status_fault_refuses_requests_and_handshakes(
    venue: Venue, status: int, retry_after: str | None, part: str
) -> None:
    venue.faults.update({"binance_status": status})
    for path in ("/api/v3/time", "/ws/btcusdt@trade", "/stream?streams=btcusdt@trade"):
        async with venue.http.get(venue.url + path) as response:
            assert response.status == status
            assert response.headers.get("Retry-After") == retry_after
            assert part in await response.text()
    venue.faults.update({"binance_status": "off"})
    assert await venue.get("ping") == {}


async def test_answers_are_json_text_without_surprises(venue: Venue) -> None:
    async with venue.http.get(f"{venue.url}/api/v3/trades?symbol=BTCUSDT&limit=2") as response:
        assert response.content_type == "application/json"
        body = await response.text()
    assert json.dumps(json.loads(body), separators=(",", ":")) == body
