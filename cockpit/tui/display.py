"""The link to the terminal: frames are dropped rather than waited for, and a lost terminal is noticed.

Textual hands frames to a writer thread through a bounded queue whose ``put`` blocks: on a stalled link it would stop
the whole event loop, feeds and database with it. Private names of Textual used here: ``App._display`` (overridden by
the app), ``Driver._writer_thread`` with its ``_queue``, and ``Screen._compositor``.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.screen import Screen

_DEEPEST = 8
_RETRY_SECONDS = 0.25


class FrameGuard:
    """Lets a frame through only when the link keeps up; after a gap the next frame is a whole one."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self.dropped = 0
        """Frames not drawn so far."""
        self._behind = False

    def frame(self, screen: Screen[Any], renderable: Any) -> Any:
        """What to draw now: the frame itself, a whole screen after a gap, or None to drop it."""
        if renderable is None:
            return None
        if self.blocked():
            self.dropped += 1
            if not self._behind:
                self._behind = True
                self._retry()
            return None
        if self._behind:
            self._behind = False
            return screen._compositor.render_update(full=True, screen_stack=self._app._background_screens)
        return renderable

    def blocked(self) -> bool:
        """True while the link does not keep up, or is no more: whatever is written now may never end."""
        writer = getattr(self._app._driver, "_writer_thread", None)
        return writer is not None and (not writer.is_alive() or writer._queue.qsize() > _DEEPEST)

    def _retry(self) -> None:
        self._app.set_timer(_RETRY_SECONDS, self._again)

    def _again(self) -> None:
        if self._behind and self._app.is_running:
            if self.blocked():
                self._retry()
            else:
                self._app.screen.refresh()


class Watchdog:
    """Notices that the terminal has gone where no signal tells."""

    def __init__(self, app: App[Any], lost: Callable[[int], None]) -> None:
        self._app = app
        self._lost = lost

    def check(self) -> None:
        """Leave with 129, as for a hang-up, when the terminal or its writer is no more."""
        writer = getattr(self._app._driver, "_writer_thread", None)
        stdin = sys.__stdin__
        gone = stdin is None or stdin.closed or not os.isatty(stdin.fileno())
        if gone or (writer is not None and not writer.is_alive()):
            self._lost(129)
