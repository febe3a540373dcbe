"""The roster and the files of strategies change while they work: taken whole within a moment, or refused in words."""

import asyncio
import os
import random
import sys
import time
from pathlib import Path

import pytest

from cockpit.board import Board
from cockpit.errors import ConfigurationError, UsageError
from cockpit.health.status import State
from cockpit.live_settings import LiveSettings
from cockpit.paths import Paths
from cockpit.settings import Settings, StrategySettings
from cockpit.strategies.roster import read_roster
from tests.strategies.bars import strategy_file
from tests.strategies.session import RISES, SYMBOL, Market, rows, session
from tests.ticks.trades import until

MINE = f"mine {SYMBOL} 1m"
KILLS = int(os.environ.get("COCKPIT_KILLS", "3"))


def says(target: float, word: str) -> str:
    return f"return Signal({target}, '{word}')"


async def test_a_changed_file_is_taken_and_its_position_kept(paths: Paths, market: Market, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    strategy_file(folder, says(1.0, "first"))
    async with session(paths, market, MINE, folder=folder) as one:
        await market.closes(100, 100, 100)
        await one.outcome("waiting", MINE)
        await market.quote(99, 100)
        await one.outcome("filled", MINE)
        strategy_file(folder, says(0.0, "second"))
        await until(
            lambda: any("loaded anew" in str(row) for row in rows(paths, "SELECT sentence FROM strategies_audit"))
        )
        assert one.standing(MINE).side == "long"
        await market.closes(100, 100)
        await until(lambda: one.standing(MINE).reason == "second")
        await market.quote(99, 100)
        await until(lambda: one.standing(MINE).side == "flat")


async def test_a_file_that_cannot_be_loaded_is_refused_and_the_one_before_runs_on(
    paths: Paths, market: Market, tmp_path: Path
) -> None:
    folder = tmp_path / "own"
    strategy_file(folder, says(1.0, "good"))
    async with session(paths, market, MINE, folder=folder) as one:
        await market.closes(100, 100, 100)
        await one.outcome("waiting", MINE)
        (folder / "mine.py").write_text("from cockpit.strategies.api import *\nclass Mine(Strategy:\n")
        await until(lambda: one.standing(MINE).told == 1)
        standing = one.standing(MINE)
        assert standing.state is State.UP
        assert standing.message.startswith("refused, the one before runs on: strategy mine: ")
        assert "mine.py, line 2" in standing.message
        heard = standing.heard
        await market.closes(100)
        await one.heard(heard + 1, MINE)
    assert ("refused",) in rows(paths, "SELECT event FROM strategies_audit")


async def test_one_that_was_stopped_starts_again_when_its_file_changes(
    paths: Paths, market: Market, tmp_path: Path
) -> None:
    folder = tmp_path / "own"
    strategy_file(folder, "return 1 / 0")
    async with session(paths, market, MINE, folder=folder) as one:
        await market.closes(100, 100, 100)
        await until(lambda: one.standing(MINE).state is State.DOWN)
        assert "ZeroDivisionError" in one.standing(MINE).message
        strategy_file(folder, says(0.5, "mended"))
        await market.closes(100)
        await until(lambda: one.standing(MINE).state is State.UP)
        await market.closes(100)
        await until(lambda: one.standing(MINE).reason == "mended")


async def test_a_file_with_wrong_parameters_is_refused_with_the_nearest(
    paths: Paths, market: Market, tmp_path: Path
) -> None:
    folder = tmp_path / "own"
    strategy_file(folder, says(1.0, "good"), body="length: int = 3")
    async with session(paths, market, f"{MINE} lenght=4", folder=folder) as one:
        await until(lambda: one.standing(MINE).state is State.DOWN)
        assert one.standing(MINE).message.endswith("there is no parameter lenght; did you mean length?")
        one.reconfigure(run=[f"{MINE} length=4"])
        await until(lambda: one.standing(MINE).state is not State.DOWN)


async def test_lines_come_and_go_and_a_position_waits_for_its_line(paths: Paths, market: Market) -> None:
    label = f"sma_cross {SYMBOL} 1m"
    async with session(paths, market) as one:
        await market.closes(100, 99)
        await until(lambda: one.feed.status().stored == 2)
        one.reconfigure(run=[RISES])
        await until(lambda: label in one.boards.strategies)
        await until(lambda: one.standing().message.startswith("waits for a trade"))
        await market.closes(98, 97, 101, 101)
        await one.outcome("waiting")
        await market.quote(100, 102)
        await one.outcome("filled")
        one.reconfigure(run=[])
        await until(lambda: one.standing().state is State.OFF)
        assert one.standing().side == "long"
        assert f"strategy:{label}" not in one.boards.health
        await market.closes(90, 90)
        one.reconfigure(run=[RISES])
        await until(lambda: one.standing().state is State.UP)
        assert one.standing().side == "long"
        await one.outcome("waiting")
        await market.quote(89, 91)
        await until(lambda: one.standing().side == "flat")


async def test_what_a_line_that_was_taken_out_holds_is_flattened_by_hand(paths: Paths, market: Market) -> None:
    label = f"sma_cross {SYMBOL} 1m"
    async with session(paths, market, RISES, stake=1000.0, fee_bp=10.0) as one:
        await market.closes(100, 99, 98, 97, 101, 101)
        await one.outcome("waiting")
        await market.quote(100, 100)
        await one.outcome("filled")
        with pytest.raises(UsageError, match=f"{label} would go on trading: take it out of strategies.run"):
            await one.runner.flatten(SYMBOL)
        one.reconfigure(run=[])
        await until(lambda: one.standing().message == "no longer run, holds 10 long until it is flattened")
        flattening = asyncio.create_task(one.runner.flatten(SYMBOL))
        await asyncio.sleep(0.05)
        assert not flattening.done(), "it waits for a bid and ask that come after the key"
        await market.quote(110, 111)
        assert await flattening == (
            f"{label} flattened by hand: sold 10 at 110.00000000, fee 1.10; it made +97.90 after fees"
        )
        assert label not in one.boards.strategies
        with pytest.raises(UsageError, match=f"no strategy of {SYMBOL} holds anything"):
            await one.runner.flatten(SYMBOL)
        one.reconfigure(run=[RISES])
        await until(lambda: label in one.boards.strategies)
        assert one.standing().side == "flat"
    ended = rows(paths, "SELECT sentence FROM strategies_audit WHERE event = 'ended' ORDER BY entry")
    assert len(ended) == 2, "taken out, and flattened"
    assert "flattened by hand" in str(ended[1])
    assert rows(paths, "SELECT sum(quantity_e8) FROM strategies_fills") == [(0,)]


def test_a_roster_is_refused_whole_with_what_is_nearest(tmp_path: Path) -> None:
    strategy_file(tmp_path, "return None", name="mine")
    live = LiveSettings(Settings(), Board())
    live.require(lambda now: read_roster(now.strategies, ["BTCUSDT", "ETHUSDT"]))

    def offer(*run: str) -> None:
        live.offer(Settings(strategies=StrategySettings(folder=str(tmp_path), run=run)))

    offer(RISES, "mine ETHUSDT 5m level=3")
    for line, words in (
        ("sma_kross BTCUSDT 1m", "there is no strategy sma_kross .*; did you mean sma_cross"),
        ("sma_cross BTCUSD 1m", "BTCUSD is not among ticks.symbols; did you mean BTCUSDT"),
        ("sma_cross BTCUSDT 2m", "there is no timeframe 2m"),
        ("sma_cross BTCUSDT", "it reads NAME SYMBOL TIMEFRAME"),
        ("sma_cross BTCUSDT 1m fast", "fast is no PARAMETER=VALUE"),
        ("sma_cross BTCUSDT 1m fsat=3", "there is no parameter fsat; did you mean fast"),
        ("sma_cross BTCUSDT 1m fast=50", "fast .50. must be below slow"),
        (RISES, "stands there twice"),
    ):
        with pytest.raises(ConfigurationError, match=f"strategies.run.*{words}"):
            offer(RISES, line)
        assert live.in_force.strategies.run == (RISES, "mine ETHUSDT 5m level=3"), "those before stay in force"


_COCKPIT = """
import asyncio, sys
from pathlib import Path
from cockpit.paths import Paths
from cockpit.settings import VenueSettings
from tests.strategies.session import Market, RISES, session

class Elsewhere:
    connections = open_connections = 1
    settings = VenueSettings(ws_url=sys.argv[2], rest_url=sys.argv[3])

async def main():
    folder = Path(sys.argv[1])
    market = Market(venue=Elsewhere())
    async with session(Paths(folder / "data", folder / "state"), market, RISES, connected=False) as one:
        print("up", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_killed_at_any_moment_it_fills_no_bar_twice_and_its_position_is_what_was_filled(
    paths: Paths, market: Market, tmp_path: Path
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    addresses = market.venue.settings
    await market.closes(100, 99, 98)
    for _ in range(KILLS):
        cockpit = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _COCKPIT, str(tmp_path), addresses.ws_url, addresses.rest_url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=Path(__file__).parents[2],
        )
        assert cockpit.stdout is not None
        assert await cockpit.stdout.readline() == b"up\n"
        await until(lambda: market.venue.open_connections > 0)
        ends = time.monotonic() + chance.uniform(0.1, 2.0)
        async with asyncio.timeout(30.0):
            while time.monotonic() < ends or not rows(paths, "SELECT 1 FROM strategies_fills LIMIT 1"):
                await market.closes(chance.choice((90, 100, 110)))
                await market.quote(99, 101)
                await asyncio.sleep(chance.uniform(0.0, 0.05))
        cockpit.kill()
        await cockpit.wait()
        await until(lambda: market.venue.open_connections == 0)
    filled = rows(paths, "SELECT signal, count(*) FROM strategies_fills GROUP BY signal")
    signals = rows(paths, "SELECT bar_ms FROM strategies_signals")
    assert all(count == 1 for _, count in filled)
    assert len(signals) == len(set(signals))
    assert len(rows(paths, "SELECT run FROM strategies_runs")) == 1
    position = sum(int(str(row[0])) for row in rows(paths, "SELECT quantity_e8 FROM strategies_fills"))
    wanted = rows(
        paths,
        "SELECT target FROM strategies_signals WHERE outcome IN ('filled', 'kept') ORDER BY bar_ms DESC LIMIT 1",
    )
    assert (position > 0) == (wanted == [(1.0,)])
    async with session(paths, market, RISES) as one:
        assert int(one.standing().quantity * 10**8) == position
