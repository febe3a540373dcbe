"""Strategies at work: told of every closed bar once, filled at the touch, and found again as they were left."""

import asyncio
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from cockpit.health.status import State, StrategyStatus
from cockpit.paths import Paths
from tests.strategies.bars import strategy_file
from tests.strategies.session import RISES, SYMBOL, Market, Session, rows, session
from tests.ticks.trades import until

LABEL = f"sma_cross {SYMBOL} 1m"
FILLS = "SELECT quantity_e8, price_e8, fee_e8 FROM strategies_fills ORDER BY fill"
OUTCOMES = "SELECT target, outcome FROM strategies_signals ORDER BY bar_ms"


def events(paths: Paths) -> list[str]:
    """What the audit tells, in order."""
    return [str(row[0]) for row in rows(paths, "SELECT event FROM strategies_audit ORDER BY entry")]


async def bought(one: Session) -> None:
    """Warm up, rise, and fill at an ask of 102."""
    await one.market.closes(100, 99, 98, 97, 101, 101)
    await one.outcome("waiting")
    await one.market.quote(100, 102)
    await one.outcome("filled")


async def test_a_signal_is_filled_at_the_next_bid_and_ask_and_never_at_one_before(paths: Paths, market: Market) -> None:
    async with session(paths, market, RISES, stake=1000.0, fee_bp=10.0) as one:
        await market.quote(1, 2)
        await market.closes(100, 99, 98, 97)
        await one.heard(2)
        assert one.standing().side == "flat"
        await market.closes(101, 101)
        waiting = await one.outcome("waiting")
        assert waiting.reason == "SMA 1 101 over SMA 2 99"
        assert rows(paths, FILLS) == [], "the quote of before is not taken"
        await market.quote(100, 102)
        await one.outcome("filled")
        await until(lambda: one.standing().unrealised is not None)
        long = one.standing()
        assert long.side == "long"
        assert long.quantity == Decimal("9.80392156"), "1000 at the ask, rounded towards zero"
        assert long.average == 102
        assert long.fees == Decimal("1.00000000"), "10 basis points, rounded against the trader"
        assert long.signal_target == 1.0
        assert rows(paths, FILLS) == [(980392156, 10200000000, 100000000)]
        await market.closes(90, 90)
        await one.outcome("waiting")
        await market.quote(110, 111)
        await until(lambda: one.standing().side == "flat")
        flat = one.standing()
        assert flat.realised == Decimal("78.43137248"), "sold at the bid"
        assert flat.pnl == flat.realised - flat.fees
        assert flat.fills == 2


async def test_a_target_that_is_reached_already_is_no_order(paths: Paths, market: Market, tmp_path: Path) -> None:
    file = strategy_file(tmp_path / "own", "return Signal(0.5, f'close {bar.close}')", name="steady")
    async with session(paths, market, f"steady {SYMBOL} 1m", folder=file.parent) as one:
        label = f"steady {SYMBOL} 1m"
        await market.closes(100, 101, 102)
        await one.outcome("waiting", label)
        await market.quote(100, 102)
        await one.outcome("filled", label)
        await market.closes(103, 104)
        await one.outcome("kept", label)
        assert one.standing(label).fills == 1


async def test_the_position_is_found_again_and_a_bar_is_never_filled_twice(paths: Paths, market: Market) -> None:
    async with session(paths, market, RISES) as one:
        await bought(one)
        before = one.standing()
    async with session(paths, market, RISES) as one:
        shown = one.standing()
        assert (shown.quantity, shown.average, shown.outcome) == (before.quantity, before.average, "filled")
        await market.trade(101)
        await market.quote(100, 103)
        await until(lambda: one.standing().state is State.UP)
        await market.closes(101, 102)
        await one.heard(6)
        await market.quote(100, 103)
        assert one.standing().quantity == before.quantity
    assert len(rows(paths, FILLS)) == 1
    assert rows(paths, OUTCOMES) == [(1.0, "filled")]


async def test_a_signal_of_just_before_the_end_is_filled_by_the_next_session(paths: Paths, market: Market) -> None:
    async with session(paths, market, RISES) as one:
        await market.closes(100, 99, 98, 97, 101, 101)
        await one.outcome("waiting")
    assert rows(paths, OUTCOMES) == [(1.0, "waiting")]
    async with session(paths, market, RISES) as one:
        await market.trade(101)
        await until(lambda: events(paths).count("started") == 2)
        await market.quote(100, 102)
        await one.outcome("filled")
    assert len(rows(paths, FILLS)) == 1


async def test_a_signal_that_waited_through_a_quiet_night_is_still_the_last_word(paths: Paths, market: Market) -> None:
    async with session(paths, market, RISES) as one:
        await market.closes(100, 99, 98, 97, 101, 101)
        await one.outcome("waiting")
    async with session(paths, market, RISES) as one:
        await market.trade(101, market.bar + 20)
        await until(lambda: events(paths).count("started") == 2)
        await market.quote(100, 102)
        assert (await one.outcome("filled")).side == "long"
    assert rows(paths, OUTCOMES) == [(1.0, "filled")]
    assert events(paths)[-2:] == ["late", "started"]


async def test_a_signal_that_the_strategy_does_not_say_any_more_lapses_and_the_audit_says_so(
    paths: Paths, market: Market, tmp_path: Path
) -> None:
    label, folder = f"mine {SYMBOL} 1m", tmp_path / "own"
    strategy_file(folder, "return Signal(1.0, 'long')")
    async with session(paths, market, label, folder=folder) as one:
        await market.closes(100, 101, 102)
        await one.outcome("waiting", label)
    strategy_file(folder, "return None")
    async with session(paths, market, label, folder=folder) as one:
        await market.trade(102)
        assert (await one.outcome("lapsed", label)).side == "flat"
    assert events(paths)[-2:] == ["lapsed", "started"]


async def test_of_all_that_it_would_have_said_while_nobody_ran_it_only_the_last_word_is_done(
    paths: Paths, market: Market
) -> None:
    async with session(paths, market, RISES) as one:
        await bought(one)
    await market.closes(99, 98, 103, 97, 104, 104, unseen=True)
    async with session(paths, market, RISES) as one:
        await market.closes(104)
        await one.outcome("kept")
        await market.quote(95, 96)
        await until(lambda: one.standing().state is State.UP)
        assert one.standing().fills == 1
    assert rows(paths, OUTCOMES) == [(1.0, "filled"), (1.0, "kept")]
    assert "late" not in events(paths), "it is long, as its last word wants it"


async def test_what_it_would_have_said_while_nobody_ran_it_is_acted_on_late(paths: Paths, market: Market) -> None:
    async with session(paths, market, RISES) as one:
        await bought(one)
    await market.closes(99, 98, 97, unseen=True)
    async with session(paths, market, RISES) as one:
        await market.closes(97)
        await until(lambda: one.standing().outcome == "waiting")
        await market.quote(95, 96)
        await until(lambda: one.standing().side == "flat")
    assert rows(paths, OUTCOMES) == [(1.0, "filled"), (0.0, "filled")]
    late = rows(paths, "SELECT sentence FROM strategies_audit WHERE event = 'late'")
    assert len(late) == 1
    assert "acts now on what it said to bar" in str(late[0][0])


async def test_stored_bars_warm_it_up(paths: Paths, market: Market) -> None:
    async with session(paths, market, "rsi BTCUSDT 1m") as one:
        await market.closes(100, 99, 98, 97, 96)
        await until(lambda: one.feed.status().stored == 5)
    async with session(paths, market, RISES) as one:
        await market.trade(96)
        await until(lambda: one.standing().state is State.UP)
        assert one.standing().heard == one.standing().warm_up - 1 == 2


async def test_after_a_hole_only_what_comes_after_it_counts(paths: Paths, market: Market) -> None:
    async with session(paths, market, "rsi BTCUSDT 1m") as one:
        await market.closes(100, 99, 98, 97, 96)
        await until(lambda: one.feed.status().stored == 5)
    market.venue.refuse_history = True
    await market.closes(95, 94, 93, unseen=True)
    async with session(paths, market, RISES, filled_seconds=0.3) as one:
        await market.closes(92)
        await until(lambda: one.standing().message == "" and one.standing().warm_up > 0)
        assert (one.standing().state, one.standing().heard) == (State.STARTING, 0)


async def test_a_bar_that_lacks_trades_is_told_once_and_not_again_when_it_is_whole(
    paths: Paths, market: Market
) -> None:
    async with session(paths, market, RISES, filled_seconds=0.3) as one:
        await market.closes(100, 99, 98)
        await one.heard(1)
        market.venue.refuse_history = True
        await market.trade(97, unseen=True)
        await market.closes(101, 101)
        await one.outcome("waiting")
        await market.trade(102, unseen=True)
        await market.closes(90, 90)
        await until(lambda: one.standing().signal_target == 0.0)
        heard = one.standing().heard
        assert one.standing().incomplete
        market.venue.refuse_history = False
        await until(lambda: one.feed.status().gaps == 0)
        await market.closes(89)
        await one.heard(heard + 1)
        assert one.standing().heard == heard + 1, "the repaired bars are not told again"


async def test_after_bars_that_cannot_be_had_it_begins_to_listen_anew(paths: Paths, market: Market) -> None:
    async with session(paths, market, RISES, filled_seconds=0.3) as one:
        await bought(one)
        market.venue.refuse_history = True
        await market.closes(95, 94, 93, unseen=True)
        await market.closes(92)
        await market.closes(91)
        await until(lambda: one.standing().heard == 1)
        assert one.standing().state is State.STARTING
        assert one.standing().side == "long", "nothing is sold for what nobody has seen"
        await market.closes(90, 95, 80, 80)
        await one.outcome("waiting")
        await market.quote(88, 89)
        await until(lambda: one.standing().side == "flat")


async def test_minutes_without_a_trade_are_told_as_flat_bars(paths: Paths, market: Market) -> None:
    async with session(paths, market, RISES) as one:
        await market.closes(100, 99)
        await market.trade(98, market.bar + 4)
        await market.closes(97)
        await one.heard(5)
        assert one.standing().heard == 5


async def test_the_reader_of_the_stream_never_waits_for_a_strategy(
    paths: Paths, market: Market, tmp_path: Path
) -> None:
    file = strategy_file(tmp_path / "own", "import time; time.sleep(0.5)", name="slow")
    async with session(paths, market, f"slow {SYMBOL} 1m", folder=file.parent, bar_seconds=5.0) as one:
        label = f"slow {SYMBOL} 1m"
        await until(lambda: one.standing(label).message.startswith("waits for a trade"))
        await market.closes(*range(100, 130))
        await until(lambda: one.feed.status().received == 30)
        await until(lambda: one.feed.status().stored == 30)
        assert one.standing(label).heard < 20, "it is far behind, and all is received and stored"


async def test_it_is_stopped_told_and_started_again_by_key(paths: Paths, market: Market, tmp_path: Path) -> None:
    file = strategy_file(tmp_path / "own", "import time; time.sleep(0.6 if bar.close > 100 else 0)", name="slow")
    label = f"slow {SYMBOL} 1m"
    async with session(paths, market, f"slow {SYMBOL} 1m", folder=file.parent, bar_seconds=0.2) as one:
        await market.closes(100, 100, 101, 100)
        await until(lambda: one.standing(label).state is State.DOWN)
        message = one.standing(label).message
        assert message.startswith("stopped: strategy slow took longer than 0.2 s at bar ")
        assert one.standing(label).told == 1
        health = one.boards.health.get(f"strategy:{label}")
        assert isinstance(health, StrategyStatus)
        assert (health.state, health.last_error) == (State.DOWN, message)
        await until(lambda: events(paths) == ["started", "stopped"])
        with pytest.raises(Exception, match="no strategy of ETHUSDT runs"):
            one.runner.restart("ETHUSDT")
        one.reconfigure(bar_seconds=10.0)
        await asyncio.sleep(0)
        assert one.runner.restart(SYMBOL) == f"starting {label} again"
        await until(lambda: events(paths) == ["started", "stopped", "started"])
        await until(lambda: one.standing(label).state is State.UP)
        with pytest.raises(Exception, match="no strategy of BTCUSDT is stopped"):
            one.runner.restart(SYMBOL)
        health = one.boards.health.get(f"strategy:{label}")
        assert isinstance(health, StrategyStatus)
        assert (health.restarts, health.last_error) == (1, message)


async def test_a_session_that_runs_nothing_shows_what_was_left(paths: Paths, market: Market) -> None:
    async with session(paths, market, RISES) as one:
        await bought(one)
    async with session(paths, market) as one:
        left = one.standing()
        assert (left.state, left.side, left.outcome) == (State.OFF, "long", "filled")


async def test_a_recording_begins_anew_each_time(paths: Paths, market: Market) -> None:
    async with session(paths, market, RISES, resumes=False) as one:
        await bought(one)
    async with session(paths, market, RISES, resumes=False) as one:
        await market.closes(103, 102)
        await until(lambda: one.standing().state is State.UP)
        assert one.standing().side == "flat"
        one.feed.rebase()
        await market.closes(101)
        await until(lambda: len(rows(paths, "SELECT run FROM strategies_runs")) == 3)


async def test_a_signal_gives_way_to_that_of_a_later_bar(paths: Paths, market: Market) -> None:
    async with session(paths, market, RISES) as one:
        await market.closes(100, 99, 98, 97, 101, 101)
        await one.outcome("waiting")
        await market.closes(90, 90)
        await until(lambda: one.standing().outcome == "kept")
        await market.quote(90, 91)
        assert one.standing().side == "flat"
    assert rows(paths, OUTCOMES) == [(1.0, "lapsed"), (0.0, "kept")]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines a process so far")
async def test_every_abuse_has_a_line_in_the_audit_and_the_others_work_on(
    paths: Paths, market: Market, tmp_path: Path
) -> None:
    abuses = {
        "eats": ("self.kept = bytearray(1 << 32)", "MemoryError"),
        "calls": ("import socket; socket.socket()", "it reached for the network"),
        "forks": ("import os; os.fork()", "it started another process"),
        "ends": ("import os; os._exit(3)", "ended its own process (exit code 3)"),
        "shouts": ("while True: print('x' * 9999)", "printed more than 64 KB at once"),
    }
    folder = tmp_path / "own"
    for name, (code, _) in abuses.items():
        strategy_file(folder, code, name=name)
    lines = [f"{name} {SYMBOL} 1m" for name in abuses]
    async with session(paths, market, RISES, *lines, folder=folder) as one:
        await market.closes(100, 99, 98)
        for line in lines:
            await until(lambda line=line: one.standing(line).state is State.DOWN)  # type: ignore[misc]
        await bought(one)
    audit = rows(paths, "SELECT label, sentence FROM strategies_audit WHERE event = 'stopped'")
    stopped = {str(label): str(sentence) for label, sentence in audit}
    assert set(stopped) == set(lines)
    for name, (_, words) in abuses.items():
        assert words in stopped[f"{name} {SYMBOL} 1m"]
