"""``cockpit explain``: every number behind a candidate and its spreads."""

from typing import TYPE_CHECKING

import click

from cockpit.cli.formats import Column, Sheet, format_option, print_csv, print_json, print_table
from cockpit.cli.invocation import Invocation, pass_invocation, program_options
from cockpit.errors import UsageError

if TYPE_CHECKING:
    from cockpit.context import Context
    from cockpit.scan.explain import Explanation, Row


@click.command()
@click.argument("ticker")
@format_option
@program_options()
@pass_invocation
def explain(invocation: Invocation, ticker: str, form: str) -> None:
    """Show every number behind a candidate.

    Inputs, formulas, sample sizes, points a factor. A name that the last scan does not
    hold is scanned now.
    """
    symbol = ticker.upper()

    async def work(context: "Context") -> "Explanation":
        try:
            return await context.commands.explain(symbol)
        except UsageError:
            await context.commands.scan([symbol])
            return await context.commands.explain(symbol)

    _print(invocation.run(work), form)


def _print(explanation: "Explanation", form: str) -> None:
    if form == "json":
        print_json("explain", title=explanation.title, sections=explanation.sections)
    elif form == "csv":
        lines = [(section.title, row) for section in explanation.sections for row in section.rows]
        print_csv(Sheet("explain", "rows", [Column("section", "section", lambda line: line[0]), *_LINE], lines))
    else:
        print(explanation.title)
        for section in explanation.sections:
            print(f"\n{section.title}")
            print_table(Sheet("explain", "rows", _LINE, [(section.title, row) for row in section.rows]))


_LINE: list[Column[tuple[str, "Row"]]] = [
    Column("label", "", lambda line: line[1].label),
    Column("value", "", lambda line: line[1].value, right=True),
    Column("note", "", lambda line: line[1].note),
]
