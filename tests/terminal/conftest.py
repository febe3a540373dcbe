"""The real program on a terminal, in the simulated profile, with files of its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.terminal.driver import Terminal, cockpit_command, cockpit_environment

Start = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the cockpit; a second start finds the first one's data."""
    with ExitStack() as stack:

        def call(*arguments: str, columns: int = 120, lines: int = 40) -> Terminal:
            command = cockpit_command(tmp_path, *arguments)
            terminal = Terminal(command, columns=columns, lines=lines, environment=cockpit_environment(tmp_path))
            return stack.enter_context(terminal)

        yield call
