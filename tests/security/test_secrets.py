"""Keys are nowhere in what the program writes, even where vendors send them back."""

import asyncio
import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

SECRETS = {
    "COCKPIT_PROVIDERS__TRADIER__TOKEN": "tr4d1er/S3cret+Token=",
    "COCKPIT_PROVIDERS__ALPHA_VANTAGE__API_KEY": "AV&Secret Key%42",
    "COCKPIT_PROVIDERS__REDDIT__CLIENT_SECRET": "r3dd1t-S3cr3t",
    "COCKPIT_REDIS__PASSWORD": "r3d1s-P4ssw0rd",
}
OTHERS = {"COCKPIT_PROVIDERS__REDDIT__CLIENT_ID": "reddit-client"}


def forms(secret: str) -> set[bytes]:
    """How a secret could show up: as it is, quoted for an address or for JSON, or in base 64."""
    basic = base64.b64encode(f"reddit-client:{secret}".encode()).decode()
    plain = {secret, quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1], basic}
    return {form.encode() for form in (*plain, base64.b64encode(secret.encode()).decode())}


async def echo(request: web.Request) -> web.Response:
    """Send back all that was sent, in the way that this address is known for."""
    sent = f"{request.method} {request.rel_url} {dict(request.headers)} {await request.text()}"
    manner = request.match_info["manner"]
    if manner == "redirect":
        return web.Response(status=302, headers={"Location": f"http://127.0.0.1:1/{quote(sent)}"})
    if manner == "refusal":
        return web.json_response({"Error Message": sent, "Information": sent, "fault": {"faultstring": sent}})
    status = {"unauthorised": 401, "forbidden": 403, "missing": 404, "trouble": 400, "spent": 429}.get(manner, 200)
    return web.Response(status=status, text=sent, headers={"X-Echo": quote(sent), "Retry-After": "1"})


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A vendor of bad manners in a thread with a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> TestServer:
        app = web.Application()
        app.router.add_route("*", "/{manner}/{rest:.*}", echo)
        server = TestServer(app)
        await server.start_server()
        return server

    server = asyncio.run_coroutine_threadsafe(start(), loop).result()
    yield f"http://127.0.0.1:{server.port}"
    asyncio.run_coroutine_threadsafe(server.close(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def cockpit(home: Path, address: str, manner: str, *argv: str) -> bytes:
    """All that one command line writes to its two streams."""
    base = f"{address}/{manner}"
    given = {
        "profile": "live",
        "providers.tradier.base_url": f"{base}/v1",
        "providers.alpha_vantage.base_url": base,
        "providers.stocktwits.base_url": base,
        "providers.reddit.base_url": base,
        "providers.reddit.token_url": f"{base}/token",
        "venues.binance.rest_url": base,
        "venues.binance.ws_url": "ws://127.0.0.1:1",
        "redis.url": "redis://127.0.0.1:1/0",
        "sentiment.sources": '["stocktwits","reddit","alpha_vantage"]',
    }
    flags = [part for key, value in given.items() for part in ("--set", f"{key}={value}")]
    folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")}
    ended = subprocess.run(
        [sys.executable, "-m", "cockpit", *flags, *argv],
        env={**os.environ, **SECRETS, **OTHERS, **folders, "HOME": str(home), "PYTHONASYNCIODEBUG": "1"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert b"Traceback" not in ended.stderr, ended.stderr.decode()
    return ended.stdout + ended.stderr


def leaks(written: bytes, where: str) -> list[str]:
    return [f"{name} in {where}" for name, secret in SECRETS.items() for form in forms(secret) if form in written]


def test_the_search_finds_what_it_looks_for() -> None:
    for name, secret in SECRETS.items():
        assert leaks(f"before {secret} after".encode(), "x") == [f"{name} in x"]
        assert leaks(f"?apikey={quote(secret, safe='')}&".encode(), "x") == [f"{name} in x"]


@pytest.mark.parametrize(
    "manner", ["unauthorised", "forbidden", "missing", "trouble", "spent", "redirect", "refusal", "page"]
)
def test_no_key_is_written_anywhere(tmp_path: Path, address: str, manner: str) -> None:
    commands = (
        ("scan", "--tickers", "NVDA", "--format", "json"),
        ("health", "--format", "json"),
        ("config", "show", "--origin"),
    )
    found = []
    for argv in commands:
        found += leaks(cockpit(tmp_path, address, manner, *argv), " ".join(argv))
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert any(file.suffix == ".log" for file in files), "there is a log to look through"
    for file in files:
        found += leaks(file.read_bytes(), file.name)
        private = [folder for folder in file.parents if folder.stat().st_mode & 0o077 == 0]
        assert any(tmp_path in folder.parents for folder in private), f"{file.name} can be reached by others"
    assert found == []


def test_health_and_doctor_tell_of_keys_only_whether_they_are_set(tmp_path: Path, address: str) -> None:
    told = b"".join(
        cockpit(tmp_path, address, "page", *argv)
        for argv in (("health",), ("health", "--format", "prometheus"), ("doctor",), ("config", "show"))
    )
    assert leaks(told, "the output") == []
    assert b"(set)" in told
