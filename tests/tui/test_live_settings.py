"""What is edited while the cockpit is on the screen shows there; what cannot be used is told and changes nothing."""

from typing import Any

import pytest
from textual.pilot import Pilot

from cockpit.errors import ConfigurationError
from cockpit.live_settings import LiveSettings
from cockpit.paths import shipped, user_themes
from cockpit.settings import Settings
from cockpit.tui.app import CockpitApp
from tests.tui.clocks import StillClock
from tests.tui.conftest import Screen, picture, told
from tests.tui.demo import DemoSession


@pytest.fixture
def live(session: DemoSession) -> LiveSettings:
    return LiveSettings(Settings(), session.boards.settings)


async def shown(app: CockpitApp, pilot: Pilot[int]) -> None:
    await pilot.pause(0.4)
    app.main.redraw()
    await pilot.pause()


def of(**sections: dict[str, Any]) -> Settings:
    return Settings.model_validate(sections)


async def test_a_theme_in_the_settings_is_put_on(session: DemoSession, screen: Screen, live: LiveSettings) -> None:
    async with screen(session, notifications=True) as (app, pilot):
        live.offer(of(ui={"theme": "light"}))
        await shown(app, pilot)
        assert app.theme_choice == "light"
        assert "settings applied: ui.theme" in told(app)


async def test_a_theme_is_read_again_when_its_file_changes(
    session: DemoSession, screen: Screen, live: LiveSettings
) -> None:
    user_themes().mkdir(parents=True)
    mine = user_themes() / "mine.toml"
    text = (shipped("themes") / "dark.toml").read_text(encoding="utf-8")
    mine.write_text(text, encoding="utf-8")
    async with screen(session) as (app, pilot):
        app.choose_theme("mine")
        await pilot.pause()
        before = app.theme_variables["up"]
        mine.write_text(text.replace(f'up = "{before}"', 'up = "#123456"'), encoding="utf-8")
        live.offer(Settings(), "the theme mine")
        await shown(app, pilot)
        assert app.theme_variables["up"] == "#123456" != before
        assert app.theme_choice == "mine", "chosen by key, it stays"


async def test_keys_change_on_the_screen_and_under_the_fingers(
    session: DemoSession, screen: Screen, live: LiveSettings
) -> None:
    async with screen(session) as (app, pilot):
        live.offer(of(keymap={"zoom": "f5"}))
        await shown(app, pilot)
        assert "F5 zoom" in picture(app)
        zoomed = []
        for key in ("z", "f5"):
            await pilot.press(key)
            zoomed.append(app.main.zoomed)
        live.offer(Settings())
        await shown(app, pilot)
        for key in ("f5", "z"):
            await pilot.press(key)
            zoomed.append(app.main.zoomed)
        assert zoomed == [False, True, True, False]


async def test_rows_dim_at_the_new_age_and_the_screen_is_drawn_at_the_new_rate(
    session: DemoSession, screen: Screen, live: LiveSettings
) -> None:
    assert isinstance(session.clock, StillClock)
    async with screen(session) as (app, pilot):
        live.offer(of(ui={"hz": 10, "stale_seconds": 1000}))
        await shown(app, pilot)
        assert app.hz == 10
        assert app.main.ticks.table.stale_seconds == 1000
        assert app.main.candidates.table.stale_seconds == 1000
        live.offer(of(ui={"stale_seconds": 5}))
        await shown(app, pilot)
        assert (app.hz, app.main.ticks.table.stale_seconds) == (4, 5)
        assert (app.main.portfolio.table.stale_seconds, app.main.spreads.table.stale_seconds) == (60, 900)


async def test_a_refusal_stays_on_the_screen_until_it_is_mended(
    session: DemoSession, screen: Screen, live: LiveSettings
) -> None:
    async with screen(session, notifications=True) as (app, pilot):
        live.refuse(ConfigurationError("setting scan.days (file [bold]x[/]): no"))
        await shown(app, pilot)
        assert "those before stay in force: setting scan.days (file [bold]x[/]): no" in told(app)
        assert "settings refused" in picture(app).splitlines()[0]
        live.offer(Settings())
        await shown(app, pilot)
        assert "refused" not in picture(app).splitlines()[0]
        assert "in order again" in told(app)
