"""Prices from before anything was stored: asked of the embedded exchange over HTTP, and kept as klines."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from cockpit.clock import Clock
from cockpit.errors import ProviderError, Refusal, UsageError
from cockpit.net.http import HttpClient
from cockpit.net.retry import Retry
from cockpit.paths import Paths
from cockpit.providers.binance import Binance
from cockpit.providers.fallback import FallbackExchange
from cockpit.providers.ports import KLINES_AT_ONCE
from cockpit.settings import BinanceSettings, VenueSettings
from cockpit.storage.bar_columns import read_bar_columns
from cockpit.storage.bar_coverage import uncovered
from cockpit.storage.database import Database, open_database
from cockpit.storage.klines import kline_series, read_klines, store_klines
from cockpit.storage.sourced_bars import read_sourced_bars
from cockpit.storage.ticks import store_trades
from cockpit.ticks.bars import MINUTE_MS
from cockpit.ticks.chart import SPANS
from cockpit.ticks.history import History, kline_length, stretches
from cockpit.ticks.kline import Kline, Source
from tests.emulator.binance_venue import START_MS, Venue, open_venue
from tests.net.fakes import HandClock, vendor
from tests.ticks.trades import trade

_HOUR_MS = 60 * MINUTE_MS
_NOW_MS = START_MS // MINUTE_MS * MINUTE_MS
"""Start of the minute that is open at the venue."""


@dataclass(frozen=True, slots=True)
class Desk:
    venue: Venue
    http: HttpClient
    exchange: Binance
    database: Database
    clock: Clock

    @property
    def history(self) -> History:
        return History(self.exchange, self.database, self.clock)

    @property
    def weight(self) -> int:
        """What was asked so far, as the venue charges it."""
        return self.http.link("binance").status().windows[0].used

    async def klines(self, length_ms: int = MINUTE_MS) -> list[Kline]:
        return [one async for one in read_klines(self.database, "BTCUSDT", length_ms)]


@asynccontextmanager
async def opened(folder: Path, settings: BinanceSettings | None = None) -> AsyncIterator[Desk]:
    """An empty folder at a venue whose time stands still."""
    async with (
        open_venue(speed=0.0) as venue,
        open_database(Paths(folder, folder)) as database,
        HttpClient(venue.clock, retry=Retry(attempts=1)) as http,
    ):
        address = VenueSettings(ws_url="ws://127.0.0.1:9", rest_url=venue.url)
        exchange = Binance(http, "binance", address, settings or BinanceSettings(), venue.clock)
        yield Desk(venue, http, exchange, database, venue.clock)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(tmp_path) as found:
        yield found


async def test_an_empty_folder_gets_the_finished_klines_of_the_venue(desk: Desk) -> None:
    assert await desk.history.fill("BTCUSDT", SPANS["1h"]) == 60
    theirs = await desk.venue.get("klines", symbol="BTCUSDT", interval="1m", endTime=_NOW_MS - 1, limit=60)
    kept = await desk.klines()
    assert [one.open_ms for one in kept] == [row[0] for row in theirs]
    assert [one.close_e8 for one in kept] == [round(float(row[4]) * 1e8) for row in theirs]
    assert kept[-1].open_ms == _NOW_MS - MINUTE_MS, "the minute that is still open is not kept"
    assert desk.weight == 2
    listed = [one async for one in read_sourced_bars(desk.database, "BTCUSDT", "1m")]
    assert {one.source for one in listed} == {Source.KLINES}
    assert await desk.history.fill("BTCUSDT", SPANS["1h"]) == 0
    assert desk.weight == 2, "what is kept is not asked for again"


@pytest.mark.parametrize(
    ("span", "length_ms", "bars", "weight"),
    [("6h", MINUTE_MS, 360, 2), ("24h", MINUTE_MS, 1440, 4), ("7d", _HOUR_MS // 4, 672, 2), ("30d", _HOUR_MS, 720, 2)],
)
async def test_every_span_costs_a_request_or_two(desk: Desk, span: str, length_ms: int, bars: int, weight: int) -> None:
    assert await desk.history.fill("BTCUSDT", SPANS[span]) == pytest.approx(bars, abs=1)
    assert await kline_series(desk.database) == {"BTCUSDT": [length_ms]}
    assert desk.weight == weight
    found = await read_bar_columns(desk.database, "BTCUSDT", START_MS - SPANS[span] - length_ms, START_MS)
    assert set(found.length_ms) == {length_ms}
    assert len(found) == pytest.approx(bars, abs=1)


async def test_only_what_neither_trades_nor_klines_cover_is_asked_for(desk: Desk) -> None:
    history = desk.history
    stored = [
        trade(number, time_ms=_NOW_MS - number * MINUTE_MS, price="50000") for number in range(1, 61) if number != 30
    ]
    await store_trades(desk.database, stored)
    assert await history.fill("BTCUSDT", SPANS["1h"]) == 1
    assert [one.open_ms for one in await desk.klines()] == [_NOW_MS - 30 * MINUTE_MS]
    assert await history.fill("BTCUSDT", SPANS["6h"]) == 300
    await history.fill("BTCUSDT", SPANS["7d"])
    quarters = await desk.klines(_HOUR_MS // 4)
    assert quarters[-1].open_ms + _HOUR_MS // 4 <= _NOW_MS - 6 * _HOUR_MS + _HOUR_MS // 4
    found = await read_bar_columns(desk.database, "BTCUSDT", START_MS - SPANS["7d"] - _HOUR_MS, START_MS)
    assert list(found.open_ms) == sorted(set(found.open_ms))
    assert found.close[-1] == 50_000.0, "our trades stay as they are"
    assert len(found) == len(quarters) + 360


async def test_those_who_ask_for_the_same_share_one_answer(desk: Desk) -> None:
    history = desk.history
    asked = [asyncio.create_task(history.fill("BTCUSDT", SPANS["1h"])) for _ in range(5)]
    await asyncio.sleep(0)
    asked[0].cancel()
    assert await asyncio.gather(*asked[1:]) == [60] * 4
    assert desk.weight == 2
    assert len(await desk.klines()) == 60


async def test_a_session_that_ends_does_not_wait_for_the_venue(desk: Desk) -> None:
    asked = asyncio.Event()

    async def never(_: web.Request) -> web.StreamResponse:
        asked.set()
        await asyncio.sleep(60)
        raise AssertionError

    async with vendor() as silent:
        silent.do(never)
        address = VenueSettings(ws_url="ws://127.0.0.1:9", rest_url=silent.url)
        exchange = Binance(desk.http, "binance", address, BinanceSettings(), desk.clock)
        history = History(exchange, desk.database, desk.clock)
        waiting = asyncio.create_task(history.fill("BTCUSDT", SPANS["1h"]))
        async with asyncio.timeout(5):
            await asked.wait()
            await history.aclose()
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_a_venue_that_refuses_is_told_and_may_be_asked_again(desk: Desk) -> None:
    history = desk.history
    desk.venue.faults.update({"binance_status": 451})
    with pytest.raises(ProviderError, match="does not serve this location"):
        await history.fill("BTCUSDT", SPANS["1h"])
    assert not await desk.klines()
    desk.venue.faults.update({"binance_status": 0})
    assert await history.fill("BTCUSDT", SPANS["1h"]) == 60
    with pytest.raises(ProviderError, match="does not list"):
        await history.fill("NOSUCHUSDT", SPANS["1h"])


async def test_the_second_venue_is_asked_where_it_is_in_use(desk: Desk) -> None:
    other = Binance(
        desk.http,
        "binance_us",
        VenueSettings(ws_url="ws://127.0.0.1:9", rest_url=desk.venue.url),
        BinanceSettings(),
        desk.clock,
    )
    exchange = FallbackExchange(desk.exchange, other)
    exchange.switch("binance does not serve this location")
    assert await History(exchange, desk.database, desk.clock).fill("BTCUSDT", SPANS["1h"]) == 60
    assert desk.weight == 0
    assert desk.http.link("binance_us").status().windows[0].used


async def test_missed_trades_come_first(tmp_path: Path) -> None:
    async with opened(tmp_path, BinanceSettings(limits=("100/1m",))) as desk:
        await desk.exchange.trades_from("BTCUSDT", 1)
        with pytest.raises(ProviderError, match="trades that were missed first") as caught:
            await desk.history.fill("BTCUSDT", SPANS["1h"])
        assert caught.value.refusal is Refusal.QUOTA
        assert desk.weight == 25


async def test_a_second_cockpit_keeps_nothing_and_asks_nobody(tmp_path: Path, desk: Desk) -> None:
    async with open_database(Paths(tmp_path, tmp_path)) as second:
        assert second.read_only
        with pytest.raises(UsageError, match="only reads"):
            await History(desk.exchange, second, desk.clock).fill("BTCUSDT", SPANS["1h"])
    assert desk.weight == 0


async def test_a_clock_that_is_ahead_makes_no_kline_finished(desk: Desk) -> None:
    ahead = HandClock(desk.clock.now() + timedelta(minutes=20))
    assert await History(desk.exchange, desk.database, ahead).fill("BTCUSDT", SPANS["1h"]) == 40
    assert (await desk.klines())[-1].open_ms == _NOW_MS - MINUTE_MS


async def test_a_kline_counts_as_stored_for_longer_ones_but_not_for_shorter(desk: Desk) -> None:
    found = await desk.exchange.klines("BTCUSDT", 5 * MINUTE_MS, START_MS - 2 * _HOUR_MS, START_MS)
    await store_klines(desk.database, found)
    since = found[0].open_ms
    until = found[-1].open_ms + 5 * MINUTE_MS
    assert len(await uncovered(desk.database, "BTCUSDT", MINUTE_MS, since, until)) == (until - since) // MINUTE_MS
    assert not await uncovered(desk.database, "BTCUSDT", 5 * MINUTE_MS, since, until)
    assert not await uncovered(desk.database, "BTCUSDT", _HOUR_MS, since, until)
    with pytest.raises(ValueError, match="no interval"):
        await desk.exchange.klines("BTCUSDT", 7 * MINUTE_MS, since, until)


@given(st.sets(st.integers(0, 5000), max_size=80))
def test_requests_cover_what_is_missing_newest_first(numbers: set[int]) -> None:
    missing = [number * MINUTE_MS for number in sorted(numbers)]
    asked = stretches(missing, MINUTE_MS)
    assert asked == sorted(asked, reverse=True)
    for start, end in asked:
        assert start in missing
        assert end - MINUTE_MS in missing
        assert end - start <= KLINES_AT_ONCE * MINUTE_MS
    for at in missing:
        assert sum(start <= at < end for start, end in asked) == 1


def test_a_span_of_any_length_has_klines() -> None:
    assert [kline_length(span_ms) // MINUTE_MS for span_ms in SPANS.values()] == [1, 1, 1, 15, 60]
    assert kline_length(10_000 * 24 * _HOUR_MS) == 24 * _HOUR_MS
