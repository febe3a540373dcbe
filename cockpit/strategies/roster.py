"""Which strategies are to run, on what and with what: the lines of ``strategies.run`` in the settings, checked."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.errors import CockpitError, ConfigurationError, UsageError
from cockpit.paths import user_strategies
from cockpit.settings import StrategySettings
from cockpit.strategies.loading import find_strategy, load_strategy
from cockpit.ticks.bars import parse_timeframe

_FORM = "NAME SYMBOL TIMEFRAME PARAMETER=VALUE..., such as sma_cross BTCUSDT 1m fast=10 slow=30"


@dataclass(frozen=True, slots=True)
class Entry:
    """A strategy that is to run.

    Attributes:
        strategy: its name.
        symbol: exchange symbol.
        timeframe: of its bars.
        parameters: over its defaults, as they were written.
        file: a user's own; None for one that is built in.
    """

    strategy: str
    symbol: str
    timeframe: str
    parameters: Mapping[str, object]
    file: Path | None

    @property
    def label(self) -> str:
        """What it is called everywhere: ``sma_cross BTCUSDT 1m``. There is one of each."""
        return f"{self.strategy} {self.symbol} {self.timeframe}"

    @property
    def length_ms(self) -> int:
        """Of its bars."""
        return parse_timeframe(self.timeframe)


def read_roster(settings: StrategySettings, symbols: Sequence[str] | None) -> tuple[Entry, ...]:
    """What is to run, in the order of the settings.

    Parameters of what is built in are checked here; those of a user's file where that is loaded, in its child.

    Args:
        symbols: that are streamed; None where anything may be.

    Raises:
        ConfigurationError: a line does not read so, or names what there is not (the nearest is told), or stands twice.
    """
    entries: dict[str, Entry] = {}
    for line in settings.run:
        try:
            entry = _read(line, settings, symbols)
            if entry.label in entries:
                raise UsageError(f"{entry.label} stands there twice")
        except CockpitError as error:
            raise ConfigurationError(f'setting strategies.run, "{line}": {error}') from None
        entries[entry.label] = entry
    return tuple(entries.values())


def _read(line: str, settings: StrategySettings, symbols: Sequence[str] | None) -> Entry:
    words = line.split()
    if len(words) < 3:
        raise UsageError(f"it reads {_FORM}")
    name, symbol, timeframe, *rest = words
    parse_timeframe(timeframe)
    symbol = symbol.upper()
    if symbols is not None and symbol not in symbols:
        near = difflib.get_close_matches(symbol, symbols, n=1, cutoff=0.6)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"{symbol} is not among ticks.symbols{meant}")
    file = find_strategy(name, user_strategies(settings.folder))
    parameters = {**settings.parameters.get(name, {}), **dict(_pair(word) for word in rest)}
    if file is None:
        load_strategy(name, None, parameters)
    return Entry(name, symbol, timeframe, parameters, file)


def _pair(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not (name and equals and value):
        raise UsageError(f"{word} is no PARAMETER=VALUE; it reads {_FORM}")
    return name, value
