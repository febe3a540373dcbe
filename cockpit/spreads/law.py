"""How the price is expected to move, as against how it is priced: the physical law of a candidate.

Variance accrues as the expected ambient volatility does; the report's own is what the chain prices, less the premium
that history and the market's average give reason to expect. A report's move has fatter tails than a normal one, and a
seller's ruin is there.
"""

from collections.abc import Callable
from math import exp, log
from typing import NamedTuple

from cockpit.scan.candidate import Candidate
from cockpit.scan.vrp import PRIOR_RATIO

MIN_RATIO, MAX_RATIO = 0.8, 1.5
"""Bounds of the premium that the law takes out of the event: luck shows beyond them more often than truth."""
TAIL_WEIGHT, TAIL_WIDTH = 0.10, 2.2
"""One report in ten moves as if its deviation were 2.2 times as large (about the kurtosis of a t with 5 degrees)."""
_CORE = 1.0 / (1.0 - TAIL_WEIGHT + TAIL_WEIGHT * TAIL_WIDTH)
"""Deviation of the other nine, so that the mean absolute move, which the premium was measured on, stays the same."""

PRIOR_WEIGHT = 36.0
"""Quarters that the market's average premium is worth when money is at stake. With tails as fat as these one report's
size has a standard error of 0.94 of the mean, true premiums differ by 0.18 among names: (0.94 / 0.157)^2 reports weigh
as much."""
REALISED_WEIGHT = 0.06
"""Share of the realised volatility in the expected one: 20 closes err by 16 %, the term structure by about 4 %."""
REALISED_SHARE = 0.95
"""What names realise between reports of the ambient volatility that their options price."""


class Outlook(NamedTuple):
    """What a candidate's price is expected to do: the two figures that its law follows from.

    Attributes:
        ambient: annual volatility without the report.
        premium: implied over expected size of the report's move.
    """

    ambient: float
    premium: float


def outlook(candidate: Candidate) -> Outlook | None:
    """The best guess at a candidate's law; None where the premium or the volatility is not known."""
    ambient = expected_ambient(candidate.realised_vol, candidate.ambient_vol)
    if ambient is None or candidate.vrp is None:
        return None
    weight = sum(one.weight for one in candidate.reactions) or float(candidate.quarters)
    ratio = candidate.vrp_mean
    return Outlook(ambient, candidate.vrp if ratio is None else expected_premium(ratio, weight))


def expected_ambient(realised: float | None, implied: float | None) -> float | None:
    """The volatility to expect between reports: what was realised, drawn towards what the term structure prices.

    A geometric mean by how well each is known; one alone stands for itself.
    """
    if realised is None or realised <= 0.0:
        return None if implied is None else REALISED_SHARE * implied
    if implied is None or implied <= 0.0:
        return realised
    return exp(REALISED_WEIGHT * log(realised) + (1.0 - REALISED_WEIGHT) * log(REALISED_SHARE * implied))


def expected_premium(ratio: float, quarters: float) -> float:
    """A plain ratio of implied over mean historical move, drawn towards the market's the fewer reports it stands on."""
    if ratio <= 0.0:
        return 0.0
    return (quarters + PRIOR_WEIGHT) / (quarters / ratio + PRIOR_WEIGHT / PRIOR_RATIO)


class PhysicalLaw(NamedTuple):
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
    ambient_vol: float,
    event_sd: float,
    premium: float,
    *,
    fat_tails: bool = False,
    bounded: bool = True,
) -> PhysicalLaw:
    """``ambient_vol^2 t + (event_sd / rho)^2``, with rho the expected premium of implied over historical moves.

    Args:
        trading_years: sessions to the instant over 252.
        event_sd: standard deviation of the report's log move that the chain prices.
        fat_tails: the report's part as a mixture: 90 % normal, 10 % with 2.2 times its deviation, at the same mean
            absolute move.
        bounded: keep rho within 0.8 and 1.5.
    """
    ratio = min(max(premium, MIN_RATIO), MAX_RATIO) if bounded else premium
    ambient = ambient_vol * ambient_vol * trading_years
    event = (event_sd / ratio) ** 2
    if not fat_tails:
        return PhysicalLaw(forward, ambient + event, ratio, ((1.0, ambient + event),))
    core = event * _CORE * _CORE
    parts = (1.0 - TAIL_WEIGHT, ambient + core), (TAIL_WEIGHT, ambient + core * TAIL_WIDTH * TAIL_WIDTH)
    return PhysicalLaw(forward, ambient + event, ratio, parts)
