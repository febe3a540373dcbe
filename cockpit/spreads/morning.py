"""What a structure is worth on the morning after the report, when the event's variance has left the options.

The price is drawn from the physical law to that morning. The options are then priced at the ambient volatility alone,
which a fall raises and a rise lowers (:data:`LEVERAGE`), for the sessions that remain.
"""

from collections.abc import Sequence
from math import erfc, exp, log, sqrt
from typing import NamedTuple

from cockpit.spreads.law import PhysicalLaw

LEVERAGE = 0.6
"""``sigma' = sigma (1 - 0.6 m / (1 + |m|))`` for a return m."""
POINTS = 61
_REACH = 6.0
_SQRT_HALF = sqrt(0.5)
_SLACK = 1e-9


class HeldOption(NamedTuple):
    """Some of one option, as it will stand on that morning.

    Attributes:
        forward_ratio: forward of its expiry over the law's forward; 1 where the law is of the same expiry.
        years: trading years that it has left then.
    """

    quantity: int
    sign: int
    strike: float
    years: float
    forward_ratio: float = 1.0


class Outcome(NamedTuple):
    """Expected dollars after costs, and the probability that they are positive."""

    ev: float
    pop: float


class Morning:
    """The prices of that morning on a grid, and what options are worth at each; one for all structures of a name."""

    __slots__ = ("_chances", "_grids", "_memo", "_points", "forward")

    def __init__(self, law: PhysicalLaw, ambient_vol: float) -> None:
        """``law`` is of the price on that morning; ``ambient_vol`` is annual, in trading time, without the report."""
        self.forward = law.forward
        reach = _REACH * sqrt(law.variance)
        step = 2.0 * reach / (POINTS - 1)
        grid = [-reach + index * step for index in range(POINTS)]
        # Each part's log return is centred so that its mean price is the forward.
        chances = [0.0] * POINTS
        for weight, variance in law.components:
            height, half = weight / sqrt(variance), 0.5 * variance
            chances = [
                chance + height * exp((x + half) ** 2 / (-2.0 * variance))
                for chance, x in zip(chances, grid, strict=True)
            ]
        total = sum(chances)
        factors = [exp(x) for x in grid]
        self._chances = [chance / total for chance in chances]
        volatilities = (ambient_vol * (1.0 - LEVERAGE * (f - 1.0) / (1.0 + abs(f - 1.0))) for f in factors)
        self._points = [
            (x, self.forward * factor, max(volatility, 0.0))
            for x, factor, volatility in zip(grid, factors, volatilities, strict=True)
        ]
        self._grids: dict[tuple[float, float], list[tuple[float, float, float, float]] | None] = {}
        self._memo: dict[tuple[int, float, float, float], list[float]] = {}

    def values(self, option: HeldOption) -> list[float]:
        """Undiscounted dollars a share of one option at every point of the grid."""
        key = option.sign, option.strike, option.years, option.forward_ratio
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = self._price(option)
        return found

    def outcome(self, options: Sequence[HeldOption], credit: float, costs: float, multiplier: int = 100) -> Outcome:
        """Of one unit of a structure that was opened for a credit and is bought back then.

        Args:
            credit: dollars a share received (negative: paid).
            costs: dollars of both commissions and of what the exit gives away to the market.
        """
        results = [credit * multiplier - costs] * POINTS
        for option in options:
            factor = option.quantity * multiplier
            results = [so_far + factor * one for so_far, one in zip(results, self.values(option), strict=True)]
        mean = sum(chance * result for chance, result in zip(self._chances, results, strict=True))
        return Outcome(mean, self._positive(results))

    def _price(self, option: HeldOption) -> list[float]:
        sign, strike = option.sign, option.strike
        distance = log(self.forward * option.forward_ratio / strike)
        half, side = sign * 0.5, sign * _SQRT_HALF
        grid = self._grid(option.years, option.forward_ratio)
        if grid is None:
            prices = (price * option.forward_ratio for _, price, _ in self._points)
            return [max(sign * (price - strike), 0.0) for price in prices]
        return [
            half * (price * erfc(-side * (d1 := distance * inverse + shift)) - strike * erfc(side * (deviation - d1)))
            for price, deviation, inverse, shift in grid
        ]

    def _grid(self, years: float, ratio: float) -> list[tuple[float, float, float, float]] | None:
        """What options of one expiry share: forward, deviation left, its inverse, and d1 at the law's forward.

        None where nothing is left: the rise that has the least volatility comes last.
        """
        key = years, ratio
        if key not in self._grids:
            root = sqrt(max(years, 0.0))
            rows = [(x, price * ratio, volatility * root) for x, price, volatility in self._points]
            self._grids[key] = (
                None
                if rows[-1][2] <= _SLACK
                else [(price, left, 1.0 / left, x / left + 0.5 * left) for x, price, left in rows]
            )
        return self._grids[key]

    def _positive(self, results: Sequence[float]) -> float:
        """The grid's chances of a profit; a cell in which the sign changes counts by where it does."""
        chances = self._chances
        total = 0.5 * (chances[0] * (results[0] > 0.0) + chances[-1] * (results[-1] > 0.0))
        for index in range(POINTS - 1):
            left, right = results[index], results[index + 1]
            mass = 0.5 * (chances[index] + chances[index + 1])
            if left > 0.0 and right > 0.0:
                total += mass
            elif (left > 0.0) != (right > 0.0):
                positive = max(left, right)
                total += mass * positive / (positive - min(left, right))
        return min(total, 1.0)
