"""What is known of one symbol now, kept up to date at a constant cost a trade."""

import math
from collections import deque
from decimal import Decimal

from cockpit.ticks.gaps import Step, TradeSequence
from cockpit.ticks.pulse import Pulse
from cockpit.ticks.quote import BookTop, DayTicker, Ticker
from cockpit.ticks.trade import Trade

_RATE_SECONDS = 10
_SPARK_SECONDS = 2.0
_SPARK_POINTS = 30
_NEWEST_SHARE = 0.1
_LAG_SECONDS = 0.05
_FACTOR = 10
_WEEK_MS = 7 * 86_400_000
_REFER_AFTER_MS = 60_000
_NOTHING = Decimal(0)


class Rate:
    """Events per second over the last ten seconds, in one counter a second."""

    __slots__ = ("_counts", "_index", "_second")

    def __init__(self) -> None:
        self._counts = [0] * _RATE_SECONDS
        self._second = self._index = 0

    def add(self, now: float) -> None:
        """Count one event at a monotonic time."""
        if now >= self._second + 1:
            self._advance(int(now))
        self._counts[self._index] += 1

    def per_second(self, now: float) -> float:
        """The mean rate up to now."""
        self._advance(int(now))
        return sum(self._counts) / _RATE_SECONDS

    def _advance(self, second: int) -> None:
        for passed in range(max(self._second + 1, second - _RATE_SECONDS + 1), second + 1):
            self._counts[passed % _RATE_SECONDS] = 0
        self._second = max(self._second, second)
        self._index = self._second % _RATE_SECONDS


class Spark:
    """Closes of two seconds each over the last minute; a stretch without trades repeats the close before it."""

    __slots__ = ("_closes", "_until")

    def __init__(self) -> None:
        self._closes: deque[float | Decimal] = deque(maxlen=_SPARK_POINTS)
        self._until = 0.0

    def add(self, price: float | Decimal, now: float) -> None:
        """Take a price at a monotonic time."""
        if now >= self._until or not self._closes:
            self._advance(now)
            if not self._closes:
                self._closes.append(price)
        self._closes[-1] = price

    def closes(self, now: float) -> tuple[float, ...]:
        """Oldest first."""
        self._advance(now)
        return tuple([float(close) for close in self._closes])

    def _advance(self, now: float) -> None:
        slots = int((now - self._until) // _SPARK_SECONDS) + 1
        if slots <= 0:
            return
        if self._closes:
            last = self._closes[-1]
            self._closes.extend([last] * min(slots, _SPARK_POINTS))
        self._until = (int(now / _SPARK_SECONDS) + 1) * _SPARK_SECONDS


class Tape:
    """One symbol: its last trade, book top, day and order of ids.

    Attributes:
        changed: set by every event, reset by :meth:`ticker`.
        backfilled: trades that came over REST.
        traded_ms: exchange time of the newest trade; None before the first.
        lag_due: monotonic time from which the latency of a trade is wanted; a few a second tell enough.
        jumped_from_ms: exchange time of the trade before the last gap; None where it is not known.
        pulse: how long its pauses usually are.
    """

    __slots__ = (
        "_book",
        "_day",
        "_doubt",
        "_earliest_ms",
        "_highest",
        "_lag",
        "_last",
        "_last_move",
        "_latest_ms",
        "_lowest",
        "_rate",
        "_received_at",
        "_refer_at_ms",
        "_spark",
        "backfilled",
        "changed",
        "jumped_from_ms",
        "lag_due",
        "pulse",
        "sequence",
        "symbol",
        "traded_ms",
    )

    def __init__(self, symbol: str, quiet_seconds: float = 30.0) -> None:
        """A silence shorter than ``quiet_seconds`` is never strange."""
        self.symbol = symbol
        self.backfilled = 0
        self.pulse = Pulse(quiet_seconds)
        self.sequence = TradeSequence()
        self.changed = True
        self.lag_due = -math.inf
        self._lag: float | None = None
        self._last: Decimal | None = None
        self._last_move = 0
        self.traded_ms: int | None = None
        self.jumped_from_ms: int | None = None
        self._lowest = self._highest = _NOTHING
        self._earliest_ms = self._latest_ms = self._refer_at_ms = 0
        self._doubt: Trade | None = None
        self._book: BookTop | None = None
        self._day: DayTicker | None = None
        self._received_at: float | None = None
        self._rate = Rate()
        self._spark = Spark()

    def is_plausible(self, trade: Trade) -> bool:
        """False for a trade whose price or time is out of all proportion to those before it.

        Such a frame was damaged on its way. Where the market did jump, the next trade agrees and is believed; what was
        refused is then missing, and comes over REST. What is measured by never moves to a price that differs much from
        the one before it, so that damage of a digit does not open the way for more.
        """
        if self._lowest < trade.price < self._highest and self._earliest_ms < trade.time_ms < self._latest_ms:
            self._doubt = None
            last = self._last
            if trade.time_ms > self._refer_at_ms and (last is None or abs(trade.price - last) * _FACTOR <= last):
                self._refer_to(trade)
            return True
        doubt, self._doubt = self._doubt, trade
        if self._highest and (doubt is None or not _agree(doubt, trade)):
            return False
        self._refer_to(trade)
        return True

    def restart(self) -> None:
        """Forget the order of ids, and prices and times: the next trade is of another time."""
        self.sequence.restart()
        self._lowest = self._highest = _NOTHING

    def trade(self, trade: Trade, now: float) -> Step:
        """Take a trade received at a monotonic time; how its id stands to those before it."""
        step = self.sequence.advance(trade.trade_id)
        if step is not Step.NEXT:
            if step is Step.DOUBTFUL:
                return step
            if step is Step.JUMP:
                self.jumped_from_ms = self.traded_ms
                self.pulse.interrupt()
            elif step is Step.SEEN or (self.traded_ms is not None and trade.time_ms <= self.traded_ms):
                return self._old(step, now)
        self._received_at = now
        self.changed = True
        self._rate.add(now)
        self.pulse.beat(now)
        price = trade.price
        if self._last is not None and price != self._last:
            self._last_move = 1 if price > self._last else -1
        self._last = price
        self.traded_ms = trade.time_ms
        self._spark.add(price, now)
        return step

    def lag(self, milliseconds: float, now: float) -> None:
        """Take the latency of a trade received at a monotonic time."""
        self.lag_due = now + _LAG_SECONDS
        lag = self._lag
        self._lag = milliseconds if lag is None else lag + _NEWEST_SHARE * (milliseconds - lag)

    def book(self, top: BookTop, now: float) -> None:
        """Take the best bid and offer."""
        self._book, self._received_at, self.changed = top, now, True

    def day(self, day: DayTicker, now: float) -> None:
        """Take the rolling day."""
        self._day, self._received_at, self.changed = day, now, True

    def trades_per_second(self, now: float) -> float:
        """The mean rate of the last ten seconds."""
        return self._rate.per_second(now)

    def ticker(self, now: float) -> Ticker:
        """The row to show at a monotonic time."""
        self.changed = False
        day, book = self._day, self._book
        last = self._last if self._last is not None else day.close if day is not None else None
        change = float(last / day.open) - 1.0 if last is not None and day is not None and day.open else None
        return Ticker(
            symbol=self.symbol,
            last=last,
            change=change,
            bid=book.bid if book is not None else None,
            ask=book.ask if book is not None else None,
            volume=day.volume if day is not None else None,
            quote_volume=day.quote_volume if day is not None else None,
            trades_per_second=self._rate.per_second(now),
            spark=self._spark.closes(now),
            traded_ms=self.traded_ms,
            received_at=self._received_at,
            gaps=self.sequence.missing,
            backfilled=self.backfilled,
            lag_ms=None if self._lag is None else round(self._lag, 1),
            last_move=self._last_move,
        )

    def _old(self, step: Step, now: float) -> Step:
        """A trade that tells no news but that the symbol lives."""
        self._received_at = now
        self.changed = True
        if step is not Step.SEEN:
            self._rate.add(now)
            self.pulse.beat(now)
        return step

    def _refer_to(self, trade: Trade) -> None:
        """Measure what comes by this trade."""
        self._doubt = None
        self._lowest, self._highest = trade.price / _FACTOR, trade.price * _FACTOR
        self._earliest_ms, self._latest_ms = trade.time_ms - _WEEK_MS, trade.time_ms + _WEEK_MS
        self._refer_at_ms = trade.time_ms + _REFER_AFTER_MS


def _agree(one: Trade, other: Trade) -> bool:
    return one.price / _FACTOR < other.price < one.price * _FACTOR and abs(one.time_ms - other.time_ms) < _WEEK_MS
