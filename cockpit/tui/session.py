"""What the screen needs of a session: boards to read, commands to give, a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:  # the first paint waits for none of these
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from cockpit.boards import Boards
    from cockpit.clock import Clock
    from cockpit.commands import Commands
from cockpit.paths import Paths


class UiLook(Protocol):
    """How the screen is to look: the ``[ui]`` part of the settings."""

    @property
    def theme(self) -> str:
        """Name of the theme."""
        ...

    @property
    def hz(self) -> float:
        """Updates a second; 0 leaves it to the screen."""
        ...

    @property
    def mouse(self) -> bool:
        """Whether the terminal reports the mouse."""
        ...

    @property
    def stale_seconds(self) -> float:
        """Age from which a row is dimmed."""
        ...

    @property
    def chart(self) -> str:
        """What prices are drawn with: ``blocks`` or ``braille``."""
        ...


class Look(Protocol):
    """What the screen needs of the settings; it can be had before they are validated."""

    @property
    def profile(self) -> str:
        """Whose name stays on screen."""
        ...

    @property
    def ui(self) -> UiLook:
        """Theme, rate and the like."""
        ...

    @property
    def keymap(self) -> Mapping[str, str]:
        """Keys by action, where they are not the usual ones."""
        ...

    def folders(self) -> Paths:
        """Where the log is."""
        ...


class Session(Protocol):
    """An open session. The screen calls nothing else, so a session in another process could stand in for it."""

    @property
    def boards(self) -> Boards:
        """What the panes show."""
        ...

    @property
    def commands(self) -> Commands:
        """What the keys do."""
        ...

    @property
    def clock(self) -> Clock:
        """The session's time."""
        ...

    @property
    def read_only(self) -> str | None:
        """Why nothing can be changed, as one sentence; None where it can."""
        ...


OpenSession: TypeAlias = "Callable[[], AbstractAsyncContextManager[Session]]"
