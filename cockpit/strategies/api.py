"""What the author of a strategy imports: ``from cockpit.strategies.api import Bar, Signal, Strategy``.

A strategy is told of every closed bar of one symbol and one timeframe, in order, and answers with the position that it
wants. It is told nothing else: no clock, no account, no bar that has not closed. Whoever runs it decides what becomes
of the answer: a backtest fills at the open of the next bar, a session at the next trade.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from cockpit.strategies.parameters import Between, read_parameters
from cockpit.ticks.bars import Bar

__all__ = ["Bar", "Between", "Signal", "Strategy"]

LONGEST_REASON = 200
"""Characters of a reason that are kept."""


@dataclass(frozen=True, slots=True)
class Signal:
    """The position that a strategy wants from now on.

    Attributes:
        target: share of the strategy's stake, from -1.0 (all of it short) over 0.0 (flat) to +1.0 (all of it long).
            Below zero counts as flat unless ``allow_short`` is set.
        reason: one short sentence with the numbers, such as "SMA 10 64,210.5 over SMA 30 64,180.2"; white space is
            joined to single spaces, what cannot be printed is dropped, and it is cut at 200 characters.

    Raises:
        ValueError: the target is no number from -1 to 1, or the reason is no text.
    """

    target: float
    reason: str = ""

    def __post_init__(self) -> None:
        target, reason = self.target, self.reason
        if isinstance(target, bool) or not isinstance(target, int | float) or not math.isfinite(target):
            raise ValueError(f"a signal's target is a number from -1 to 1, not {target!r}")
        if not -1.0 <= target <= 1.0:
            raise ValueError(f"a signal's target lies between -1 and 1, not at {target!r}")
        if not isinstance(reason, str):
            raise ValueError(f"a signal's reason is text, not {reason!r}")
        object.__setattr__(self, "target", float(target) or 0.0)  # no negative zero
        words = "".join(letter if letter.isprintable() else " " for letter in reason[: 4 * LONGEST_REASON]).split()
        object.__setattr__(self, "reason", " ".join(words)[:LONGEST_REASON])


class Strategy(ABC):
    """Base class of every strategy.

    Annotated attributes with a default are its parameters: ``int``, ``float``, ``bool`` or ``str``, the numbers with
    bounds where they are written ``Annotated[int, Between(2, 500)]``. They are set and checked before :meth:`start`.

    Attributes:
        allow_short: targets below zero are taken; otherwise they count as flat.
    """

    allow_short: bool = False

    def __init__(self, **parameters: object) -> None:
        """Set the parameters and start.

        Raises:
            ParameterError: one of them is unknown or not allowed.
            ValueError: they do not go together.
        """
        for name, value in read_parameters(type(self), parameters).items():
            setattr(self, name, value)
        self.start()

    @property
    def warm_up(self) -> int:
        """Closed bars that it needs, up to and with the one on which it may speak first. Earlier words are not heard.

        A run takes them from before its own beginning where they are stored.
        """
        return 0

    def start(self) -> None:  # noqa: B027 - most strategies have indicators to make, but none has to
        """Make indicators; called once, when the parameters are set. A ValueError refuses how they go together."""

    @abstractmethod
    def on_bar(self, bar: Bar) -> Signal | None:
        """The position wanted now that this bar has closed; None keeps the one wanted before, which at first is flat.

        Called once for every bar in order, also for the flat ones in which nothing was traded (``bar.is_gap_fill``).
        """
