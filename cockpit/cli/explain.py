"""``cockpit explain``: every number behind a candidate and its spreads."""

from typing import TYPE_CHECKING

import click

from cockpit.cli.explanations import print_explanation
from cockpit.cli.formats import format_option
from cockpit.cli.invocation import Invocation, pass_invocation, program_options
from cockpit.errors import UsageError

if TYPE_CHECKING:
    from cockpit.context import Context
    from cockpit.scan.explain import Explanation


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

    print_explanation(invocation.run(work), form, "explain")
