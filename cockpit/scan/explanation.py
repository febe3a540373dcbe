"""The shape of an explanation: sections of rows that a screen, a command line and a clipboard can all show."""

from dataclasses import dataclass

UNKNOWN = "?"
"""What stands in the place of a figure that is not known."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what it is, what it reads, and where it comes from (formula, sample size, age)."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Figures that belong together."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole arithmetic of one name."""

    title: str
    sections: tuple[Section, ...]
