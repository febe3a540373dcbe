"""Rows of a vector file, and the worst error over them."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf, isnan
from pathlib import Path
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., None])


def covers(*files: str) -> Callable[[Test], Test]:
    """Marks a test with the vector files that it holds the program to; the first one's name goes into the summary."""

    def mark(test: Test) -> Test:
        test.__dict__["covers"] = files
        return test

    return mark


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    """All rows of a file by column; a leading comment line is left out."""
    with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
        found = list(csv.DictReader(_without_comments(stream)))
    assert found, f"{name}.csv holds no rows"
    return found


def number(row: dict[str, str], column: str) -> float:
    """A figure, which must be there."""
    return float(row[column])


def optional(row: dict[str, str], column: str) -> float | None:
    """A figure, or None where the file has none."""
    text = row[column].strip()
    value = float(text) if text else None
    return None if value is None or isnan(value) else value


def figures(row: dict[str, str], *columns: str) -> tuple[float, ...]:
    """Several figures, in order."""
    return tuple(float(row[column]) for column in columns)


def sign(row: dict[str, str]) -> int:
    """+1 for a call, -1 for a put."""
    return {"C": 1, "P": -1}[row["cp"]]


def _without_comments(stream: Iterator[str]) -> Iterator[str]:
    return (line for line in stream if not line.lstrip('"').startswith("#"))


@dataclass
class Worst:
    """The largest errors over a file, and the misses; checked once at its end.

    Attributes:
        error: the largest absolute error of all figures that were compared within a tolerance.
        share: the largest error relative to its own tolerance, and ``where`` it is.
        compared: figures and exact values held against ours.
    """

    file: str = ""
    compared: int = 0
    error: float = 0.0
    share: float = 0.0
    where: str = ""
    failures: list[str] = field(default_factory=list)

    def near(
        self, got: float | None, expected: float | None, tolerance: float, where: str, *, relative: float = 0.0
    ) -> None:
        """Note the error; it counts as absolute or as relative to the expectation, whichever is kinder.

        None means that the file has no such figure: then we must have none either.
        """
        self.compared += 1
        if expected is None:
            if got is not None:
                self.failures.append(f"{where}: {got!r} instead of nothing")
            return
        if got == expected:
            return
        error = inf if got is None or isnan(got) else abs(got - expected)
        allowed = max(tolerance, relative * abs(expected))
        share = error / allowed
        self.error = max(self.error, error)
        if not share <= self.share:
            self.share, self.where = share, where
        if not share <= 1.0:
            self.failures.append(f"{where}: {got!r} instead of {expected!r} (allowed {allowed:g})")

    def same(self, got: object, expected: object, where: str) -> None:
        """Note a difference of two values that must be equal."""
        self.compared += 1
        if got != expected:
            self.failures.append(f"{where}: {got!r} instead of {expected!r}")

    def check(self) -> None:
        """Fail with every miss."""
        assert self.compared, "nothing was compared"
        assert not self.failures, f"{len(self.failures)} misses:\n" + "\n".join(self.failures[:20])
