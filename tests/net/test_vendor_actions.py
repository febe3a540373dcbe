"""What the health pane can have done about a vendor, against a real server: no limit is ever broken for it."""

from collections.abc import AsyncIterator

import pytest

from cockpit.errors import ProviderError, Refusal, UsageError
from cockpit.health.status import ProviderStatus
from cockpit.net.http import HttpClient
from cockpit.net.retry import Retry
from cockpit.providers.stocktwits import StockTwits
from cockpit.settings import StockTwitsSettings
from tests.net.fakes import HandClock, Vendor

ANSWER = '{"messages": []}'


@pytest.fixture
async def http(clock: HandClock) -> AsyncIterator[HttpClient]:
    async with HttpClient(clock, retry=Retry(attempts=1)) as client:
        yield client


def stocktwits(http: HttpClient, served: Vendor, clock: HandClock, limit: str = "100/1m") -> StockTwits:
    return StockTwits(http, StockTwitsSettings(base_url=served.url, limits=(limit,)), 900.0)


def status(http: HttpClient) -> ProviderStatus:
    (row,) = http.statuses()
    return row


async def broken(http: HttpClient, served: Vendor, source: StockTwits) -> None:
    """Let the vendor fail until it is left alone."""
    served.answer("", status=503)
    for _ in range(5):
        with pytest.raises(ProviderError):
            await source.opinion("NVDA")
    assert status(http).breaker == "open"


async def test_answers_about_one_name_are_dropped_and_only_those(
    http: HttpClient, served: Vendor, clock: HandClock
) -> None:
    served.answer(ANSWER)
    source = stocktwits(http, served, clock)
    for symbol in ("NVDA", "CRM", "NVDA"):
        await source.opinion(symbol)
    assert len(served.requests) == 2
    assert await http.drop_cache("stocktwits", "NVDA") == 1
    for symbol in ("NVDA", "CRM"):
        await source.opinion(symbol)
    assert [request.path.rpartition("/")[2] for request in served.requests] == ["NVDA.json", "CRM.json", "NVDA.json"]
    assert await http.drop_cache(tag="CRM") == 1
    assert await http.drop_cache("stocktwits") == 1
    assert await http.drop_cache() == 0


async def test_a_name_that_was_unknown_is_asked_for_again(http: HttpClient, served: Vendor, clock: HandClock) -> None:
    source = stocktwits(http, served, clock)
    served.answer("", status=404)
    with pytest.raises(ProviderError, match="404"):
        await source.opinion("NVDA")
    served.answer(ANSWER)
    with pytest.raises(ProviderError, match="404"):
        await source.opinion("NVDA")
    assert await http.drop_cache("stocktwits", "NVDA") == 1
    assert (await source.opinion("NVDA")).score is None


async def test_a_vendor_that_is_left_alone_is_asked_at_once_after_a_reset(
    http: HttpClient, served: Vendor, clock: HandClock
) -> None:
    source = stocktwits(http, served, clock)
    await broken(http, served, source)
    left = status(http).breaker_seconds
    assert left is not None
    assert 0 < left <= 2.0
    served.answer(ANSWER)
    assert http.reset_breaker("stocktwits") == "open"
    assert (status(http).breaker, status(http).breaker_seconds) == ("closed", None)
    await source.opinion("NVDA")
    assert http.reset_breaker("stocktwits") == "closed"


async def test_being_left_alone_hides_no_cause(http: HttpClient, served: Vendor, clock: HandClock) -> None:
    source = stocktwits(http, served, clock)
    await broken(http, served, source)
    with pytest.raises(ProviderError, match="left alone"):
        await source.opinion("NVDA")
    assert "503" in status(http).last_error
    assert status(http).errors == 6


async def test_a_probe_asks_once_while_the_vendor_is_left_alone(
    http: HttpClient, served: Vendor, clock: HandClock
) -> None:
    source = stocktwits(http, served, clock)
    await broken(http, served, source)
    asked = len(served.requests)
    with pytest.raises(ProviderError, match="503"):
        await http.probe("stocktwits")
    assert (status(http).breaker, len(served.requests)) == ("open", asked + 1)
    served.answer(ANSWER)
    assert await http.probe("stocktwits") >= 0.0
    assert (status(http).breaker, len(served.requests)) == ("closed", asked + 2)


async def test_a_vendor_that_does_not_know_what_is_asked_answers(
    http: HttpClient, served: Vendor, clock: HandClock
) -> None:
    served.answer("", status=404)
    stocktwits(http, served, clock)
    assert await http.probe("stocktwits") >= 0.0


async def test_a_probe_never_breaks_a_limit(http: HttpClient, served: Vendor, clock: HandClock) -> None:
    served.answer(ANSWER)
    source = stocktwits(http, served, clock, "1/1d")
    await source.opinion("NVDA")
    with pytest.raises(ProviderError, match="its allowance is spent") as caught:
        await http.probe("stocktwits")
    assert caught.value.refusal is Refusal.QUOTA
    assert len(served.requests) == 1


async def test_what_cannot_be_done_is_one_sentence(http: HttpClient, served: Vendor, clock: HandClock) -> None:
    stocktwits(http, served, clock)
    http.link("dear", ("25/1d",))
    with pytest.raises(UsageError, match="there is no vendor nobody; there are stocktwits, dear"):
        http.reset_breaker("nobody")
    with pytest.raises(UsageError, match="dear has nothing cheap to ask; it is asked again when it is needed"):
        await http.probe("dear")


async def test_usage_by_endpoint_and_both_levels_of_the_cache_are_told(
    http: HttpClient, served: Vendor, clock: HandClock
) -> None:
    served.answer(ANSWER)
    source = stocktwits(http, served, clock)
    for _ in range(4):
        await source.opinion("NVDA")
    row = status(http)
    (usage,) = row.usage
    assert (usage.name, usage.requests, usage.errors, usage.received) == ("symbol", 1, 0, len(ANSWER))
    assert (row.hit_ratio, row.memory_hit_ratio, row.second_hit_ratio) == (0.75, 0.75, None)
