"""The link to the terminal, with a driver that stands in for a stalled one."""

import asyncio
import threading
from queue import Queue
from types import SimpleNamespace

from cockpit.settings import Settings
from cockpit.tui.app import CockpitApp
from cockpit.tui.display import FrameGuard, Watchdog
from tests.tui.conftest import Screen, settled
from tests.tui.demo import DemoSession, open_demo


def stalled_writer(waiting: int, alive: bool = True) -> SimpleNamespace:
    queue: Queue[str] = Queue(30)
    for _ in range(waiting):
        queue.put("frame")
    return SimpleNamespace(_queue=queue, is_alive=lambda: alive)


async def test_frames_are_dropped_while_the_link_is_behind(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        guard = FrameGuard(app)
        driver = app._driver
        frame = object()
        assert guard.frame(app.screen, frame) is frame
        assert guard.frame(app.screen, None) is None
        driver._writer_thread = stalled_writer(20)  # type: ignore[union-attr]  # it runs
        assert guard.frame(app.screen, frame) is None
        assert guard.frame(app.screen, frame) is None
        assert guard.dropped == 2
        driver._writer_thread = stalled_writer(0)  # type: ignore[union-attr]  # it runs
        whole = guard.frame(app.screen, frame)
        assert whole is not frame
        assert whole.region.size == app.screen.size
        assert guard.frame(app.screen, frame) is frame
        driver._writer_thread = None  # type: ignore[union-attr]  # it runs
        await pilot.pause()


async def test_the_last_frame_is_drawn_even_when_nothing_follows(session: DemoSession) -> None:
    app = CockpitApp(Settings(), open_demo(session))
    async with app.run_test() as pilot:
        await settled(app, pilot)
        drawn = asyncio.Event()
        app.screen.refresh = lambda *regions, **options: drawn.set()  # type: ignore[method-assign,assignment]  # watched
        guard = FrameGuard(app)
        app._driver._writer_thread = stalled_writer(20)  # type: ignore[union-attr]  # it runs
        guard.frame(app.screen, object())
        app._driver._writer_thread = None  # type: ignore[union-attr]  # it runs
        await asyncio.wait_for(drawn.wait(), 5)


async def test_a_dead_writer_ends_the_cockpit(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, _pilot):
        left: list[int] = []
        app._driver._writer_thread = stalled_writer(0, alive=False)  # type: ignore[union-attr]  # it runs
        Watchdog(app, left.append).check()
        app._driver._writer_thread = None  # type: ignore[union-attr]  # it runs
        assert left == [129]


def test_textual_still_has_the_private_names_that_the_guard_leans_on() -> None:
    from textual.app import App
    from textual.drivers._writer_thread import WriterThread
    from textual.drivers.linux_driver import LinuxDriver
    from textual.screen import Screen as TextualScreen

    assert callable(App._display)
    assert "_background_screens" in vars(App)
    assert "_writer_thread" in LinuxDriver.start_application_mode.__code__.co_names
    assert "_queue" in WriterThread.__init__.__code__.co_names
    assert issubclass(WriterThread, threading.Thread)
    assert "_compositor" in TextualScreen.__init__.__code__.co_names
