"""Counts of what vendors were asked: added up by the hour, kept over restarts, told with the classes of what failed."""

import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import ProviderError
from cockpit.health.exporters import prometheus
from cockpit.health.usage import BOUNDS_MS, CACHE, OTHER, EndpointUsage, Usage, total
from cockpit.health.usage_log import UsageLog
from cockpit.net.http import HttpClient
from cockpit.paths import profile_paths
from cockpit.storage.database import Database, open_database
from cockpit.storage.usage import add_usage, usage_since
from tests.net.fakes import HandClock, vendor

NOON = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    paths = profile_paths("sim", tmp_path)
    paths.create()
    async with open_database(paths) as opened:
        yield opened


async def test_a_client_counts_what_it_asks_by_endpoint_and_class() -> None:
    clock = HandClock(NOON)
    async with vendor() as served, HttpClient(clock) as http:
        http.link("tradier")
        served.answer(b"x" * 1000)
        await http.get("tradier", f"{served.url}/v1/markets/options/chains", {"symbol": "NVDA"})
        served.answers.clear()
        served.answer(b"{}", status=404)
        for _ in range(2):
            with pytest.raises(ProviderError):
                await http.get("tradier", f"{served.url}/v1/markets/quotes")
        served.answers.clear()
        served.answer(b"{}")
        await http.get("tradier", f"{served.url}/query", {"function": "EARNINGS"})
        counts = {endpoint: usage for (_, endpoint), usage in http.usage()}
    assert counts["chains"].requests == 1
    assert counts["chains"].received == 1000
    assert sum(counts["chains"].latency) == 1
    assert counts["quotes"].failures == {"not_found": 2}
    assert counts["earnings"].requests == 1


async def test_hours_are_kept_over_restarts_and_forgotten_after_their_days(database: Database) -> None:
    clock = HandClock(NOON)
    counts = EndpointUsage()

    def all_counts() -> list[tuple[tuple[str, str], Usage]]:
        return [(("tradier", endpoint), usage) for endpoint, usage in counts]

    log = UsageLog(all_counts, database, clock, keep_days=2)
    counts["chains"].requests += 3
    counts["chains"].answered(30.0, 500)
    counts["chains"].failed("quota")
    await log.write()
    await log.write()
    counts["chains"].requests += 2
    counts[CACHE].hits += 7
    await log.write()
    other = UsageLog(all_counts, database, clock, keep_days=2)
    await other.write()
    found = await usage_since(database, NOON)
    assert found["tradier", "chains"].requests == 5 + 5, "a session that starts anew counts from nothing"
    assert found["tradier", "chains"].failures == {"quota": 2}
    assert found["tradier", CACHE].hits == 14
    clock.move(3600.0)
    counts["chains"].requests += 1
    await log.write()
    assert (await usage_since(database, NOON + timedelta(hours=1)))["tradier", "chains"].requests == 1
    assert (await usage_since(database, NOON))["tradier", "chains"].requests == 11
    await add_usage(database, NOON + timedelta(days=3), {("tradier", "chains"): Usage(requests=1)}, keep_days=2)
    assert (await usage_since(database, NOON - timedelta(days=9)))["tradier", "chains"].requests == 1


def test_endpoints_are_bounded() -> None:
    counts = EndpointUsage()
    for number in range(1000):
        counts[f"endpoint{number}"].requests += 1
    assert len(counts) <= 33
    assert counts[OTHER].requests == 1000 - 32
    assert total([usage for _, usage in counts]).requests == 1000


@given(st.lists(st.floats(0.01, 9_999.0), min_size=1, max_size=300), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_lies_in_the_bucket_of_the_exact_one(latencies: list[float], share: float) -> None:
    usage = Usage()
    for one in latencies:
        usage.answered(one, 0)
    ordered = sorted(latencies)
    rank = share * len(ordered)
    exact = ordered[min(len(ordered) - 1, max(0, -(-rank // 1).__int__() - 1))]
    told = usage.quantile(share)
    assert told is not None
    bounds = [0.0, *BOUNDS_MS]
    low = max(bound for bound in bounds if bound < exact or bound == 0.0)
    high = min(bound for bound in bounds if bound >= exact)
    assert low <= told <= high


counted = st.builds(
    Usage,
    requests=st.integers(0, 1000),
    failures=st.dictionaries(st.sampled_from(["quota", "auth"]), st.integers(1, 9)),
    latency=st.lists(st.integers(0, 50), min_size=len(BOUNDS_MS) + 1, max_size=len(BOUNDS_MS) + 1),
    hits=st.integers(0, 99),
)


@given(counted, counted)
def test_what_came_since_and_what_was_add_up(earlier: Usage, new: Usage) -> None:
    now = earlier.copy()
    now.add(new)
    assert now.since(earlier) == new
    assert total([earlier, new]) == now


def test_latency_is_a_histogram_that_prometheus_reads() -> None:
    usage = Usage(requests=3)
    for milliseconds in (3.0, 30.0, 99_999.0):
        usage.answered(milliseconds, 10)
    told = prometheus({}, [(("tradier", "chains"), usage)])
    assert 'cockpit_provider_latency_seconds_bucket{endpoint="chains",le="0.05",provider="tradier"} 2.0' in told
    assert 'cockpit_provider_latency_seconds_count{endpoint="chains",provider="tradier"} 3.0' in told
    try:
        ended = subprocess.run(
            ["promtool", "check", "metrics"], input=told, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("promtool comes with Debian's prometheus package")
    assert (ended.returncode, ended.stdout + ended.stderr) == (0, "")
