"""``cockpit ticks`` and ``cockpit replay --headless`` on real files."""

import csv
import gzip
import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cockpit

START_MS = 1_764_000_000_000  # a full minute


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A recording of three trades, with one trade sent twice and one id missing."""
    frames = []
    for trade_id, after_ms, price in (
        (10, 0, "100.5"),
        (11, 59_000, "101.0"),
        (11, 59_000, "101.0"),
        (13, 61_000, "99"),
    ):
        at = START_MS + after_ms
        trade = {"e": "trade", "E": at, "s": "BTCUSDT", "t": trade_id, "p": price, "q": "0.25", "T": at, "m": True}
        frame = json.dumps({"stream": "btcusdt@trade", "data": trade})
        frames.append(f"{at * 1_000_000} {frame}\n")
    path = tmp_path / "trades.gz"
    path.write_bytes(gzip.compress("".join(frames).encode()))
    return path


def test_import_export_and_bars(cockpit: Cockpit, file: Path) -> None:
    report = json.loads(cockpit("ticks", "import", str(file), "--format", "json").out)["imports"][0]
    assert (report["read"], report["inserted"], report["missing"]) == (4, 3, 1)
    assert report["symbols"] == ["BTCUSDT"]
    again = json.loads(cockpit("ticks", "import", str(file), "--format", "json").out)["imports"][0]
    assert (again["inserted"], again["duplicates"]) == (0, 4)

    rows = list(csv.DictReader(io.StringIO(cockpit("ticks", "export", "btcusdt").out)))
    assert [row["id"] for row in rows] == ["10", "11", "13"]
    assert rows[0]["price"] == "100.50000000"
    assert rows[0]["time"].endswith("+00:00")
    trades = json.loads(cockpit("ticks", "export", "BTCUSDT", "--format", "json").out)
    assert trades["schema"] == "cockpit.ticks/1"
    assert [str(trade["id"]) for trade in trades["trades"]] == ["10", "11", "13"]

    bars = json.loads(cockpit("ticks", "bars", "BTCUSDT", "--timeframe", "1m", "--format", "json").out)["bars"]
    assert bars[0]["trades"] == 2
    assert float(bars[0]["high"]) == 101.0
    assert "BTCUSDT" not in cockpit("ticks", "bars", "BTCUSDT").err


def test_a_stretch_of_time_leaves_its_end_out(cockpit: Cockpit, file: Path) -> None:
    cockpit("ticks", "import", str(file))
    rows = cockpit("ticks", "export", "BTCUSDT", "--from", "2025-11-24T16:00:00Z", "--to", "2025-11-24T16:01:01Z")
    assert len(rows.out.splitlines()) == 3


def test_headless_replay_fills_the_replay_profile_only(cockpit: Cockpit, file: Path) -> None:
    assert cockpit("replay", str(file), "--headless").code == 0
    assert cockpit("ticks", "export", "BTCUSDT", "--profile", "replay").code == 0
    assert cockpit("ticks", "export", "BTCUSDT").code == 2


def test_what_is_wrong_is_told(cockpit: Cockpit, file: Path, tmp_path: Path) -> None:
    unknown = cockpit("ticks", "bars", "ETHUSDT")
    assert (unknown.code, unknown.out) == (2, "")
    assert "nothing is stored yet" in unknown.err
    cockpit("ticks", "import", str(file))
    assert cockpit("ticks", "bars", "BTCUSDT", "--timeframe", "7m").code == 2
    cut = tmp_path / "cut.gz"
    cut.write_bytes(file.read_bytes()[:-20])
    assert cockpit("ticks", "import", str(cut)).code == 5
    assert cockpit("ticks", "import", str(tmp_path / "none.gz")).code == 2
    assert cockpit("replay", str(file), "--headless", "--speed", "nan").code == 2


def test_the_screen_of_a_replay_needs_a_terminal(cockpit: Cockpit, file: Path) -> None:
    assert cockpit("replay", str(file)).code == 2
