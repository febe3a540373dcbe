"""How past trades ended beside what a scorer had said of them when they were opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

ENOUGH = 200
"""Settled trades below which no scorer is better than another for sure: a rank correlation errs by 1 / sqrt(n)."""
_NEAR = 10.0
_LEAST = 4


@dataclass(frozen=True, slots=True)
class ScoredTrade:
    """A closed position with what one scorer gave its spread on the day it was opened.

    Attributes:
        rank: 1 for the scorer's best spread of that scan.
        realised, max_loss: dollars of the whole position, after costs.
    """

    position: int
    spread_id: str
    scorer: str
    total: float
    rank: int
    realised: Decimal
    max_loss: Decimal

    @property
    def return_on_risk(self) -> float:
        """What was earned of what could have been lost; 0 where nothing could."""
        return float(self.realised / self.max_loss) if self.max_loss else 0.0


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """Some settled trades together.

    Attributes:
        trades: how many; never 0.
        won: how many earned something after costs.
        mean: return on risk; ``error`` its standard error, None for a single trade.
    """

    trades: int
    won: int
    mean: float
    error: float | None


def of_scorer(trades: Sequence[ScoredTrade], scorer: str) -> list[ScoredTrade]:
    """The trades on which this scorer had a say."""
    return [trade for trade in trades if trade.scorer == scorer]


def near(trades: Sequence[ScoredTrade], total: float) -> list[ScoredTrade]:
    """Those whose score was within ten points."""
    return [trade for trade in trades if abs(trade.total - total) <= _NEAR]


def track_record(trades: Sequence[ScoredTrade]) -> TrackRecord | None:
    """None for no trades."""
    if not trades:
        return None
    returns = [trade.return_on_risk for trade in trades]
    count = len(returns)
    mean = sum(returns) / count
    error = None
    if count > 1:
        error = sqrt(sum((one - mean) ** 2 for one in returns) / (count - 1) / count)
    return TrackRecord(count, sum(one > 0.0 for one in returns), mean, error)


def rank_correlation(trades: Sequence[ScoredTrade]) -> float | None:
    """Spearman's, of score and return on risk; None for fewer than four trades, or where one of them never varies."""
    if len(trades) < _LEAST:
        return None
    return spearman([trade.total for trade in trades], [trade.return_on_risk for trade in trades])


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Rank correlation of two figures of the same things, -1 to 1; None where one of them does not vary."""
    one, other = _ranks(first), _ranks(second)
    mean = (len(one) + 1) / 2.0
    spread = sqrt(sum((a - mean) ** 2 for a in one) * sum((b - mean) ** 2 for b in other))
    return sum((a - mean) * (b - mean) for a, b in zip(one, other, strict=True)) / spread if spread else None


def _ranks(values: Sequence[float]) -> list[float]:
    """From 1 for the least; equal values share the mean of their ranks."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for place in range(start, end + 1):
            ranks[order[place]] = (start + end) / 2.0 + 1.0
        start = end + 1
    return ranks
