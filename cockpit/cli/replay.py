"""``cockpit replay``: a recording through the same panes, or straight into the database."""

import math
from pathlib import Path

import click

from cockpit.cli.formats import format_option
from cockpit.cli.invocation import Invocation, program_options
from cockpit.errors import UsageError


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--speed", type=click.FloatRange(0.001, 100_000), default=1.0, show_default="its own pace")
@click.option("--headless", is_flag=True, help="No screen: into the database, as fast as the disk takes it.")
@format_option
@program_options()
@click.pass_context
def replay(context: click.Context, file: Path, speed: float, headless: bool, form: str) -> None:
    """Play a recording through the screen. Its profile is always replay; --format is that of --headless."""
    if math.isnan(speed):
        raise UsageError("--speed takes a number, such as 20")
    invocation = context.ensure_object(Invocation)
    invocation.profile = "replay"
    if headless:
        from cockpit.cli.ticks import store_files

        store_files(invocation, [file], form)
    else:
        from cockpit.cli.screen import show_screen

        context.exit(show_screen(invocation, recording=file, speed=speed))
