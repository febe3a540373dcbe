"""``cockpit doctor``: is everything in place, and what to do where it is not."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.formats import Column, Sheet, format_option, print_sheet
from cockpit.cli.invocation import Invocation, program_options
from cockpit.errors import ExitCode

if TYPE_CHECKING:
    from cockpit.cli.checks import Finding


@click.command()
@click.option("--online", is_flag=True, help="In the live profile: also reach each configured address.")
@click.option(
    "--backup",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Copy the database of the profile to FILE, also while a cockpit uses it, and check nothing.",
)
@format_option
@program_options()
@click.pass_context
def doctor(context: click.Context, online: bool, backup: Path | None, form: str) -> None:
    """Check machine, folders, settings and keys. Exit 1 where a check fails."""
    if backup is not None:
        from cockpit.storage.copies import back_up

        copy = back_up(context.ensure_object(Invocation).folders.database, backup)
        click.echo(f"The database has been copied to {copy}.", err=True)
        return
    from cockpit.cli.checks import examine

    findings = examine(context.ensure_object(Invocation), online=online)
    print_sheet(Sheet("doctor", "checks", _COLUMNS, findings), form)
    if any(finding.failed for finding in findings):
        context.exit(ExitCode.ERROR)


_COLUMNS: list[Column["Finding"]] = [
    Column("check", "check", lambda finding: finding.check),
    Column("verdict", "", lambda finding: finding.verdict),
    Column("detail", "found", lambda finding: finding.detail),
    Column("remedy", "what to do", lambda finding: finding.remedy),
]
