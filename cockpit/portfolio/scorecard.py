"""How the book has done: figures over closed trades, each a whole spread, and what was expected beside what came.

Every figure is None where it is undefined, and says how many trades it stands on. Order does not matter: where it
would, trades are taken in the order of their endings.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from math import sqrt

from cockpit.options.calendar import NEW_YORK
from cockpit.portfolio.margin import CONTRACT, ZERO
from cockpit.portfolio.trade import Passage, Trade
from cockpit.scan.earnings import Timing

Z95 = 1.959963984540054
"""Half the width of a 95 % interval in standard deviations."""
_BUCKETS = ((0.04, "under 4 %"), (0.08, "4 to 8 %"), (0.12, "8 to 12 %"))
_WIDE = "12 % and more"
_TIERS = ("EXCELLENT", "GOOD", "MARGINAL", "SKIP")
_UNKNOWN = "?"


class By(StrEnum):
    """What trades can be grouped by."""

    STRUCTURE = "structure"
    VRP = "vrp"
    MOVE = "move"
    ENDING = "ending"
    MONTH = "month"
    NAME = "name"

    @property
    def heading(self) -> str:
        """As shown over the groups."""
        return _TITLES[self]


_TITLES = {
    By.STRUCTURE: "structure",
    By.VRP: "volatility risk premium at entry",
    By.MOVE: "implied move at entry",
    By.ENDING: "ending",
    By.MONTH: "month of ending",
    By.NAME: "name",
}


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` of ``trades`` with Wilson's 95 % interval; all None for no trades.

    Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference. JASA 22, 209-212: the
    values p with ``|p_hat - p| <= z sqrt(p (1 - p) / n)``.
    """

    count: int
    trades: int

    @property
    def value(self) -> float | None:
        """The share itself."""
        return self.count / self.trades if self.trades else None

    @property
    def low(self) -> float | None:
        """Lower end of the interval."""
        bounds = self._bounds()
        return None if bounds is None else bounds[0]

    @property
    def high(self) -> float | None:
        """Upper end of the interval."""
        bounds = self._bounds()
        return None if bounds is None else bounds[1]

    def _bounds(self) -> tuple[float, float] | None:
        if not self.trades:
            return None
        share, squared = self.count / self.trades, Z95 * Z95
        scale = 1.0 + squared / self.trades
        centre = (share + squared / (2.0 * self.trades)) / scale
        reach = Z95 / scale * sqrt(share * (1.0 - share) / self.trades + squared / (4.0 * self.trades**2))
        # At the ends of the range rounding must not push the interval off the share that it is about.
        return max(0.0, min(centre - reach, share)), min(1.0, max(centre + reach, share))


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over ``trades`` and its standard error, ``s / sqrt(n)`` with ``n - 1`` in s; None for one trade."""

    value: float | None
    error: float | None
    trades: int


@dataclass(frozen=True, slots=True)
class Probability:
    """Mean probability of profit at entry beside the trades of the same that won."""

    expected: float | None
    won: Share


@dataclass(frozen=True, slots=True)
class Value:
    """Expected and realised profit in dollars for one contract, means over the same trades."""

    expected: float | None
    realised: Mean


@dataclass(frozen=True, slots=True)
class MoveRecord:
    """Implied moves beside what the report did, means over the same trades, as fractions.

    Attributes:
        event: mean implied move of the report alone, over the ``event_trades`` of them that have one.
        inside: trades whose realised close-to-close move was not larger than the implied one. Were the implied move
            the mean absolute move of a normal law, it would be 57.5 % of them.
    """

    trades: int
    implied: float | None
    realised: float | None
    inside: Share
    event: float | None
    event_trades: int


@dataclass(frozen=True, slots=True)
class VolatilityRecord:
    """At-the-money volatility of the traded expiry at entry and after the report, means over the same trades.

    Attributes:
        points: mean fall, before less after, as a fraction (0.33 for 33 points); negative where it rose.
        crush: mean of ``1 - after / before``.
    """

    trades: int
    before: float | None
    after: float | None
    points: float | None
    crush: float | None


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Figures over some closed trades. Money is dollars after all fees.

    Attributes:
        won: with a profit after fees; ``lost``: with a loss. What came out at nothing is neither.
        r: realised over max loss: 1 is as much as could have been lost. Tharp, Trade Your Way to Financial Freedom.
        expectancy: mean profit a trade, which is ``P(win) x average win + P(loss) x average loss``.
        average_loss: negative.
        profit_factor: gross profit over gross loss; None without a loss.
        fee_share: fees over the credits taken in.
        drawdown: largest fall of the realised total from its highest point so far, the start included; not negative.
        days_held: calendar days from the opening to the end, mean.
    """

    label: str
    trades: int
    won: Share
    lost: int
    net: Decimal
    r: Mean
    expectancy: Decimal | None
    average_win: Decimal | None
    average_loss: Decimal | None
    profit_factor: float | None
    fees: Decimal
    fee_share: float | None
    worst: Decimal | None
    worst_id: str | None
    drawdown: Decimal | None
    days_held: float | None
    probability: Probability
    value: Value
    move: MoveRecord
    volatility: VolatilityRecord


@dataclass(frozen=True, slots=True)
class _Closed:
    """A closed trade with its result at hand."""

    trade: Trade
    realised: Decimal


def scorecard(trades: Iterable[Trade], label: str = "all") -> Scorecard:
    """The figures over those of the trades that are closed."""
    closed = _closed(trades)
    results = [one.realised for one in closed]
    wins = [result for result in results if result > 0]
    losses = [result for result in results if result < 0]
    credit = sum((one.trade.credit * CONTRACT * one.trade.contracts for one in closed), ZERO)
    fees = sum((one.trade.fees for one in closed), ZERO)
    worst = min(closed, key=lambda one: one.realised, default=None)
    risked = [one for one in closed if one.trade.max_loss > 0]
    return Scorecard(
        label=label,
        trades=len(closed),
        won=Share(len(wins), len(closed)),
        lost=len(losses),
        net=sum(results, ZERO),
        r=_mean([float(one.realised / one.trade.max_loss) for one in risked]),
        expectancy=_average(results),
        average_win=_average(wins),
        average_loss=_average(losses),
        profit_factor=float(sum(wins, ZERO) / -sum(losses, ZERO)) if losses else None,
        fees=fees,
        fee_share=float(fees / credit) if credit > 0 else None,
        worst=None if worst is None else worst.realised,
        worst_id=None if worst is None else worst.trade.position_id,
        drawdown=_drawdown(results),
        days_held=_mean([_days(one.trade) for one in closed]).value,
        probability=_probability(closed),
        value=_value(closed),
        move=_moves([one.trade for one in closed]),
        volatility=_volatilities([one.trade for one in closed]),
    )


def grouped(trades: Iterable[Trade], by: By) -> tuple[Scorecard, ...]:
    """A scorecard for each group of closed trades: tiers and sizes in their own order, other groups by their names.

    What is not known of a trade puts it into the group ``?``, the last one.
    """
    label = _LABELS[by]
    groups: dict[str, list[Trade]] = {}
    for one in _closed(trades):
        groups.setdefault(label(one.trade), []).append(one.trade)
    ranks = {name: rank for rank, name in enumerate(_ORDERS.get(by, ()))}
    order = sorted(groups, key=lambda name: (name == _UNKNOWN, ranks.get(name, len(ranks)), name))
    return tuple(scorecard(groups[name], name) for name in order)


def _closed(trades: Iterable[Trade]) -> list[_Closed]:
    """In the order in which they ended; of what ended at one time, the position that was opened first."""
    ended = [
        (ended_at, trade.opened_at, trade.position_id, trade, trade.realised)
        for trade in trades
        if (ended_at := trade.ended_at) is not None and trade.realised is not None
    ]
    return [_Closed(trade, realised) for *_, trade, realised in sorted(ended, key=lambda one: one[:3])]


def _average(values: Sequence[Decimal]) -> Decimal | None:
    return sum(values, ZERO) / len(values) if values else None


def _mean(values: Sequence[float]) -> Mean:
    count = len(values)
    if not count:
        return Mean(None, None, 0)
    mean = sum(values) / count
    if count == 1:
        return Mean(mean, None, 1)
    return Mean(mean, sqrt(sum((value - mean) ** 2 for value in values) / (count - 1) / count), count)


def _drawdown(results: Sequence[Decimal]) -> Decimal | None:
    if not results:
        return None
    total = peak = deepest = ZERO
    for result in results:
        total += result
        peak = max(peak, total)
        deepest = max(deepest, peak - total)
    return deepest


def _days(trade: Trade) -> float:
    return 0.0 if trade.ended_at is None else (trade.ended_at - trade.opened_at).total_seconds() / 86_400.0


def _probability(closed: Sequence[_Closed]) -> Probability:
    known = [(one, one.trade.entry.pop) for one in closed if one.trade.entry is not None]
    said = [(one, pop) for one, pop in known if pop is not None]
    return Probability(
        _mean([pop for _, pop in said]).value, Share(sum(one.realised > 0 for one, _ in said), len(said))
    )


def _value(closed: Sequence[_Closed]) -> Value:
    known = [(one, one.trade.entry.ev) for one in closed if one.trade.entry is not None]
    said = [(one, ev) for one, ev in known if ev is not None]
    return Value(
        _mean([ev for _, ev in said]).value, _mean([float(one.realised / one.trade.contracts) for one, _ in said])
    )


def _moves(trades: Sequence[Trade]) -> MoveRecord:
    """Without those of an unknown timing: of two sessions the larger was taken, which would make the record too bad."""
    known = [
        (entry.implied_move, abs(outcome.close_move), entry.event_move)
        for trade in trades
        if (entry := trade.entry) is not None
        and (outcome := trade.outcome) is not None
        and entry.implied_move is not None
        and outcome.close_move is not None
        and entry.timing is not Timing.UNKNOWN
    ]
    events = [event for _, _, event in known if event is not None]
    return MoveRecord(
        trades=len(known),
        implied=_mean([implied for implied, _, _ in known]).value,
        realised=_mean([realised for _, realised, _ in known]).value,
        inside=Share(sum(realised <= implied for implied, realised, _ in known), len(known)),
        event=_mean(events).value,
        event_trades=len(events),
    )


def _volatilities(trades: Sequence[Trade]) -> VolatilityRecord:
    known = [
        (trade.entry.atm_iv, after[0])
        for trade in trades
        if trade.entry is not None and trade.entry.atm_iv and (after := trade.after) is not None
    ]
    return VolatilityRecord(
        trades=len(known),
        before=_mean([before for before, _ in known]).value,
        after=_mean([after for _, after in known]).value,
        points=_mean([before - after for before, after in known]).value,
        crush=_mean([1.0 - after / before for before, after in known]).value,
    )


def _vrp_label(trade: Trade) -> str:
    return (trade.entry.vrp_tier if trade.entry is not None else None) or _UNKNOWN


def _move_label(trade: Trade) -> str:
    move = trade.entry.implied_move if trade.entry is not None else None
    if move is None:
        return _UNKNOWN
    return next((name for limit, name in _BUCKETS if move < limit), _WIDE)


def _month_label(trade: Trade) -> str:
    return _UNKNOWN if trade.ended_at is None else f"{trade.ended_at.astimezone(NEW_YORK):%Y-%m}"


_LABELS: dict[By, Callable[[Trade], str]] = {
    By.STRUCTURE: lambda trade: trade.kind.label,
    By.VRP: _vrp_label,
    By.MOVE: _move_label,
    By.ENDING: lambda trade: trade.ending or _UNKNOWN,
    By.MONTH: _month_label,
    By.NAME: lambda trade: trade.symbol,
}
_ORDERS: dict[By, tuple[str, ...]] = {
    By.VRP: _TIERS,
    By.MOVE: (*(name for _, name in _BUCKETS), _WIDE),
    By.ENDING: (f"closed {Passage.BEFORE.value}", f"closed {Passage.THROUGH.value}", "closed", "expired"),
}
