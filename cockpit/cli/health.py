"""``cockpit health``: what every part of the cockpit says of itself."""

from typing import TYPE_CHECKING

import click

from cockpit.cli.formats import Column, Sheet, format_choice, plain, print_json, print_table
from cockpit.cli.invocation import Invocation, pass_invocation, program_options

if TYPE_CHECKING:
    from cockpit.context import Context
    from cockpit.health.status import HealthRow


@click.command()
@format_choice("table", "json", "prometheus")
@program_options()
@pass_invocation
def health(invocation: Invocation, form: str) -> None:
    """Look at database, vendors, limits and process."""

    async def work(context: "Context") -> list[tuple[str, "HealthRow"]]:
        await context.sampler.sample()
        return sorted(context.boards.health.items(), key=lambda item: item[0])

    rows = invocation.run(work)
    if form == "json":
        print_json("health", parts=dict(rows))
    elif form == "prometheus":
        from cockpit.health.exporters import prometheus

        print(prometheus(dict(rows)), end="")
    else:
        print_table(Sheet("health", "parts", _COLUMNS, rows))


def _details(row: "HealthRow") -> str:
    """Every figure of a row that is known, as ``name value``."""
    hidden = {"name", "venue", "provider", "state", "windows", "message", "last_error", "last_error_at"}
    words = [f"{name.replace('_', ' ')} {value}" for name, value in plain(row).items() if _told(name, value, hidden)]
    words += (f"{window.used}/{window.limit} in {window.seconds:g} s" for window in getattr(row, "windows", ()))
    message = getattr(row, "message", "") or getattr(row, "last_error", "")
    return ", ".join([*words, message] if message else words)


def _told(name: str, value: object, hidden: set[str]) -> bool:
    return name not in hidden and value is not None and value != ""


_COLUMNS: list[Column[tuple[str, "HealthRow"]]] = [
    Column("part", "part", lambda item: item[0]),
    Column("state", "state", lambda item: getattr(item[1], "state", None), missing=""),
    Column("details", "details", lambda item: _details(item[1])),
]
