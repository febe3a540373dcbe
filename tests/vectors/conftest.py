"""A collector of errors for every test, and their table at the end of the run."""

from collections.abc import Iterator

import pytest

from tests.vectors.reading import Worst

_FOUND = pytest.StashKey[list[Worst]]()


@pytest.fixture
def worst(request: pytest.FixtureRequest) -> Iterator[Worst]:
    """Takes the errors of one file's rows; the test checks it at its end."""
    covered = getattr(getattr(request.node, "function", None), "covers", (request.node.name,))
    collector = Worst(covered[0])
    yield collector
    request.config.stash.setdefault(_FOUND, []).append(collector)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line a file: how much was compared and how large the largest error is."""
    by_file: dict[str, list[Worst]] = {}
    for one in config.stash.get(_FOUND, []):
        by_file.setdefault(one.file, []).append(one)
    if not by_file:
        return
    terminalreporter.section("reference vectors")
    terminalreporter.write_line(f"{'file':28} {'compared':>8} {'largest error':>14} {'of allowed':>11}  where")
    for file, found in sorted(by_file.items()):
        worst_one = max(found, key=lambda one: one.share)
        error = max(one.error for one in found)
        inexact = any(one.where for one in found)
        terminalreporter.write_line(
            f"{file:28} {sum(one.compared for one in found):8,} "
            f"{(f'{error:.2g}' if inexact else 'exact'):>14} "
            f"{(f'{worst_one.share:.2%}' if inexact else ''):>11}  {worst_one.where}"
        )
