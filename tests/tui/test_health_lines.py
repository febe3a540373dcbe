from datetime import timedelta

import pytest

from cockpit.health.status import (
    FeedStatus,
    HealthRow,
    ProcessStatus,
    ProviderStatus,
    State,
    StorageStatus,
    TaskStatus,
    Window,
)
from cockpit.tui.panes.health_lines import health_lines, strip_parts
from cockpit.tui.widgets.columns import Moment
from tests.tui.clocks import NOW

MOMENT = Moment(NOW, 1000.0)
WELL: dict[str, HealthRow] = {
    "feed": FeedStatus("binance", State.UP, rate=54.2, lag_ms=3.2, last_message_at=1000.0, up_since=800.0),
    "storage": StorageStatus(State.UP, False, "", 12, 4.1, 3_100_000, 48_000_000, 0.61),
    "process": ProcessStatus(0.021, 118_000_000, 3.0, 14, 11520.0),
    **{f"task:{name}": TaskStatus(name, State.UP) for name in ("recorder", "feed", "health", "market", "clock")},
}


def text(rows: dict[str, HealthRow], width: int) -> list[str]:
    return ["".join(words for words, _ in line.runs).rstrip() for line in health_lines(rows, MOMENT, width).lines]


def test_tasks_that_run_are_a_count() -> None:
    assert any("tasks     5 up" in line for line in text(WELL, 120))
    assert "recorder" not in "\n".join(text(WELL, 120))


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_the_sentence_of_a_task_in_trouble_stands_first_and_whole(width: int) -> None:
    said = "OSError: the market's clock ran ahead of the feed"
    rows = WELL | {"task:market": TaskStatus("market", State.DEGRADED, 6, said)}
    lines = text(rows, width)
    assert lines[0] == f" market        degraded  {said}" + ("  restarts 6" if width > 80 else "")
    assert any("4 up  1 degraded  market" in line for line in lines)


def test_a_task_that_was_started_again_is_named_with_its_restarts() -> None:
    rows = WELL | {"task:market": TaskStatus("market", State.UP, 6)}
    assert any("5 up  market 6 restarts" in line for line in text(rows, 120))


@pytest.mark.parametrize("width", [80, 120, 200])
def test_figures_of_one_place_stand_below_each_other(width: int) -> None:
    feed, storage, process = text(WELL, width)[:3]
    for one, other, third in (("54/s", "queue", "cpu"), ("lag", "commit", "loop"), ("gaps", "wal", "rss")):
        assert feed.index(one) == storage.index(other) == process.index(third)


@pytest.mark.parametrize("width", [20, 40, 80, 99, 100, 121, 200])
def test_no_line_is_too_wide(width: int) -> None:
    rows = WELL | {"storage": StorageStatus(State.DOWN, True, "the disk is full; free some space " * 3)}
    assert max(map(len, text(rows, width))) <= width


def test_the_last_error_of_a_vendor_comes_with_its_age_and_names_it_once() -> None:
    failed = ProviderStatus(
        "tradier",
        State.DEGRADED,
        last_error="tradier: it has trouble of its own (HTTP 500)",
        last_error_at=MOMENT.now - timedelta(seconds=15),
    )
    line = text(WELL | {"provider:tradier": failed}, 120)[0]
    assert line == " tradier       degraded  15s ago: it has trouble of its own (HTTP 500)"


def test_the_strip_tells_of_a_vendor_that_is_left_alone_in_place_of_its_limit() -> None:
    limit = (Window(120, 60.0, 84, 38.0),)
    rows: dict[str, HealthRow] = {
        "provider:tradier": ProviderStatus("tradier", State.DOWN, limit, breaker="open", breaker_seconds=7.2),
        "provider:binance": ProviderStatus("binance", State.UP, limit),
        "provider:reddit": ProviderStatus("reddit", State.DEGRADED, limit, breaker="half-open"),
    }
    told = ["".join(word for word, _ in part.runs) for part in strip_parts(rows)]
    assert told == ["TR open 00:08", "BN 84/120m", "RE half-open"]
