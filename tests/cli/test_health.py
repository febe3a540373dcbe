"""``cockpit health`` as a person and a program read it."""

import json

import pytest

from cockpit.cli.health import _details, _limits
from cockpit.health.status import ProviderStatus, State, StorageStatus, UsageStatus, Window
from tests.cli.conftest import Cockpit


def test_alerts_that_hold_stand_below_the_parts_and_in_the_json(cockpit: Cockpit) -> None:
    rules = ("--set", 'alerts.rules.big="memory>1"', "--set", 'alerts.rules.small="memory<1"')
    table = cockpit(*rules, "health").out
    assert "memory>1" in table
    assert "memory<1" not in table
    told = json.loads(cockpit(*rules, "health", "--format", "json").out)
    (alert,) = told["alerts"]
    assert (alert["rule"], alert["subject"]) == ("big", "")
    assert alert["sentence"].endswith("(memory>1)")
    assert [told["parts"][f"alert:{rule}"]["firing"] for rule in ("big", "small")] == [1, 0]
    lines = cockpit(*rules, "health", "--format", "prometheus").out.splitlines()
    assert 'cockpit_alert_firing_rows{alert="big"} 1.0' in lines
    assert 'cockpit_alert_armed{alert="small"} 1.0' in lines


def test_without_an_alert_there_is_no_second_table(cockpit: Cockpit) -> None:
    assert "what holds" not in cockpit("health").out


@pytest.mark.parametrize(
    ("window", "told"),
    [
        (Window(120, 60.0, 84, 38.0), "84/120 a minute, 00:38 left"),
        (Window(25, 86_400.0, 12, 32_400.0), "12/25 a day, 9h00 left"),
        (Window(200, 3600.0, 0, 0.0), "0/200 an hour"),
        (Window(300, 300.0, 1, 2.0), "1/300 in 300 s, 00:02 left"),
    ],
)
def test_limits_read_with_their_reset_clocks(window: Window, told: str) -> None:
    assert _limits(ProviderStatus("tradier", windows=(window,))) == told
    assert _limits(ProviderStatus("tradier", windows=(window, window))) == f"{told}; {told}"


def test_figures_read_as_a_person_writes_them() -> None:
    storage = _details(StorageStatus(State.UP, wal_bytes=3 * 2**20, disk_used=0.614, commit_p99_ms=4.06))
    assert storage == "read only no, queued 0, commit p99 ms 4.1, wal 3.0 MB, database 0.0 MB, disk used 61%"
    usage = (UsageStatus("chains", 3),)
    vendor = ProviderStatus("tradier", second_hit_ratio=0.5, usage=usage, last_error="tradier: HTTP 503")
    assert "second hit ratio 50%" in _details(vendor)
    assert _details(vendor).endswith("evictions 0, tradier: HTTP 503")
