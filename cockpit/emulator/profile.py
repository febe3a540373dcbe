"""The numbers behind one name, all of them drawn from the seed: its truth."""

from dataclasses import dataclass
from math import exp, sin, sqrt, tau

from cockpit.emulator.reports import ReportPlan
from cockpit.emulator.rng import draws
from cockpit.emulator.universe import ARCHETYPES, Equity

RATE = 0.045
"""Continuous risk-free rate that forwards and premiums follow."""
ANCHOR_SPREAD = 0.03
_MOOD_PERIODS = (97.0, 41.0, 17.0)
_TRADED_SHARE = {"A": 0.011, "B": 0.009, "C": 0.005, "D": 0.016}


@dataclass(frozen=True, slots=True)
class Profile:
    """A name's truth.

    Attributes:
        price: close of the session before the default start, dollars.
        ambient: volatility to which the name returns, on 252 sessions a year.
        event_sd: true standard deviation of a report's move.
        richness: how much more options ask for it: they price ``richness * event_sd``, a little more just before.
        moods: amplitude and phase of the slow waves in its volatility.
        salt: of the name's dense randomness.
        offset: seconds by which its quotes lag the round five.
    """

    equity: Equity
    reports: ReportPlan
    price: float
    ambient: float
    event_sd: float
    richness: float
    liquidity: str
    dividend: float
    average_volume: int
    moods: tuple[tuple[float, float], ...]
    salt: int
    offset: int

    def mood(self, day_number: float) -> float:
        """Multiplier of the ambient volatility on a day (its proleptic number), around 1."""
        turns = tau * day_number
        (slow, first), (middle, second), (fast, third) = self.moods
        return exp(
            slow * sin(turns / _MOOD_PERIODS[0] + first)
            + middle * sin(turns / _MOOD_PERIODS[1] + second)
            + fast * sin(turns / _MOOD_PERIODS[2] + third)
        )

    def priced_event_sd(self, sessions_before: float) -> float:
        """Standard deviation of the next report's move as options price it so many sessions before: it runs up."""
        return self.richness * self.event_sd * (1.0 + 0.10 * exp(-max(0.0, sessions_before) / 5.0))


def draw_profile(seed: int, equity: Equity) -> Profile:
    """The truth of a name under a seed."""
    rng = draws(seed, equity.symbol, "profile")
    kind = ARCHETYPES[equity.archetype]
    if equity.archetype == "trap":
        richness = kind.richness
    else:
        # Across all names about lognormal with mean 1.15 and standard deviation 0.18, tilted by the kind of name.
        richness = exp(rng.gauss(0.0, 0.13)) * (kind.richness / 1.15) ** 0.7 * 1.14
    event_sd = kind.event * exp(rng.gauss(0.0, 0.15)) / richness
    ambient = kind.ambient * exp(rng.gauss(0.0, 0.10))
    volume = equity.shares * 1e6 * _TRADED_SHARE[kind.liquidity] * exp(rng.gauss(0.0, 0.3))
    return Profile(
        equity=equity,
        reports=ReportPlan(seed, equity, event_sd),
        price=round(equity.price * exp(rng.gauss(0.0, ANCHOR_SPREAD)), 2),
        ambient=ambient,
        event_sd=event_sd,
        richness=richness,
        liquidity=kind.liquidity,
        dividend=kind.dividend,
        average_volume=int(volume),
        moods=tuple((0.09 * sqrt(period / 41.0) * rng.random(), tau * rng.random()) for period in _MOOD_PERIODS),
        salt=rng.getrandbits(64),
        offset=rng.randrange(5),
    )
