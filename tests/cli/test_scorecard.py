"""A report lived through by commands alone: opened before it, looked at after it, closed or left to expire, judged."""

import csv
import io
import json
from datetime import datetime
from typing import Any

import pytest

from tests.cli.conftest import Cockpit, Ended

MORNING_AFTER = "2026-11-25T10:30:00-05:00"
DAY_AFTER = "2026-11-26T12:00:00-05:00"
ALL_OVER = "2026-11-30T10:00:00-05:00"


def document(ended: Ended) -> dict[str, Any]:
    assert ended.code == 0, ended.err
    return dict(json.loads(ended.out))


def test_two_trades_through_their_reports(cockpit: Cockpit) -> None:
    found = document(cockpit("scan", "--tickers", "MDB,CRM", "--format", "json"))
    known = {candidate["symbol"]: candidate for candidate in found["candidates"]}
    for symbol in ("MDB", "CRM"):
        condor = next(one for one in known[symbol]["spreads"] if one["kind"] == "iron_condor")
        opened = cockpit("book", "open", condor["spread_id"], "--contracts", "2", "--format", "json")
        assert opened.code == 0, opened.err

    review = document(cockpit("book", "review", "p1", "--format", "json"))
    assert review["schema"] == "cockpit.review/1"
    entry = review["position"]["entry"]
    assert entry["report_date"] == known["MDB"]["report_date"] == "2026-11-24"
    assert (entry["timing"], entry["implied_method"]) == ("AMC", "atmf")
    assert entry["implied_move"] == pytest.approx(known["MDB"]["implied_move"])
    assert isinstance(entry["spot"], str)
    assert isinstance(entry["ev"], str)
    assert (review["passage"], review["account"]) == ("report ahead", [])
    assert review["move_missing"] == "the report is still ahead"

    document(cockpit("book", "--as-of", MORNING_AFTER, "--format", "json"))
    closed = document(cockpit("book", "close", "P1", "--as-of", MORNING_AFTER, "--format", "json"))["closed"][0]
    review = document(cockpit("book", "review", "P1", "--as-of", MORNING_AFTER, "--format", "json"))
    outcome = review["position"]["outcome"]
    assert review["move_missing"] == "final after Wed 25 Nov 16:10 ET"
    assert outcome["atm_iv"] < entry["atm_iv"], "the report has gone out of the price"
    assert datetime.fromisoformat(outcome["iv_at"]) == datetime.fromisoformat(MORNING_AFTER)

    review = document(cockpit("book", "review", "P1", "--as-of", DAY_AFTER, "--format", "json"))
    outcome = review["position"]["outcome"]
    assert (outcome["base_day"], outcome["reaction_day"]) == ("2026-11-24", "2026-11-25")
    assert (review["move_missing"], review["volatility_missing"]) == (None, None)
    assert review["ending"] == "closed after the report"
    assert sum(float(line["dollars"]) for line in review["account"]) == pytest.approx(float(closed["realised"]))

    card = document(cockpit("book", "scorecard", "--as-of", ALL_OVER, "--by", "ending", "--format", "json"))
    assert card["schema"] == "cockpit.scorecard/1"
    whole = card["scorecard"]
    assert (whole["trades"], whole["move"]["trades"], whole["volatility"]["trades"]) == (2, 2, 1)
    assert [group["label"] for group in card["groups"]] == ["closed after the report", "expired"]
    assert float(whole["net"]) == pytest.approx(sum(float(group["net"]) for group in card["groups"]))
    history = document(cockpit("book", "history", "--format", "json"))["closed"]
    assert float(whole["net"]) == pytest.approx(sum(float(one["realised"]) for one in history))
    expired = document(cockpit("book", "review", "P2", "--as-of", ALL_OVER, "--format", "json"))
    assert expired["position"]["note"].startswith("settled at ")
    assert expired["volatility_missing"] == "no chain of 2026-11-27 was seen in time"

    rows = list(csv.DictReader(io.StringIO(cockpit("book", "scorecard", "--by", "name", "--format", "csv").out)))
    assert [(row["label"], row["trades"]) for row in rows] == [("all", "2"), ("CRM", "1"), ("MDB", "1")]
    table = cockpit("book", "scorecard", "--by", "vrp").out
    assert "win rate" in table
    assert "By volatility risk premium at entry" in table
    assert "Where the money went, dollars" in cockpit("book", "review", "P1").out
    lines = list(csv.DictReader(io.StringIO(cockpit("book", "review", "P1", "--format", "csv").out)))
    assert {"section", "label", "value", "note"} == set(lines[0])


def test_an_empty_book_has_a_scorecard_without_figures(cockpit: Cockpit) -> None:
    card = document(cockpit("book", "scorecard", "--format", "json"))["scorecard"]
    assert (card["trades"], card["net"], card["expectancy"], card["won"]["value"]) == (0, "0.00", None, None)
    told = cockpit("book", "scorecard")
    assert (told.code, told.out, told.err.splitlines()[-1]) == (0, "", "No closed position yet.")


def test_what_cannot_be_reviewed_is_misuse(cockpit: Cockpit) -> None:
    for words in (("review", "P7"), ("review", "nonsense"), ("scorecard", "--by", "moon")):
        refused = cockpit("book", *words)
        assert (refused.code, refused.out) == (2, "")
        assert refused.err.splitlines()[-1].startswith("cockpit: ")
