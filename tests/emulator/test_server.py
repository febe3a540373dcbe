import asyncio
import hashlib
import json
import os
import subprocess
import sys
from datetime import datetime
from typing import Any

import pytest

from cockpit.emulator.options import EmulatorOptions
from cockpit.emulator.server import serve
from cockpit.errors import CockpitError, UsageError
from tests.emulator.conftest import NOON_ISH, Client, serving


async def test_a_busy_port_is_said_in_one_sentence(client: Client) -> None:
    port = int(client.address("tradier").split(":")[2].split("/")[0])
    told = rf"^port {port} on 127.0.0.1 is in use; choose another with --port or sim\.port$"
    with pytest.raises(CockpitError, match=told):
        await serve(EmulatorOptions(port=port))


async def test_serve_tells_when_it_is_ready_and_stops_when_told() -> None:
    told: list[dict[str, Any]] = []
    stop = asyncio.Event()

    def ready(what: dict[str, object]) -> None:
        told.append(what)
        stop.set()

    await asyncio.wait_for(serve(EmulatorOptions(seed=11, speed=60.0), ready, stop), 20)
    (line,) = told
    assert (line["schema"], line["seed"], line["pid"]) == ("cockpit.emulator/1", 11, os.getpid())
    assert {"binance_ws", "binance_rest", "tradier", "alpha_vantage"} <= set(line["endpoints"])
    assert (line["clock"]["speed"], line["clock"]["instant"]) == (60.0, "2026-11-24T15:42:00+00:00")
    json.dumps(line)


@pytest.mark.parametrize("wrong", [{"faults": {"tradier_statu": 1}}, {"quotas": {"tradie": 1}}])
async def test_unknown_faults_and_quotas_are_refused_at_the_start(wrong: dict[str, dict[str, int]]) -> None:
    with pytest.raises(UsageError, match="did you mean tradier"):
        async with serving(**wrong):
            pass


async def test_the_clock_moves_to_the_next_session(client: Client) -> None:
    assert (await client.sim("clock")).body["instant"] == NOON_ISH.isoformat()
    moved = (await client.sim("clock/next_session", "POST")).body
    assert moved["instant"] == "2026-11-25T14:30:00+00:00"
    assert (await client.sim("clock")).body == moved
    quote = (await client.tradier("markets/quotes", symbols="CRM")).body["quotes"]["quote"]
    assert quote["last"] == quote["open"]


async def test_faults_are_set_and_shown_while_it_runs(client: Client) -> None:
    shown = (await client.sim("faults", "POST", {"latency_ms": 1})).body
    assert (await client.sim("faults")).body == shown
    assert shown["latency_ms"] == 1.0
    wrong = await client.sim("faults", "POST", {"latency": 1})
    assert (wrong.status, "did you mean latency_ms" in wrong.body["error"]) == (400, True)
    assert (await client.sim("faults", "POST", [1])).status == 400


async def test_the_truth_is_told(client: Client) -> None:
    truth = (await client.sim("truth/ULTA")).body
    assert truth["richness"] == 0.8
    assert truth["implied_event_sd"] / truth["event_sd"] == pytest.approx(0.8, rel=0.11)
    assert (await client.sim("truth/XYZ1")).status == 404


async def test_the_exchange_stands_under_its_prefix() -> None:
    async with (
        serving(quotas={"binance": 50}) as client,
        client.session.get(f"{client.address('binance_rest')}/api/v3/time") as answer,
    ):
        assert (await answer.json())["serverTime"] == NOON_ISH.timestamp() * 1000
        assert int(answer.headers["X-MBX-USED-WEIGHT-1M"]) >= 1


_ASKED = (
    ("markets/quotes", {"symbols": "CRM,KR,BBY"}),
    ("markets/options/chains", {"symbol": "BBY", "expiration": "2026-12-04", "greeks": "true"}),
    ("markets/history", {"symbol": "KR", "start": "2023-11-20"}),
    ("markets/options/chains", {"symbol": "CRM", "expiration": "2026-11-27", "greeks": "true"}),
    ("markets/quotes", {"symbols": "CRM261127C00315000", "greeks": "true"}),
)


async def test_bodies_do_not_depend_on_what_was_asked_before() -> None:
    async with serving() as one, serving() as other:
        there = [(await one.tradier(path, **params)).text for path, params in _ASKED]
        back = [(await other.tradier(path, **params)).text for path, params in reversed(_ASKED)]
        again = [(await one.tradier(path, **params)).text for path, params in _ASKED]
    assert there == back[::-1] == again


async def test_moving_there_in_steps_or_starting_there_is_the_same() -> None:
    async with serving() as walked:
        for path, params in _ASKED:
            await walked.tradier(path, **params)
        moved = (await walked.sim("clock/next_session", "POST")).body
        async with serving(start=datetime.fromisoformat(moved["instant"])) as started:
            for path, params in _ASKED:
                assert (await walked.tradier(path, **params)).text == (await started.tradier(path, **params)).text


_DIGEST = """
import hashlib, sys
from datetime import UTC, datetime, date
from cockpit.emulator.market import Market
from cockpit.emulator.option_rows import OptionRows
from cockpit.emulator.tradier_texts import day_texts, stock_text
market, now = Market(7), datetime(2026, 11, 24, 15, 42, tzinfo=UTC)
symbols = sys.argv[1].split(",")
out = {}
for symbol in symbols:
    name = market.name(symbol)
    moment = name.moment(now)
    text = OptionRows().chain(name, name.listing.expiries(moment.day)[1], moment, True)
    out[symbol] = text + stock_text(name, moment) + "".join(day_texts(name, date(2024, 1, 1), date(2026, 11, 23)))
print(hashlib.sha256("".join(out[symbol] for symbol in sorted(out)).encode()).hexdigest())
"""


def test_another_process_sees_the_same_bytes() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", _DIGEST, symbols],
            env={**os.environ, "PYTHONHASHSEED": salt},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for symbols, salt in (("CRM,KR,SJM", "1"), ("SJM,CRM,KR", "2"))
    }
    assert len(digests) == 1
    assert len(digests.pop().strip()) == len(hashlib.sha256().hexdigest())
