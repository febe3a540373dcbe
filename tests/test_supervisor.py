"""Supervised tasks: restarted after a failure, visible, gone when stopped."""

import asyncio

import pytest

from cockpit.board import Board
from cockpit.clock import SystemClock
from cockpit.health.status import HealthRow, State, TaskStatus
from cockpit.supervisor import Supervisor


async def test_a_failed_task_is_shown_and_starts_again() -> None:
    board: Board[str, HealthRow] = Board()
    supervisor = Supervisor(SystemClock(), board)
    again = asyncio.Event()
    seen: list[HealthRow | None] = []

    async def work() -> None:
        if not seen:
            seen.append(board.get("task:feed"))
            raise RuntimeError("no route")
        seen.append(board.get("task:feed"))
        again.set()
        await asyncio.Event().wait()

    supervisor.start("feed", work)
    await asyncio.wait_for(again.wait(), 10)
    row = board.get("task:feed")
    assert isinstance(row, TaskStatus)
    assert (row.state, row.restarts) == (State.UP, 1)
    await supervisor.stop()
    stopped = board.get("task:feed")
    assert isinstance(stopped, TaskStatus)
    assert stopped.state is State.OFF


async def test_tasks_are_cancelled_last_started_first() -> None:
    supervisor = Supervisor(SystemClock(), Board())
    ended: list[str] = []
    running: dict[str, asyncio.Event] = {name: asyncio.Event() for name in "abc"}

    def task(name: str) -> None:
        async def work() -> None:
            running[name].set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(name)

        supervisor.start(name, work)

    for name in "abc":
        task(name)
    for event in running.values():
        await event.wait()
    await supervisor.stop()
    assert ended == ["c", "b", "a"]


async def test_one_name_runs_once() -> None:
    supervisor = Supervisor(SystemClock(), Board())

    async def work() -> None:
        await asyncio.Event().wait()

    supervisor.start("feed", work)
    with pytest.raises(ValueError, match="feed runs already"):
        supervisor.start("feed", work)
    await supervisor.stop()
