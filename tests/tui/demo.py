"""A made-up session for looking at the screen: ``python -m tests.tui.demo [--empty] [--still] [--fail]``."""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from cockpit.boards import Boards
from cockpit.clock import Clock
from cockpit.commands import Commands
from cockpit.errors import StorageError
from cockpit.logs import logging_to
from cockpit.portfolio.position import Account
from cockpit.scan.candidate import ScanProgress
from cockpit.settings import Settings
from cockpit.tui.session import OpenSession, Session
from tests.tui.clocks import RunningClock
from tests.tui.demo_commands import DemoCommands
from tests.tui.made import NAMES, SYMBOLS, candidate, position, spreads_of, ticker
from tests.tui.made_health import put_health


class DemoSession:
    """Boards, commands and a clock."""

    def __init__(self, clock: Clock, read_only: str | None = None) -> None:
        self.boards = Boards()
        self.clock: Clock = clock
        self.demo = DemoCommands(self.boards, clock)
        self.read_only = read_only
        self.closed = False

    @property
    def commands(self) -> Commands:
        return self.demo

    def fill(self) -> "DemoSession":
        """Everything on the boards that a busy day would have."""
        chance = random.Random(7)
        now, mono = self.clock.now(), self.clock.monotonic()
        for number, (symbol, last) in enumerate(SYMBOLS.items()):
            self.boards.ticks.put(symbol, ticker(symbol, last, number, mono, chance))
        for number, (name, spot) in enumerate(NAMES.items()):
            found = candidate(name, spot, number, now)
            missing = {one.kind for one in found.unbuilt}
            spreads = () if found.problem else spreads_of(name, spot, now)
            self.boards.candidates.put(name, found)
            self.boards.spreads.put(name, tuple(spread for spread in spreads if spread.kind not in missing))
        self.boards.scan.put("scan", ScanProgress(now, len(NAMES), len(NAMES), 1, now))
        self.boards.positions.put("1", position("NVDA", now, 0))
        self.boards.positions.put("2", position("CRM", now, 1))
        self.boards.account.put(
            "account",
            Account(
                Decimal("100569.40"),
                Decimal("0"),
                Decimal("243.00"),
                Decimal("100812.40"),
                Decimal("212.40"),
                Decimal("8.40"),
                Decimal("4130.00"),
                Decimal("95870.00"),
                2,
            ),
        )
        put_health(self.boards.health, self.clock.monotonic(), 0.0)
        return self


async def stir(session: DemoSession) -> None:
    """Ten symbols that tick as a usual market does."""
    chance = random.Random(7)
    started = time.monotonic()
    sparks_at = 0.0
    while True:
        await asyncio.sleep(0.05)
        mono = session.clock.monotonic()
        for symbol in chance.sample(list(SYMBOLS), 3):
            old = session.boards.ticks.get(symbol)
            if old is None or old.last is None:
                continue
            price = old.last + chance.choice((-2, -1, 0, 1, 2)) * Decimal(1).scaleb(-2 if old.last > 100 else -4)
            spark = (*old.spark[1:], float(price)) if mono - sparks_at > 2 else old.spark
            session.boards.ticks.put(
                symbol,
                replace(
                    old,
                    last=price,
                    bid=price,
                    ask=price + Decimal("0.01"),
                    received_at=mono,
                    spark=spark,
                    trades_per_second=round(old.trades_per_second + chance.uniform(-0.3, 0.3), 1)
                    if old.trades_per_second > 1
                    else old.trades_per_second,
                    last_move=(price > old.last) - (price < old.last),
                ),
            )
        if mono - sparks_at > 2:
            sparks_at = mono
        put_health(session.boards.health, mono, time.monotonic() - started)


def open_demo(session: DemoSession, *, moving: bool = False) -> OpenSession:
    """The demo as the screen opens it."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Session]:
        task = asyncio.create_task(stir(session)) if moving else None
        try:
            yield session
        finally:
            session.closed = True
            if task is not None:
                task.cancel()

    return opened


class Failing:
    """A session that cannot be opened."""

    async def __aenter__(self) -> Session:
        raise StorageError(
            "the data folder /var/lib/cockpit is owned by process 4711; close that cockpit or choose --data-dir"
        )

    async def __aexit__(self, *error: object) -> None:
        return None


def main() -> int:
    from cockpit.tui.run import run_screen

    flags = set(sys.argv[1:])
    session = DemoSession(RunningClock())
    if "--empty" not in flags:
        session.fill()
    with logging_to(Path(tempfile.gettempdir()) / "cockpit-demo.log"):
        return run_screen(
            Settings(), Failing if "--fail" in flags else open_demo(session, moving="--still" not in flags)
        )


if __name__ == "__main__":
    sys.exit(main())
