"""What a Prometheus server reads, checked by Prometheus' own tool and against the JSON of the same rows."""

import dataclasses
import json
import re
import shutil
import socket
import subprocess
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from cockpit.errors import CockpitError
from cockpit.health.endpoint import health_endpoint
from cockpit.health.exporters import FIGURES, ExportedRow, exported_rows, prometheus
from cockpit.health.status import (
    AlertStatus,
    FeedStatus,
    HealthRow,
    ProcessStatus,
    ProviderStatus,
    State,
    StorageStatus,
    TaskStatus,
    Window,
)
from cockpit.storage.encoding import dumps

PARTS: dict[str, HealthRow] = {
    "feed": FeedStatus("binance", State.UP, rate=54.5, lag_ms=-3.5, received=12_345_678, last_message_at=3.0),
    "process": ProcessStatus(cpu=None, rss_bytes=1000),
    "storage": StorageStatus(State.UP, commit_p99_ms=4.0, disk_used=0.5),
    "provider:tradier": ProviderStatus(
        "tradier", State.DEGRADED, (Window(120, 60.0, 84, 38.0), Window(9, 1.0, 1, 0.5)), breaker="open"
    ),
    "provider:alpha": ProviderStatus("alpha", State.UP, requests=7),
    'task:a"b': TaskStatus('a"b\n', State.UP, 1),
}
RULES = (AlertStatus("rich and liquid", armed=False, firing=3, fired=5), AlertStatus('spot("NVDA") > 200'))
ROWS = exported_rows(PARTS.items(), RULES)


def test_figures_carry_their_labels_and_base_units() -> None:
    lines = prometheus(ROWS).splitlines()
    assert 'cockpit_feed_trades_per_second{feed="binance"} 54.5' in lines
    assert 'cockpit_feed_lag_seconds{feed="binance"} -0.0035' in lines
    assert 'cockpit_feed_received_trades_total{feed="binance"} 1.2345678e+07' in lines
    assert 'cockpit_feed_up{feed="binance"} 1.0' in lines
    assert 'cockpit_provider_up{provider="tradier"} 0.0' in lines
    assert 'cockpit_provider_breaker_open_ratio{provider="tradier"} 1.0' in lines
    assert 'cockpit_provider_limit_used_requests{provider="tradier",window="60"} 84.0' in lines
    assert "cockpit_process_resident_memory_bytes 1000.0" in lines
    assert 'cockpit_alert_armed{alert="rich and liquid"} 0.0' in lines
    assert 'cockpit_alert_firing_rows{alert="rich and liquid"} 3.0' in lines
    assert 'cockpit_alert_fired_total{alert="rich and liquid"} 5.0' in lines
    assert 'cockpit_alert_armed{alert="spot(\\"NVDA\\") > 200"} 1.0' in lines
    assert 'cockpit_task_restarts_total{task="a\\"b\\n"} 1.0' in lines


def test_the_unknown_is_left_out() -> None:
    told = prometheus({"process": ProcessStatus(cpu=None)})
    assert "cpu" not in told
    assert "nan" not in told.lower()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Debian's prometheus package")
@pytest.mark.parametrize("rows", [{}, ROWS], ids=["nothing", "everything"])
def test_prometheus_own_tool_finds_nothing_to_say(rows: dict[str, ExportedRow]) -> None:
    ended = subprocess.run(
        ["promtool", "check", "metrics"], input=prometheus(rows), capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout + ended.stderr) == (0, "")


@pytest.mark.parametrize("kind", list(FIGURES), ids=lambda kind: kind.__name__)
def test_every_number_of_a_row_is_exported(kind: type[ExportedRow]) -> None:
    own_clock = {"last_message_at", "up_since"}
    part, _, figures = FIGURES[kind]
    numbers = {
        field.name
        for field in dataclasses.fields(kind)
        if any(word in str(field.type) for word in ("int", "float", "bool")) and field.name not in own_clock
    }
    assert {figure.field for figure in figures} == numbers, f"the figures of {part}"


def test_values_agree_with_the_json_of_the_same_rows() -> None:
    told = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(prometheus(ROWS))
        for sample in family.samples
    }
    shown = json.loads(dumps(ROWS))
    expected: dict[tuple[str, ...], float] = {}
    for key, row in ROWS.items():
        part, naming, figures = FIGURES[type(row)]
        labels = [shown[key][naming]] if naming else []
        expected |= {
            (f"cockpit_{part}_{figure.name}", *labels): shown[key][figure.field] * figure.scale
            for figure in figures
            if shown[key][figure.field] is not None
        }
        for window in shown[key].get("windows", ()):
            span = f"{window['seconds']:g}"
            expected[f"cockpit_{part}_limit_used_requests", *labels, span] = window["used"]
    assert expected == pytest.approx({name: told[name] for name in expected})
    derived = ("_up", "_breaker_open_ratio", "_limit_requests", "_limit_reset_seconds")
    assert {name for name, *_ in told.keys() - expected.keys() if not name.endswith(derived)} == set()


async def test_both_addresses_answer_on_loopback_and_a_part_that_is_down_is_a_503() -> None:
    rows = dict(ROWS)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    async with health_endpoint(port, lambda: rows) as bound, aiohttp.ClientSession() as session:
        assert bound == port
        async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
            assert (answer.status, await answer.text()) == (200, prometheus(rows))
        async with session.get(f"http://127.0.0.1:{port}/health") as answer:
            body = await answer.json()
            assert (answer.status, body["well"]) == (200, True)
            assert body["parts"]["feed"]["lag_ms"] == -3.5
        rows["feed"] = FeedStatus("binance", State.DOWN)
        async with session.get(f"http://127.0.0.1:{port}/health") as answer:
            assert (answer.status, (await answer.json())["well"]) == (503, False)


async def test_a_busy_port_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(CockpitError, match=f"port {port} on 127.0.0.1 is in use; set health.port"):
            async with health_endpoint(port, dict):
                pass


def test_the_dashboard_asks_only_for_metrics_that_there_are() -> None:
    dashboard = json.loads((Path(__file__).parents[2] / "docs" / "grafana.json").read_text(encoding="utf-8"))
    full = FeedStatus("binance", clock_offset_ms=1.0, lag_ms=1.0)
    vendor = ProviderStatus("tradier", windows=(Window(1, 1.0, 1, 1.0),), p95_ms=1.0, hit_ratio=1.0)
    process = ProcessStatus(0.1, 1, 1.0)
    told = prometheus({**ROWS, "feed": full, "provider:tradier": vendor, "process": process})
    known = {line.split("{")[0].split(" ")[0] for line in told.splitlines() if not line.startswith("#")}
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"cockpit_\w+", target["expr"])
    }
    assert asked <= known
    assert len(asked) > 20
