"""What must stand in the environment before Textual is imported, and what the link asks of the screen.

Textual reads these names once, at import.
"""

import os
from collections.abc import Mapping, MutableMapping

_DEFAULTS = {
    # Paints a second at most; the data comes at ui.hz anyway, keys want a prompt echo.
    "TEXTUAL_FPS": "15",
    # Motion is traffic, and says nothing.
    "TEXTUAL_ANIMATIONS": "none",
    "TEXTUAL_SMOOTH_SCROLL": "0",
    # Milliseconds after which a lone Escape is one: short enough to type on, long enough for a split arrow key.
    "ESCDELAY": "50",
}
# A terminal tells its size itself; exported, these would freeze it at what it once was.
_STALE = ("COLUMNS", "LINES")
_BLOCKLESS = ("linux", "dumb", "vt100", "vt220")
_HOME_HZ = 4.0
_REMOTE_HZ = 2.0


def prepare_environment(environment: MutableMapping[str, str] | None = None) -> None:
    """Set what Textual reads at import; whatever the user has set already stays, but for the terminal's size."""
    into = os.environ if environment is None else environment
    for name, value in _DEFAULTS.items():
        into.setdefault(name, value)
    for name in _STALE:
        into.pop(name, None)


def refresh_rate(hz: float, environment: Mapping[str, str] | None = None) -> float:
    """Updates of the data a second: ``hz`` as set, or where it is 0, four at home and two over SSH."""
    if hz > 0:
        return hz
    present = os.environ if environment is None else environment
    return _REMOTE_HZ if "SSH_CONNECTION" in present or "SSH_TTY" in present else _HOME_HZ


def draws_blocks(environment: Mapping[str, str] | None = None) -> bool:
    """Whether the terminal can draw parts of blocks: not the console of Linux, nor one of another locale than UTF-8."""
    present = os.environ if environment is None else environment
    locale = present.get("LC_ALL") or present.get("LC_CTYPE") or present.get("LANG") or "UTF-8"
    return present.get("TERM") not in _BLOCKLESS and "utf" in locale.lower()
