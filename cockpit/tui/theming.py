"""Themes from ``themes/*.toml``: read, and every colour checked, before Textual hears of them."""

import tomllib
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

from cockpit.errors import ConfigurationError
from cockpit.paths import shipped, user_themes
from cockpit.tui.inks import COCKPIT_VARIABLES

DEFAULT_THEME = "dark"
_COLOURS = (
    *("primary", "secondary", "accent", "foreground", "background", "surface", "panel"),
    *("success", "warning", "error"),
)
_OWN = (*(name for name in COCKPIT_VARIABLES if name not in _COLOURS), "bar-focus-text")


def theme_files() -> dict[str, Path]:
    """The file of every theme by its name: the shipped ones, and over them the user's own."""
    found: dict[str, Path] = {}
    for folder in (shipped("themes"), user_themes()):
        if folder.is_dir():
            for path in sorted(folder.glob("*.toml")):
                found[path.stem] = path
    return found


def find_theme(name: str) -> Theme:
    """The theme of a name.

    Raises:
        ConfigurationError: there is none, or its file is faulty; the sentence names what there is, or the fault.
    """
    files = theme_files()
    if name not in files:
        raise ConfigurationError(f"there is no theme {name}; there are {', '.join(files)}")
    return read_theme(files[name])


def read_theme(path: Path) -> Theme:
    """A theme from its file.

    Raises:
        ConfigurationError: names the file and the key that is missing, unknown or no colour.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"theme {path}: cannot be read: {error}") from error
    for key in values:
        if key not in ("name", "dark", "ansi", "colors", "cockpit"):
            raise ConfigurationError(f"theme {path}: there is no key {key} in a theme")
    for key in ("dark", "ansi"):
        if not isinstance(values.get(key, False), bool):
            raise ConfigurationError(f"theme {path}: {key} is true or false")
    colours = _section(path, values, "colors", _COLOURS)
    own = _section(path, values, "cockpit", _OWN)
    ansi, dark = bool(values.get("ansi", False)), bool(values.get("dark", True))
    return Theme(
        name=f"cockpit-{path.stem}",
        dark=dark,
        ansi=ansi,
        variables={**own, **_textual_variables(colours, own, dark)},
        **colours,  # type: ignore[arg-type]  # the section holds exactly the theme's colour names
    )


def _section(path: Path, values: dict[str, Any], section: str, names: tuple[str, ...]) -> dict[str, str]:
    table = values.get(section)
    if not isinstance(table, dict):
        raise ConfigurationError(f"theme {path}: the section [{section}] is missing")
    for name in table:
        if name not in names:
            raise ConfigurationError(f"theme {path}: there is no colour {section}.{name} in a theme")
    for name in names:
        if name not in table:
            raise ConfigurationError(f"theme {path}: the colour {section}.{name} is missing")
        try:
            Color.parse(table[name])
        except (ColorParseError, TypeError, AttributeError):
            raise ConfigurationError(
                f"theme {path}: {section}.{name} is no colour: {table[name]!r}; write #rrggbb or a name"
            ) from None
    return {name: str(table[name]) for name in names}


def _textual_variables(colours: dict[str, str], own: dict[str, str], dark: bool) -> dict[str, str]:
    """Textual's own widgets in the palette, the filter and the lists take the same colours."""
    return {
        "block-cursor-background": own["cursor"],
        "block-cursor-foreground": own["strong"],
        "block-cursor-text-style": "none",
        "border": colours["primary"],
        "border-blurred": own["muted"],
        "input-cursor-background": colours["foreground"],
        "input-cursor-foreground": colours["background"],
        "ansi-background": "ansi_black" if dark else "ansi_white",
        "ansi-foreground": "ansi_white" if dark else "ansi_black",
    }
