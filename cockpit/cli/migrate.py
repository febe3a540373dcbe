"""``cockpit migrate``: the database's schema, forward and back."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.formats import Column, Sheet, format_option, print_sheet
from cockpit.cli.invocation import Invocation, pass_invocation, program_options
from cockpit.errors import UsageError

if TYPE_CHECKING:
    from cockpit.storage.migrations import MigrationState


@click.group()
def migrate() -> None:
    """Show or change the schema of the database. The cockpit itself migrates up when it starts."""


@migrate.command()
@format_option
@program_options()
@pass_invocation
def status(invocation: Invocation, form: str) -> None:
    """List the migrations and which of them are applied."""
    from cockpit.storage.migrations import migration_status

    print_sheet(Sheet("migrations", "migrations", _COLUMNS, migration_status(invocation.folders)), form)


@migrate.command()
@program_options()
@pass_invocation
def up(invocation: Invocation) -> None:
    """Apply every migration that is not applied yet."""
    from cockpit.storage.migrations import migrate_up

    _tell("applied", migrate_up(invocation.folders))


@migrate.command()
@click.argument("steps", type=click.IntRange(1), metavar="N")
@program_options()
@pass_invocation
def down(invocation: Invocation, steps: int) -> None:
    """Take the last N migrations back, and with them the data they hold; a copy is kept."""
    from cockpit.storage.migrations import migrate_down

    _tell("took back", migrate_down(invocation.folders, steps))


@migrate.command()
@click.argument("name")
def create(name: str) -> None:
    """Start a new pair of migration files in the source."""
    from cockpit.storage import migrations

    folder = Path(migrations.__file__).parent
    try:
        files = migrations.create_migration(name, folder)
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}; run this in a checkout of the source") from None
    for file in files:
        click.echo(str(file))


def _tell(what: str, labels: Sequence[str]) -> None:
    click.echo("\n".join(f"{what} {label}" for label in labels) or "The schema is up to date.", err=True)


_COLUMNS: list[Column["MigrationState"]] = [
    Column("version", "", lambda state: state.version, "{:03d}".format, right=True),
    Column("name", "migration", lambda state: state.name),
    Column("applied_at", "applied", lambda state: state.applied_at, missing="pending"),
    Column("problem", "problem", lambda state: state.problem, missing=""),
]
