"""What strategies hear of the stream: closed bars and the next bid and ask. The reader of the stream never waits."""

import asyncio
from collections import deque

from cockpit.strategies.live_bars import ClosedBar, LiveBars
from cockpit.ticks.quote import BookTop
from cockpit.ticks.trade import Trade

_MOST_WAITING = 1000


class BarQueue:
    """What one strategy is told. Where it falls far behind, the oldest bars go, and the next one is to be read anew.

    Attributes:
        stirred: set by every bar, by the bid and ask that were asked for, by a move of the market's time, and by
            whoever else wants its reader to look.
    """

    def __init__(self, symbol: str, length_ms: int) -> None:
        self.stirred = asyncio.Event()
        self._bars = LiveBars(symbol, length_ms)
        self._closed: deque[ClosedBar] = deque()
        self._wants_book = self._moved = False
        self._top: BookTop | None = None

    def ask_for_book(self) -> None:
        """Have the first bid and ask kept that come from now on."""
        self._wants_book, self._top = True, None

    def take_book(self) -> BookTop | None:
        """The bid and ask that were asked for; None until they have come."""
        top, self._top = self._top, None
        return top

    def book(self, top: BookTop) -> None:
        """Told of every bid and ask."""
        if self._wants_book:
            self._wants_book, self._top = False, top
            self.stirred.set()

    def next(self) -> ClosedBar | None:
        """The oldest bar that waits."""
        return self._closed.popleft() if self._closed else None

    def take_move(self) -> bool:
        """Whether the market was moved since this was asked last."""
        moved, self._moved = self._moved, False
        return moved

    def trade(self, trade: Trade) -> None:
        """Count a trade in."""
        closed = self._bars.take(trade)
        if closed is None:
            return
        if len(self._closed) == _MOST_WAITING:
            self._closed.popleft()
            self._closed[0] = self._closed[0]._replace(whole=False)
        self._closed.append(closed)
        self.stirred.set()

    def forget(self) -> None:
        """The market was moved: what comes now does not join what came."""
        self._bars.forget()
        self._closed.clear()
        self._moved = True
        self.stirred.set()


class SymbolTap:
    """One symbol of the stream."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self._queues: list[BarQueue] = []
        self._first: asyncio.Future[Trade] | None = None
        self._newest: Trade | None = None
        self._asked: list[asyncio.Future[BookTop]] = []

    def open(self, queue: BarQueue) -> None:
        """Have a strategy told from now on."""
        self._queues.append(queue)

    def close(self, queue: BarQueue) -> None:
        """Tell it no more."""
        self._queues.remove(queue)

    def trade(self, trade: Trade) -> None:
        """Told of every new trade."""
        self._newest = trade
        if self._first is not None:
            self._first.set_result(trade)
            self._first = None
        for queue in self._queues:
            queue.trade(trade)

    def book(self, top: BookTop) -> None:
        """Told of every bid and ask."""
        for queue in self._queues:
            queue.book(top)
        for one in self._asked:
            if not one.done() and 0 < top.bid <= top.ask:
                one.set_result(top)

    async def next_book(self, seconds: float) -> BookTop | None:
        """The first bid and ask that come from now on and can be traded at; None where none does in time."""
        found: asyncio.Future[BookTop] = asyncio.get_running_loop().create_future()
        self._asked.append(found)
        try:
            return await asyncio.wait_for(found, seconds)
        except TimeoutError:
            return None
        finally:
            self._asked.remove(found)

    def moved(self) -> None:
        """Told when the market is moved to another time."""
        self._newest = None
        for queue in self._queues:
            queue.forget()

    async def newest(self) -> Trade:
        """The newest trade; waits for the first one."""
        if self._newest is not None:
            return self._newest
        if self._first is None:
            self._first = asyncio.get_running_loop().create_future()
        return await asyncio.shield(self._first)


class Taps:
    """The taps of all symbols; what is not listened to costs the stream a look into an empty dictionary."""

    def __init__(self) -> None:
        self._by_symbol: dict[str, SymbolTap] = {}

    def of(self, symbol: str) -> SymbolTap:
        """The tap of a symbol."""
        return self._by_symbol.setdefault(symbol, SymbolTap(symbol))

    def trade(self, trade: Trade) -> None:
        """Told of every new trade of the stream."""
        if (tap := self._by_symbol.get(trade.symbol)) is not None:
            tap.trade(trade)

    def book(self, top: BookTop) -> None:
        """Told of every bid and ask of the stream."""
        if (tap := self._by_symbol.get(top.symbol)) is not None:
            tap.book(top)

    def moved(self) -> None:
        """Told when the market is moved to another time."""
        for tap in self._by_symbol.values():
            tap.moved()
