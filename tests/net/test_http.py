import asyncio
import gzip
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web

from cockpit.clock import SystemClock
from cockpit.errors import ProviderError, Refusal
from cockpit.health.status import State
from cockpit.net.http import HttpClient
from cockpit.net.responses import Response, retry_after
from cockpit.net.retry import Retry
from tests.net.fakes import HandClock, Vendor, vendor

TOKEN = "sesame-0xC0FFEE"


@pytest.fixture
async def http(clock: HandClock) -> AsyncIterator[HttpClient]:
    async with HttpClient(clock, retry=Retry(sleep=clock.sleep), max_body=1_000_000) as client:
        client.link("x", ["100/1m"], 5.0)
        yield client


async def ask(http: HttpClient, served: Vendor, path: str = "/a") -> Response:
    return await http.get("x", served.url + path, {"q": "1"}, {"Authorization": f"Bearer {TOKEN}"})


async def refused(http: HttpClient, served: Vendor) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        (await ask(http, served)).json()
    assert TOKEN not in str(caught.value)
    assert TOKEN not in http.link("x").status().last_error
    return caught.value


def test_importing_the_client_loads_no_aiohttp() -> None:
    code = "import sys, cockpit.net.http, cockpit.providers.tradier, cockpit.providers.binance as b;"
    code += "sys.exit(any(name in sys.modules for name in ('aiohttp', 'websockets', 'textual')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_an_answer_comes_with_its_status_headers_and_body(http: HttpClient, served: Vendor) -> None:
    served.answer('{"a": [1, 2]}', headers={"X-Kind": "test"})
    answer = await ask(http, served)
    assert (answer.status, answer.headers["x-kind"], answer.json()) == (200, "test", {"a": [1, 2]})
    assert served.requests[0].query["q"] == "1"
    assert served.requests[0].headers["User-Agent"].startswith("cockpit/")
    status = http.link("x").status()
    assert (status.state, status.requests, status.errors, status.windows[0].used) == (State.UP, 1, 0, 1)
    assert status.p95_ms is not None


async def test_a_form_is_posted(http: HttpClient, served: Vendor) -> None:
    served.answer()
    await http.post("x", served.url + "/a", {"symbols": "A,B"})
    assert served.forms == [{"symbols": "A,B"}]


async def test_a_compressed_body_is_unpacked(http: HttpClient, served: Vendor) -> None:
    served.answer(gzip.compress(b'{"a": 1}'), headers={"Content-Encoding": "gzip"})
    assert (await ask(http, served)).json() == {"a": 1}


async def test_a_byte_order_mark_is_no_part_of_a_body(http: HttpClient, served: Vendor) -> None:
    served.answer(b"\xef\xbb\xbf[1]")
    assert (await ask(http, served)).json() == [1]


@pytest.mark.parametrize(
    ("status", "refusal", "requests"),
    [
        (400, Refusal.NOT_FOUND, 1),
        (401, Refusal.AUTH, 1),
        (403, Refusal.AUTH, 1),
        (404, Refusal.NOT_FOUND, 1),
        (408, Refusal.UNAVAILABLE, 3),
        (418, Refusal.QUOTA, 1),
        (429, Refusal.QUOTA, 1),
        (451, Refusal.RESTRICTED, 1),
        (500, Refusal.UNAVAILABLE, 3),
        (503, Refusal.UNAVAILABLE, 3),
        (304, Refusal.MALFORMED, 1),
        (406, Refusal.MALFORMED, 1),
    ],
)
async def test_every_status_has_its_meaning(
    http: HttpClient, served: Vendor, status: int, refusal: Refusal, requests: int
) -> None:
    served.answer("" if status == 304 else f"<html>{TOKEN}</html>", status)
    assert (await refused(http, served)).refusal is refusal
    assert len(served.requests) == requests


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"<!DOCTYPE html><title>Maintenance</title>", "web page"),
        (b'{"quotes": {"quote": [{"symb', "breaks off"),
        (b"\xff\xfe\x00garbage", "not text"),
        (b"hello", "not JSON"),
        (b"", "not JSON"),
        (b"[" * 100_000, "breaks off"),
    ],
)
async def test_a_body_that_is_not_json_is_malformed(http: HttpClient, served: Vendor, body: bytes, word: str) -> None:
    served.answer(body)
    error = await refused(http, served)
    assert error.refusal is Refusal.MALFORMED
    assert word in str(error)


async def test_an_outage_is_survived_by_asking_again(http: HttpClient, served: Vendor) -> None:
    served.answer("", 502).answer('{"ok": true}')
    assert (await ask(http, served)).json() == {"ok": True}
    assert http.link("x").status().windows[0].used == 2


async def test_a_vendor_in_trouble_is_asked_again_long_before_its_limits_window_ends(
    http: HttpClient, served: Vendor, clock: HandClock
) -> None:
    expiry = str(int((clock.now() + timedelta(seconds=45)).timestamp() * 1000))
    limits = {"X-Ratelimit-Allowed": "120", "X-Ratelimit-Used": "3", "X-Ratelimit-Expiry": expiry}
    served.answer("", 500, limits).answer("", 500, limits).answer('{"ok": true}', headers=limits)
    began = clock.monotonic()
    assert (await ask(http, served)).json() == {"ok": True}
    assert clock.monotonic() - began < 5.0
    assert len(served.requests) == 3


async def test_a_spent_limit_without_retry_after_ends_with_the_window_that_is_told(
    http: HttpClient, served: Vendor, clock: HandClock
) -> None:
    expiry = str(int((clock.now() + timedelta(seconds=45)).timestamp() * 1000))
    sent = format_datetime(clock.now(), usegmt=True)
    served.answer("", 429, {"Date": sent, "X-Ratelimit-Expiry": expiry})
    assert (await refused(http, served)).retry_after == pytest.approx(45.0, abs=1.0)


async def test_a_connection_that_breaks_in_the_body_is_unavailable(http: HttpClient, served: Vendor) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b'{"half": ')
        assert request.transport is not None
        request.transport.abort()
        return answer

    served.do(half)
    assert (await refused(http, served)).refusal is Refusal.UNAVAILABLE


async def test_nobody_there_is_unavailable_and_says_where(http: HttpClient) -> None:
    async with vendor() as gone:
        pass
    error = await refused(http, gone)
    assert error.refusal is Refusal.UNAVAILABLE
    assert "127.0.0.1 cannot be reached" in str(error)


async def test_no_answer_within_the_timeout_is_unavailable(served: Vendor) -> None:
    forever = asyncio.Event()

    async def mute(_: web.Request) -> web.StreamResponse:
        await forever.wait()
        return web.Response()

    served.do(mute)
    async with HttpClient(SystemClock(), retry=Retry(attempts=1)) as http:
        http.link("x", (), 0.05)
        error = await refused(http, served)
    forever.set()
    assert error.refusal is Refusal.UNAVAILABLE
    assert "within 0.05 s" in str(error)


@pytest.mark.parametrize("packed", [False, True])
async def test_a_huge_body_is_cut_off(http: HttpClient, served: Vendor, packed: bool) -> None:
    body = b"[" + b"0," * 1_000_000 + b"0]"
    served.answer(gzip.compress(body) if packed else body, headers={"Content-Encoding": "gzip"} if packed else None)
    error = await refused(http, served)
    assert error.refusal is Refusal.MALFORMED
    assert "larger than" in str(error)


async def test_a_redirect_to_another_address_is_not_followed(http: HttpClient, served: Vendor) -> None:
    async with vendor() as thief:
        thief.answer('{"stolen": true}')
        served.answer("", 302, {"Location": thief.url + "/login"})
        error = await refused(http, served)
        assert error.refusal is Refusal.MALFORMED
        assert thief.requests == []


async def test_a_redirect_on_the_same_address_is_followed_but_not_for_ever(http: HttpClient, served: Vendor) -> None:
    served.answer("", 301, {"Location": "/b"}).answer('{"there": 1}')
    assert (await ask(http, served)).json() == {"there": 1}
    served.answers[:] = []
    served.answer("", 302, {"Location": "/loop"})
    assert (await refused(http, served)).refusal is Refusal.MALFORMED


async def test_every_hop_of_a_redirect_is_limited_and_counted_like_any_request(
    http: HttpClient, served: Vendor
) -> None:
    served.answer("", 301, {"Location": "/b"}).answer("", 307, {"Location": "/c"}).answer('{"there": 1}')
    assert (await ask(http, served)).json() == {"there": 1}
    assert [request.path for request in served.requests] == ["/a", "/b", "/c"]
    status = http.link("x").status()
    assert (status.requests, status.errors, status.windows[0].used) == (3, 0, 3)
    assert [(usage.requests, usage.errors) for usage in status.usage] == [(3, 0)]


async def test_a_hop_that_the_limit_has_no_room_for_is_not_sent(clock: HandClock, served: Vendor) -> None:
    served.answer("", 302, {"Location": "/loop"})
    async with HttpClient(clock) as http:
        http.link("x", ["2/1d"])
        assert (await refused(http, served)).refusal is Refusal.QUOTA
    assert len(served.requests) == 2


async def test_a_hop_waits_for_the_end_of_a_ban(clock: HandClock, served: Vendor) -> None:
    async with HttpClient(clock) as http:
        link = http.link("x", ["100/1m"])

        async def banned_meanwhile(_: web.Request) -> web.StreamResponse:
            link.limiter.pause(3600.0)
            return web.Response(status=302, headers={"Location": "/b"})

        served.do(banned_meanwhile).answer('{"there": 1}')
        assert (await refused(http, served)).retry_after == pytest.approx(3600.0)
    assert len(served.requests) == 1


async def test_nothing_is_sent_before_the_time_that_429_named(
    http: HttpClient, served: Vendor, clock: HandClock
) -> None:
    served.answer("", 429, {"Retry-After": "7"}).answer('{"ok": 1}')
    error = await refused(http, served)
    assert error.retry_after == 7.0
    assert http.link("x").limiter.paused_for == pytest.approx(7.0)
    assert http.link("x").status().state is State.DEGRADED


async def test_a_long_ban_is_told_at_once_instead_of_waited_for(
    http: HttpClient, served: Vendor, clock: HandClock
) -> None:
    served.answer("", 418, {"Retry-After": "3600"})
    await refused(http, served)
    error = await refused(http, served)
    assert error.refusal is Refusal.QUOTA
    assert error.retry_after == pytest.approx(3600)
    assert len(served.requests) == 1


async def test_a_dead_vendor_is_left_alone_and_asked_again_later(
    http: HttpClient, served: Vendor, clock: HandClock
) -> None:
    async def down(_: web.Request) -> web.StreamResponse:
        return web.Response(status=500)

    served.answers = [down]
    for _ in range(3):
        await refused(http, served)
    sent = len(served.requests)
    assert sent == 5
    error = await refused(http, served)
    assert error.refusal is Refusal.UNAVAILABLE
    assert "left alone" in str(error)
    assert len(served.requests) == sent
    assert http.link("x").status().state is State.DOWN
    clock.move(3)
    served.answers = []
    served.answer('{"ok": 1}')
    assert (await ask(http, served)).json() == {"ok": 1}
    assert http.link("x").status().breaker == "closed"


async def test_failures_are_counted_by_try_and_the_one_that_was_too_many_is_told(
    http: HttpClient, served: Vendor
) -> None:
    served.answer("", 500)
    first, second, third = [await refused(http, served) for _ in range(3)]
    assert ["HTTP 500" in str(error) for error in (first, second, third)] == [True, True, False]
    (usage,) = http.link("x").status().usage
    assert (usage.requests, usage.errors) == (5, 6), "the last one was not sent"
    assert http.link("x").usage[usage.name].failures == {"unavailable": 5, "breaker": 1}


async def test_a_vendor_that_is_back_is_noticed_though_nobody_needs_it(
    served: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cockpit.net.http._REVIVE_SECONDS", 0.01)
    served.answer("", 500).answer("", 500).answer('{"ok": 1}')
    async with HttpClient(SystemClock(), retry=Retry(attempts=1)) as http:
        link = http.link("x", ["100/1m"])
        link.probe = lambda: ask(http, served, "/cheap")
        reviving = asyncio.create_task(http.revive())
        await asyncio.sleep(0.05)
        assert served.requests == [], "who is well is left in peace"
        await refused(http, served)
        async with asyncio.timeout(5):
            while link.status().state is not State.UP:  # noqa: ASYNC110 - a state calls nobody
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        reviving.cancel()
        await asyncio.wait([reviving])
    assert [request.path for request in served.requests] == ["/a", "/cheap", "/cheap"]


async def test_a_spent_day_is_told_at_once(clock: HandClock, served: Vendor) -> None:
    served.answer()
    async with HttpClient(clock) as http:
        http.link("x", ["2/1d"])
        await ask(http, served)
        await ask(http, served)
        error = await refused(http, served)
    assert error.refusal is Refusal.QUOTA
    assert error.retry_after == pytest.approx(86400, abs=1)
    assert len(served.requests) == 2


async def test_a_request_heavier_than_the_limit_is_refused_with_advice(http: HttpClient, served: Vendor) -> None:
    with pytest.raises(ProviderError, match="raise the limit") as caught:
        await http.get("x", served.url, weight=1000)
    assert caught.value.refusal is Refusal.QUOTA


async def test_the_vendors_own_count_is_learned_from_its_headers(
    http: HttpClient, served: Vendor, clock: HandClock
) -> None:
    sent = datetime(2022, 2, 10, 20, 32, 15, tzinfo=UTC)
    served.answer(
        headers={
            "Date": format_datetime(sent, usegmt=True),
            "X-Ratelimit-Allowed": "90",
            "X-Ratelimit-Used": "80",
            "X-Ratelimit-Expiry": str(int((sent + timedelta(seconds=45)).timestamp() * 1000)),
        }
    )
    await ask(http, served)
    (window,) = http.link("x").status().windows
    assert (window.limit, window.used) == (90, 80)
    assert window.resets_in == pytest.approx(45.0)
    clock.move(45.0)
    assert http.link("x").status().windows[0].used == 1


async def test_binances_weight_header_is_learned_too(http: HttpClient, served: Vendor) -> None:
    served.answer(headers={"X-MBX-USED-WEIGHT-1M": "55"})
    await ask(http, served)
    assert http.link("x").status().windows[0].used == 55


async def test_a_count_over_ten_minutes_is_none_of_a_minute(clock: HandClock, served: Vendor) -> None:
    served.answer(headers={"X-Ratelimit-Used": "80", "X-Ratelimit-Remaining": "916.0", "X-Ratelimit-Reset": "300"})
    async with HttpClient(clock) as http:
        http.link("x", ["60/1m", "900/10m"])
        await ask(http, served)
        windows = {window.seconds: window for window in http.link("x").status().windows}
    assert windows[60.0].used == 1
    assert windows[600.0].used == 80
    assert windows[600.0].resets_in == pytest.approx(300.0)


@pytest.mark.parametrize("value", ["", "-1", "many", "9" * 30, "٣"])
async def test_senseless_counts_in_headers_are_ignored(http: HttpClient, served: Vendor, value: str) -> None:
    assert retry_after({"x-ratelimit-expiry": value}, datetime.now(UTC)) is None
    served.answer(headers={"X-Ratelimit-Used": value})
    await ask(http, served)
    assert http.link("x").status().windows[0].used == 1


def test_retry_after_may_be_a_date() -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    later = format_datetime(now + timedelta(seconds=30), usegmt=True)
    assert retry_after({"retry-after": later}, now) == 30.0
    assert retry_after({"retry-after": later, "date": later}, now) == 0.0
    assert retry_after({"retry-after": "soon"}, now) is None


async def test_a_closed_client_refuses(clock: HandClock, served: Vendor) -> None:
    served.answer()
    http = HttpClient(clock, retry=Retry(attempts=1))
    await ask(http, served)
    await http.aclose()
    assert (await refused(http, served)).refusal is Refusal.UNAVAILABLE


async def test_a_request_that_waits_while_the_client_is_closed_is_refused(served: Vendor) -> None:
    served.answer()
    http = HttpClient(SystemClock(), retry=Retry(attempts=1))
    http.link("x", ["1/1s"])
    await ask(http, served)
    waiting = asyncio.create_task(refused(http, served))
    await asyncio.sleep(0.05)
    await http.aclose()
    assert (await waiting).refusal is Refusal.UNAVAILABLE
    assert len(served.requests) == 1


async def test_many_requests_travel_side_by_side(clock: HandClock, served: Vendor) -> None:
    together = asyncio.Barrier(40)

    async def wait_for_all(_: web.Request) -> web.StreamResponse:
        await together.wait()
        return web.Response(text="{}")

    served.do(wait_for_all)
    async with HttpClient(clock) as http:
        await asyncio.gather(*(ask(http, served, f"/{number}") for number in range(40)))
    assert len(served.requests) == 40


async def test_an_unknown_symbol_is_no_failure_of_the_vendor(http: HttpClient, served: Vendor) -> None:
    served.answer("", 404)
    await refused(http, served)
    status = http.link("x").status()
    assert (status.state, status.errors, status.last_error) == (State.UP, 0, "")


async def test_a_restart_forgets_neither_the_day_nor_a_ban(clock: HandClock, served: Vendor) -> None:
    served.answer().answer("", 429, {"Retry-After": "600"})
    async with HttpClient(clock) as http:
        http.link("x", ["25/1d"])
        await ask(http, served)
        await refused(http, served)
        text = http.memory()
    clock.move(100)
    async with HttpClient(clock) as http:
        http.link("x", ["25/1d"])
        http.remember(text)
        assert http.link("x").status().windows[0].used == 2
        error = await refused(http, served)
    assert error.retry_after == pytest.approx(500)
    assert len(served.requests) == 2


@pytest.mark.parametrize("text", ["", "{}", "nonsense", '{"at": 7}', '{"at":"2026-01-01T00:00:00Z","links":{"x":1}}'])
async def test_a_damaged_memory_is_none(clock: HandClock, text: str) -> None:
    async with HttpClient(clock) as http:
        http.link("x", ["25/1d"])
        http.remember(text)
        assert http.link("x").status().windows[0].used == 0
