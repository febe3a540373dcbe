"""Where a strategy is executed: what is built in here, a user's file in a child."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from cockpit.settings import StrategySettings
from cockpit.strategies.confinement import Limits
from cockpit.strategies.decider import Decider
from cockpit.strategies.jail import JailRules, jailed
from cockpit.strategies.loading import load_strategy


@asynccontextmanager
async def deciding(
    name: str, file: Path | None, parameters: Mapping[str, object], rules: JailRules
) -> AsyncIterator[Decider]:
    """A strategy ready for its first bar, gone with the block.

    Args:
        name: what it is called.
        file: a user's own; None for one that is built in.
        parameters: values by name, over the defaults.
        rules: for a user's own.

    Raises:
        UsageError: a parameter is unknown or not allowed, or they do not go together.
        StrategyError: the file is wrong, took too long or did what it must not.
    """
    if file is None:
        yield load_strategy(name, None, parameters)
        return
    async with jailed(name, file, parameters, rules) as strategy:
        yield strategy


def rules_of(settings: StrategySettings) -> JailRules:
    """The jail's rules as the settings have them."""
    limits = Limits(settings.memory_mb, settings.cpu_seconds, settings.open_files)
    return JailRules(settings.bar_seconds, settings.start_seconds, limits)
