"""The variance of the report alone, taken out of the term structure of total variances.

A post-event expiry holds ``V = sigma_a^2 t + E^2``: what the name accrues on every session, and once the report's own
(the term-structure estimator of Dubinsky, Johannes, Kaeck and Seeger, RFS 2019 32(2):646). ``V`` is the quoted
volatility squared times calendar years; ``t`` is in trading years, because ambient variance accrues in sessions. An
expiry before the report holds no ``E^2``: where there is one, it gives ``sigma_a`` by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from math import sqrt

from cockpit.options.pricing import expected_absolute_move

MIN_AMBIENT_VOL = 0.10
"""Floor of the realised volatility that replaces a forward variance below nothing."""


class EventFlag(StrEnum):
    """How far the decomposition can be believed."""

    OK = "ok"
    NEGATIVE_FORWARD_VARIANCE = "negative_forward_variance"
    """The later expiry holds less variance than the earlier: realised volatility stands in for the ambient one."""
    NEGATIVE_EVENT_VARIANCE = "negative_event_variance"
    """The term structure prices no event; its standard deviation is 0."""
    ONE_EXPIRY = "one_expiry"
    """There is only one expiry: realised volatility stands in for the ambient one."""


@dataclass(frozen=True, slots=True)
class TermPoint:
    """One expiry: total variance to its close, and trading years."""

    variance: float
    years: float

    @property
    def volatility(self) -> float:
        """Annual, in trading time: what the variance comes to a session, whatever nights and weekends lie between."""
        return sqrt(max(self.variance, 0.0) / self.years) if self.years > 0.0 else 0.0


@dataclass(frozen=True, slots=True)
class ExpectedTerm:
    """The at-the-money volatility of one expiry before the report, and as expected on the morning after it.

    Quoted volatilities spread variance over the clock, so that in an expiry's last hours they rise without anything
    having become dearer. What the report takes away is therefore told in trading time.

    Attributes:
        volatility: quoted, annual, in calendar time; ``after`` as it would be quoted on that morning, None where the
            ambient volatility is unknown or the expiry ends before.
        trading: the volatility in trading time; None where it was not kept. ``trading_after`` is the ambient one.
        hours_left: from that morning to the expiry's close.
        holds_report: False for an expiry that closes before the report: nothing of it goes with the report.
    """

    expiry: date
    volatility: float
    after: float | None
    trading: float | None = None
    trading_after: float | None = None
    hours_left: float | None = None
    holds_report: bool = True

    @property
    def crush(self) -> float | None:
        """Fraction of the volatility that goes with the report, in trading time."""
        if self.trading is None or self.trading_after is None or self.trading <= 0.0:
            return None
        return 1.0 - self.trading_after / self.trading


@dataclass(frozen=True, slots=True)
class EventVolatility:
    """The report's standard deviation and what remains without it.

    Attributes:
        ambient_vol: annual, in trading time.
        event_variance: of the log move; negative where the term structure prices none (then ``event_sd`` is 0).
        forward_variance: annual variance between the first two expiries; None where there is one only.
        residual: root mean square error of the fit relative to the first total variance; 0 where nothing is left over.
    """

    ambient_vol: float
    event_variance: float
    forward_variance: float | None
    flag: EventFlag
    residual: float = 0.0

    @property
    def event_sd(self) -> float:
        """Standard deviation of the report's log move."""
        return sqrt(max(self.event_variance, 0.0))

    @property
    def event_move(self) -> float:
        """Expected absolute move of the report alone, a fraction of the price."""
        return expected_absolute_move(self.event_sd)

    def crush(self, first: TermPoint) -> float | None:
        """Fraction that the first expiry's volatility loses when the report is out; None without any variance."""
        if first.variance <= 0.0:
            return None
        return 1.0 - self.ambient_vol / sqrt(first.variance / first.years)


def decompose(
    points: Sequence[TermPoint],
    realised_vol: float | None = None,
    *,
    before: TermPoint | None = None,
    weighted: bool = True,
) -> EventVolatility | None:
    """Event and ambient variance of post-event expiries, nearest first.

    With an expiry ``before`` the report the first one is enough, and later ones are left over to check it. Without it
    one expiry needs a realised volatility; two are solved exactly; three and more by least squares.

    Args:
        realised_vol: annual, of recent closes; the stand-in where the term structure gives no ambient volatility.
        before: an expiry that closes before the report, so that its variance is ambient alone.
        weighted: weigh each expiry by 1/V^2, so that relative errors count alike; False for plain least squares.

    Returns:
        None where neither the expiries nor the realised volatility determine it.

    Raises:
        ValueError: two expiries have the same time.
    """
    if not points:
        return None
    first = points[0]
    if any(later.years <= earlier.years for earlier, later in pairwise(points)):
        raise ValueError("the expiries of a term structure must follow each other")
    if before is not None and before.variance > 0.0 < before.years < first.years:
        return _from_before(before, points)
    if len(points) == 1:
        return _with_realised(first, realised_vol, None, EventFlag.ONE_EXPIRY)
    second = points[1]
    forward = (second.variance - first.variance) / (second.years - first.years)
    if len(points) == 2:
        slope, event, residual = forward, first.variance - forward * first.years, 0.0
    else:
        slope, event, residual = _least_squares(points, weighted)
    if slope < 0.0:
        floor = realised_vol if realised_vol is not None else 0.0
        ambient = min(sqrt(max(second.variance, 0.0) / second.years), max(floor, MIN_AMBIENT_VOL))
        return _with_realised(first, ambient, forward, EventFlag.NEGATIVE_FORWARD_VARIANCE)
    flag = EventFlag.NEGATIVE_EVENT_VARIANCE if event < 0.0 else EventFlag.OK
    return EventVolatility(sqrt(slope), event, forward, flag, residual)


def _from_before(before: TermPoint, points: Sequence[TermPoint]) -> EventVolatility:
    first, *later = points
    rate = before.variance / before.years
    event = first.variance - rate * first.years
    forward = (later[0].variance - first.variance) / (later[0].years - first.years) if later else None
    flag = EventFlag.NEGATIVE_EVENT_VARIANCE if event < 0.0 else EventFlag.OK
    errors = [(point.variance - max(event, 0.0) - rate * point.years) ** 2 for point in later]
    residual = sqrt(sum(errors) / len(errors)) / first.variance if errors and first.variance > 0.0 else 0.0
    return EventVolatility(sqrt(rate), event, forward, flag, residual)


def _with_realised(
    first: TermPoint, ambient: float | None, forward: float | None, flag: EventFlag
) -> EventVolatility | None:
    if ambient is None:
        return None
    event = max(first.variance - ambient * ambient * first.years, 0.0)
    return EventVolatility(ambient, event, forward, flag)


def _least_squares(points: Sequence[TermPoint], weighted: bool) -> tuple[float, float, float]:
    weights = [1.0 / point.variance**2 if weighted and point.variance > 0.0 else 1.0 for point in points]
    total = sum(weights)
    mean_time = sum(weight * point.years for weight, point in zip(weights, points, strict=True)) / total
    mean_variance = sum(weight * point.variance for weight, point in zip(weights, points, strict=True)) / total
    spread = sum(weight * (point.years - mean_time) ** 2 for weight, point in zip(weights, points, strict=True))
    slope = (
        sum(
            weight * (point.years - mean_time) * (point.variance - mean_variance)
            for weight, point in zip(weights, points, strict=True)
        )
        / spread
    )
    intercept = mean_variance - slope * mean_time
    errors = [(point.variance - intercept - slope * point.years) ** 2 for point in points]
    residual = sqrt(sum(errors) / len(errors)) / points[0].variance if points[0].variance > 0.0 else 0.0
    return slope, intercept, residual
