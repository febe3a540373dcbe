"""``cockpit replay``: a recording through the same panes, or straight into the database."""

import math
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.formats import Column, Sheet, format_option, print_sheet
from cockpit.cli.interruption import complete
from cockpit.cli.invocation import Invocation, program_options
from cockpit.errors import DamagedError, StorageError, UsageError

if TYPE_CHECKING:
    from cockpit.ticks.playthrough import Played


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--speed", type=click.FloatRange(0.001, 100_000), help="In times its own pace, which is the default.")
@click.option("--headless", is_flag=True, help="No screen: into the database, without --speed as fast as it takes it.")
@format_option
@program_options()
@click.pass_context
def replay(context: click.Context, file: Path, speed: float | None, headless: bool, form: str) -> None:
    """Play a recording through the screen.

    Space pauses, [ and ] move by a minute, - and + change the speed. Its profile is always replay; --format is that of
    --headless.
    """
    if speed is not None and math.isnan(speed):
        raise UsageError("--speed takes a number, such as 20")
    invocation = context.ensure_object(Invocation)
    invocation.profile = "replay"
    if headless and speed is not None:
        _play_through(invocation, file, speed, form)
    elif headless:
        from cockpit.cli.ticks import print_import, store_files

        report = store_files(invocation, [file])
        _say_where(invocation, report.symbols)
        print_import(report, form)
    else:
        from cockpit.cli.screen import show_screen

        context.exit(show_screen(invocation, recording=file, speed=speed or 1.0))


def _play_through(invocation: Invocation, file: Path, speed: float, form: str) -> None:
    """Play a recording into the database, and print what came of it."""

    async def work() -> "Played":
        from cockpit.ticks.playthrough import play_through

        async with invocation.database() as database:
            if database.refusal:
                raise StorageError(database.refusal)
            return await play_through(file, database, invocation.settings.ticks, speed)

    played = complete(work(), interrupted="stopped; what was played is stored in the profile replay")
    _say_where(invocation, played.symbols)
    print_sheet(Sheet("replay", "replays", _PLAYED, [played]), form)
    if played.damage:
        raise DamagedError(f"{played.damage}; what comes before it is stored")


def _say_where(invocation: Invocation, symbols: Sequence[str]) -> None:
    """Where the trades are now, and how to look at them: not where the other commands look by themselves."""
    if symbols:
        folder = f" --data-dir {shlex.quote(str(invocation.data_dir))}" if invocation.data_dir is not None else ""
        look = f"cockpit ticks bars {symbols[0]} --profile replay{folder}"
        click.echo(f"Stored in the profile replay, {invocation.folders.database}; to look at it: {look}", err=True)


_PLAYED: list[Column["Played"]] = [
    Column("symbols", "symbols", lambda played: played.symbols, ", ".join),
    Column("received", "trades", lambda played: played.received, right=True),
    Column("inserted", "new", lambda played: played.inserted, right=True),
    Column("missing", "missing ids", lambda played: played.missing, right=True),
    Column("rejected", "rejected", lambda played: played.rejected, right=True),
]
