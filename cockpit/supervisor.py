"""Long-lived tasks: named, restarted with backoff, their state on the health board."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from cockpit.board import Board
from cockpit.clock import Clock
from cockpit.health.status import HealthRow, State, TaskStatus

log = logging.getLogger(__name__)

_FIRST_DELAY = 0.5
_LONGEST_DELAY = 30.0
_HEALTHY_SECONDS = 60.0


class Supervisor:
    """Owns every task that outlives a single action. No task is ever lost, and none dies unseen."""

    def __init__(self, clock: Clock, health: Board[str, HealthRow]) -> None:
        self._clock = clock
        self._health = health
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._random = random.Random()

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run ``work()`` for ever: after a failure it starts again, after a return it is done.

        Raises:
            ValueError: a task of this name runs already.
        """
        if name in self._tasks and not self._tasks[name].done():
            raise ValueError(f"task {name} runs already")
        self._tasks[name] = asyncio.create_task(self._keep(name, work), name=f"cockpit:{name}")

    async def stop(self, timeout: float = 5.0) -> None:
        """Cancel all tasks, the last started first, and wait for each."""
        for name, task in reversed(self._tasks.items()):
            task.cancel()
            done, _ = await asyncio.wait({task}, timeout=timeout)
            if not done:
                log.error("task %s did not end within %.0f s", name, timeout)
        self._tasks.clear()

    async def _keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        restarts = 0
        delay = _FIRST_DELAY
        while True:
            self._report(name, State.UP, restarts)
            started = self._clock.monotonic()
            try:
                await work()
            except asyncio.CancelledError:
                self._report(name, State.OFF, restarts)
                raise
            except Exception as error:  # whatever a task fails with, it is shown and restarted
                log.exception("task %s failed", name)
                restarts += 1
                if self._clock.monotonic() - started > _HEALTHY_SECONDS:
                    delay = _FIRST_DELAY
                self._report(name, State.DEGRADED, restarts, f"{type(error).__name__}: {error}")
                await asyncio.sleep(self._random.uniform(delay / 2, delay))
                delay = min(delay * 2, _LONGEST_DELAY)
            else:
                self._report(name, State.OFF, restarts)
                return

    def _report(self, name: str, state: State, restarts: int, message: str = "") -> None:
        self._health.put(f"task:{name}", TaskStatus(name, state, restarts, message))
