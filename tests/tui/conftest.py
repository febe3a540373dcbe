import os

# Paints a second, read when Textual is imported: the tests need not wait for a thrifty terminal.
os.environ.setdefault("TEXTUAL_FPS", "200")

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from cockpit.settings import Settings
from cockpit.tui.app import CockpitApp
from tests.tui.clocks import StillClock
from tests.tui.demo import DemoSession, open_demo

Screen = Callable[..., AbstractAsyncContextManager[tuple[CockpitApp, Pilot[int]]]]


@pytest.fixture(autouse=True)
def _home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the themes or the log folder of whoever runs it."""
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    for name in ("SSH_CONNECTION", "SSH_TTY", "NO_COLOR"):
        if name in os.environ:
            monkeypatch.delenv(name)


@pytest.fixture
def session() -> DemoSession:
    """A busy day that stands still."""
    return DemoSession(StillClock()).fill()


@pytest.fixture
def screen() -> Screen:
    """Runs the cockpit on a session, without a terminal."""

    @asynccontextmanager
    async def running(
        session: DemoSession,
        size: tuple[int, int] = (120, 40),
        settings: Settings | None = None,
        notifications: bool = False,
    ) -> AsyncIterator[tuple[CockpitApp, Pilot[int]]]:
        app = CockpitApp(settings or Settings(), open_demo(session))
        async with app.run_test(size=size, notifications=notifications) as pilot:
            await settled(app, pilot)
            yield app, pilot

    return running


async def settled(app: CockpitApp, pilot: Pilot[int]) -> None:
    """Until the session is open and the panes have drawn it."""
    for _ in range(200):
        if app.session is not None:
            break
        await pilot.pause()
    app.main.redraw()
    await pilot.pause()
    app.main._refill()
    await pilot.pause()


def picture(app: CockpitApp) -> str:
    """The screen as text, windows over panes and all."""
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    lines = ["".join(segment.text for strip in line for segment in strip) for line in update.strips]  # type: ignore[union-attr]  # a whole screen
    return "\n".join(line.rstrip() for line in lines)


def told(app: CockpitApp) -> str:
    """Every notification so far."""
    return "\n".join(str(note.message) for note in app._notifications)
