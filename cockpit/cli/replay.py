"""``cockpit replay``: a recording through the same panes, or straight into the database."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.invocation import Invocation, program_options

if TYPE_CHECKING:
    pass


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--speed", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True)
@click.option("--headless", is_flag=True, help="Without a screen, as fast as the disk takes it.")
@program_options()
@click.pass_context
def replay(context: click.Context, file: Path, speed: float, headless: bool) -> None:
    """Play a recording through the screen. Its profile is always replay."""
    invocation = context.ensure_object(Invocation)
    invocation.profile = "replay"
    if not headless:
        from cockpit.cli.screen import show_screen

        context.exit(show_screen(invocation, recording=file, speed=speed))
