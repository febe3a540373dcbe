"""What was asked of the program as a whole: profile, configuration, folder, overrides and time."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cockpit.cli.interruption import complete
from cockpit.clock import FIRST_YEAR, LAST_YEAR
from cockpit.errors import UsageError

if TYPE_CHECKING:
    from cockpit.configuration import Configuration
    from cockpit.context import Context
    from cockpit.paths import Paths
    from cockpit.settings import Settings
    from cockpit.storage.database import Database
    from cockpit.validation import LoadedSettings

T = TypeVar("T")


@dataclass(slots=True)
class Invocation:
    """The options that every command has, gathered as they are parsed."""

    config: Path | None = None
    profile: str | None = None
    data_dir: Path | None = None
    overrides: list[tuple[str, str]] = field(default_factory=list)
    as_of: datetime | None = None

    def configuration(self, running: str | None = None) -> "Configuration":
        """What was written about this invocation, not validated yet; ``running`` is the profile of a session.

        Raises:
            ConfigurationError: a file of it cannot be read.
        """
        from cockpit.configuration import read_configuration

        options: dict[str, str] = {}
        if self.profile is not None:
            options["profile"] = self.profile
        if self.data_dir is not None:
            of_a_home = str(self.data_dir).startswith("~")
            options["paths.data_dir"] = str(self.data_dir if of_a_home else self.data_dir.absolute())
        return read_configuration(self.config, self.overrides, options=options, running=running)

    def load(self, running: str | None = None) -> "LoadedSettings":
        """The settings that this invocation means; ``running`` is the profile of a session that reads them again.

        Raises:
            ConfigurationError: one of them is wrong.
        """
        from cockpit.validation import validated

        return validated(self.configuration(running))

    @property
    def settings(self) -> "Settings":
        """The settings without their origins; as :meth:`load`."""
        return self.load().settings

    @property
    def folders(self) -> "Paths":
        """Where this invocation's files are; as :meth:`load`."""
        return self.settings.folders()

    def run(self, work: Callable[["Context"], Awaitable[T]], **options: Any) -> T:
        """Open a context, do the work in it and close it; ``options`` are those of ``open_context``."""
        from cockpit.context import open_context

        settings = self.settings

        async def session() -> T:
            async with open_context(settings, as_of=self.as_of, **options) as context:
                return await work(context)

        return complete(session())

    @asynccontextmanager
    async def database(self) -> AsyncIterator["Database"]:
        """The database alone, for commands that need no market; read-only where another cockpit owns it."""
        from cockpit.logs import logging_to
        from cockpit.storage.database import open_database

        folders = self.folders
        folders.create()
        with logging_to(folders.log):
            async with open_database(folders) as database:
                yield database


pass_invocation = click.make_pass_decorator(Invocation, ensure=True)


class Instant(click.ParamType[datetime]):
    """A time: ISO 8601; without a zone it is the exchange's, and a date alone is that day's opening bell."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The instant, aware, UTC."""
        if isinstance(value, datetime):
            return value
        try:
            return parse_instant(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)


def parse_instant(text: str) -> datetime:
    """An instant, UTC, from ``2026-11-24T10:42:00-05:00``, ``2026-11-24 10:42`` or ``2026-11-24``.

    Raises:
        UsageError: it is none of these, or out of reach.
    """
    from datetime import UTC, date, time

    from cockpit.options.calendar import NEW_YORK, OPEN

    try:
        instant = datetime.fromisoformat(text)
        if len(text) <= len("2026-11-24"):
            instant = datetime.combine(date.fromisoformat(text), time(OPEN.hour, OPEN.minute))
        instant = (instant if instant.tzinfo else instant.replace(tzinfo=NEW_YORK)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is not a time; write 2026-11-24T10:42:00-05:00 or 2026-11-24") from None
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise UsageError(f"{text!r} is too far away; a time lies between {FIRST_YEAR} and {LAST_YEAR}")
    return instant


class Override(click.ParamType[tuple[str, str]]):
    """``KEY=VALUE`` with a dotted key and a TOML value."""

    name = "key=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Key and value as text."""
        key, equals, text = str(value).partition("=")
        if not equals or not key.strip():
            self.fail(f"{value!r} does not read KEY=VALUE, such as scan.days=7", param, ctx)
        return key.strip(), text.strip()


class Place(click.ParamType[Path]):
    """A path; whether it can be used is found out, and said, by what uses it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path; an empty one, such as an unset variable of a shell leaves, would mean the present folder."""
        if not str(value):
            self.fail(f"it names no {self.name}", param, ctx)
        return Path(value)


class Count(click.IntRange):
    """A whole number of a range."""

    name = "whole number"


F = TypeVar("F", bound=Callable[..., Any])


def program_options(*, hidden: bool = True) -> Callable[[F], F]:
    """The options of :class:`Invocation`, which may stand before the command or after it."""
    options = (
        click.option("--profile", metavar="NAME", help="sim, live or replay."),
        click.option("--config", type=Place("file"), help="A configuration file in place of your own."),
        click.option("--data-dir", type=Place("folder"), help="Keep data and log below this folder."),
        click.option(
            "--set", type=Override(), multiple=True, help="Override a setting, as in scan.days=7; repeatable."
        ),
        click.option("--as-of", type=Instant(), help="Put the clock at 2026-11-24 or 2026-11-24T10:42:00-05:00."),
    )

    def decorate(function: F) -> F:
        for option in reversed(options):
            option(function)
        for parameter in getattr(function, "__click_params__", ()):
            if parameter.name in _FIELDS:
                parameter.expose_value, parameter.callback, parameter.hidden = False, _gather, hidden
        return function

    return decorate


_FIELDS = {"profile": "profile", "config": "config", "data_dir": "data_dir", "set": "overrides", "as_of": "as_of"}


def _gather(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    invocation = context.ensure_object(Invocation)
    name = _FIELDS[str(parameter.name)]
    if name == "overrides":
        invocation.overrides.extend(value)
    elif value is not None:
        setattr(invocation, name, value)
