"""Holds the session open in a task of its own, so that entering and leaving it happen in one place."""

import asyncio
import logging
from collections.abc import Callable

from cockpit.tui.session import OpenSession, Session

log = logging.getLogger(__name__)


class SessionHolder:
    """Enters the session's context, hands the session out, and leaves the context when told to."""

    def __init__(self, open_session: OpenSession) -> None:
        self._open_session = open_session
        self._task: asyncio.Task[None] | None = None
        self._release = asyncio.Event()
        self._entered = False

    def start(self, opened: Callable[[Session], None], failed: Callable[[Exception], None]) -> None:
        """Begin to open; one of the two is called in time."""
        if not self._release.is_set():
            self._task = asyncio.create_task(self._hold(opened, failed), name="cockpit:session")

    async def close(self, seconds: float) -> bool:
        """Leave the context, or cancel the opening; False where that took longer than ``seconds``."""
        self._release.set()
        if self._task is None or self._task.done():
            return True
        if not self._entered:
            self._task.cancel()
        done, _ = await asyncio.wait({self._task}, timeout=seconds)
        if not done:
            log.error("the session did not close within %.0f s", seconds)
        return bool(done)

    async def _hold(self, opened: Callable[[Session], None], failed: Callable[[Exception], None]) -> None:
        try:
            async with self._open_session() as session:
                self._entered = True
                if not self._release.is_set():
                    opened(session)
                await self._release.wait()
        except Exception as error:  # whatever it is, the screen is what tells it
            if self._release.is_set():
                log.exception("the session did not close cleanly")
            else:
                failed(error)
