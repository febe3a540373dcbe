"""First paint, then the session; and what is shown when there is none."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.screen import Screen

from cockpit.errors import ExitCode
from cockpit.settings import PathSettings, Settings, UiSettings
from cockpit.tui.app import CockpitApp
from cockpit.tui.environment import prepare_environment, refresh_rate
from cockpit.tui.session import Session
from tests.tui.clocks import StillClock
from tests.tui.conftest import picture, settled, told
from tests.tui.demo import DemoSession, Failing


async def test_the_panes_are_there_before_the_session_is() -> None:
    may_open = asyncio.Event()
    session = DemoSession(StillClock()).fill()

    @asynccontextmanager
    async def slow() -> AsyncIterator[Session]:
        await may_open.wait()
        yield session

    app = CockpitApp(Settings(), slow)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        before = picture(app)
        assert all(name in before for name in ("Ticks", "Candidates", "Spreads", "Portfolio", "Health", "starting"))
        assert "NVDA" not in before
        await pilot.press("o", "s")
        await pilot.pause()
        assert "still starting" in told(app)
        may_open.set()
        await settled(app, pilot)
        assert "NVDA" in picture(app)


async def test_a_session_that_cannot_open_is_one_sentence_and_an_exit_code() -> None:
    app = CockpitApp(Settings(), Failing)
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(20):
            await pilot.pause()
        shown = " ".join(picture(app).replace("│", " ").split())
        assert "owned by process 4711" in shown
        assert "Traceback" not in shown
        await pilot.press("q")
        await pilot.pause()
    assert app.return_code == ExitCode.ERROR


async def test_what_nobody_foresaw_is_in_the_log_that_the_screen_names(tmp_path: Path) -> None:
    class Broken(Failing):
        async def __aenter__(self) -> Session:
            raise TypeError("a board was expected here")

    settings = Settings(paths=PathSettings(data_dir=str(tmp_path)))
    app = CockpitApp(settings, Broken)
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(20):
            await pilot.pause()
        assert "could not start (TypeError)" in picture(app)
    assert "a board was expected here" in settings.folders().log.read_text(encoding="utf-8")


async def test_leaving_while_it_opens_cancels_the_opening() -> None:
    cancelled = False

    @asynccontextmanager
    async def endless() -> AsyncIterator[Session]:
        nonlocal cancelled
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled = True
            raise
        yield DemoSession(StillClock())

    app = CockpitApp(Settings(), endless)
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("q")
        await pilot.pause()
    assert cancelled
    assert app.return_value == 0


async def test_a_theme_that_is_not_there_falls_back_and_says_so() -> None:
    app = CockpitApp(Settings(ui=UiSettings(theme="darkk")), Failing)
    assert app.theme_choice == "dark"
    assert any("no theme darkk" in fault for fault in app.faults)


@asynccontextmanager
async def never() -> AsyncIterator[Session]:
    """A session that stays about to open."""
    await asyncio.Event().wait()
    yield DemoSession(StillClock())


class _FirstFrame(CockpitApp):
    """Keeps the first frame that goes to the terminal."""

    first = ""

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if renderable is not None and not self.first and not self._batch_count:
            self.first = picture(self)
        super()._display(screen, renderable)


@pytest.mark.parametrize(
    ("size", "shown", "absent"),
    [
        ((120, 40), ["COCKPIT", "1 Ticks", "tr/s", "2 Candidates", "vrp", "P&L", "5 Health", "q quit"], []),
        ((80, 24), ["COCKPIT", "1 Ticks", "tr/s", "2 Candidates  3 Spreads", "q quit"], ["vrp", "P&L"]),
        ((25, 5), ["too small"], ["COCKPIT", "Ticks"]),
    ],
)
async def test_the_first_frame_is_laid_out_as_all_that_follow(
    size: tuple[int, int], shown: list[str], absent: list[str]
) -> None:
    app = _FirstFrame(Settings(), never)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
    assert all(text in app.first for text in shown), app.first
    assert not any(text in app.first for text in absent), app.first


async def test_the_first_frame_wears_the_theme_that_was_set_and_a_later_choice_replaces_it() -> None:
    app = CockpitApp(Settings(ui=UiSettings(theme="light")), never)
    async with app.run_test(size=(120, 40)) as pilot:
        light = app.screen.background_colors[1].hex
        assert light == app.get_css_variables()["background"]
        assert app.choose_theme("dark")
        await pilot.pause()
        assert app.screen.background_colors[1].hex == app.get_css_variables()["background"] != light


async def test_garbage_is_collected_again_once_the_first_frame_is_there() -> None:
    pace = gc.get_threshold()
    gc.disable()
    try:
        async with CockpitApp(Settings(), never).run_test() as pilot:
            await pilot.pause()
            assert gc.isenabled()
    finally:
        gc.enable()
        gc.set_threshold(*pace)


def test_the_rate_is_lower_over_ssh() -> None:
    assert refresh_rate(0, {}) == 4
    assert refresh_rate(0, {"SSH_CONNECTION": "x"}) == 2
    assert refresh_rate(0, {"SSH_TTY": "/dev/pts/1"}) == 2
    assert refresh_rate(7, {"SSH_TTY": "/dev/pts/1"}) == 7


def test_the_environment_is_prepared_without_overruling_the_user() -> None:
    environment = {"TEXTUAL_FPS": "30", "COLUMNS": "80"}
    prepare_environment(environment)
    assert environment["TEXTUAL_FPS"] == "30"
    assert environment["TEXTUAL_ANIMATIONS"] == "none"
    assert "COLUMNS" not in environment
