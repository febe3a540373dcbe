"""What the screen needs of a session: boards to read, commands to give, a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:  # the first paint waits for none of these
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from cockpit.boards import Boards
    from cockpit.clock import Clock
    from cockpit.commands import Commands


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
