"""Bars of one symbol as its trades come off the stream, each with the word whether every trade of it came."""

from typing import NamedTuple

from cockpit.errors import StorageError
from cockpit.ticks.bars import Bar, BarBuilder, floor_ms
from cockpit.ticks.trade import Trade


class ClosedBar(NamedTuple):
    """A bar that is final.

    Attributes:
        last_id: of its trades.
        whole: no trade of it, nor between it and those around it, is missing; a venue's ids have no holes, so that a
            bar tells by itself. One that is not is to be read from what is stored, once its trades are there.
    """

    bar: Bar
    last_id: int
    whole: bool


class LiveBars:
    """Builds the bars of one length. The first one has begun before anybody looked, and so is never whole."""

    def __init__(self, symbol: str, length_ms: int) -> None:
        self.length_ms = length_ms
        self._symbol = symbol
        self.forget()

    def forget(self) -> None:
        """Start afresh: the next trade is of another time."""
        self._builder = BarBuilder(self._symbol, self.length_ms)
        self._open_ms = -1
        self._before: int | None = None
        self._first_id = self._last_id = self._count = 0

    def take(self, trade: Trade) -> ClosedBar | None:
        """Count a trade in; the bar that it has closed, if any. Trades that came before must not come again."""
        open_ms = floor_ms(trade.time_ms, self.length_ms)
        counted, closed = True, None
        try:
            bar = self._builder.add(trade)
        except StorageError:  # finer than a bar can tell: the bar that lacks it is not whole, as is one that it closes
            counted, bar = False, None
        if bar is not None:
            joins = self._first_id - 1 == self._before and trade.trade_id == self._last_id + 1
            whole = joins and self._count == self._last_id - self._first_id + 1
            closed = ClosedBar(bar, self._last_id, whole)
            self._before = self._last_id
        if open_ms > self._open_ms:
            self._open_ms, self._count = open_ms, 0
            self._first_id = self._last_id = trade.trade_id
        if open_ms == self._open_ms:
            self._count += counted
            self._first_id = min(self._first_id, trade.trade_id)
            self._last_id = max(self._last_id, trade.trade_id)
        return closed
