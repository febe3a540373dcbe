"""What a structure pays at expiry: its extremes, breakevens, and its distribution under a lognormal.

The result is ``multiplier * (credit + sum(quantity * max(sign * (S - K), 0))) - commission``: piecewise linear in the
price S at expiry, so that everything about it follows from its values at the strikes and its slopes at the ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import exp, inf, log, sqrt
from typing import NamedTuple

from cockpit.options.contract import Greeks
from cockpit.options.pricing import black, normal_cdf

_ZERO = 1e-9
"""Dollars below which a result is a rounding of nothing, so that a zero plateau is neither profit nor loss."""


class PayoffLeg(NamedTuple):
    """``quantity`` of one option (negative: sold); ``sign`` is +1 for a call, -1 for a put."""

    quantity: int
    sign: int
    strike: float


class Segment(NamedTuple):
    """One linear piece of a result: dollars ``intercept + slope * S`` for S in [low, high)."""

    low: float
    high: float
    intercept: float
    slope: float

    def at(self, price: float) -> float:
        """Dollars at a price at expiry."""
        return self.intercept + self.slope * price


@dataclass(frozen=True, slots=True)
class Payoff:
    """The result of one unit of a structure at expiry, in dollars.

    Attributes:
        credit: dollars per share received (negative: paid).
        commission: dollars in all.
    """

    legs: tuple[PayoffLeg, ...]
    credit: float
    commission: float = 0.0
    multiplier: int = 100
    segments: tuple[Segment, ...] = field(init=False, repr=False, compare=False)
    max_profit: float = field(init=False, repr=False, compare=False)
    """The best result; ``inf`` where it grows with the price."""
    max_loss: float = field(init=False, repr=False, compare=False)
    """The worst result as a positive number; ``inf`` where it grows with the price, 0 where nothing can be lost."""
    profit_intervals: tuple[tuple[float, float], ...] = field(init=False, repr=False, compare=False)
    """Open price intervals in which the result is strictly positive, rising and merged."""

    def __post_init__(self) -> None:
        segments = tuple(self._pieces())
        corners = [segment.at(segment.low) for segment in segments]
        end = segments[-1].slope
        object.__setattr__(self, "segments", segments)
        object.__setattr__(self, "max_profit", inf if end > 0.0 else max(corners))
        object.__setattr__(self, "max_loss", inf if end < 0.0 else max(-min(corners), 0.0))
        object.__setattr__(self, "profit_intervals", tuple(_profits(segments)))

    def at(self, price: float) -> float:
        """Dollars at a price at expiry."""
        return next((one for one in self.segments if price < one.high), self.segments[-1]).at(price)

    @property
    def reward_risk(self) -> float | None:
        """Max profit over max loss; None where either is unbounded or nothing can be lost."""
        profit, loss = self.max_profit, self.max_loss
        return None if loss <= _ZERO or loss == inf or profit == inf else profit / loss

    @property
    def breakevens(self) -> tuple[float, ...]:
        """Prices at which the result changes sign, rising. A plateau of exactly nothing is no change of sign."""
        found: list[float] = []
        for segment in self.segments:
            left = segment.at(segment.low)
            right = segment.slope * inf if segment.high == inf and segment.slope else segment.at(_finite(segment))
            if (left > _ZERO and right < -_ZERO) or (left < -_ZERO and right > _ZERO):
                found.append(-segment.intercept / segment.slope)
        for before, after in pairwise(self.segments):
            if abs(after.at(after.low)) <= _ZERO and before.slope * after.slope > 0.0:
                found.append(after.low)
        return tuple(sorted(found))

    def probability_of_profit(self, forward: float, variance: float) -> float:
        """P(result > 0) where the price at expiry is lognormal with this mean and total log variance."""
        return sum(
            _below(high, forward, variance) - _below(low, forward, variance) for low, high in self.profit_intervals
        )

    def expected_value(self, forward: float, variance: float) -> float:
        """Mean result in dollars under the same law, in closed form."""
        value = sum(leg.quantity * black(leg.sign, forward, leg.strike, variance) for leg in self.legs)
        return self.multiplier * (self.credit + value) - self.commission

    def standard_deviation(self, forward: float, variance: float) -> float:
        """Standard deviation of the result in dollars under the same law, from partial moments of the pieces."""
        mean = self.expected_value(forward, variance)
        total = 0.0
        for piece in self.segments:
            shifted = piece.intercept - mean
            zeroth, first, second = (_partial_moment(k, piece.low, piece.high, forward, variance) for k in (0, 1, 2))
            total += shifted * shifted * zeroth + 2.0 * shifted * piece.slope * first + piece.slope**2 * second
        return sqrt(max(total, 0.0))

    def _pieces(self) -> Iterator[Segment]:
        knots = [0.0, *sorted({leg.strike for leg in self.legs if leg.strike > 0.0}), inf]
        for low, high in pairwise(knots):
            slope = 0
            offset = 0.0
            for leg in self.legs:
                in_the_money = leg.strike <= low if leg.sign > 0 else leg.strike >= high
                if in_the_money:
                    slope += leg.quantity * leg.sign
                    offset -= leg.quantity * leg.sign * leg.strike
            yield Segment(
                low,
                high,
                self.multiplier * (self.credit + offset) - self.commission,
                float(self.multiplier * slope),
            )


def total_greeks(legs: Sequence[tuple[int, Greeks | None]], multiplier: int = 100) -> Greeks | None:
    """Greeks of one unit of a structure in dollars; one unknown figure makes its sum unknown, never zero."""
    known = [(quantity, greeks) for quantity, greeks in legs if greeks is not None]
    if len(known) < len(legs):
        return None

    def total(figures: list[tuple[int, float | None]]) -> float | None:
        complete = [quantity * figure for quantity, figure in figures if figure is not None]
        return multiplier * sum(complete) if len(complete) == len(figures) else None

    return Greeks(
        delta=total([(quantity, greeks.delta) for quantity, greeks in known]),
        gamma=total([(quantity, greeks.gamma) for quantity, greeks in known]),
        theta=total([(quantity, greeks.theta) for quantity, greeks in known]),
        vega=total([(quantity, greeks.vega) for quantity, greeks in known]),
    )


def _finite(segment: Segment) -> float:
    return segment.low if segment.high == inf else segment.high


def _profits(segments: Sequence[Segment]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for segment in segments:
        interval = _positive(segment)
        if interval is None:
            continue
        if merged and merged[-1][1] == interval[0]:
            merged[-1] = merged[-1][0], interval[1]
        else:
            merged.append(interval)
    return merged


def _positive(segment: Segment) -> tuple[float, float] | None:
    left = segment.at(segment.low)
    if segment.slope == 0.0:
        return (segment.low, segment.high) if left > _ZERO else None
    right = segment.slope * inf if segment.high == inf else segment.at(segment.high)
    if left <= _ZERO and right <= _ZERO:
        return None
    root = -segment.intercept / segment.slope
    low = segment.low if left >= -_ZERO else root
    high = segment.high if right >= -_ZERO else root
    return (low, high) if low < high else None


def _below(price: float, forward: float, variance: float) -> float:
    if price <= 0.0:
        return 0.0
    if price == inf:
        return 1.0
    if variance <= 0.0:
        return 1.0 if forward < price else 0.0
    return normal_cdf((log(price / forward) + 0.5 * variance) / sqrt(variance))


def _partial_moment(k: int, low: float, high: float, forward: float, variance: float) -> float:
    """``E[S^k; low < S < high]``."""
    if variance <= 0.0:
        return forward**k if low <= forward < high else 0.0
    deviation = sqrt(variance)

    def below(price: float) -> float:
        if price <= 0.0:
            return 0.0
        if price == inf:
            return 1.0
        return normal_cdf((log(price / forward) + 0.5 * variance) / deviation - k * deviation)

    return float(forward**k * exp(0.5 * k * (k - 1) * variance) * (below(high) - below(low)))
