"""How the price is expected to move, as against how it is priced: the physical law of a candidate.

Variance accrues as realised volatility does; the report's own is what the chain prices, less the premium that history
shows. A report's move has fatter tails than a normal one, and a seller's ruin is there.
"""

from collections.abc import Callable
from dataclasses import dataclass

MIN_RATIO, MAX_RATIO = 0.8, 1.5
"""Bounds of the premium that the law takes out of the event: luck shows beyond them more often than truth."""
TAIL_WEIGHT, TAIL_WIDTH = 0.10, 2.2
"""One report in ten moves as if its deviation were 2.2 times as large (about the kurtosis of a t with 5 degrees)."""
_CORE = 1.0 / (1.0 - TAIL_WEIGHT + TAIL_WEIGHT * TAIL_WIDTH)
"""Deviation of the other nine, so that the mean absolute move, which the premium was measured on, stays the same."""


@dataclass(frozen=True, slots=True)
class PhysicalLaw:
    """A lognormal, or a mixture of two with one mean, of the price at an instant to come.

    Attributes:
        forward: mean price.
        variance: ``ambient + event`` of the plain lognormal: total log variances.
        ratio: the premium within its bounds.
        components: weight and total variance of each part; one where the tails are normal.
    """

    forward: float
    variance: float
    ratio: float
    components: tuple[tuple[float, float], ...]

    def mean(self, of: Callable[[float, float], float]) -> float:
        """Expectation of ``of(forward, variance)``, a figure of a plain lognormal, over the parts."""
        return sum(weight * of(self.forward, variance) for weight, variance in self.components)


def physical_law(
    forward: float,
    trading_years: float,
    realised_vol: float,
    event_sd: float,
    premium: float,
    *,
    fat_tails: bool = False,
    bounded: bool = True,
) -> PhysicalLaw:
    """``realised_vol^2 t + (event_sd / rho)^2``, with rho the shrunk premium of implied over historical moves.

    Args:
        trading_years: sessions to the instant over 252.
        event_sd: standard deviation of the report's log move that the chain prices.
        fat_tails: the report's part as a mixture: 90 % normal, 10 % with 2.2 times its deviation, at the same mean
            absolute move.
        bounded: keep rho within 0.8 and 1.5.
    """
    ratio = min(max(premium, MIN_RATIO), MAX_RATIO) if bounded else premium
    ambient = realised_vol * realised_vol * trading_years
    event = (event_sd / ratio) ** 2
    if not fat_tails:
        return PhysicalLaw(forward, ambient + event, ratio, ((1.0, ambient + event),))
    core = event * _CORE * _CORE
    parts = (1.0 - TAIL_WEIGHT, ambient + core), (TAIL_WEIGHT, ambient + core * TAIL_WIDTH * TAIL_WIDTH)
    return PhysicalLaw(forward, ambient + event, ratio, parts)
