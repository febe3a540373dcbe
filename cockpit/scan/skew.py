"""Which side of a chain is dearer, from the out-of-the-money smile alone.

Call and put of one strike share one volatility by parity, so their difference is noise. What tells a direction is the
out-of-the-money put against the out-of-the-money call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

from cockpit.options.smile import Smile

QUARTER_DELTA = 0.6744897501960817
"""``d1`` of an option with a delta of 0.25, sign aside."""
MIN_REVERSAL = 0.10
"""Risk reversals up to this size say nothing: most names' puts are dearer by as much."""
_REACH = 2.5
_MIN_POINTS = 5
_BOUNDS = ((0.30, "strong"), (0.20, ""), (MIN_REVERSAL, "weak"))


@dataclass(frozen=True, slots=True)
class Skew:
    """The smile as a quadratic in ``z = ln(K/F) / (iv sqrt(T))``, all relative to the at-the-money volatility.

    Attributes:
        reversal: volatility of the 25-delta put less that of the 25-delta call; positive where puts are dearer.
        butterfly: the mean of the two less one; positive where both wings are dearer than the middle.
        residual: root mean square distance of the quotes from the fit, the near quotes weighing more.
        points: strikes that were fitted.
    """

    reversal: float
    butterfly: float
    residual: float
    points: int

    @property
    def believable(self) -> bool:
        """True where the reversal is large, and larger than twice the noise around the fit."""
        return abs(self.reversal) > MIN_REVERSAL and self.residual < 0.5 * abs(self.reversal)

    @property
    def bias(self) -> str:
        """``strong_bearish`` to ``strong_bullish``, or ``neutral``: dear puts lean down, dear calls up."""
        if not self.believable:
            return "neutral"
        size = abs(self.reversal)
        strength = next(word for bound, word in _BOUNDS if size > bound)
        side = "bearish" if self.reversal > 0.0 else "bullish"
        return f"{strength}_{side}" if strength else side


def skew(smile: Smile) -> Skew | None:
    """The skew of a chain; None where fewer than five strikes quote, or they do not reach 25 delta on both sides."""
    middle = smile.at_the_money()
    if middle is None or middle <= 0.0:
        return None
    deviation = middle * sqrt(smile.years)
    forward = smile.forward.price
    points = []
    for strike in smile.chain.strikes:
        z = log(strike / forward) / deviation
        if abs(z) <= _REACH and (volatility := smile.volatility(strike)) is not None:
            points.append((z, volatility / middle))
    if len(points) < _MIN_POINTS:
        return None
    fit = quadratic(points)
    if fit is None:
        return None
    put, call = (_quarter_delta(fit, side, deviation) for side in (-1, 1))
    if put is None or call is None or not points[0][0] <= put[0] < call[0] <= points[-1][0]:
        return None
    weights = [_weight(z) for z, _ in points]
    errors = [weight * (_at(fit, z) - one) ** 2 for weight, (z, one) in zip(weights, points, strict=True)]
    return Skew(
        reversal=put[1] - call[1],
        butterfly=0.5 * (put[1] + call[1]) - 1.0,
        residual=sqrt(sum(errors) / sum(weights)),
        points=len(points),
    )


def quadratic(points: Sequence[tuple[float, float]]) -> tuple[float, float, float] | None:
    """``a + b z + c z^2`` by least squares, the near quotes weighing more; None where the points do not fix it."""
    moments = [0.0] * 5
    targets = [0.0] * 3
    for z, value in points:
        weight = _weight(z)
        for power in range(5):
            moments[power] += weight * z**power
        for power in range(3):
            targets[power] += weight * value * z**power
    rows = [[moments[i + j] for j in range(3)] + [targets[i]] for i in range(3)]
    for pivot in range(3):
        best = max(range(pivot, 3), key=lambda row: abs(rows[row][pivot]))
        if abs(rows[best][pivot]) < 1e-12:
            return None
        rows[pivot], rows[best] = rows[best], rows[pivot]
        for row in range(3):
            if row != pivot:
                factor = rows[row][pivot] / rows[pivot][pivot]
                rows[row] = [one - factor * other for one, other in zip(rows[row], rows[pivot], strict=True)]
    a, b, c = (rows[index][3] / rows[index][index] for index in range(3))
    return a, b, c


def _weight(z: float) -> float:
    return exp(-0.5 * z * z)


def _at(fit: tuple[float, float, float], z: float) -> float:
    return fit[0] + fit[1] * z + fit[2] * z * z


def _quarter_delta(fit: tuple[float, float, float], side: int, deviation: float) -> tuple[float, float] | None:
    """``z`` and relative volatility where the put (-1) or call (+1) has a delta of a quarter on this smile."""
    z = side * QUARTER_DELTA
    for _ in range(30):
        relative = _at(fit, z)
        if relative <= 0.0:
            return None
        # d1 = -side * 0.6745 = -ln(K/F) / s + s / 2, with s the deviation at that strike.
        following = side * QUARTER_DELTA * relative + 0.5 * relative * relative * deviation
        if abs(following - z) < 1e-10:
            return following, relative
        z = following
    return None
