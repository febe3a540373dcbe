"""Rows of a vector file, and the worst error over them."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf, isnan
from pathlib import Path


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    """All rows of a file by column; a leading comment line is left out."""
    with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
        found = list(csv.DictReader(_without_comments(stream)))
    assert found, f"{name}.csv holds no rows"
    return found


def number(row: dict[str, str], column: str) -> float:
    """A figure, which must be there."""
    return float(row[column])


def figures(row: dict[str, str], *columns: str) -> tuple[float, ...]:
    """Several figures, in order."""
    return tuple(float(row[column]) for column in columns)


def sign(row: dict[str, str]) -> int:
    """+1 for a call, -1 for a put."""
    return 1 if row["cp"] == "C" else -1


def _without_comments(stream: Iterator[str]) -> Iterator[str]:
    return (line for line in stream if not line.lstrip('"').startswith("#"))


@dataclass
class Worst:
    """The largest error relative to its tolerance, and where it is; checked once at the end of a file."""

    share: float = 0.0
    where: str = "no row"
    failures: list[str] = field(default_factory=list)

    def near(self, got: float | None, expected: float, tolerance: float, where: str, *, relative: float = 0.0) -> None:
        """Note the error; it counts as absolute or as relative to the expectation, whichever is kinder."""
        if got == expected:
            return
        error = inf if got is None or isnan(got) else abs(got - expected)
        allowed = max(tolerance, relative * abs(expected))
        share = error / allowed
        if not share <= self.share:
            self.share, self.where = share, where
        if not share <= 1.0:
            self.failures.append(f"{where}: {got!r} instead of {expected!r} (allowed {allowed:g})")

    def same(self, got: object, expected: object, where: str) -> None:
        """Note a difference of two values that must be equal."""
        if got != expected:
            self.failures.append(f"{where}: {got!r} instead of {expected!r}")

    def check(self) -> None:
        """Fail with every miss; report how near the nearest hit came."""
        print(f"worst error {self.share:.3g} of its tolerance at {self.where}")
        assert not self.failures, f"{len(self.failures)} misses:\n" + "\n".join(self.failures[:20])
