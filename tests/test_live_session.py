"""A whole session follows its files: limits, alerts and thresholds change while it runs."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from cockpit.cli.checked import settings_files
from cockpit.cli.invocation import Invocation
from cockpit.context import Context, open_context
from cockpit.health.status import ProviderStatus
from cockpit.paths import config_file

FIRST = """
[profiles.sim.providers.tradier]
limits = ["500/1m"]
[scan]
days = 3
[alerts.rules]
"far away" = "last(BTCUSDT)<1"
"""


@pytest.fixture
def invocation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invocation:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    config_file().parent.mkdir(parents=True)
    config_file().write_text(FIRST, encoding="utf-8")
    return Invocation(data_dir=tmp_path / "data")


async def until(held: Callable[[], bool], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not held():  # noqa: ASYNC110 - boards are pulled, they call nobody
            await asyncio.sleep(0.02)


def write(text: str) -> None:
    config_file().write_text(text, encoding="utf-8")


def tradier(context: Context) -> list[int]:
    row = context.boards.health.get("provider:tradier")
    return [window.limit for window in row.windows] if isinstance(row, ProviderStatus) else []


def scanned(context: Context) -> bool:
    progress = context.boards.scan.get("scan")
    return progress is not None and progress.finished_at is not None


def sentence(context: Context) -> str:
    news = context.boards.settings.get("settings")
    return "" if news is None else news.sentence


async def test_limits_alerts_and_thresholds_follow_the_file(invocation: Invocation) -> None:
    written = settings_files(invocation, "sim")
    async with open_context(invocation.settings, background=True, written=written) as context:
        await until(lambda: tradier(context) == [500] and scanned(context))
        few = len(context.boards.candidates)
        assert not any(alert.rule == "far away" for alert in context.boards.alerts.values())
        write(FIRST.replace("500/1m", "400/1m").replace("days = 3", "days = 14").replace("<1", "<9000000"))
        await until(lambda: tradier(context) == [400])
        await until(lambda: any(alert.rule == "far away" for alert in context.boards.alerts.values()))
        await until(lambda: scanned(context) and len(context.boards.candidates) > few)
        assert "settings applied: providers.tradier.limits, scan.days, alerts.rules" in sentence(context)


async def test_what_only_the_parts_know_to_be_wrong_is_refused_with_all_the_rest(invocation: Invocation) -> None:
    written = settings_files(invocation, "sim")
    async with open_context(invocation.settings, background=True, written=written) as context:
        for wrong, told in (
            ('[alerts.rules]\n"odd" = "vrp>>2"\n', 'alerts.rules."odd" cannot be read'),
            ('[keymap]\nzoomm = "f5"\n', "did you mean zoom"),
            ('[ui]\ntheme = "drak"\n', "there is no theme drak"),
            ("[scoring.weights]\nev = 70.0\n", "add up to 90"),
        ):
            write(f'[scan]\ndays = 9\n[providers.tradier]\nlimits = ["7/1m"]\n{wrong}')
            await until(lambda told=told: told in sentence(context))  # type: ignore[misc]  # bound as a default
        assert context.live.in_force.scan.days == 3
        assert tradier(context) in ([], [500])


async def test_a_running_session_tells_its_alerts_to_other_programs(invocation: Invocation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    write(f'[health]\nport = {port}\n[alerts.rules]\n"big" = "memory>1"\n"small" = "memory<1"\n')
    async with open_context(invocation.settings, background=True, feed_only=True) as context:
        await until(lambda: any(alert.rule == "big" for alert in context.boards.alerts.values()))
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            async with session.get("/metrics") as answer:
                lines = (await answer.text()).splitlines()
            async with session.get("/health") as answer:
                parts = (await answer.json())["parts"]
    for rule, told in (("big", {"armed": False, "firing": 1, "fired": 1}), ("small", {"armed": True, "firing": 0})):
        assert told.items() <= parts[f"alert:{rule}"].items()
        assert f'cockpit_alert_firing_rows{{alert="{rule}"}} {float(told["firing"])}' in lines
    assert 'cockpit_alert_fired_total{alert="big"} 1.0' in lines
