"""``cockpit backtest`` on real files: the numbers beside a plain account of them, and every way to ask wrongly."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.conftest import Cockpit
from tests.strategies.series import START_MS

DAY_MS = 86_400_000
OWN = """
from cockpit.strategies.api import Bar, Between, Signal, Strategy
class Own(Strategy):
    level: float = 100.0
    def on_bar(self, bar):
        {body}
"""
BODY = "return Signal(1.0 if bar.close > self.level else 0.0, f'{bar.close} against {self.level:g}')"


@pytest.fixture
def days(cockpit: Cockpit, tmp_path: Path) -> None:
    """Klines of ten days: the closes are 100, 110, 80, 130, 60, ... and each opens at the close before it."""
    closes = [100, *(100 + (number * 10 if number % 2 else -number * 10) for number in range(1, 10))]
    lines = []
    for number, close in enumerate(closes):
        opened, start = closes[max(0, number - 1)], START_MS + number * DAY_MS
        ends = f"{opened},{max(opened, close)},{min(opened, close)},{close}"
        lines.append(f"{start},{ends},5,{start + DAY_MS - 1},500,9,4,400,0\n")
    file = tmp_path / "BTCUSDT-1d-2026-01.csv"
    file.write_text("".join(lines))
    assert cockpit("ticks", "import", str(file)).code == 0


def own(home: Path, body: str, name: str = "own") -> None:
    folder = home / "config" / "cockpit" / "strategies"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(OWN.replace("{body}", body))


def document(cockpit: Cockpit, *words: str) -> dict[str, object]:
    ended = cockpit("backtest", *words, "--format", "json")
    assert (ended.code, ended.err) == (0, "")
    found: dict[str, object] = json.loads(ended.out)
    return found


def test_a_recorded_market_gives_what_a_plain_account_gives(cockpit: Cockpit, recordings: Path) -> None:
    assert cockpit("ticks", "import", str(recordings / "binance" / "btcusdt_20240808.gz")).code == 0
    words = ("sma_cross", "--symbol", "btcusdt", "--timeframe", "1s", "--set", "fast=5", "--set", "allow_short=true")
    found = document(cockpit, *words, "--stake", "5000", "--fee", "7.5", "--slippage", "2")
    bars = json.loads(cockpit("ticks", "bars", "BTCUSDT", "--timeframe", "1s", "--flat", "--format", "json").out)[
        "bars"
    ]
    closes = [float(bar["close"]) for bar in bars]
    coins = cash = fees = 0.0
    target = side = trades = 0
    for number, bar in enumerate(bars):
        goal = target * 5000 / float(bar["open"])
        if bar["trades"] and target and goal * coins <= 0:
            for quantity in (-coins, goal):
                price = float(bar["open"]) * (1.0002 if quantity > 0 else 0.9998)
                cash -= quantity * price
                fees += abs(quantity) * price * 0.00075
            trades += coins != 0
            coins = goal
        if number >= 29:
            fast, slow = sum(closes[number - 4 : number + 1]) / 5, sum(closes[number - 29 : number + 1]) / 30
            if abs(fast - slow) > 1e-7:
                before, side = side, 1 if fast > slow else -1
                target = side if before not in (0, side) else target
    assert trades > 3
    assert (found["bars"], found["closed_trades"]) == (len(bars), trades)
    assert found["bars_without_trade"] == sum(not bar["trades"] for bar in bars) > 0
    assert float(str(found["fees"])) == pytest.approx(fees, abs=1e-5)
    assert float(str(found["pnl"])) == pytest.approx(cash + coins * closes[-1] - fees, abs=1e-3)
    assert found["parameters"] == {"allow_short": True, "fast": 5, "slow": 30}
    assert (found["schema"], found["start"], found["sharpe"]) == (
        "cockpit.backtest/1",
        "2024-08-08T23:54:15+00:00",
        None,
    )
    again = cockpit("backtest", *words, "--timeframe", "1m")
    assert (again.code, "is heard from bar 31 on, and there are 7" in again.err) == (0, True)


@pytest.mark.usefixtures("days")
def test_a_users_strategy_on_klines_of_days(cockpit: Cockpit, home: Path) -> None:
    own(home, BODY)
    words = ("own", "--symbol", "BTCUSDT", "--timeframe", "1d", "--stake", "1000", "--fee", "0", "--slippage", "0")
    found = document(cockpit, *words)
    # In at the open after a close over 100, out at the one after a close below; wanted again at the last close.
    pnl = [
        Decimal(1000 * 10**8 // bought) / 10**8 * (sold - bought)
        for bought, sold in ((110, 80), (130, 60), (150, 40), (170, 20))
    ]
    trades = found["trades"]
    assert isinstance(trades, list)
    assert [Decimal(trade["pnl"]) for trade in trades] == pnl
    assert (found["wins"], found["win_rate"], found["profit_factor"]) == (0, 0.0, 0.0)
    assert found["unfilled_at_end"] == {"target": 1.0, "reason": "190.00000000 against 100"}
    assert (found["bars"], found["bars_from_klines"], found["sharpe_days"]) == (10, 10, 10)
    assert isinstance(found["sharpe"], float)
    assert found["sharpe"] < 0
    table = cockpit("backtest", *words, "--trades").out
    for expected in ("buy and hold", "win rate", "not filled", "10 imported as bars", "level 100.0", "against 100"):
        assert expected in table
    rows = list(csv.DictReader(io.StringIO(cockpit("backtest", *words, "--format", "csv").out)))
    assert [row["pnl"] for row in rows] == [str(trade["pnl"]) for trade in trades]
    assert rows[0]["opened"].endswith("+00:00")


@pytest.mark.usefixtures("days")
def test_parameters_come_from_the_configuration_and_from_the_command(cockpit: Cockpit, home: Path) -> None:
    own(home, BODY)
    words = ("own", "--symbol", "BTCUSDT", "--timeframe", "1d")
    (home / "config" / "cockpit" / "config.toml").write_text(
        "[strategies]\nstake = 500.0\nfee_bp = 3.0\n[strategies.parameters.own]\nlevel = 150\n"
    )
    found = document(cockpit, *words)
    assert (found["parameters"], found["stake"], found["fee_bp"]) == (
        {"allow_short": False, "level": 150.0},
        "500.0",
        "3.0",
    )
    found = document(cockpit, *words, "--set", "level=1e3", "--fee", "0", "--set", "strategies.stake=40")
    assert (found["parameters"], found["stake"], found["closed_trades"]) == (
        {"allow_short": False, "level": 1000.0},
        "40.0",
        0,
    )
    elsewhere = home / "mine"
    elsewhere.mkdir()
    ended = cockpit("backtest", *words, "--set", f"strategies.folder={elsewhere}")
    assert (ended.code, f"{elsewhere}/own.py does not exist" in ended.err) == (2, True)


@pytest.mark.usefixtures("days")
def test_a_stretch_of_time_takes_its_warm_up_from_before_it(cockpit: Cockpit) -> None:
    words = ("sma_cross", "--symbol", "BTCUSDT", "--timeframe", "1d", "--set", "fast=1", "--set", "slow=2")
    whole = document(cockpit, *words)
    since, until = "2026-01-04T00:00:00Z", "2026-01-09T00:00:00Z"
    part = document(cockpit, *words, "--from", since, "--to", until)
    assert (whole["warm_up_bars"], part["warm_up_bars"], part["bars"]) == (2, 0, 5)
    assert (part["start"], part["end"]) == ("2026-01-04T00:00:00+00:00", "2026-01-09T00:00:00+00:00")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("sma_cros", "--symbol", "BTCUSDT"), 2, "did you mean sma_cross?"),
        (("sma_cross",), 2, "--symbol"),
        (("sma_cross", "--symbol", "ETHUSDT"), 2, "no kline of ETHUSDT is stored in the profile sim"),
        (("sma_cross", "--symbol", "ETHUSDT"), 2, "cockpit ticks import FILE"),
        (("sma_cross", "--symbol", "BTCUSDT", "--profile", "live"), 2, "--profile sim"),
        (("sma_cross", "--symbol", "BTCUSDT", "--timeframe", "7m"), 2, "there is no timeframe 7m"),
        (("sma_cross", "--symbol", "BTCUSDT", "--timeframe", "1h"), 2, "no bar of 1h of BTCUSDT is stored"),
        (("rsi", "--symbol", "BTCUSDT", "--timeframe", "1d", "--from", "2027-01-01"), 2, "is stored from 2027-01-01"),
        (("rsi", "--symbol", "BTCUSDT", "--from", "yesterday"), 2, "is not a time"),
        (("rsi", "--symbol", "BTCUSDT", "--from", "2026-02-01", "--to", "2026-01-01"), 2, "is not after --from"),
        (("rsi", "--symbol", "BTCUSDT", "--set", "lenght=3"), 2, "did you mean length?"),
        (("rsi", "--symbol", "BTCUSDT", "--set", "length=x"), 2, "length takes a whole number, not 'x'"),
        (("rsi", "--symbol", "BTCUSDT", "--set", "low=80"), 2, "low (80) must be below high (70)"),
        (("rsi", "--symbol", "BTCUSDT", "--set", "length"), 2, "does not read KEY=VALUE"),
        (("rsi", "--symbol", "BTCUSDT", "--set", "strategies.stak=3"), 3, "did you mean strategies.stake?"),
        (("rsi", "--symbol", "BTCUSDT", "--fee", "-1"), 2, "--fee"),
        (("rsi", "--symbol", "BTCUSDT", "--slippage", "1001"), 2, "--slippage"),
        (("rsi", "--symbol", "BTCUSDT", "--stake", "0"), 2, "--stake"),
        (("rsi", "--symbol", "BTCUSDT", "--stake", "nan"), 3, "strategies.stake"),
        (("broken", "--symbol", "BTCUSDT", "--timeframe", "1d"), 1, "broken.py, line 6): ZeroDivisionError"),
        (("endless", "--symbol", "BTCUSDT", "--timeframe", "1d"), 1, "strategy endless took longer than 0.25 s a bar"),
    ],
)
@pytest.mark.usefixtures("days")
def test_what_is_wrong_is_told_in_one_sentence(
    cockpit: Cockpit, home: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    own(home, "return 1 / 0", "broken")
    own(home, "while True: pass", "endless")
    ended = cockpit("backtest", *words)
    assert (ended.code, ended.out) == (code, "")
    assert sentence in ended.err
