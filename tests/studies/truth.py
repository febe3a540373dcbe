"""What the embedded market will really do, and what could be known of it at best.

A report's move is a Student variate of five degrees with unit variance, cut at six, times the name's own deviation;
falls are a little more frequent and larger. Around it the price diffuses with the realised ambient volatility.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import atan, exp, log, log1p, pi, sqrt

from cockpit.emulator.market import Market, Name
from cockpit.emulator.universe import ARCHETYPES
from cockpit.options.calendar import NEW_YORK
from cockpit.options.forward import trading_years
from cockpit.options.payoff import Payoff
from cockpit.options.pricing import normal_pdf
from cockpit.scan.moves import Reaction
from cockpit.spreads.metrics import payoff_of
from cockpit.spreads.structure import Spread

_GROWTH = 0.05
_REALISED = 0.95
_UNIT = sqrt(5.0 / 3.0)
_CUT = 6.0
_SIDES = ((0.48, 0.97), (0.52, -1.03))
"""How often a report moves the price up and down, and the signed size of it in deviations."""
_EVENT_SPREAD, _AMBIENT_SPREAD, _RICHNESS_SPREAD = 0.15, 0.10, 0.13
_MOOD_SPREAD = 0.10
_MARKET_MEAN, _MARKET_SPREAD = 1.15, 0.18
_RATIOS = tuple(0.60 + 0.035 * index for index in range(46))


Weights = tuple[tuple[float, float], ...]
"""Ratios of priced to true deviation with their probabilities."""


@dataclass(frozen=True, slots=True)
class Law:
    """The physical law of one name's price up to an expiry, for any deviation of the report's move.

    Attributes:
        variance: of the log price without the report.
        centre: price from which report and diffusion start, with the drift of the way.
    """

    centre: float
    variance: float

    def expectation(self, payoff: Payoff, event_sd: float, nodes: int) -> float:
        """Mean result in dollars."""
        total = 0.0
        for size in sizes(nodes):
            for share, side in _SIDES:
                forward = self.centre * exp(side * size * event_sd)
                total += share * payoff.expected_value(forward, self.variance)
        return total / nodes


@dataclass(frozen=True, slots=True)
class Insight:
    """One name at one moment: its truth, and the best guess at it.

    Attributes:
        law: with the true ambient volatility.
        event_sd: the true deviation of the coming report's move.
        priced_sd: the one that options price, without the run-up: quotes determine it.
        ratios: weight of every possible ratio of priced to true deviation, given quotes, past reactions and what the
            market's ratios are like.
        insider: the same for one who knows what kinds of names there are, and which one quotes like this name.
    """

    now: datetime
    name: Name
    spot: float
    event_sd: float
    priced_sd: float
    ratios: Weights
    insider: Weights

    def edge(self, spread: Spread) -> float:
        """True expected result per unit of risk."""
        return self._law(spread).expectation(_payoff(spread), self.event_sd, 96) / spread.max_loss

    def posterior_edge(self, spread: Spread, ratios: Weights) -> float:
        """The mean of that over what the deviation can be."""
        law, payoff = self._law(spread), _payoff(spread)
        likely = [(ratio, weight) for ratio, weight in ratios if weight > 1e-4]
        mean = sum(weight * law.expectation(payoff, self.priced_sd / ratio, 24) for ratio, weight in likely)
        return mean / sum(weight for _, weight in likely) / spread.max_loss

    def _law(self, spread: Spread) -> Law:
        profile, years = self.name.profile, trading_years(spread.expiry, self.now)
        day = self.now.astimezone(NEW_YORK).date()
        daily = profile.ambient * _REALISED * profile.mood(day.toordinal())
        variance = daily * daily * years
        return Law(self.spot * exp(_GROWTH * years + 0.5 * variance), variance)


def insight(market: Market, symbol: str, now: datetime, reactions: Sequence[Reaction]) -> Insight:
    """What is true of a name, and what its quotes and its past reactions say at best."""
    name = market.name(symbol)
    assert name is not None
    profile = name.profile
    priced = profile.richness * profile.event_sd
    noise = profile.ambient * _REALISED / sqrt(252.0)
    logs = [
        sum(one.weight * log(_density(log1p(one.close_move), priced / ratio, noise)) for one in reactions)
        for ratio in _RATIOS
    ]
    return Insight(
        now,
        name,
        name.spot(name.moment(now)),
        profile.event_sd,
        priced,
        _posterior(_market_prior(), logs),
        _posterior(_insider_prior(market, name, priced), logs),
    )


def _posterior(prior: Sequence[float], logs: Sequence[float]) -> Weights:
    top = max(logs)
    found = [weight * exp(one - top) for weight, one in zip(prior, logs, strict=True)]
    total = sum(found)
    return tuple((ratio, one / total) for ratio, one in zip(_RATIOS, found, strict=True))


def _market_prior() -> list[float]:
    """Ratios across names are lognormal with mean 1.15 and standard deviation 0.18."""
    spread = sqrt(log1p((_MARKET_SPREAD / _MARKET_MEAN) ** 2))
    centre = log(_MARKET_MEAN) - 0.5 * spread * spread
    return [normal_pdf((log(ratio) - centre) / spread) / ratio for ratio in _RATIOS]


def _payoff(spread: Spread) -> Payoff:
    return payoff_of(spread.legs, spread.fill, spread.commission)


def _insider_prior(market: Market, name: Name, priced: float) -> list[float]:
    """Weight of every ratio before the past is looked at, over the kinds of names that quotes leave possible."""
    kinds = Counter(equity.archetype for equity in market.equities.values())
    weights = [1e-12] * len(_RATIOS)
    for key, count in kinds.items():
        kind = ARCHETYPES[key]
        if kind.liquidity != name.profile.liquidity:
            continue
        likely = (
            count
            * normal_pdf(log(priced / kind.event) / _EVENT_SPREAD)
            * normal_pdf(log(name.profile.ambient / kind.ambient) / sqrt(_AMBIENT_SPREAD**2 + _MOOD_SPREAD**2))
        )
        if key == "trap":
            nearest = min(range(len(_RATIOS)), key=lambda index: abs(_RATIOS[index] - kind.richness))
            weights[nearest] += likely
            continue
        centre = log(1.14) + 0.7 * log(kind.richness / 1.15)
        shares = [normal_pdf((log(ratio) - centre) / _RICHNESS_SPREAD) / ratio for ratio in _RATIOS]
        total = sum(shares)
        weights = [weight + likely * share / total for weight, share in zip(weights, shares, strict=True)]
    return weights


def _density(move: float, event_sd: float, noise: float) -> float:
    """Of a day's log move that holds a report's and the day's own."""
    step = 0.4
    return sum(
        step * normal_pdf(z) * _report_density(move - noise * z, event_sd)
        for z in (step * index for index in range(-10, 11))
    )


def _report_density(move: float, event_sd: float) -> float:
    share, side = _SIDES[0] if move >= 0.0 else _SIDES[1]
    scale = event_sd * abs(side) / _UNIT
    t = move / scale
    return 2.0 * share * 8.0 / (3.0 * pi * sqrt(5.0)) * (1.0 + t * t / 5.0) ** -3 / scale


@lru_cache(maxsize=8)
def sizes(nodes: int) -> tuple[float, ...]:
    """Equally likely sizes of a report's move in its deviations: the middles of so many shares."""
    found = []
    for index in range(nodes):
        share = (index + 0.5) / nodes
        low, high = 0.0, 200.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            if _within(middle) < share:
                low = middle
            else:
                high = middle
        found.append(min(_CUT, low / _UNIT))
    # Middles understate a heavy tail: scaled so that the mean size is the law's own.
    mean = sum(found) / nodes
    return tuple(size * _mean_size() / mean for size in found)


def _within(t: float) -> float:
    """P(|T| < t) of five degrees."""
    angle = atan(t / sqrt(5.0))
    cosine = 1.0 / sqrt(1.0 + t * t / 5.0)
    sine = t / sqrt(5.0) * cosine
    return 2.0 / pi * (angle + sine * cosine * (1.0 + 2.0 / 3.0 * cosine * cosine))


def _mean_size() -> float:
    return 8.0 / (3.0 * pi * sqrt(5.0)) * 2.0 * 1.25 / _UNIT
