"""The screen, as the command line starts it: the only module here that knows the terminal interface."""

import codecs
import gc
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from cockpit.cli.invocation import Invocation
from cockpit.errors import UsageError

if TYPE_CHECKING:
    from cockpit.context import Context


def show_screen(invocation: Invocation, **options: Any) -> int:
    """Run the screen until the user leaves it; ``options`` are those of ``open_context``. Returns the exit code.

    Raises:
        UsageError: input or output is no terminal, or none that a screen can be drawn on.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError('the screen needs a terminal; "cockpit scan" and "cockpit --help" work without one')
    if os.environ.get("TERM") in {"dumb", "unknown"}:
        raise UsageError(
            f"the screen needs a terminal that moves its cursor, and TERM is {os.environ['TERM']}; "
            "if yours does: export TERM=xterm-256color"
        )
    if codecs.lookup(sys.stdout.encoding).name != "utf-8":
        raise UsageError(f"the screen needs UTF-8, and this locale writes {sys.stdout.encoding}; export LC_ALL=C.UTF-8")
    configuration = invocation.configuration()
    # What a start makes stays: until the first frame, behind which the app turns it on again, the collector would look
    # through tens of thousands of objects in vain.
    gc.disable()
    from cockpit.tui.run import run_screen

    @asynccontextmanager
    async def open_session() -> AsyncIterator["Context"]:
        # Validated and imported when the screen has painted: both take longer than the first frame.
        from cockpit.cli.checked import settings_files
        from cockpit.context import open_context
        from cockpit.validation import validated

        settings = validated(configuration).settings
        written = settings_files(invocation, settings.profile)
        async with open_context(
            settings, as_of=invocation.as_of, background=True, written=written, **options
        ) as context:
            yield context

    return run_screen(configuration.first_look(), open_session)
