"""How much to risk: growth-optimal (Kelly) fractions on the whole payoff, and contracts under the caps.

A fraction is the share of equity placed at the structure's max loss.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, floor, inf, isfinite, log, sqrt
from typing import TYPE_CHECKING

from cockpit.options.payoff import Payoff
from cockpit.options.pricing import normal_cdf, normal_pdf
from cockpit.spreads.exposure import Exposure
from cockpit.spreads.structure import Cap, Size

if TYPE_CHECKING:
    from cockpit.settings import SizingSettings

_CAP_WORDS = {
    "kelly": "Kelly",
    "trade_cap": "the cap a trade",
    "portfolio_cap": "the cap of the book",
    "symbol_cap": "the cap a name",
    "report_day_cap": "the cap a report day",
    "sector_cap": "the cap a sector",
    "max_contracts": "the most contracts",
    "simultaneous": "the other bets of the night",
    "buying_power": "buying power",
}
_REACH = 9.0
_WIDEST_PIECE = 3.0
_MAX_STEPS = 100
_PRECISION = 1e-13
_NODES = (
    (0.09501250983763744, 0.1894506104550685),
    (0.2816035507792589, 0.1826034150449236),
    (0.45801677765722737, 0.16915651939500254),
    (0.6178762444026438, 0.14959598881657673),
    (0.755404408355003, 0.12462897125553387),
    (0.8656312023878318, 0.09515851168249278),
    (0.9445750230732326, 0.062253523938647894),
    (0.9894009349916499, 0.027152459411754095),
)
"""Positive half of the 16-point Gauss-Legendre rule: node and weight on [-1, 1]."""


@dataclass(frozen=True, slots=True)
class BinaryKelly:
    """A bet with two outcomes: ``fraction`` is None where the inputs describe no bet; ``status`` says why."""

    fraction: float | None
    status: str


@dataclass(frozen=True, slots=True)
class KellyFraction:
    """The optimum on a payoff: fraction of equity, and the expected value per unit of max loss it stands on."""

    fraction: float
    edge: float


def binary_kelly(probability: float, win: float, loss: float) -> BinaryKelly:
    """``p - (1 - p) / b`` with ``b = win / loss``, between 0 and 1.

    For comparison only: it books a partial loss as a whole one, and so is wrong in sign for ordinary spreads.
    """
    if not 0.0 <= probability <= 1.0:
        return BinaryKelly(None, "invalid_p")
    if loss < 0.0 or win < 0.0 or not (isfinite(loss) and isfinite(win)):
        return BinaryKelly(None, "invalid_payoff")
    if win == 0.0:
        return BinaryKelly(0.0, "no_upside")
    if loss == 0.0:
        return BinaryKelly(None, "zero_loss_unbounded")
    if probability == 0.0:
        return BinaryKelly(0.0, "p_zero")
    if probability == 1.0:
        return BinaryKelly(1.0, "p_one")
    fraction = probability - (1.0 - probability) * loss / win
    return BinaryKelly(min(fraction, 1.0), "ok") if fraction > 1e-15 else BinaryKelly(0.0, "negative_edge")


def discrete_kelly(returns: Sequence[float], probabilities: Sequence[float]) -> float:
    """The fraction in [0, 1] that maximises ``E[log(1 + f x)]`` for returns on risk (none below -1).

    The slope ``E[x / (1 + f x)]`` falls in f; its root is found by Newton's steps within a bracket that closes. 0 where
    the mean is not positive.
    """
    outcomes = [(x, p) for x, p in zip(returns, probabilities, strict=True) if x and p > 0.0]
    if sum(x * p for x, p in outcomes) <= 0.0:
        return 0.0
    if min(x for x, _ in outcomes) > -1.0 and sum(x * p / (1.0 + x) for x, p in outcomes) >= 0.0:
        return 1.0
    low, high = 0.0, 1.0
    fraction = 0.5
    for _ in range(_MAX_STEPS):
        slope = curvature = 0.0
        for x, p in outcomes:
            pull = x / (1.0 + fraction * x)
            slope += p * pull
            curvature += p * pull * pull
        if slope > 0.0:
            low = fraction
        else:
            high = fraction
        following = fraction + slope / curvature
        # Newton's step where it stays between the bounds, else their middle.
        if not low < following < high:
            following = 0.5 * (low + high)
        if abs(following - fraction) <= _PRECISION:
            return following
        fraction = following
    return fraction


def payoff_kelly(payoff: Payoff, forward: float, variance: float) -> KellyFraction | None:
    """The growth-optimal fraction of a payoff under a lognormal; None where its loss is nothing or unbounded."""
    return mixture_kelly(payoff, forward, ((1.0, variance),))


def mixture_kelly(payoff: Payoff, forward: float, components: Sequence[tuple[float, float]]) -> KellyFraction | None:
    """The same under a mixture of lognormals with one mean.

    Args:
        components: weight and total variance of each part (:attr:`cockpit.spreads.law.PhysicalLaw.components`).
    """
    worst = payoff.max_loss
    if not 0.0 < worst < inf or any(not 0.0 < variance < inf for _, variance in components):
        return None
    edge = sum(weight * payoff.expected_value(forward, variance) for weight, variance in components) / worst
    if not edge > 0.0:
        return KellyFraction(0.0, edge) if edge <= 0.0 else None
    returns: list[float] = []
    probabilities: list[float] = []
    for weight, variance in components:
        results, chances = distribution(payoff, forward, variance)
        returns.extend(max(result / worst, -1.0) for result in results)
        probabilities.extend(weight * chance for chance in chances)
    return KellyFraction(discrete_kelly(returns, probabilities), edge)


def distribution(payoff: Payoff, forward: float, variance: float) -> tuple[list[float], list[float]]:
    """Results in dollars with their probabilities under a lognormal.

    A flat stretch is one outcome with its exact probability; a slope is 16 Gauss-Legendre nodes in the standard normal
    variable, cut at 9 deviations.
    """
    deviation = sqrt(variance)
    centre = log(forward) - 0.5 * variance
    results: list[float] = []
    weights: list[float] = []
    for segment in payoff.segments:
        low = (log(segment.low) - centre) / deviation if segment.low > 0.0 else -inf
        high = (log(segment.high) - centre) / deviation if segment.high < inf else inf
        if segment.slope == 0.0:
            results.append(segment.intercept)
            weights.append(_between(low, high))
            continue
        low, high = max(low, -_REACH), min(high, _REACH)
        pieces = max(int((high - low) / _WIDEST_PIECE) + 1, 1)
        half = 0.5 * (high - low) / pieces
        if half <= 0.0:
            continue
        for piece in range(pieces):
            middle = low + (2 * piece + 1) * half
            for node, weight in _NODES:
                for z in (middle - half * node, middle + half * node):
                    results.append(segment.intercept + segment.slope * exp(centre + deviation * z))
                    weights.append(half * weight * normal_pdf(z))
    return results, weights


def contracts(
    kelly: float | None,
    max_loss: float,
    exposure: Exposure,
    settings: "SizingSettings",
    *,
    scale: float = 1.0,
    share: float = 1.0,
) -> Size:
    """Whole contracts under every cap, and the one that bound. 0 is an answer, and so is an unknown ``kelly``.

    Args:
        kelly: the full growth-optimal fraction.
        max_loss: dollars a contract, commission included.
        exposure: the account, and what is at risk in it already.
        scale: a further factor on the fraction, for instance one half for a history with a heavy tail.
        share: what the other bets of the same report day leave of the fraction (:func:`simultaneous_share`).
    """
    equity = exposure.equity
    if kelly is None or not (0.0 < max_loss < inf and 0.0 < equity < inf and 0.0 <= kelly <= 1.0):
        return Size(kelly, 0.0, 0, "unknown" if kelly is None else "invalid")
    asked = kelly * settings.kelly_fraction * scale
    fraction = min(asked, settings.trade_cap) * share
    limits = {
        "kelly": asked * equity,
        "trade_cap": settings.trade_cap * equity,
        "portfolio_cap": settings.portfolio_cap * equity - exposure.open_risk,
        "symbol_cap": settings.symbol_cap * equity - exposure.symbol_risk,
        "report_day_cap": settings.report_day_cap * equity - exposure.report_day_risk,
        "max_contracts": settings.max_contracts * max_loss,
    }
    if exposure.sector_risk is not None:
        limits["sector_cap"] = settings.sector_cap * equity - exposure.sector_risk
    if share < 1.0:
        limits["simultaneous"] = fraction * equity
    if exposure.buying_power is not None:
        limits["buying_power"] = exposure.buying_power
    # A millionth of a contract: rounding of the fractions must not cost a whole one.
    caps = tuple(
        Cap(name, max(floor(limits[name] / max_loss + 1e-6), 0))
        for name in sorted(limits, key=lambda name: limits[name])
    )
    return Size(kelly, fraction, caps[0].contracts, caps[0].name, scale, share, caps, exposure)


def cap_words(name: str) -> str:
    """What binds a size, as a reader would say it, for the name that :class:`Size` and :class:`Cap` carry."""
    return _CAP_WORDS.get(name, name.replace("_", " "))


def simultaneous_share(fractions: Sequence[float], most: float) -> float:
    """What bets that are decided at once may each keep of their fraction, so that together they stake ``most``.

    The joint optimum of small independent bets is about their sum; the bound keeps it from becoming the whole account.
    """
    total = sum(fractions)
    return min(1.0, most / total) if total > 0.0 else 1.0


def _between(low: float, high: float) -> float:
    if low > 0.0:
        return _between(-high, -low)
    return (1.0 if high == inf else normal_cdf(high)) - (0.0 if low == -inf else normal_cdf(low))
