"""The command line's entry: which commands there are, and which exit code each end has."""

import logging
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from cockpit import __version__
from cockpit.cli.interruption import signals_end_the_program, status
from cockpit.cli.invocation import Invocation, program_options
from cockpit.cli.screen import show_screen
from cockpit.cli.streams import OutputError, check_output, is_about_output, let_the_pipe_go, open_missing, say
from cockpit.errors import CockpitError, ExitCode, UsageError

log = logging.getLogger(__name__)

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
            raise SystemExit(let_the_pipe_go()) from None


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
            open_missing()
            code = cockpit.main(args=list(argv), prog_name="cockpit", standalone_mode=False, obj=invocation)
            check_output()
        except click.ClickException as error:
            return _misused(error)
        except (click.Abort, KeyboardInterrupt):
            return status(2)
        except CockpitError as error:
            return say(str(error), error.exit_code)
        except BrokenPipeError:
            return let_the_pipe_go()
        except SystemExit as error:
            return error.code if isinstance(error.code, int) else ExitCode.ERROR
        except Exception as error:  # noqa: BLE001 - a trace on the screen may hold secrets, and helps no user
            if isinstance(error, OSError) and is_about_output(error):
                return say(str(OutputError(error)), ExitCode.ERROR)
            return say(f"something unexpected went wrong; {_record(error, invocation)}", ExitCode.ERROR)
    return code if isinstance(code, int) else ExitCode.OK


def _misused(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return ExitCode.USAGE
    context = getattr(error, "ctx", None)
    program = "cockpit" if context is None else context.command_path
    sentence = error.format_message().rstrip(".")
    return say(f'{sentence[:1].lower()}{sentence[1:]}; "{program} --help" has the rest', ExitCode.USAGE)


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
