"""Strategies without a screen: alerts on them, and what the command line shows of them."""

import asyncio
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cockpit.boards import Boards
from cockpit.cli.main import run
from cockpit.clock import SystemClock
from cockpit.health.alert_rows import AlertRows
from cockpit.health.alerts import Alerts, read_rules
from cockpit.health.status import State
from cockpit.paths import Paths, profile_paths
from cockpit.portfolio.ledger import Fill
from cockpit.storage.database import open_database
from cockpit.storage.strategies import AuditEntry, Event, Outcome, StrategyRows
from cockpit.strategies.standing import Standing

LABEL = "sma_cross BTCUSDT 1m"
NOW = datetime(2026, 11, 24, 15, 42, tzinfo=UTC)


def test_an_alert_can_be_set_on_the_result_and_the_state_of_a_strategy() -> None:
    boards, clock = Boards(), SystemClock()
    rows = AlertRows(boards, clock)
    rules = read_rules(
        {
            "losing": "strategy_pnl<-50",
            "stopped": "strategy_state=down",
            "this one": 'strategy_pnl("sma_cross btcusdt 1m")<-50',
        },
        rows,
    )
    alerts = Alerts(clock, rows, rules, boards.alerts, 0.0, lambda alert: None)
    assert alerts.holding() == []
    losing = Standing(LABEL, "sma_cross", "BTCUSDT", "1m", State.DOWN, unrealised=Decimal(-60))
    boards.strategies.put(LABEL, losing)
    assert sorted(alert.rule for alert in alerts.holding()) == ["losing", "stopped", "this one"]
    boards.strategies.put(LABEL, Standing(LABEL, "sma_cross", "BTCUSDT", "1m", State.UP, unrealised=None))
    assert alerts.holding() == [], "a result that is not known fires nothing"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a cockpit in which a strategy has bought and was stopped then."""
    for name in ("CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    folder = profile_paths("sim", tmp_path / "all")
    asyncio.run(_fill(folder))
    return tmp_path / "all"


async def _fill(folder: Paths) -> None:
    async with open_database(folder) as database:
        rows = StrategyRows(database)
        run = await rows.open_run(LABEL, "sma_cross", "BTCUSDT", "1m", 0)
        signal = await rows.add_signal(run.run, 60_000, 1.0, "it rose", NOW, missing=False, outcome=Outcome.WAITING)
        assert signal is not None
        bought = Fill("BTCUSDT", Decimal("0.1"), Decimal(96_000), Decimal("9.6"))
        assert await rows.settle(signal, Outcome.FILLED, [bought], NOW)
        assert not await rows.settle(signal, Outcome.FILLED, [bought], NOW), "a signal is filled once"
        await rows.audit(AuditEntry(NOW, LABEL, Event.STOPPED, "strategy sma_cross took longer than 0.25 s"))


def test_the_command_line_flattens_what_was_left(data: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def told(*words: str, code: int = 0) -> str:
        capfd.readouterr()
        assert run(["--data-dir", str(data), *words]) == code
        shown = capfd.readouterr()
        return shown.err if code else shown.out

    assert "no strategy rsi of BTCUSDT holds anything" in told("book", "flatten", "rsi", "BTCUSDT", code=2)
    assert f"{LABEL} flattened by hand: sold 0.1 at " in told("book", "flatten", "sma_cross", "btcusdt")
    assert json.loads(told("book", "--format", "json"))["strategies"] == []
    assert "holds anything" in told("book", "flatten", "sma_cross", "BTCUSDT", code=2)


def test_the_command_line_shows_what_was_left(data: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def told(*words: str) -> str:
        capfd.readouterr()
        assert run(["--data-dir", str(data), *words]) == 0
        return capfd.readouterr().out

    book = json.loads(told("book", "--format", "json"))
    (one,) = book["strategies"]
    assert (one["label"], one["outcome"]) == (LABEL, "filled")
    assert (Decimal(one["quantity"]), Decimal(one["average"])) == (Decimal("0.1"), Decimal(96_000))
    health = json.loads(told("health", "--format", "json"))
    part = health["parts"][f"strategy:{LABEL}"]
    assert (part["state"], part["message"]) == ("off", "stopped: strategy sma_cross took longer than 0.25 s")
    assert LABEL in told("book")
    assert LABEL in told("health")
