from pathlib import Path

import pytest
from textual.color import Color

from cockpit.errors import ConfigurationError
from cockpit.paths import shipped, user_themes
from cockpit.tui.inks import Ground, Ink, Inks
from cockpit.tui.theming import read_theme, theme_files
from tests.tui.conftest import Screen, picture, told
from tests.tui.demo import DemoSession

SHIPPED = sorted(shipped("themes").glob("*.toml"))


def test_there_are_dark_light_contrast_colour_blind_and_sixteen_colours() -> None:
    assert {"dark", "light", "high-contrast", "colour-blind-safe", "ansi"} <= set(theme_files())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_theme_can_be_read(path: Path) -> None:
    theme = read_theme(path)
    inks = Inks(
        {
            **theme.variables,
            "foreground": "#fff",
            "background": "#000",
            "accent": "#fff",
            "warning": "#fff",
            "error": "#fff",
        }
    )
    for ink in Ink:
        for ground in Ground:
            assert inks.style(ink, ground).color is not None


@pytest.mark.parametrize("path", [path for path in SHIPPED if path.stem != "ansi"], ids=lambda path: path.stem)
def test_text_stands_out_from_its_ground(path: Path) -> None:
    theme = read_theme(path)
    background = Color.parse(theme.background or "")
    grounds = [background, *(Color.parse(theme.variables[name]) for name in ("cursor", "cursor-elsewhere", "bar"))]
    for ground in grounds:
        for name, least in (("foreground", 4.5), ("muted", 2.4), ("up", 3.0), ("down", 3.0)):
            colour = Color.parse(theme.variables.get(name) or theme.foreground or "")
            assert contrast(colour, ground) >= least, f"{path.stem}: {name} on {ground.hex}"


def contrast(one: Color, other: Color) -> float:
    """WCAG 2 contrast ratio."""

    def luminance(colour: Color) -> float:
        parts = [part / 255 for part in colour.rgb]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("#5aa9e6", "#nocolour"), "no colour: '#nocolour'"),
        (('up = "#52c48a"', ""), "the colour cockpit.up is missing"),
        (('up = "#52c48a"', 'up = "#52c48a"\nupp = "red"'), "no colour cockpit.upp in a theme"),
        (('name = "dark"', "name ="), "cannot be read"),
        (("dark = true", "dark = 1"), "dark is true or false"),
        (('up = "#52c48a"', "up = 7"), "cockpit.up is no colour: 7"),
    ],
)
def test_a_faulty_theme_names_file_and_key(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    text = (shipped("themes") / "dark.toml").read_text(encoding="utf-8")
    assert change[0] in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_theme(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)


async def test_a_user_theme_is_offered_previewed_and_undone(session: DemoSession, screen: Screen) -> None:
    folder = user_themes()
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text((shipped("themes") / "light.toml").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "broken.toml").write_text("name = 1", encoding="utf-8")
    async with screen(session) as (app, pilot):
        await pilot.press("ctrl+t")
        await pilot.pause()
        assert "mine" in picture(app)
        seen = set()
        for _ in range(6):
            await pilot.press("down")
            await pilot.pause()
            seen.add(app.theme_choice)
        assert seen == set(theme_files()) - {"broken"}
        await pilot.press("escape")
        await pilot.pause()
        assert app.theme_choice == "dark"
        assert "[colors] is missing" in told(app)
