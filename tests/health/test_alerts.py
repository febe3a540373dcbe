"""Rules on real boards: what fires, how often, and what a user is told about a rule that cannot be read."""

import asyncio
import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cockpit.boards import Boards
from cockpit.errors import ConfigurationError, ProviderError, Refusal
from cockpit.health.alert import Alert
from cockpit.health.alert_rows import AlertRows
from cockpit.health.alerts import Alerts, read_rules
from cockpit.health.hook import AlertHook
from cockpit.health.status import AlertStatus, FeedStatus, ProcessStatus, ProviderStatus, State, Window
from cockpit.settings import Settings
from cockpit.ticks.quote import Ticker
from tests.ticks.trades import until
from tests.tui.clocks import NOW
from tests.tui.made import candidate


class HandClock:
    """A clock that stands until a test moves it."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 11, 24, 15, 42, tzinfo=UTC) + timedelta(seconds=self.seconds - 1000.0)

    def monotonic(self) -> float:
        return self.seconds


class Desk:
    """Boards with rules over them, and what was told."""

    def __init__(self, rules: Mapping[str, str], cooldown: float = 60.0) -> None:
        self.boards = Boards()
        self.clock = HandClock()
        self.told: list[Alert] = []
        rows = AlertRows(self.boards, self.clock)
        self.alerts = Alerts(
            clock=self.clock,
            rows=rows,
            rules=read_rules(rules, rows),
            board=self.boards.alerts,
            cooldown_seconds=cooldown,
            tell=self.told.append,
        )

    def look(self, after: float = 1.0) -> list[str]:
        """The sentences of what fires now."""
        self.clock.seconds += after
        self.told.clear()
        self.alerts.look()
        return [alert.sentence for alert in self.told]

    def price(self, last: str | None) -> None:
        self.boards.ticks.put("BTCUSDT", Ticker("BTCUSDT", last=None if last is None else Decimal(last)))


def test_a_rule_fires_once_and_is_armed_again_by_its_end() -> None:
    desk = Desk({"high": "last(BTCUSDT)>60000"}, cooldown=0.0)
    desk.price("59000")
    assert desk.look() == []
    desk.price("60001")
    assert desk.look() == ["high: last(BTCUSDT) 60,001 (last(BTCUSDT)>60000)"]
    assert desk.look() == []
    assert len(desk.boards.alerts) == 1
    desk.price("59000")
    assert desk.look() == []
    assert len(desk.boards.alerts) == 0
    desk.price("60500")
    assert len(desk.look()) == 1
    assert desk.told[0].count == 2


def test_rules_are_told_as_armed_holding_and_how_often_they_fired() -> None:
    desk = Desk({"high": "last(BTCUSDT)>60000", "low": "last(BTCUSDT)<1000"}, cooldown=60.0)

    def told() -> AlertStatus:
        high, low = desk.alerts.statuses(desk.boards.alerts.values())
        assert low == AlertStatus("low")
        return high

    assert told() == AlertStatus("high", armed=True, firing=0, fired=0)
    for price, status in (
        ("60001", AlertStatus("high", armed=False, firing=1, fired=1)),
        ("59000", AlertStatus("high", armed=False, firing=0, fired=1)),
    ):
        desk.price(price)
        desk.look()
        assert told() == status
    desk.look(after=60.0)
    assert told() == AlertStatus("high", armed=True, firing=0, fired=1)
    desk.price("60001")
    desk.look()
    assert told() == AlertStatus("high", armed=False, firing=1, fired=2)
    desk.alerts.reconfigure(read_rules({"low": "last(BTCUSDT)<1000"}, desk.alerts.rows), 60.0)
    assert desk.alerts.statuses(desk.boards.alerts.values()) == (AlertStatus("low"),)


def test_a_rule_holds_for_each_row_and_counts_rows_that_have_left() -> None:
    desk = Desk({"rich": "vrp>1.3"})
    for at, name in enumerate(("NVDA", "WDAY")):
        desk.boards.candidates.put(name, replace(candidate(name, 100.0, at, NOW), vrp=1.9))
    desk.look()
    desk.boards.candidates.remove("NVDA")
    desk.look()
    (rich,) = desk.alerts.statuses(desk.boards.alerts.values())
    assert rich == AlertStatus("rich", armed=False, firing=1, fired=2)


def test_within_the_cooldown_a_price_that_crosses_to_and_fro_is_told_once() -> None:
    desk = Desk({"high": "last(BTCUSDT)>60000"}, cooldown=60.0)
    fired = 0
    for turn in range(50):
        desk.price("60001" if turn % 2 else "59999")
        fired += len(desk.look(after=1.0))
    assert fired == 1
    desk.price("60001")
    assert len(desk.look(after=60.0)) == 1


def test_what_is_missing_neither_fires_nor_arms_again() -> None:
    desk = Desk({"high": "last(BTCUSDT)>60000", "calm": "not last(BTCUSDT)>60000"}, cooldown=0.0)
    desk.price(None)
    assert desk.look() == []
    desk.price("60001")
    assert [word.partition(":")[0] for word in desk.look()] == ["high"]
    desk.price(None)
    assert desk.look() == []
    desk.price("60001")
    assert desk.look() == [], "a gap in the data is no end of the condition"


def test_a_rule_on_rows_tells_of_each_row_by_name() -> None:
    desk = Desk({"rich": "vrp>1.3 and score>=0"})
    names = {"NVDA": 1.9, "CRM": 1.2, "WDAY": 1.5}
    for at, (name, vrp) in enumerate(names.items()):
        row = candidate(name, 100.0, at, NOW)
        desk.boards.candidates.put(name, replace(row, vrp=vrp, score=50.0))
    fired = desk.look()
    assert [sentence.split(",")[0] for sentence in fired] == ["rich: NVDA has score 50", "rich: WDAY has score 50"]
    assert {alert.subject for alert in desk.told} == {"NVDA", "WDAY"}
    desk.boards.candidates.remove("NVDA")
    assert desk.look() == []
    assert {alert.subject for alert in desk.boards.alerts.values()} == {"WDAY"}
    desk.boards.candidates.put("NVDA", replace(candidate("NVDA", 100.0, 0, NOW), vrp=1.9, score=50.0))
    assert desk.look() == [], "a row that the next scan brings back is not news"


def test_feed_quota_breaker_and_memory_can_be_watched() -> None:
    texts = ("feed_age>30", "quota<10", "quota(tradier)<50", "breaker=open", "memory>400")
    desk = Desk(dict(zip(("silent", "quota", "one", "broken", "fat"), texts, strict=True)))
    health = desk.boards.health
    health.put("feed", FeedStatus("binance", State.UP, last_message_at=desk.clock.seconds))
    day, minute = Window(25, 86_400.0, 10, 100.0), Window(120, 60.0, 119, 30.0)
    health.put("provider:tradier", ProviderStatus("tradier", State.UP, (minute, day)))
    health.put("process", ProcessStatus(rss_bytes=100 * 2**20))
    assert desk.look() == [], "a minute's window that is full is no quota that runs out"
    health.put("provider:tradier", ProviderStatus("tradier", State.DOWN, (replace(day, used=24),), breaker="open"))
    health.put("process", ProcessStatus(rss_bytes=500 * 2**20))
    fired = {alert.split(":")[0] for alert in desk.look(after=31.0)}
    assert fired == {"silent", "quota", "one", "broken", "fat"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("vrpp>1", "did you mean vrp?"),
        ("vrp>", "expected a value after vrp>"),
        ("vrp>1 and dte<2", "vrp of candidates"),
        ("spott(NVDA)>1", "did you mean spot?"),
        ("spot(NVDA>1", "not closed"),
        ("spot()>1", "expected a name"),
        ("nvda", "expected a comparison after nvda"),
        ("spot(NVDA)", "expected a comparison after spot"),
        ("__import__('os')>1", "no field"),
    ],
)
def test_a_rule_that_cannot_be_read_is_named_with_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Desk({"my rule": text})
    assert 'alerts.rules."my rule"' in str(caught.value)
    assert says in str(caught.value)


def test_the_rules_that_come_with_the_cockpit_can_be_read_and_are_quiet_when_all_is_well() -> None:
    desk = Desk(Settings().alerts.rules)
    desk.boards.health.put("feed", FeedStatus("binance", State.UP, last_message_at=desk.clock.seconds))
    desk.boards.health.put("provider:tradier", ProviderStatus("tradier", State.UP))
    assert desk.look() == []


async def test_prices_are_asked_for_by_name_and_a_refusal_leaves_the_rule_open() -> None:
    desk = Desk({"high": "spot(NVDA)>200", "low": "spot(NVDA)<=200"}, cooldown=0.0)
    asked: list[list[str]] = []

    async def quotes(symbols: object) -> dict[str, float]:
        asked.append(list(symbols))  # type: ignore[call-overload]  # they are names
        if len(asked) > 1:
            raise ProviderError("tradier", Refusal.UNAVAILABLE, "it is down")
        return {"NVDA": 201.0}

    desk.alerts.quotes = quotes
    task = asyncio.create_task(desk.alerts.run())
    await until(lambda: bool(desk.told))
    assert asked == [["NVDA"]]
    assert [alert.rule for alert in desk.told] == ["high"]
    desk.clock.seconds += 20.0
    desk.told.clear()
    await until(lambda: len(asked) == 2)
    await asyncio.sleep(0.05)
    task.cancel()
    assert desk.told == []


async def test_the_hook_is_a_program_with_arguments_and_sees_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCKPIT_PROVIDERS__TRADIER__TOKEN", "very-secret")
    told = tmp_path / "told"
    script = tmp_path / "hook.py"
    script.write_text(
        f"import os, sys\nopen({str(told)!r}, 'w').write(repr(sys.argv[1:]) + repr(sorted(os.environ.items())))\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    hook = AlertHook([sys.executable, str(script), "$(touch pwned); `id`"])
    hook.start(Alert("rich", "NVDA", "rich: NVDA; rm -rf /", datetime.now(UTC)))
    await until(lambda: told.exists() and "COCKPIT_ALERT_AT" in told.read_text())
    assert "['$(touch pwned); `id`', 'rich: NVDA; rm -rf /']" in told.read_text()
    assert "('COCKPIT_ALERT_SUBJECT', 'NVDA')" in told.read_text()
    assert "very-secret" not in told.read_text()
    await hook.aclose()


async def test_a_hook_that_cannot_be_run_is_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    hook = AlertHook(["/no/such/program"])
    hook.start(Alert("rich", "", "rich", datetime.now(UTC)))
    await until(lambda: bool(caplog.messages))
    assert "the alert command /no/such/program cannot be run: No such file or directory" in caplog.messages[0]
    await hook.aclose()


def test_other_rules_take_over_and_one_that_stays_is_not_told_again() -> None:
    desk = Desk({"high": "last(BTCUSDT)>60000", "low": "last(BTCUSDT)<70000"})
    desk.price("65000")
    assert len(desk.look()) == 2
    rules = {"high": "last(BTCUSDT)>60000", "low": "last(BTCUSDT)<66000", "new": "last(BTCUSDT)>64000"}
    desk.alerts.reconfigure(read_rules(rules, desk.alerts.rows), 60.0)
    assert len(desk.boards.alerts) == 1, "what an old rule has found is taken off"
    assert [sentence.partition(":")[0] for sentence in desk.look()] == ["low", "new"]
    desk.alerts.reconfigure([], 60.0)
    assert len(desk.boards.alerts) == 0
    assert desk.look() == []


async def test_a_command_that_is_taken_out_of_the_settings_is_not_run(tmp_path: Path) -> None:
    hook = AlertHook(["touch"])
    hook.command = ()
    hook.start(Alert("r", "", str(tmp_path / "first"), NOW))
    await asyncio.sleep(0.05)
    hook.command = ("touch",)
    second = tmp_path / "second"
    hook.start(Alert("r", "", str(second), NOW))
    await until(second.exists)
    await hook.aclose()
    assert os.listdir(tmp_path) == ["second"]


def test_a_look_from_outside_tells_nobody_and_arms_nothing() -> None:
    desk = Desk({"high": "last(BTCUSDT)>60000", "low": "last(BTCUSDT)<60000", "unknown": "memory>1"})
    desk.price("60001")
    assert [alert.rule for alert in desk.alerts.holding()] == ["high"]
    assert (desk.told, len(desk.boards.alerts)) == ([], 0)
    assert desk.look() == ["high: last(BTCUSDT) 60,001 (last(BTCUSDT)>60000)"]


@pytest.mark.parametrize("bell", [True, False])
def test_the_setting_of_the_bell_goes_with_each_alert(*, bell: bool) -> None:
    desk = Desk({"high": "last(BTCUSDT)>60000"})
    desk.alerts.bell = bell
    desk.price("60001")
    desk.look()
    (alert,) = desk.boards.alerts.values()
    assert alert.bell is bell
