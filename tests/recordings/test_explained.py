"""``cockpit explain`` on chains that a real vendor sent: the whole way from HTTP to the card."""

import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.recordings.vendors import Served, serving

Sections = dict[str, dict[str, tuple[str, str]]]

_PAIR = re.compile(r"delta (-?[\d.]+) / (-?[\d.]+), theta (-?[\d.]+) / (-?[\d.]+), vega (-?[\d.]+) / (-?[\d.]+)")


def apple(recordings: Path) -> Served:
    return Served(recordings, "AAPL", "2022-02-25", "20220210T203215Z", date(2022, 2, 24), close=176.28, reaction=0.02)


def philip_morris(recordings: Path) -> Served:
    return Served(
        recordings, "PM", "2022-01-07", "20211231T151321Z", date(2022, 1, 5), timing="pre-market", close=94.26
    )


def cockpit(served: Served, at: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    with serving(served) as url:
        return subprocess.run(
            [
                *(sys.executable, "-m", "cockpit", "--profile", "live", "--data-dir", str(folder)),
                *("--set", f"providers.tradier.base_url={url}/v1", "--set", f"providers.alpha_vantage.base_url={url}"),
                *("--as-of", at, *words),
            ],
            env={**os.environ, **{f"XDG_{name}_HOME": str(folder / name) for name in ("CONFIG", "DATA", "STATE")}},
            capture_output=True,
            text=True,
            check=False,
        )


def explained(served: Served, at: str, folder: Path) -> Sections:
    ended = cockpit(served, at, folder, "explain", served.symbol, "--format", "json")
    assert ended.returncode == 0, ended.stderr
    document: dict[str, Any] = json.loads(ended.stdout)
    assert document["schema"] == "cockpit.explain/1"
    return {
        section["title"]: {row["label"]: (row["value"], row["note"]) for row in section["rows"]}
        for section in document["sections"]
    }


def percents(text: str) -> list[float]:
    return [float(word) for word in re.findall(r"(-?[\d.]+) %", text)]


def test_a_tight_chain_gives_a_complete_card(recordings: Path, tmp_path: Path) -> None:
    found = explained(apple(recordings), "2022-02-10T20:32:15Z", tmp_path)
    inputs = found["Inputs"]
    assert inputs["price"][0] == "173.09"
    assert inputs["expiry"][0] == "2022-02-25"
    assert abs(float(inputs["forward"][0]) - 173.09 * 1.0018) < 0.4
    assert inputs["liquidity"][0] == "A"
    moves = {label: percents(value)[0] for label, (value, _) in found["Implied move"].items() if percents(value)}
    assert 24.0 < moves["at-the-money volatility"] < 26.0
    assert 3.9 < moves["atmf"] < 4.2
    assert abs(moves["nearest"] - moves["atmf"]) < 0.1
    assert len(found["Past reactions"]) >= 12
    structures = [section for title, section in found.items() if "POP" in section]
    assert len(structures) == 4
    for section in structures:
        assert 0.0 <= percents(section["POP"][0])[0] <= 100.0
        assert float(section["theta"][0]) > 0.0 > float(section["vega"][0])
    tight = found["iron condor P160/165 C182.5/187.5"]
    assert tight["sell P165"][0] == "1.24 x 1.25"
    assert tight["mid / natural / fill"][0] == "0.920 / 0.90 / 0.91"
    assert 60.0 < percents(tight["POP"][0])[0] < 85.0


def test_our_greeks_stand_beside_the_vendors_with_the_difference_explained(recordings: Path, tmp_path: Path) -> None:
    section = explained(apple(recordings), "2022-02-10T20:32:15Z", tmp_path)["Ours beside the vendor's"]
    assert section["vendor's greeks"][0] == "44 min older"
    legs = {label: row for label, row in section.items() if label.endswith("volatility")}
    assert len(legs) >= 6
    for label, (value, note) in legs.items():
        ours, theirs = percents(value)
        assert abs(ours - theirs) < 1.0, label
        match = _PAIR.search(note)
        assert match is not None, note
        delta, vendor_delta, theta, vendor_theta, vega, vendor_vega = map(float, match.groups())
        assert abs(delta - vendor_delta) < 0.03, label
        assert abs(theta / vendor_theta - 1.0) < 0.2, label
        assert abs(vega / vendor_vega - 1.0) < 0.15, label
        parts = re.search(r"difference ([+-][\d.]+) is volatility, ([+-][\d.]+) age", note)
        assert parts is not None
        assert abs(float(parts[1]) + float(parts[2]) - (delta - vendor_delta)) < 0.002
        assert "another unit" not in note


def test_a_wide_chain_before_a_holiday_shows_its_doubts(recordings: Path, tmp_path: Path) -> None:
    found = explained(philip_morris(recordings), "2021-12-31T15:13:24Z", tmp_path)
    assert found["Inputs"]["price"][0] == "94.35"
    assert found["Inputs"]["expiry"][0] == "2022-01-07"
    assert found["Inputs"]["liquidity"][0] in ("C", "D")
    assert found["Verdict"]["no trade"]
    assert found["Ours beside the vendor's"]["vendor's greeks"][0] == "18 h older"
    unknown = found["Ours beside the vendor's"]["P89 volatility"]
    assert unknown[0].startswith("? / ")
    assert "no two-sided quote" in unknown[1]
    refused = [section["rejected"][1] for section in found.values() if "rejected" in section]
    assert refused
    assert all(len(sentence) > 10 for sentence in refused)


def test_the_card_is_readable_and_names_what_was_missing(recordings: Path, tmp_path: Path) -> None:
    served = apple(recordings)
    ended = cockpit(served, "2022-02-10T20:32:15Z", tmp_path, "explain", "AAPL")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("AAPL reports Thu 24 Feb 2022 AMC")
    assert "one date source" in ended.stdout
    assert "one expiry" in ended.stdout
    assert "nan" not in ended.stdout.lower().split()
    assert served.asked.count("chains") >= 1
    assert served.asked.count("quotes") == 1


@pytest.mark.parametrize("stamp", ["20211231T151321Z", "20211231T184611Z"])
def test_both_recorded_chains_of_a_day_are_read(recordings: Path, tmp_path: Path, stamp: str) -> None:
    served = philip_morris(recordings)
    served.stamp = stamp
    ended = cockpit(served, "2021-12-31T18:46:13Z", tmp_path, "scan", "--tickers", "PM", "--format", "json")
    assert ended.returncode == 0, ended.stderr
    (candidate,) = json.loads(ended.stdout)["candidates"]
    assert candidate["expiry"] == "2022-01-07"
    assert candidate["problem"] is None
