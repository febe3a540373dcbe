"""What would turn a spread's verdict: the credit and the premium at which nothing is to be earned any more."""

from collections.abc import Callable

from cockpit.scan.candidate import Candidate
from cockpit.spreads.law import expected_ambient, physical_law
from cockpit.spreads.metrics import payoff_of
from cockpit.spreads.structure import Spread

_LEAST, _MOST = 0.3, 5.0
_STEPS = 40


def breakeven_credit(spread: Spread) -> float | None:
    """Dollars a share at which the expected value after costs is nothing: every cent of credit is a dollar of it."""
    return None if spread.ev is None else spread.fill - spread.ev / 100.0


def expected_value_at(candidate: Candidate, spread: Spread) -> Callable[[float], float] | None:
    """The expected value as a function of the premium, unbounded, all else as scanned; None where it is unknown."""
    volatility = expected_ambient(candidate.realised_vol, candidate.ambient_vol)
    if candidate.forward is None or candidate.event_sd is None or volatility is None or not candidate.event_variances:
        return None
    forward, event, years = candidate.forward, candidate.event_sd, candidate.event_variances[0].years
    payoff = payoff_of(spread.legs, spread.fill, spread.commission)

    def value(premium: float) -> float:
        fat = candidate.tails == "fat"
        law = physical_law(forward, years, volatility, event, premium, fat_tails=fat, bounded=False)
        return law.mean(payoff.expected_value)

    return value


def breakeven_premium(candidate: Candidate, spread: Spread) -> float | None:
    """The ratio of implied over historical move at which the expected value is nothing.

    None where it is unknown, or where no ratio between 0.3 and 5 changes its sign.
    """
    value = expected_value_at(candidate, spread)
    if value is None:
        return None
    low, high = _LEAST, _MOST
    at_low, at_high = value(low), value(high)
    if at_low * at_high > 0.0:
        return None
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        if (value(middle) > 0.0) == (at_high > 0.0):
            high = middle
        else:
            low = middle
    return 0.5 * (low + high)
