"""``cockpit config``: what the settings are, where they come from, and whether they hold."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from cockpit.cli.formats import Column, Sheet, format_option, print_sheet
from cockpit.cli.invocation import Invocation, pass_invocation, program_options
from cockpit.errors import ConfigurationError


@click.group()
def config() -> None:
    """Show, check or start the configuration."""


@config.command()
@click.option("--origin", is_flag=True, help="Say where each value comes from.")
@format_option
@program_options()
@pass_invocation
def show(invocation: Invocation, origin: bool, form: str) -> None:
    """Print every setting; secrets only as set or not."""
    from cockpit.validation import leaves

    loaded = invocation.load()
    rows = [(key, value, _origin(key, loaded.origins)) for key, value in leaves(loaded.settings)]
    columns: list[Column[tuple[str, str, str]]] = [
        Column("key", "setting", lambda row: row[0]),
        Column("value", "value", lambda row: _parsed(row[1]), json.dumps),
    ]
    if origin:
        columns.append(Column("origin", "from", lambda row: row[2]))
    print_sheet(Sheet("config", "settings", columns, rows), form)


@config.command()
@program_options()
@pass_invocation
def validate(invocation: Invocation) -> None:
    """Check settings, keymap, theme, alerts and strategies.

    Exit 3 where something is wrong.
    """
    from cockpit.cli.checked import checked
    from cockpit.validation import leaves

    settings = checked(invocation.load()).settings
    count = sum(1 for _ in leaves(settings))
    click.echo(
        f"{count} settings, keymap, theme, alerts and strategies are in order (profile {settings.profile}).", err=True
    )


@config.command()
@program_options()
@pass_invocation
def path(invocation: Invocation) -> None:
    """Print where the configuration file is, or would be."""
    click.echo(str(_file(invocation)))


@config.command()
@program_options()
@pass_invocation
def init(invocation: Invocation) -> None:
    """Write a commented file with every default.

    An existing one stays as it is.
    """
    from cockpit.paths import shipped

    file = _file(invocation)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(shipped("config.toml").read_bytes())
    except FileExistsError:
        raise ConfigurationError(f"{file} is there already and stays as it is; edit it, or move it away") from None
    except OSError as error:
        raise ConfigurationError(f"cannot write {file}: {error.strerror}") from error
    click.echo(f"Wrote {file}; every value in it is the default.", err=True)


def _file(invocation: Invocation) -> Path:
    from cockpit.paths import config_file

    return invocation.config if invocation.config is not None else config_file()


def _parsed(value: str) -> Any:
    """A setting's value from its printable form; a secret's ``(set)`` stays as it is."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def _origin(key: str, origins: Mapping[str, str]) -> str:
    """The origin of a leaf; a free table such as ``keymap`` names those of its entries."""
    inner = sorted({origin for name, origin in origins.items() if name.startswith(f"{key}.")})
    return origins.get(key) or ", ".join(inner) or "default"
