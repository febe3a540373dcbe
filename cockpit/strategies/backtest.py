"""A strategy on bars of the past. It is told of a bar when that has closed, and what it wants is filled no sooner than
at the open of the next bar: it is told nothing of the future, and none of its fills is at a price that it has seen.

A bar in which nothing was traded, or of which trades are missing, fills nothing: the order waits for a whole one.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from cockpit.portfolio.ledger import ZERO
from cockpit.strategies.api import Bar, Signal
from cockpit.strategies.decider import Decider
from cockpit.strategies.equity import Drawdown, EquityCurve
from cockpit.strategies.round_trip import OpenTrip, RoundTrip
from cockpit.strategies.terms import Terms

_FLAT = Signal(0.0)


class PastBar(NamedTuple):
    """A stored bar.

    Attributes:
        missing: trades of it are known to be missing.
        klines: it was imported as a bar; otherwise it was summed up from trades.
    """

    bar: Bar
    missing: bool = False
    klines: bool = False


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """What came of it. Money is in the quote currency, shares are fractions, None is what cannot be known.

    Attributes:
        start_ms, end_ms: open of the first bar and close of the last, milliseconds since 1970 UTC.
        bars: all of them; of these ``quiet`` without a trade, ``missing`` with trades known to be missing, ``klines``
            imported as bars, ``held`` with a position.
        deaf: bars at the start that passed before the strategy was heard.
        trips: trades from flat to flat, in order; ``open_trip`` is the one that is not closed, at the last close.
        unfilled: what was wanted at the end but found no bar to be filled at.
        hold_return: of the whole stake bought at the first open that could be filled, at the same costs, and marked
            at the last close.
        sharpe: of the daily results on the stake, annualised by the root of 365; see :class:`EquityCurve`.
        days: whole UTC days that it is of.
    """

    stake: Decimal
    start_ms: int
    end_ms: int
    bars: int
    quiet: int
    missing: int
    klines: int
    held: int
    deaf: int
    trips: tuple[RoundTrip, ...]
    open_trip: RoundTrip | None
    unfilled: Signal | None
    hold_return: float | None
    drawdown: Drawdown
    sharpe: float | None
    days: int

    @property
    def pnl(self) -> Decimal:
        """After fees, the open position at its mark."""
        return sum((trip.pnl for trip in self._all), ZERO)

    @property
    def fees(self) -> Decimal:
        """Of all fills."""
        return sum((trip.fees for trip in self._all), ZERO)

    @property
    def total_return(self) -> float:
        """Of the stake, after fees."""
        return float(self.pnl / self.stake)

    @property
    def exposure(self) -> float:
        """Share of the bars in which a position was held."""
        return self.held / self.bars

    @property
    def wins(self) -> tuple[RoundTrip, ...]:
        """Closed trades that brought money in."""
        return tuple(trip for trip in self.trips if trip.pnl > 0)

    @property
    def losses(self) -> tuple[RoundTrip, ...]:
        """Closed trades that cost money."""
        return tuple(trip for trip in self.trips if trip.pnl < 0)

    @property
    def win_rate(self) -> float | None:
        """Of the closed trades; None without one."""
        return len(self.wins) / len(self.trips) if self.trips else None

    @property
    def average_win(self) -> Decimal | None:
        """Of the closed trades; None without a win."""
        return _mean(self.wins)

    @property
    def average_loss(self) -> Decimal | None:
        """Of the closed trades, negative; None without a loss."""
        return _mean(self.losses)

    @property
    def profit_factor(self) -> float | None:
        """What the wins brought in over what the losses cost; None without a loss."""
        lost = -sum((trip.pnl for trip in self.losses), ZERO)
        return float(sum((trip.pnl for trip in self.wins), ZERO) / lost) if lost else None

    @property
    def _all(self) -> Sequence[RoundTrip]:
        return (*self.trips, self.open_trip) if self.open_trip is not None else self.trips


class Backtest:
    """One run on one symbol, a bar at a time."""

    def __init__(self, symbol: str, terms: Terms) -> None:
        self._symbol = symbol
        self._terms = terms
        self._wanted = self._reached = _FLAT
        self._trip: OpenTrip | None = None
        self._trips: list[RoundTrip] = []
        self._banked = ZERO
        self._hold: OpenTrip | None = None
        self._curve: EquityCurve | None = None
        self._first = self._last = _NO_BAR
        self._bars = self._quiet = self._missing = self._klines = self._held = 0
        # Equity = base + quantity * price, as floats: it is asked for at every close.
        self._base, self._quantity = float(terms.stake), 0.0

    def want(self, signal: Signal | None) -> None:
        """Take what the strategy says; the same target again is no order, whatever it is worth by now."""
        if signal is not None and signal.target != self._wanted.target:
            self._wanted = signal

    def bar(self, past: PastBar) -> None:
        """Live through a bar: fill at its open what was wanted before, and mark at its close."""
        bar = past.bar
        if self._curve is None:
            self._first = bar
            self._curve = EquityCurve(float(self._terms.stake), bar.open_ms)
        self._last = bar
        self._bars += 1
        self._klines += past.klines
        if past.missing:
            self._missing += 1
        elif bar.is_gap_fill:
            self._quiet += 1
        else:
            self._open(bar)
        if self._trip is not None:
            self._held += 1
            self._trip.bars += 1
        self._curve.add(bar.close_ms, self._base + self._quantity * float(bar.close))

    def result(self, deaf: int = 0) -> BacktestResult | None:
        """What came of it so far; None before the first bar. ``deaf`` is what the result tells."""
        if self._curve is None:
            return None
        mark = self._last.close
        hold = self._hold.as_of(mark) if self._hold is not None else None
        return BacktestResult(
            stake=self._terms.stake,
            start_ms=self._first.open_ms,
            end_ms=self._last.close_ms,
            bars=self._bars,
            quiet=self._quiet,
            missing=self._missing,
            klines=self._klines,
            held=self._held,
            deaf=min(deaf, self._bars),
            trips=tuple(self._trips),
            open_trip=self._trip.as_of(mark) if self._trip is not None else None,
            unfilled=self._wanted if self._wanted.target != self._reached.target else None,
            hold_return=float(hold.pnl / self._terms.stake) if hold is not None else None,
            drawdown=self._curve.drawdown,
            sharpe=self._curve.sharpe,
            days=self._curve.days,
        )

    def _open(self, bar: Bar) -> None:
        """Fill at the open of a whole bar."""
        if self._hold is None:
            bought = self._terms.fills(self._symbol, ZERO, 1.0, bar.open)
            if bought:
                self._hold = OpenTrip(bar.open_ms, "")
                self._hold.add(bought[0])
        if self._wanted.target == self._reached.target:
            return
        wanted = self._reached = self._wanted
        held = self._trip.quantity if self._trip is not None else ZERO
        for fill in self._terms.fills(self._symbol, held, wanted.target, bar.open):
            if self._trip is None:
                self._trip = OpenTrip(bar.open_ms, wanted.reason)
            self._trip.add(fill)
            if not self._trip.quantity:
                closed = self._trip.as_of(fill.price, bar.open_ms, wanted.reason)
                self._trips.append(closed)
                self._banked += closed.pnl
                self._trip = None
        cash, quantity = (self._trip.cash, self._trip.quantity) if self._trip is not None else (ZERO, ZERO)
        self._base, self._quantity = float(self._terms.stake + self._banked + cash), float(quantity)


async def run(
    decider: Decider, pages: AsyncIterator[Sequence[PastBar]], backtest: Backtest, start_ms: int | None = None
) -> BacktestResult | None:
    """Show a strategy bars in order and live through what it wants; None where there is no bar.

    Args:
        pages: bars, some at once, rising.
        start_ms: the bars that open before only warm the strategy up.

    Raises:
        StrategyError: the strategy failed.
    """
    before = 0
    async for page in pages:
        signals = await decider.feed([past.bar for past in page])
        for past, signal in zip(page, signals, strict=True):
            if start_ms is None or past.bar.open_ms >= start_ms:
                backtest.bar(past)
            else:
                before += 1
            backtest.want(signal)
    return backtest.result(max(0, decider.warm_up - 1 - before))


def _mean(trips: Sequence[RoundTrip]) -> Decimal | None:
    return sum((trip.pnl for trip in trips), ZERO) / len(trips) if trips else None


_NO_BAR = Bar("", 0, 0, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, 0, ZERO)
