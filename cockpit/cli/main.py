"""The command line's entry: which commands there are, and which exit code each end has."""

import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from cockpit import __version__
from cockpit.cli.interruption import signals_end_the_program, status
from cockpit.cli.invocation import Invocation, program_options
from cockpit.cli.screen import show_screen
from cockpit.errors import CockpitError, ExitCode, UsageError

log = logging.getLogger(__name__)

_PIPE_CLOSED = 141
_COMMANDS = (
    *("scan", "explain", "book", "ticks", "replay", "backtest"),
    *("health", "doctor", "migrate", "config", "emulator"),
)


class _Program(click.Group):
    """Loads a command when it is asked for, and takes a closed pipe for the end of the reader's interest."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, in the order of their use."""
        return [*_COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name: ``NAME`` in the module ``cockpit.cli.NAME``."""
        if cmd_name not in _COMMANDS:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(import_module(f"cockpit.cli.{cmd_name}"), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Carry out the command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise SystemExit(_let_the_pipe_go()) from None


@click.group(cls=_Program, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cockpit")
@click.option(
    "--record",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Record what the exchange sends to this new file, which can be replayed.",
)
@program_options(hidden=False)
@click.pass_context
def cockpit(context: click.Context, record: Path | None) -> None:
    """A terminal cockpit for selling option premium into earnings. Without a command: the screen.

    These options may also stand after a command. Exit codes: 0 ok, 1 error, 2 usage, 3 configuration, 4 a provider
    refused or its quota is spent, 5 damaged data.
    """
    if context.invoked_subcommand is None:
        context.exit(show_screen(context.ensure_object(Invocation), record=record))
    if record is not None:
        raise UsageError('--record is for the screen; "cockpit ticks record FILE" records without one')


def run(argv: Sequence[str]) -> int:
    """Carry out a command line and say how it went, as an exit code. Never raises."""
    invocation = Invocation()
    with signals_end_the_program():
        try:
            code = cockpit.main(args=list(argv), prog_name="cockpit", standalone_mode=False, obj=invocation)
            sys.stdout.flush()
        except click.ClickException as error:
            error.show()
            return ExitCode.USAGE
        except (click.Abort, KeyboardInterrupt):
            return status(2)
        except CockpitError as error:
            return _say(str(error), error.exit_code)
        except BrokenPipeError:
            return _let_the_pipe_go()
        except SystemExit as error:
            return error.code if isinstance(error.code, int) else ExitCode.ERROR
        except Exception as error:  # noqa: BLE001 - a trace on the screen may hold secrets, and helps no user
            return _say(f"something unexpected went wrong; {_record(error, invocation)}", ExitCode.ERROR)
    return code if isinstance(code, int) else ExitCode.OK


def _say(sentence: str, code: int) -> int:
    with suppress(OSError):
        print(f"cockpit: {sentence}", file=sys.stderr, flush=True)
    return code


def _let_the_pipe_go() -> int:
    """The reader has gone: nothing more can be said, and the interpreter must not try to flush at its end."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _PIPE_CLOSED


def _record(error: Exception, invocation: Invocation) -> str:
    """Write an exception to the log; the words that tell where it is."""
    from cockpit.logs import logging_to

    try:
        folders = invocation.folders
        folders.create()
        with logging_to(folders.log):
            log.error("unexpected error", exc_info=error)
    except (CockpitError, OSError) as trouble:
        return f"it was {type(error).__name__}, and the log cannot be written ({trouble})"
    return f"the details are in {folders.log}"
