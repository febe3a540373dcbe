"""What was answered as filled is on disk: the process is killed the moment after it has said so."""

import asyncio
import os
import signal
import sqlite3
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tests.portfolio.market import open_desk

ROUNDS = int(os.environ.get("COCKPIT_KILL_ROUNDS", "5"))
TOP = Path(__file__).parents[2]

CHILD = """
import asyncio, sys
from pathlib import Path
from tests.portfolio.market import condor, open_desk

async def main() -> None:
    async with open_desk(Path(sys.argv[1])) as desk:
        for number in range(int(sys.argv[2])):
            position = await desk.broker.open_position(await desk.broker.opening_ticket(condor()), 1)
            print("opened", position.position_id, flush=True)
            if number % 2:
                closed = await desk.broker.close_position(await desk.broker.closing_ticket(position.position_id))
                print("closed", closed.position_id, flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("number", range(ROUNDS))
async def test_a_fill_that_was_answered_survives_kill_9(tmp_path: Path, number: int) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(tmp_path), "200", stdout=asyncio.subprocess.PIPE, cwd=TOP
    )
    assert child.stdout is not None
    answered = [await child.stdout.readline() for _ in range(1 + 3 * number)]
    child.send_signal(signal.SIGKILL)
    answered += (await child.stdout.read()).splitlines(keepends=True)
    await child.wait()
    words = [line.decode().split() for line in answered if line.endswith(b"\n")]
    opened = {position for word, position in words if word == "opened"}
    closed = {position for word, position in words if word == "closed"}
    assert opened

    async with open_desk(tmp_path) as desk:
        history = {position.position_id for position in await desk.broker.history()}
        held = {position_id for position_id, _ in desk.boards.positions.items()}
        assert closed <= history
        assert opened <= held | history
        # Beyond what was answered there is at most the one order that was under way.
        assert len(held | history) - len(opened) + len(history) - len(closed) <= 1
        account = desk.boards.account.get("account")
        assert account is not None
        round_trip = Decimal("0.60") - Decimal("0.64")
        assert account.cash == (
            100_000 + len(held) * (Decimal(60) - Decimal("1.40")) + len(history) * (round_trip * 100 - Decimal("2.80"))
        )
        assert len(await desk.broker.fills()) == 4 * len(held) + 8 * len(history)
    with sqlite3.connect(tmp_path / "cockpit.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
