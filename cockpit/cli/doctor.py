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
@click.option(
    "--compact",
    is_flag=True,
    help="Give the empty part of the profile's database back to the disk while no cockpit uses it, and check nothing.",
)
@format_option
@program_options()
@click.pass_context
def doctor(context: click.Context, online: bool, backup: Path | None, compact: bool, form: str) -> None:
    """Check machine, folders, database, settings and keys. Exit 1 where a check fails."""
    invocation = context.ensure_object(Invocation)
    if backup is not None:
        _back_up(invocation, backup)
    if compact:
        _compact(invocation)
    if compact or backup is not None:
        return
    from cockpit.cli.checks import examine

    findings = examine(invocation, online=online)
    print_sheet(Sheet("doctor", "checks", _COLUMNS, findings), form)
    if any(finding.failed for finding in findings):
        context.exit(ExitCode.ERROR)


def _back_up(invocation: Invocation, file: Path) -> None:
    from cockpit.storage.copies import back_up

    copy = back_up(invocation.folders.database, file)
    click.echo(f"The database has been copied to {copy}.", err=True)


def _compact(invocation: Invocation) -> None:
    from cockpit.storage.pages import compact

    before, after = compact(invocation.folders)
    click.echo(f"The database takes {after / 1e6:,.1f} MB; before it took {before / 1e6:,.1f} MB.", err=True)


_COLUMNS: list[Column["Finding"]] = [
    Column("check", "check", lambda finding: finding.check),
    Column("verdict", "", lambda finding: finding.verdict),
    Column("detail", "found", lambda finding: finding.detail),
    Column("remedy", "what to do", lambda finding: finding.remedy),
]
