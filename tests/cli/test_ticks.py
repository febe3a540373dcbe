"""``cockpit ticks`` and ``cockpit replay --headless`` on real files."""

import csv
import gzip
import io
import json
import signal
import subprocess
import sys
import time
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
    assert (rows[0]["price"], rows[0]["quote_qty"]) == ("100.50000000", "25.12500000")
    assert rows[0]["time"] == str(START_MS)
    trades = json.loads(cockpit("ticks", "export", "BTCUSDT", "--format", "json").out)
    assert trades["schema"] == "cockpit.ticks/1"
    assert [str(trade["id"]) for trade in trades["trades"]] == ["10", "11", "13"]
    assert trades["trades"][0]["time"].endswith("+00:00")

    bars = json.loads(cockpit("ticks", "bars", "BTCUSDT", "--timeframe", "1m", "--format", "json").out)["bars"]
    assert bars[0]["trades"] == 2
    assert float(bars[0]["high"]) == 101.0
    assert bars[0]["vwap"] == "100.75000000"
    assert "BTCUSDT" not in cockpit("ticks", "bars", "BTCUSDT").err
    lines = list(csv.DictReader(io.StringIO(cockpit("ticks", "bars", "BTCUSDT", "--format", "csv").out)))
    assert [line["trades"] for line in lines] == ["2", "1"]
    assert lines[0]["open"] == bars[0]["open"]


@pytest.mark.parametrize("name", ["BTCUSDT-trades.csv", "BTCUSDT-trades.zip", "trades.parquet", "trades.json"])
def test_an_export_imports_back_to_the_same_rows(cockpit: Cockpit, file: Path, tmp_path: Path, name: str) -> None:
    cockpit("ticks", "import", str(file))
    output = tmp_path / name
    assert cockpit("ticks", "export", "BTCUSDT", "--output", str(output)).code == 0
    there = ("--data-dir", str(tmp_path / "there"))
    report = json.loads(cockpit("ticks", "import", str(output), "--format", "json", *there).out)["imports"][0]
    assert (report["inserted"], report["rejected"]) == (3, 0)
    assert cockpit("ticks", "export", "BTCUSDT", *there).out == cockpit("ticks", "export", "BTCUSDT").out
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_a_packed_json_export_imports_back(cockpit: Cockpit, file: Path, tmp_path: Path) -> None:
    cockpit("ticks", "import", str(file))
    output = tmp_path / "packed.zip"
    assert cockpit("ticks", "export", "BTCUSDT", "--format", "json", "--output", str(output)).code == 0
    report = json.loads(cockpit("ticks", "import", str(output), "--format", "json").out)["imports"][0]
    assert (report["read"], report["inserted"], report["duplicates"]) == (3, 0, 3)


def test_bars_tell_whether_they_come_from_trades_or_klines(cockpit: Cockpit, file: Path, tmp_path: Path) -> None:
    klines = tmp_path / "BTCUSDT-1m-2025-11-24.csv"
    rows = [
        f"{START_MS + at}000,100.5,102,99,101,7.5,{START_MS + at + 59_999}999,750.25,9,4,400,0\n"
        for at in range(0, 600_000, 60_000)
    ]
    klines.write_text("".join(rows) + "what is this\n")
    ended = cockpit("ticks", "import", str(klines), "--format", "json")
    assert ended.code == 5
    assert f"{klines}: a line is no bar (1 wrong number of columns), the first is line 11: 'what is this'" in ended.err
    report = json.loads(ended.out)["imports"][0]
    assert (report["read"], report["klines"], report["inserted_klines"], report["rejected"]) == (0, 10, 10, 1)
    again = json.loads(cockpit("ticks", "import", str(klines), "--format", "json").out)["imports"][0]
    assert (again["klines"], again["inserted_klines"]) == (10, 0)
    assert "no trade of BTCUSDT is stored" in cockpit("ticks", "export", "BTCUSDT").err

    cockpit("ticks", "import", str(file))
    bars = json.loads(cockpit("ticks", "bars", "BTCUSDT", "--format", "json").out)["bars"]
    assert [bar["source"] for bar in bars] == ["trades", "trades", *["klines"] * 8]
    assert [bar["trades"] for bar in bars] == [2, 1, *[9] * 8]
    assert (bars[0]["covered"], bars[2]["covered"], bars[2]["volume"]) == (None, 1.0, "7.5")
    lines = csv.DictReader(io.StringIO(cockpit("ticks", "bars", "BTCUSDT", "--format", "csv").out))
    assert [line["source"] for line in lines] == [bar["source"] for bar in bars]
    hours = json.loads(cockpit("ticks", "bars", "BTCUSDT", "--timeframe", "1h", "--format", "json").out)["bars"]
    assert [(bar["source"], bar["trades"]) for bar in hours] == [("trades", 3)], "no bar mixes them"
    assert "klines" in cockpit("ticks", "bars", "BTCUSDT").out
    assert "no trade and no kline of ETHUSDT" in cockpit("ticks", "bars", "ETHUSDT").err


def test_klines_of_a_length_that_is_not_stored_are_refused(cockpit: Cockpit, tmp_path: Path) -> None:
    klines = tmp_path / "BTCUSDT-1mo-2025-11.csv"
    klines.write_text("1764000000000,1,1,1,1,1,1766000000000,1,1,1,1,0\n")
    ended = cockpit("ticks", "import", str(klines))
    assert (ended.code, "holds bars of 1mo" in ended.err) == (2, True)


def test_an_export_of_parquet_needs_a_file_and_one_that_fails_leaves_none(
    cockpit: Cockpit, file: Path, tmp_path: Path
) -> None:
    cockpit("ticks", "import", str(file))
    assert "--output FILE" in cockpit("ticks", "export", "BTCUSDT", "--format", "parquet").err
    ended = cockpit("ticks", "export", "BTCUSDT", "--output", str(tmp_path / "none" / "BTCUSDT-trades.csv"))
    assert (ended.code, "cannot write" in ended.err) == (1, True)


def test_a_damaged_file_gives_what_is_good_in_it(cockpit: Cockpit, tmp_path: Path) -> None:
    broken, whole = tmp_path / "BTCUSDT-trades-1.csv", tmp_path / "BTCUSDT-trades-2.csv"
    broken.write_text(f"1,5.5,2,11,{START_MS},true\n2,5.5,2,11,{START_MS}\n3,5.5,2,1")
    whole.write_text(f"4,5.5,2,11,{START_MS},true\n")
    ended = cockpit("ticks", "import", str(broken), str(whole), "--format", "json")
    assert ended.code == 5
    report = json.loads(ended.out)["imports"][0]
    assert (report["inserted"], report["missing"]) == (2, 2)
    assert report["rejected_kinds"] == "1 wrong number of columns, 1 half-written last line"
    assert f"{broken}: 2 lines are no trades" in ended.err
    assert "BTCUSDT-trades-2.csv (2/2)" in ended.err


def test_a_stretch_of_time_leaves_its_end_out(cockpit: Cockpit, file: Path) -> None:
    cockpit("ticks", "import", str(file))
    rows = cockpit("ticks", "export", "BTCUSDT", "--from", "2025-11-24T16:00:00Z", "--to", "2025-11-24T16:01:01Z")
    assert len(rows.out.splitlines()) == 3


def test_headless_replay_fills_the_replay_profile_only(cockpit: Cockpit, file: Path) -> None:
    ended = cockpit("replay", str(file), "--headless")
    assert ended.code == 0
    assert "cockpit ticks bars BTCUSDT --profile replay\n" in ended.err, "it says where to look"
    assert cockpit("ticks", "export", "BTCUSDT", "--profile", "replay").code == 0
    for words in (("export", "BTCUSDT"), ("bars", "btcusdt")):
        refused = cockpit("ticks", *words)
        assert (refused.code, refused.out) == (2, "")
        assert (
            "in the profile sim (nothing is stored there yet); the profile replay has some: add --profile replay"
            in (refused.err)
        )
    assert "get some: cockpit ticks import FILE" in cockpit("ticks", "bars", "ETHUSDT").err


def test_headless_replay_at_a_speed_goes_the_way_of_a_session(cockpit: Cockpit, file: Path, tmp_path: Path) -> None:
    ended = cockpit("replay", str(file), "--headless", "--speed", "10000", "--format", "json")
    assert (ended.code, json.loads(ended.out)["schema"]) == (0, "cockpit.replay/1")
    assert json.loads(ended.out)["replays"] == [
        {"symbols": ["BTCUSDT"], "received": 4, "inserted": 3, "missing": 1, "rejected": 0}
    ]
    cut = tmp_path / "cut.gz"
    cut.write_bytes(file.read_bytes()[:-9])
    ended = cockpit("replay", str(cut), "--headless", "--speed", "10000", "--format", "csv")
    assert (ended.code, ended.out.splitlines()[1]) == (5, "BTCUSDT,4,0,1,0")
    assert "cut.gz is damaged" in ended.err


def test_a_replay_that_is_stopped_keeps_what_was_played(file: Path, home: Path) -> None:
    words = (sys.executable, "-m", "cockpit", "replay", str(file), "--headless", "--speed", "1")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        database = home / "data" / "cockpit" / "replay" / "cockpit.db"
        deadline = time.monotonic() + 30.0
        while not database.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err == "cockpit: stopped; what was played is stored in the profile replay\n"


def test_bars_tell_what_is_missing_in_them(cockpit: Cockpit, file: Path) -> None:
    cockpit("replay", str(file), "--headless", "--speed", "10000")
    words = "ticks", "bars", "BTCUSDT", "--profile", "replay"
    bars = json.loads(cockpit(*words, "--format", "json").out)["bars"]
    assert [(bar["trades"], bar["gaps"], bar["backfilled"]) for bar in bars] == [(2, 1, 0), (1, 1, 0)]
    cockpit("ticks", "import", str(file))
    imported = csv.DictReader(io.StringIO(cockpit("ticks", "bars", "BTCUSDT", "--format", "csv").out))
    assert [(bar["gaps"], bar["backfilled"]) for bar in imported] == [("1", "0")] * 2, "by ids, without any ledger"


def test_what_is_wrong_is_told(cockpit: Cockpit, file: Path, tmp_path: Path) -> None:
    unknown = cockpit("ticks", "bars", "ETHUSDT")
    assert (unknown.code, unknown.out) == (2, "")
    assert "nothing is stored there yet" in unknown.err
    cockpit("ticks", "import", str(file))
    assert cockpit("ticks", "bars", "BTCUSDT", "--timeframe", "7m").code == 2
    cut = tmp_path / "cut.gz"
    cut.write_bytes(file.read_bytes()[:-20])
    assert cockpit("ticks", "import", str(cut)).code == 5
    assert cockpit("ticks", "import", str(tmp_path / "none.gz")).code == 2
    assert cockpit("replay", str(file), "--headless", "--speed", "nan").code == 2
    backwards = cockpit("ticks", "bars", "BTCUSDT", "--from", "2026-02-01", "--to", "2026-01-01")
    assert (backwards.code, "is not after --from" in backwards.err) == (2, True)
    unnamed = cockpit("ticks", "import", str(file), "--symbol", "no symbol!")
    assert (unnamed.code, "'NO SYMBOL!' is no symbol" in unnamed.err) == (2, True)
    assert cockpit("ticks", "record", str(tmp_path / "new.gz"), "--seconds", "nan").code == 2
    assert not (tmp_path / "new.gz").exists()


def test_the_screen_of_a_replay_needs_a_terminal(cockpit: Cockpit, file: Path) -> None:
    assert cockpit("replay", str(file)).code == 2


def test_a_session_is_recorded_without_a_screen_and_replays(cockpit: Cockpit, tmp_path: Path) -> None:
    file = tmp_path / "session.gz"
    ended = cockpit("ticks", "record", str(file), "--seconds", "3")
    assert (ended.code, ended.out) == (0, "")
    assert f"{file}: " in ended.err
    assert cockpit("replay", str(file), "--headless", "--format", "json").code == 0
    played = cockpit("ticks", "export", "BTCUSDT", "--profile", "replay").out
    stored = cockpit("ticks", "export", "BTCUSDT").out
    assert played == stored
    assert len(stored.splitlines()) > 2
    assert cockpit("ticks", "record", str(file), "--seconds", "1").code == 2
    assert cockpit("ticks", "record", str(tmp_path / "b.gz"), "--profile", "replay").code == 2


def test_record_is_for_the_screen(cockpit: Cockpit, tmp_path: Path) -> None:
    ended = cockpit("--record", str(tmp_path / "session.gz"), "ticks", "bars", "BTCUSDT")
    assert (ended.code, "cockpit ticks record FILE" in ended.err) == (2, True)
