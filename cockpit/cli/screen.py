"""The screen, as the command line starts it: the only module here that knows the terminal interface."""

import sys
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from cockpit.cli.invocation import Invocation
from cockpit.errors import UsageError

if TYPE_CHECKING:
    from cockpit.context import Context


def show_screen(invocation: Invocation, **options: Any) -> int:
    """Run the screen until the user leaves it; ``options`` are those of ``open_context``. Returns the exit code.

    Raises:
        UsageError: input or output is no terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError('the screen needs a terminal; "cockpit scan" and "cockpit --help" work without one')
    settings = invocation.settings
    settings.folders().create()
    from cockpit.tui.app import run_screen

    def open_session() -> AbstractAsyncContextManager["Context"]:
        # Imported when the screen has painted: the services take longer to load than the first frame.
        from cockpit.context import open_context

        return open_context(settings, as_of=invocation.as_of, background=True, **options)

    return run_screen(settings, open_session)
