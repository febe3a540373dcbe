"""Scan, explain and the book without a screen, against the embedded market."""

import csv
import io
import json
from typing import Any

import pytest

from tests.cli.conftest import Cockpit, Ended

AS_OF = "2026-11-24T10:42:00-05:00"


def document(ended: Ended) -> dict[str, Any]:
    assert ended.code == 0, ended.err
    return dict(json.loads(ended.out))


def test_a_scan_prints_candidates_with_their_scored_spreads(cockpit: Cockpit) -> None:
    found = document(cockpit("scan", "--days", "5", "--format", "json", "--as-of", AS_OF))
    assert found["schema"] == "cockpit.scan/1"
    candidates = found["candidates"]
    assert candidates
    scores = [-1.0 if one["score"] is None else one["score"] for one in candidates]
    assert scores == sorted(scores, reverse=True)
    spreads = [spread for candidate in candidates for spread in candidate["spreads"]]
    assert spreads
    for spread in spreads:
        assert all(isinstance(spread[name], str) for name in ("mid", "fill", "max_loss", "max_profit"))
        assert spread["score"]["total"] == pytest.approx(sum(p["points"] for p in spread["score"]["parts"]), abs=1e-6)
        assert spread["spread_id"].startswith(spread["symbol"])
        assert len(spread["legs"]) in (2, 4)
    for candidate in candidates:
        assert candidate["scanned_at"].endswith("+00:00")
        assert candidate["problem"] or isinstance(candidate["spot"], str)


def test_the_same_seed_and_time_print_the_same_bytes(cockpit: Cockpit) -> None:
    words = ("scan", "--days", "3", "--format", "json", "--as-of", AS_OF)
    first, second = cockpit(*words), cockpit(*words)
    assert first.code == 0, first.err
    assert first.out == second.out
    other = cockpit(*words, "--set", "sim.seed=8")
    assert other.out != first.out


def test_filter_top_and_csv(cockpit: Cockpit) -> None:
    words = ("scan", "--days", "5", "--as-of", AS_OF, "--format", "csv", "--where", "vrp>1", "--top", "2")
    ended = cockpit(*words)
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert 1 <= len(rows) <= 2
    assert all(float(row["vrp"]) > 1 for row in rows)
    assert "scan " in ended.err, "progress is told on stderr"
    wrong = cockpit("scan", "--where", "vpr>1")
    assert (wrong.code, wrong.out) == (2, "")
    assert "did you mean vrp?" in wrong.err


def test_a_word_that_is_no_ticker_is_misuse(cockpit: Cockpit) -> None:
    for words in (("--tickers", "../etc"), ("--tickers", ","), ("--tickers", "NVDA;DROP")):
        assert cockpit("scan", *words).code == 2


def test_a_trade_from_scan_to_history(cockpit: Cockpit) -> None:
    found = document(cockpit("scan", "--days", "5", "--format", "json"))
    sized = [s for c in found["candidates"] for s in c["spreads"] if s["size"]["contracts"] and not s["rejected"]]
    assert sized, "the embedded market has something to trade"
    spread = sized[0]
    told = document(cockpit("explain", spread["symbol"], "--format", "json"))
    assert told["schema"] == "cockpit.explain/1"
    assert any(section["rows"] for section in told["sections"])
    assert spread["symbol"] in cockpit("explain", spread["symbol"].lower()).out

    opened = document(cockpit("book", "open", spread["spread_id"], "--contracts", "1", "--format", "json"))
    position = opened["position"]
    assert (position["spread_id"], position["contracts"]) == (spread["spread_id"], 1)
    book = document(cockpit("book", "--format", "json"))
    assert [one["position_id"] for one in book["positions"]] == [position["position_id"]]
    assert isinstance(book["account"]["cash"], str)
    assert position["position_id"] in cockpit("book").out

    closed = document(cockpit("book", "close", position["position_id"], "--format", "json"))
    assert closed["closed"][0]["reason"] == "closed"
    history = document(cockpit("book", "--format", "json", "history"))
    assert [one["position_id"] for one in history["closed"]] == [position["position_id"]]
    fills = list(csv.DictReader(io.StringIO(cockpit("book", "export", "--format", "csv").out)))
    assert len(fills) == 2 * len(spread["legs"])
    whole = document(cockpit("book", "export"))
    assert (len(whole["positions"]), len(whole["closed"]), len(whole["fills"])) == (0, 1, len(fills))
    assert whole["trades"][0]["entry"]["scorer"] == spread["score"]["scorer"]


def test_ids_that_do_not_exist_are_told(cockpit: Cockpit) -> None:
    opened = cockpit("book", "open", "NVDA:261127:IC:1/2/3/4")
    assert (opened.code, opened.out) == (2, "")
    assert opened.err == 'cockpit: no scan has found a spread NVDA:261127:IC:1/2/3/4; "cockpit scan" lists the ids\n'
    closed = cockpit("book", "close", "P999")
    told = "cockpit: no position P999 is open; the book lists those that are\n"
    assert (closed.code, closed.out, closed.err) == (1, "", told)


def test_health_in_three_formats(cockpit: Cockpit) -> None:
    parts = document(cockpit("health", "--format", "json"))["parts"]
    assert {"storage", "process"} <= set(parts)
    assert "cockpit_process_resident_memory_bytes " in cockpit("health", "--format", "prometheus").out
    assert "storage" in cockpit("health").out


def test_a_refusing_vendor_is_exit_4_and_says_so(cockpit: Cockpit, unused_tcp_port: int) -> None:
    nowhere = f"providers.alpha_vantage.base_url=http://127.0.0.1:{unused_tcp_port}"
    refused = cockpit(
        *("scan", "--profile", "live", "--set", nowhere, "--set", "providers.alpha_vantage.timeout=2"),
        *("--set", f"providers.tradier.base_url=http://127.0.0.1:{unused_tcp_port}"),
    )
    assert (refused.code, refused.out) == (4, "")
    assert refused.err.count("alpha_vantage") == 1, "told once"
