"""A backtest over stored bars, beside a bare loop that works the same averages and the same account out in floats."""

import asyncio
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from statistics import median

from cockpit.paths import Paths
from cockpit.storage.database import Database, open_database
from cockpit.storage.klines import store_klines
from cockpit.strategies.backtest import Backtest, run
from cockpit.strategies.decider import Listener
from cockpit.strategies.history import read_past
from cockpit.strategies.sma_cross import SmaCross
from cockpit.strategies.terms import Terms
from cockpit.ticks.bars import MINUTE_MS
from cockpit.ticks.kline import Kline
from tests.benchmarks.measurement import Measurement, interleaved

_BARS = 50_000
_RUNS = 5
_START_MS = 1_767_225_600_000
_FAST, _SLOW = 10, 30


def backtests() -> Iterator[Measurement]:
    """Processor time for each bar, reading included."""
    klines = _klines()
    opens, closes = [one.open_e8 / 1e8 for one in klines], [one.close_e8 / 1e8 for one in klines]
    with tempfile.TemporaryDirectory() as folder:
        ours = asyncio.run(_backtests(Path(folder), klines))
    (bare,) = interleaved(_RUNS, partial(_bare, opens, closes))
    yield Measurement("backtest", median(ours), "us/bar", bare, "bare loop in floats, in memory")


async def _backtests(folder: Path, klines: list[Kline]) -> list[float]:
    async with open_database(Paths(folder, folder)) as database:
        await store_klines(database, klines)
        return [await _backtest(database) for _ in range(_RUNS)]


async def _backtest(database: Database) -> float:
    decider = Listener(SmaCross(fast=_FAST, slow=_SLOW), "sma_cross")
    began = time.process_time()
    result = await run(decider, read_past(database, "BTCUSDT", "1m"), Backtest("BTCUSDT", Terms(Decimal(10_000))))
    assert result is not None
    assert result.bars == _BARS
    return (time.process_time() - began) / _BARS * 1e6


def _bare(opens: list[float], closes: list[float]) -> float:
    began = time.process_time()
    fast: deque[float] = deque(maxlen=_FAST)
    slow: deque[float] = deque(maxlen=_SLOW)
    cash, coins, wanted, side = 10_000.0, 0.0, 0, 0
    peak, deepest = cash, 0.0
    for opened, close in zip(opens, closes, strict=True):
        if (coins > 0) != (wanted > 0):
            goal = wanted * 10_000 / opened
            cash -= (goal - coins) * opened + abs(goal - coins) * opened * 0.001
            coins = goal
        fast.append(close)
        slow.append(close)
        if len(slow) == _SLOW:
            now = 1 if sum(fast) / _FAST > sum(slow) / _SLOW else -1
            if side and now != side:
                wanted = max(0, now)
            side = now
        equity = cash + coins * close
        peak = max(peak, equity)
        deepest = max(deepest, (peak - equity) / peak)
    return (time.process_time() - began) / len(closes) * 1e6


def _klines() -> list[Kline]:
    random, price, found, one = Random(7), 6_000_000_000_000, [], Decimal(1)
    for number in range(_BARS):
        close = price + round(random.gauss(0, 1e9))
        ends = price, max(price, close), min(price, close), close
        found.append(Kline("BTCUSDT", MINUTE_MS, _START_MS + number * MINUTE_MS, *ends, one, one, 9, one, one))
        price = close
    return found
