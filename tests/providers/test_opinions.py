"""Sources of sentiment: recorded and embedded answers, refusals, and what comes of them together."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from cockpit.boards import Boards
from cockpit.clock import Anchor, SimulatedClock
from cockpit.emulator.options import EmulatorOptions
from cockpit.emulator.server import running_server
from cockpit.errors import ProviderError, Refusal
from cockpit.net.http import HttpClient
from cockpit.providers.alpha_vantage import AlphaVantage
from cockpit.providers.alpha_vantage_news import opinion_in
from cockpit.providers.ports import OpinionSource
from cockpit.providers.reddit import Reddit
from cockpit.providers.stocktwits import StockTwits
from cockpit.scan.opinions import Opinions
from cockpit.scan.sentiment import Opinion, together
from cockpit.scan.side_words import side_of
from cockpit.settings import (
    AlphaVantageSettings,
    CacheSettings,
    RedditSettings,
    SentimentSettings,
    StockTwitsSettings,
)
from tests.net.fakes import HandClock, Vendor, vendor

NOW = datetime(2026, 11, 24, 15, 42, tzinfo=UTC)


@dataclass
class Desk:
    served: Vendor
    clock: HandClock
    http: HttpClient

    def stocktwits(self) -> StockTwits:
        settings = StockTwitsSettings(base_url=self.served.url, limits=())
        return StockTwits(self.http, settings, 900.0)

    def reddit(self, **given: Any) -> Reddit:
        url = self.served.url
        settings = RedditSettings(base_url=url, token_url=f"{url}/token", limits=(), **given)
        return Reddit(self.http, settings, 900.0, self.clock)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    clock = HandClock(NOW)
    async with vendor() as served, HttpClient(clock) as http:
        yield Desk(served, clock, http)


async def test_the_recorded_page_of_stocktwits_is_counted_as_its_authors_tagged_it(
    desk: Desk, recordings: Path
) -> None:
    desk.served.answer((recordings / "stocktwits/get_symbol_msgs.json").read_bytes())
    opinion = await desk.stocktwits().opinion("AAPL")
    assert (opinion.sample, opinion.read) == (12, 30)
    assert opinion.score == pytest.approx((7 - 5) / 12)
    assert opinion.newest_at == datetime(2019, 3, 3, 5, 38, 9, tzinfo=UTC)


async def test_an_opinion_is_asked_for_once_while_it_is_good(desk: Desk, recordings: Path) -> None:
    desk.served.answer((recordings / "stocktwits/get_symbol_msgs.json").read_bytes())
    source = desk.stocktwits()
    assert await source.opinion("AAPL") == await source.opinion("AAPL")
    assert len(desk.served.requests) == 1


@pytest.mark.parametrize(
    ("status", "body", "refusal"),
    [
        (403, b"<html>Attention Required! Cloudflare</html>", Refusal.RESTRICTED),
        (404, b'{"response":{"status":404}}', Refusal.NOT_FOUND),
        (429, b'{"response":{"status":429},"errors":[{"message":"Rate limit exceeded."}]}', Refusal.QUOTA),
        (200, b"<html>hello</html>", Refusal.MALFORMED),
        (200, b'{"messages": 3}', Refusal.MALFORMED),
        (200, b"[]", Refusal.MALFORMED),
    ],
)
async def test_what_stocktwits_refuses_is_a_typed_error(desk: Desk, status: int, body: bytes, refusal: Refusal) -> None:
    desk.served.answer(body, status=status)
    with pytest.raises(ProviderError) as caught:
        await desk.stocktwits().opinion("AAPL")
    assert caught.value.refusal is refusal
    assert str(caught.value).startswith("stocktwits: ")


async def test_reddit_asks_for_a_token_once_and_names_itself(desk: Desk) -> None:
    created = NOW.timestamp()
    posts = [
        ("AAPL calls printing", "to the moon"),
        ("Is AAPL overvalued?", ""),
        ("not bullish on AAPL at all", ""),
        ("AAPL earnings thread", ""),
    ]
    children = [
        {"kind": "t3", "data": {"title": title, "selftext": text, "created_utc": created - at}}
        for at, (title, text) in enumerate(posts)
    ]
    listing = {"kind": "Listing", "data": {"after": None, "children": [*children, {"kind": "t3", "data": None}]}}
    desk.served.answer(json.dumps({"access_token": "t0k3n", "token_type": "bearer", "expires_in": 86400}).encode())
    desk.served.answer(json.dumps(listing).encode())
    desk.served.answer(json.dumps(listing).encode())
    source = desk.reddit(client_id="me", client_secret=SecretStr("shh"), user="a_trader")
    opinion, _ = await asyncio.gather(source.opinion("AAPL"), source.opinion("MSFT"))
    assert (opinion.sample, opinion.read) == (3, 4)
    assert opinion.score == pytest.approx((1 - 1 - 1) / 3)
    assert opinion.newest_at == NOW
    token, first, _ = desk.served.requests
    assert len(desk.served.requests) == 3
    assert token.headers["Authorization"].startswith("Basic ")
    assert first.headers["Authorization"] == "bearer t0k3n"
    assert first.headers["User-Agent"].endswith("(by /u/a_trader)")


async def test_reddit_without_a_client_says_where_to_put_one(desk: Desk) -> None:
    settings = RedditSettings(limits=())
    with pytest.raises(ProviderError, match="COCKPIT_PROVIDERS__REDDIT__CLIENT_ID") as caught:
        await Reddit(desk.http, settings, 900.0, desk.clock).opinion("AAPL")
    assert caught.value.refusal is Refusal.AUTH


def article(score: str, relevance: str = "0.5", ticker: str = "AAPL", at: str = "20261124T153000") -> dict[str, Any]:
    sentiment = {"ticker": ticker, "relevance_score": relevance, "ticker_sentiment_score": score}
    return {"time_published": at, "ticker_sentiment": [sentiment]}


def test_news_weigh_by_relevance_and_the_neutral_take_no_side() -> None:
    feed = [article("0.4", "1.0"), article("-0.2", "0.5"), article("0.05"), article("NaN"), article("0.9", ticker="X")]
    found = opinion_in({"items": "5", "feed": feed}, "AAPL", "alpha_vantage")
    assert found is not None
    opinion, dropped = found
    assert dropped == 2
    assert (opinion.sample, opinion.read) == (2, 3)
    assert opinion.score == pytest.approx((0.4 * 1.0 - 0.2 * 0.5) / 1.5)
    assert opinion_in({}, "AAPL", "x") is not None
    assert opinion_in({"feed": "no"}, "AAPL", "x") is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(st.sampled_from(["feed", "items", "ticker_sentiment", "ticker", "time_published"]), x)
        ),
    )
)
def test_any_news_body_is_read_or_refused(body: Any) -> None:
    found = opinion_in(body, "AAPL", "alpha_vantage")
    assert found is None or found[0].score is None or -1.0 <= found[0].score <= 1.0


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("Loading calls, this is going to moon", 1.0),
        ("Bought puts, total bubble", -1.0),
        ("I'm not selling", 1.0),
        ("calls or puts?", None),
        ("earnings at 4pm", None),
        ("don\u2019t buy, it will crash and dump, maybe a rally later", -0.5),
    ],
)
def test_words_tell_a_side(text: str, side: float | None) -> None:
    assert side_of(text) == side


voices = st.builds(
    Opinion,
    st.sampled_from(["a", "b"]),
    st.none() | st.floats(-1, 1),
    st.integers(0, 500),
    st.just(500),
    st.none() | st.just(NOW),
    st.just(""),
)


@given(st.lists(voices, max_size=4))
def test_all_together_lie_between_the_sources_and_nearer_to_nothing(opinions: list[Opinion]) -> None:
    found = together(opinions)
    sided = [one.score for one in opinions if one.score is not None and one.sample]
    if not sided:
        assert found.score is None
        return
    assert found.score is not None
    assert min(0.0, *sided) <= found.score <= max(0.0, *sided)
    assert abs(found.score) <= max(map(abs, sided))


async def test_the_embedded_market_has_people_who_write_and_the_same_ones_every_time() -> None:
    clock = SimulatedClock(Anchor(time.monotonic(), NOW, 0.0))
    seen = []
    for _ in range(2):
        async with running_server(EmulatorOptions(seed=7, start=NOW, speed=0.0)) as server, HttpClient(clock) as http:
            endpoints = server.ready["endpoints"]
            assert isinstance(endpoints, dict)
            sources: list[OpinionSource] = [
                StockTwits(http, StockTwitsSettings(base_url=endpoints["stocktwits"]), 900.0),
                Reddit(
                    http,
                    RedditSettings(
                        base_url=endpoints["reddit"], token_url=f"{endpoints['reddit']}/api/v1/access_token"
                    ),
                    900.0,
                    clock,
                ),
                AlphaVantage(http, AlphaVantageSettings(base_url=endpoints["alpha_vantage"]), CacheSettings(), clock),
            ]
            opinions = Opinions(sources, Boards(), clock, SentimentSettings())
            found = await opinions.of("NVDA")
            assert found is not None
            assert found.silent == ()
            assert [one.source for one in found.opinions] == ["stocktwits", "reddit", "alpha_vantage"]
            assert all(one.read > 0 and one.newest_at is not None and one.newest_at <= NOW for one in found.opinions)
            seen.append(found)
            server.faults.update({"stocktwits_status": 403, "reddit_status": 503})
            other = await opinions.of("CRM")
            assert other is not None
            assert [reason.partition(":")[0] for reason in other.silent] == ["stocktwits", "reddit"]
            assert other.score is not None
    assert seen[0] == seen[1]
