"""The volatility risk premium of a name: the implied move over what past reports did, and how far to trust it.

Moves are absolute, newest first, in any one unit. A plain ratio over eight quarters shows 1.5 and more for one name in
four whose true ratio is the market's 1.15, so ranking stands on the shrunk ratio and the sample size is always shown.
"""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from cockpit.scan.moves import Reaction

PRIOR_RATIO = 1.15
"""The market's average ratio of implied to realised moves on reports."""
PRIOR_QUARTERS = 8.0
"""The weight of that average, in quarters."""
DECAY = 0.85
"""Weight of a quarter relative to the one after it."""
MEDIAN_OF_MEAN = 0.8453475393951494
"""Median over mean of the absolute value of a normal variable."""
WINSOR_MEDIANS = 2.5
HIGH_TAIL_RATIO = 2.5
"""Largest over mean reaction above which a position is halved."""
_DEGENERATE = 1e-6
_TREND = 0.5

TIERS = {
    "conservative": (2.0, 1.5, 1.2),
    "balanced": (1.8, 1.4, 1.2),
    "aggressive": (1.5, 1.3, 1.1),
    "legacy": (7.0, 4.0, 1.5),
}
"""Lower bounds of EXCELLENT, GOOD and MARGINAL on the plain ratio, by profile."""


class History(NamedTuple):
    """What past reports did, without regard to what is implied now.

    Attributes:
        quarters: number of reports.
        effective: their weight; less than ``quarters`` where a timing was unknown.
        mean, median, ewma, winsorised: absolute moves in the unit of the input.
        dispersion: median absolute deviation over median; None for a median of nothing.
        variation: standard deviation over mean.
        tail_ratio: largest over mean.
        trend: slope per quarter in units of the input, positive where moves have grown; None for one quarter.
        consistency: 0 to 100, from the deviation around the decayed mean.
        ewma_quarters: effective sample size of the decayed weights.
    """

    quarters: int
    effective: float
    mean: float
    median: float
    ewma: float
    winsorised: float
    dispersion: float | None
    variation: float
    tail_ratio: float
    trend: float | None
    consistency: float
    ewma_quarters: float

    @property
    def trend_word(self) -> str:
        """``increasing``, ``decreasing`` or ``stable``, for moves in percent."""
        if self.trend is None or abs(self.trend) <= _TREND:
            return "stable"
        return "increasing" if self.trend > 0.0 else "decreasing"

    @property
    def trust(self) -> float:
        """0 to 1: consistency, less for a short or a growing history."""
        growing = 0.7 if self.trend_word == "increasing" else 1.0
        return self.consistency / 100.0 * self.quarters / (self.quarters + 4.0) * growing


class Premium(NamedTuple):
    """Ratios of one implied move to a history; ``shrunk`` is the one that ranks.

    Attributes:
        edge: the plain ratio discounted by the dispersion of the history.
        by_median: None where the median is nothing.
    """

    mean: float
    by_median: float | None
    ewma: float
    winsorised: float
    shrunk: float
    edge: float | None


def history(moves: Sequence[float], weights: Sequence[float] | None = None) -> History | None:
    """Statistics of absolute moves, newest first; None for none, or where they average nothing.

    Args:
        weights: of each report, 1 where it is omitted; 0.5 where its timing is unknown.
    """
    given = list(weights) if weights is not None else [1.0] * len(moves)
    effective = sum(given)
    if not moves or effective <= 0.0:
        return None
    mean = _mean(moves, given)
    if mean < _DEGENERATE:
        return None
    count = len(moves)
    middle = _median(moves)
    decayed = [weight * DECAY**age for age, weight in enumerate(given)]
    ewma = _mean(moves, decayed)
    around_ewma = sqrt(sum((move - ewma) ** 2 for move in moves) / (count - 1)) if count > 1 else 0.0
    return History(
        quarters=count,
        effective=effective,
        mean=mean,
        median=middle,
        ewma=ewma,
        winsorised=_mean([min(move, WINSOR_MEDIANS * middle) for move in moves], given),
        dispersion=_median([abs(move - middle) for move in moves]) / middle if middle > 0.0 else None,
        variation=sqrt(_mean([(move - mean) ** 2 for move in moves], given)) / mean,
        tail_ratio=max(moves) / mean,
        trend=_slope(moves[::-1]) if count > 1 else None,
        consistency=min(max(100.0 * (1.0 - around_ewma / ewma), 0.0), 100.0),
        ewma_quarters=sum(decayed) ** 2 / sum(weight * weight for weight in decayed),
    )


def history_of(reactions: Sequence[Reaction]) -> History | None:
    """Statistics of close-to-close reactions in percent, so that the trend's thresholds apply."""
    return history([abs(one.close_move) * 100.0 for one in reactions], [one.weight for one in reactions])


def premium(implied: float, past: History) -> Premium:
    """Ratios of an implied absolute move to a history in the same unit."""
    mean = implied / past.mean
    expected = past.effective * past.mean + PRIOR_QUARTERS * implied / PRIOR_RATIO
    return Premium(
        mean=mean,
        by_median=MEDIAN_OF_MEAN * implied / past.median if past.median > 0.0 else None,
        ewma=implied / past.ewma,
        winsorised=implied / past.winsorised if past.winsorised > 0.0 else mean,
        shrunk=implied * (past.effective + PRIOR_QUARTERS) / expected,
        edge=mean / (1.0 + past.dispersion) if past.dispersion is not None else None,
    )


def tier(ratio: float, profile: str) -> str:
    """EXCELLENT, GOOD, MARGINAL or SKIP for a plain ratio, by one of the profiles in :data:`TIERS`."""
    excellent, good, marginal = TIERS[profile]
    if ratio >= excellent:
        return "EXCELLENT"
    if ratio >= good:
        return "GOOD"
    return "MARGINAL" if ratio >= marginal else "SKIP"


def _median(values: Sequence[float]) -> float:
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else 0.5 * (ordered[half - 1] + ordered[half])


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)


def _slope(values: Sequence[float]) -> float:
    centre, mean = (len(values) - 1) / 2.0, sum(values) / len(values)
    spread = sum((index - centre) ** 2 for index in range(len(values)))
    return sum((index - centre) * (value - mean) for index, value in enumerate(values)) / spread
