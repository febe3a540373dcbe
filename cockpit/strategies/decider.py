"""Who decides: the seam between a run (backtest, session) and a strategy, wherever that is executed."""

import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from cockpit.errors import StrategyError
from cockpit.strategies.api import Bar, Signal, Strategy
from cockpit.strategies.parameters import parameters_of

LONGEST_WARM_UP = 100_000
"""Bars; what is asked for beyond is a mistake."""

_LONGEST_WORDS = 300


class Decider(Protocol):
    """A strategy as a run sees it."""

    @property
    def warm_up(self) -> int:
        """Closed bars that it needs before it is heard, the one on which it may speak first included."""
        ...

    @property
    def parameters(self) -> Mapping[str, object]:
        """What it runs with, by name, defaults included."""
        ...

    async def feed(self, bars: Sequence[Bar]) -> list[Signal | None]:
        """What it says to each of these closed bars, told one by one in order; None keeps the target.

        Words before the warm-up is over are None, and targets are never below zero unless it may go short.

        Raises:
            StrategyError: it failed; it must not be asked again.
        """
        ...


class Listener:
    """Hears one strategy in this process: counts its warm-up and checks its words. A :class:`Decider`."""

    def __init__(self, strategy: Strategy, name: str, file: Path | None = None) -> None:
        """The strategy, the name by which sentences call it, and a user's file, whose lines they tell.

        Raises:
            StrategyError: its warm-up is no number of bars.
        """
        self._strategy = strategy
        self._name = name
        self._file = file
        self._fed = 0
        try:
            warm_up: object = strategy.warm_up
        except (Exception, SystemExit) as error:
            raise failure(name, "warm_up", error, file) from error
        if isinstance(warm_up, bool) or not isinstance(warm_up, int) or not 0 <= warm_up <= LONGEST_WARM_UP:
            raise StrategyError(
                f"strategy {name}: warm_up is a number of bars up to {LONGEST_WARM_UP}, not {warm_up!r}"
            )
        self._warm_up = warm_up

    @property
    def warm_up(self) -> int:
        """See :class:`Decider`."""
        return self._warm_up

    @property
    def parameters(self) -> dict[str, Any]:
        """See :class:`Decider`."""
        return {name: getattr(self._strategy, name) for name in parameters_of(type(self._strategy))}

    async def feed(self, bars: Sequence[Bar]) -> list[Signal | None]:
        """See :class:`Decider`."""
        return [self.hear(bar) for bar in bars]

    def hear(self, bar: Bar) -> Signal | None:
        """What the strategy says to this bar.

        Raises:
            StrategyError: it failed, or what it said is no signal; the sentence tells file and line.
        """
        strategy = self._strategy
        try:
            signal: object = strategy.on_bar(bar)
        except (Exception, SystemExit) as error:
            raise failure(self._name, "on_bar", error, self._file) from error
        if signal is not None and not isinstance(signal, Signal):
            raise StrategyError(
                f"strategy {self._name}: on_bar answers with a Signal or None, not with {repr(signal)[:60]}"
            )
        self._fed += 1
        if signal is None or self._fed < self._warm_up:
            return None
        return signal if signal.target >= 0.0 or strategy.allow_short else Signal(0.0, signal.reason)


def opened(bar: Bar) -> str:
    """A bar as sentences name it: by its open, ``2026-01-01 00:00:00 UTC``."""
    return f"{datetime.fromtimestamp(bar.open_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def failure(name: str, where: str, error: BaseException, file: Path | None = None) -> StrategyError:
    """A sentence about an exception from the code of a strategy: what, and in which line of its file it came up."""
    lines = [one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename == str(file)]
    at = f" ({file}, line {lines[-1]})" if lines else ""
    words = " ".join(str(error).split())[:_LONGEST_WORDS]
    return StrategyError(f"strategy {name}: {where} failed{at}: {type(error).__name__}{f': {words}' if words else ''}")
