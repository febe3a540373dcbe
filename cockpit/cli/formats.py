"""How data leaves on stdout: a table for the eye, JSON and CSV for programs.

JSON carries ``"schema": "cockpit.<name>/1"``, ISO 8601 times with their zone, money as strings and null for what is
unknown. In a table the unknown is ``?``; in CSV it is empty.
"""

import csv
import dataclasses
import io
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Generic, Literal, TypeVar

import click

R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

UNKNOWN = "?"
_WIDE = 1000
_GAP = 2


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """One column of a sheet.

    Attributes:
        key: its name in JSON and CSV.
        title: its head in a table.
        value: the plain value of a row.
        text: that value as a table shows it.
        right: numbers align to the right.
        missing: what a table shows for None.
        spare: a table may leave it out where the terminal is narrow.
    """

    key: str
    title: str
    value: Callable[[R], Any]
    text: Callable[[Any], str] = str
    right: bool = False
    missing: str = UNKNOWN
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Sheet(Generic[R]):
    """Rows of one kind. ``name`` is the schema's, ``content`` the key of the rows in JSON."""

    name: str
    content: str
    columns: Sequence[Column[R]]
    rows: Sequence[R]
    empty: str = "Nothing to show."

    def records(self) -> list[dict[str, Any]]:
        """Every row as plain values by key."""
        return [{column.key: plain(column.value(row)) for column in self.columns} for row in self.rows]


def format_choice(*forms: str) -> Callable[[F], F]:
    """A ``--format`` option that takes these words, the first being the default."""
    return click.option("--format", "form", type=click.Choice(forms), default=forms[0], show_default=True)


format_option = format_choice("table", "json", "csv")


def print_sheet(sheet: Sheet[Any], form: str, **meta: Any) -> None:
    """Print a sheet in a format; ``meta`` goes into the JSON beside the rows."""
    if form == "json":
        print_json(sheet.name, **meta, **{sheet.content: sheet.records()})
    elif form == "csv":
        print_csv(sheet)
    elif sheet.rows:
        print_table(sheet)
    else:
        click.echo(sheet.empty, err=True)


def print_json(name: str, **content: Any) -> None:
    """Print one document of schema ``cockpit.<name>/1``."""
    document = {"schema": f"cockpit.{name}/1", **{key: plain(value) for key, value in content.items()}}
    utf8 = sys.stdout.encoding.lower().replace("-", "") == "utf8"
    print(json.dumps(document, indent=2, ensure_ascii=not utf8, allow_nan=False))


def print_csv(sheet: Sheet[Any]) -> None:
    """Print a head and a line for each row."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([column.key for column in sheet.columns])
    writer.writerows([_cell(value) for value in record.values()] for record in sheet.records())
    sys.stdout.write(buffer.getvalue())


def print_table(sheet: Sheet[Any]) -> None:
    """Print an aligned table; elsewhere than on a terminal as wide as it is.

    Where a terminal is too narrow, columns that can be spared are left out, which stderr tells; then cells are folded.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = sys.stdout.isatty()
    plain_console = Console(file=io.StringIO(), width=_WIDE, highlight=False, force_terminal=False, no_color=True)
    console = Console(highlight=False) if terminal else plain_console
    cells = [[_cell_text(column, column.value(row)) for row in sheet.rows] for column in sheet.columns]
    shown = _fitting(sheet.columns, cells, console.width)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in shown.values():
        justify: Literal["right", "left"] = "right" if column.right else "left"
        table.add_column(column.title, justify=justify, no_wrap=not terminal, overflow="fold")
    for line in zip(*(cells[place] for place in shown), strict=True):
        table.add_row(*map(Text, line))
    console.print(table)
    if isinstance(console.file, io.StringIO):
        sys.stdout.writelines(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())
    elif spared := [column.title for column in sheet.columns if column not in shown.values()]:
        click.echo(f"Left out for want of width: {', '.join(spared)}.", err=True)


def _fitting(columns: Sequence[Column[R]], cells: list[list[str]], width: int) -> dict[int, Column[R]]:
    """The columns by their places, without as many spare ones, the last first, as the width asks for."""
    from rich.cells import cell_len

    wide = [max(map(cell_len, (column.title, *texts))) + _GAP for column, texts in zip(columns, cells, strict=True)]
    shown = dict(enumerate(columns))
    for place in reversed([place for place, column in shown.items() if column.spare]):
        if sum(wide[place] for place in shown) - _GAP <= width:
            break
        del shown[place]
    return shown


def _cell_text(column: Column[R], value: Any) -> str:
    return printable(column.missing if value is None else column.text(value))


def printable(text: str) -> str:
    """The same where nothing that came from outside moves the cursor of a terminal."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)


def plain(value: Any) -> Any:
    """A value as JSON knows it; a number that is none becomes null."""
    if value is None or (isinstance(value, bool | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return getattr(value, "letter", value.value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in dataclasses.fields(value) if not field.name.startswith("_"))
        return {name: plain(getattr(value, name)) for name in names}
    return value


def money(value: float | None) -> str | None:
    """Dollars as a string with two to four decimals, as the programs that read it want it; None stays None."""
    if value is None or not math.isfinite(value):
        return None
    head, _, decimals = f"{value:.4f}".partition(".")
    return f"{head}.{decimals[:2]}{decimals[2:].rstrip('0')}"


def fixed(decimals: int, sign: bool = False) -> Callable[[Any], str]:
    """Shows a number with so many decimals and thousands separated."""
    return lambda value: f"{Decimal(value):{'+' if sign else ''},.{decimals}f}"


def exact(value: Decimal) -> str:
    """Shows a decimal with all of its digits, and never as a power of ten."""
    return f"{value:f}"


def percent(decimals: int = 1) -> Callable[[float], str]:
    """Shows a fraction as a percentage, without the sign that the head carries."""
    return lambda value: f"{value * 100:.{decimals}f}"


def clock_time(value: datetime) -> str:
    """Shows an instant as the exchange's day and time."""
    from cockpit.options.calendar import NEW_YORK

    return f"{value.astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S} ET"


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return " ".join(map(str, value)) if isinstance(value, list) else value
