"""What a session shares with others and leaves to later ones: limits, bans and answers, over restarts."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest

from cockpit.clock import SystemClock
from cockpit.context import open_context
from cockpit.errors import ConfigurationError, ProviderError, Refusal
from cockpit.health.status import ProviderStatus
from cockpit.network import live_network
from cockpit.providers.tradier import Tradier
from cockpit.settings import Settings
from cockpit.validation import load_settings
from tests.net.fakes import vendor
from tests.net.redis_process import running_redis
from tests.venues import venues

pytestmark = pytest.mark.usefixtures("config_home")

SECRET = "sesame-0xC0FFEE"


def live(folder: Path, tradier: str, *flags: tuple[str, str]) -> Settings:
    given = [
        ("profile", "live"),
        ("paths.data_dir", str(folder)),
        ("providers.tradier.base_url", tradier),
        ("providers.tradier.token", SECRET),
        *flags,
    ]
    return load_settings(flags=given, environment={}).settings


@asynccontextmanager
async def tradier(settings: Settings) -> AsyncIterator[Tradier]:
    """The vendor as a session of these settings has it."""
    clock = SystemClock()
    async with live_network(settings, settings.folders(), clock) as network:
        yield Tradier(network.http, settings.providers.tradier, settings.cache, clock)


@pytest.mark.parametrize("status", [429, 418])
async def test_after_a_ban_nothing_is_asked_before_its_end_also_by_the_next_session(
    tmp_path: Path, status: int
) -> None:
    async with vendor() as served:
        served.answer("{}", status=status, headers={"Retry-After": "600"})
        settings = live(tmp_path, served.url)
        for _ in range(3):
            async with tradier(settings) as venue:
                with pytest.raises(ProviderError) as refused:
                    await venue.expirations("NVDA")
                assert refused.value.refusal is Refusal.QUOTA
                assert 590 < (refused.value.retry_after or 0) <= 600
        assert len(served.requests) == 1


async def test_a_session_that_is_cut_off_leaves_its_ban_behind(tmp_path: Path) -> None:
    async with vendor() as served:
        served.answer("{}", status=418, headers={"Retry-After": "600"})
        settings = live(tmp_path, served.url)
        async with tradier(settings) as venue:
            with pytest.raises(ProviderError):
                await venue.expirations("NVDA")
            async with tradier(settings) as another:
                with pytest.raises(ProviderError) as refused:
                    await another.expirations("NVDA")
                assert refused.value.refusal is Refusal.QUOTA
        assert len(served.requests) == 1


async def test_two_sessions_on_one_key_stay_within_its_limit(tmp_path: Path) -> None:
    async with venues(tradier=0) as server:
        endpoints = server.ready["endpoints"]
        assert isinstance(endpoints, dict)
        settings = live(tmp_path, endpoints["tradier"], ("providers.tradier.limits", '["6/1h"]'))
        async with tradier(settings) as first, tradier(settings) as second:
            symbols = ["AAPL", "NVDA", "CRM", "MDB", "KR"]
            outcomes = await asyncio.gather(
                *(venue.expirations(symbol) for venue in (first, second) for symbol in symbols), return_exceptions=True
            )
        refused = [outcome for outcome in outcomes if isinstance(outcome, ProviderError)]
        assert len(refused) == 4
        assert all(error.refusal is Refusal.QUOTA for error in refused)


async def test_answers_that_last_are_there_in_the_next_session_and_quotes_are_not(tmp_path: Path) -> None:
    async with venues(tradier=0) as server:
        endpoints = server.ready["endpoints"]
        assert isinstance(endpoints, dict)
        settings = live(tmp_path, endpoints["tradier"])
        async with tradier(settings) as venue:
            dates = await venue.expirations("NVDA")
            await venue.quotes(["NVDA"])
        server.faults.update({"tradier_status": "500"})
        async with tradier(settings) as venue:
            assert await venue.expirations("NVDA") == dates
            with pytest.raises(ProviderError):
                await venue.quotes(["NVDA"])
    (tmp_path / "live" / "cache.db").unlink()
    async with tradier(settings) as venue:
        with pytest.raises(ProviderError):
            await venue.expirations("NVDA")


async def test_the_first_look_of_a_session_finds_in_memory_what_was_warmed(tmp_path: Path) -> None:
    names, start, end = ("NVDA", "AAPL", "CRM"), date(2026, 1, 2), date(2026, 11, 20)
    async with venues(tradier=0) as server:
        endpoints = server.ready["endpoints"]
        assert isinstance(endpoints, dict)
        settings = live(tmp_path, endpoints["tradier"])
        async with tradier(settings) as venue:
            told = [(await venue.expirations(name), await venue.daily_history(name, start, end)) for name in names]
        server.faults.update({"tradier_status": "500"})
        async with tradier(settings) as venue:
            await venue.warm([*names, "MDB"], start, end)
            assert told == [
                (await venue.expirations(name), await venue.daily_history(name, start, end)) for name in names
            ]
            status = venue._link.status()
            assert (status.memory_hit_ratio, status.requests) == (1.0, 0)
            assert await venue._link.drop_cache("NVDA") == 2
            with pytest.raises(ProviderError):
                await venue.expirations("NVDA")


async def test_cockpits_share_answers_and_limits_through_redis(tmp_path: Path) -> None:
    with running_redis() as redis:
        async with venues(tradier=0) as server:
            endpoints = server.ready["endpoints"]
            assert isinstance(endpoints, dict)
            flags = [("redis.url", redis.url), ("providers.tradier.limits", '["2/1h"]')]
            async with tradier(live(tmp_path / "a", endpoints["tradier"], *flags)) as venue:
                dates = await venue.expirations("NVDA")
            async with tradier(live(tmp_path / "b", endpoints["tradier"], *flags)) as venue:
                assert await venue.expirations("NVDA") == dates
                await venue.expirations("AAPL")
                with pytest.raises(ProviderError) as refused:
                    await venue.expirations("CRM")
                assert refused.value.refusal is Refusal.QUOTA
        assert SECRET.encode() not in redis.command("KEYS", "*")


async def test_no_key_is_in_any_file_that_is_left_behind(tmp_path: Path) -> None:
    async with venues(tradier=0) as server:
        endpoints = server.ready["endpoints"]
        assert isinstance(endpoints, dict)
        async with tradier(live(tmp_path, endpoints["tradier"])) as venue:
            await venue.expirations("NVDA")
    files = [file for file in tmp_path.rglob("*") if file.is_file()]  # noqa: ASYNC240 - nothing else waits
    assert {file.name for file in files} >= {"limits.db", "cache.db"}
    for file in files:
        assert SECRET.encode() not in file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0, file


async def test_a_password_in_an_address_is_refused_and_not_shown() -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(flags=[("redis.url", f"redis://:{SECRET}@127.0.0.1/0")], environment={})
    assert SECRET not in str(refused.value)
    assert "COCKPIT_REDIS__PASSWORD" in str(refused.value)


@pytest.mark.parametrize(
    "limit", ["0/1m", "5/0m", "-5/1m", "1.5/1m", "5/1m ", "5", "9999999999/1s", "1/999999999999d", f"{'9' * 400}/1m"]
)
def test_a_limit_that_makes_no_sense_is_refused_with_a_sentence(limit: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(flags=[("providers.tradier.limits", f'["{limit}"]')], environment={})
    assert "a limit" in str(refused.value)
    assert "providers.tradier.limits" in str(refused.value)


async def test_in_the_simulated_market_a_second_session_reads_what_the_first_one_kept(tmp_path: Path) -> None:
    flags = [("paths.data_dir", str(tmp_path)), ("cache.file_megabytes", "16")]
    settings = load_settings(flags=flags, environment={}).settings
    asked = []
    for _ in range(2):
        async with open_context(settings) as context:
            await context.commands.scan(["CRM", "MDB"])
            await context.sampler.sample()
            vendors = [row for row in context.boards.health.values() if isinstance(row, ProviderStatus)]
            asked.append({f"{vendor.provider} {usage.name}" for vendor in vendors for usage in vendor.usage})
    assert {"tradier expirations", "tradier history", "tradier fundamentals", "alpha_vantage earnings"} <= asked[0]
    assert asked[1] == {"tradier quotes", "tradier chains"}, "what lasts is not asked for again"
    with sqlite3.connect(tmp_path / "sim" / "cache.db") as connection:
        keys = [key for (key,) in connection.execute("SELECT key FROM items")]
    assert keys
    assert all(key.startswith("sim|") for key in keys)


async def test_a_thousand_callers_at_a_half_open_breaker_send_one_request_and_spend_one(tmp_path: Path) -> None:
    async with vendor() as served:
        served.answer("", status=500)
        settings = live(tmp_path, served.url, ("providers.tradier.limits", '["100000/1m"]'))
        async with tradier(settings) as venue:
            link = venue._link
            while link.breaker.state == "closed":
                with pytest.raises(ProviderError):
                    await venue.clock()
            sent, used = len(served.requests), link.limiter.windows()[0].used
            async with asyncio.timeout(10):
                while link.breaker.state != "half-open":  # noqa: ASYNC110 - a state calls nobody
                    await asyncio.sleep(0.05)
            outcomes = await asyncio.gather(
                *(venue.expirations(f"A{number}") for number in range(1000)), return_exceptions=True
            )
            assert all(isinstance(outcome, ProviderError) for outcome in outcomes)
            assert len(served.requests) == sent + 1
            assert link.limiter.windows()[0].used == used + 1
