"""Scores of 0 to 100 with every part shown: value, weight and the points it earned."""

from dataclasses import dataclass
from enum import Enum
from math import isfinite
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol

from cockpit.scan.liquidity import Tier
from cockpit.spreads.structure import Score, ScorePart, StructureKind

if TYPE_CHECKING:
    from cockpit.settings import EvTargets, EvWeights, ScoringSettings

_LIQUIDITY = {Tier.EXCELLENT: 1.0, Tier.GOOD: 0.8, Tier.WARNING: 0.4, Tier.REJECT: 0.0}
_LIQUIDITY_V2 = {Tier.EXCELLENT: 1.0, Tier.GOOD: 1.0, Tier.WARNING: 0.5, Tier.REJECT: 0.0}


class Bias(Enum):
    """Direction that the skew leans to, with the points that an aligned vertical gains in ``v2``."""

    STRONG_BULLISH = 8.0, 1
    BULLISH = 5.0, 1
    WEAK_BULLISH = 3.0, 1
    NEUTRAL = 0.0, 0
    WEAK_BEARISH = 3.0, -1
    BEARISH = 5.0, -1
    STRONG_BEARISH = 8.0, -1

    @property
    def points(self) -> float:
        """What alignment earns."""
        return self.value[0]

    @property
    def direction(self) -> int:
        """+1 up, -1 down, 0 none."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Facts:
    """What scorers judge by; None is unknown and earns nothing, and what is no number is unknown.

    Attributes:
        pop: probability of profit at the breakevens.
        vrp: the plain ratio of implied over mean historical move; ``vrp_shrunk`` the one that ranks.
        contracts: the size of the position; ``theta`` (dollars a day) and ``vega`` (dollars a point) are of all of it.
        ev: dollars a contract after costs; ``max_loss`` dollars a contract.
        dispersion: median absolute deviation over median of past reactions.
        zone: distance of the breakevens over the price, and ``move`` the implied move, as fractions.
    """

    kind: StructureKind
    pop: float | None
    reward_risk: float | None
    vrp: float | None
    contracts: int
    theta: float | None = None
    vega: float | None = None
    tier: Tier | None = None
    vrp_shrunk: float | None = None
    ev: float | None = None
    max_loss: float | None = None
    quarters: int = 0
    dispersion: float | None = None
    zone: float | None = None
    move: float | None = None
    bias: Bias = Bias.NEUTRAL

    def __post_init__(self) -> None:
        for name, figure in zip(_FIGURES, _figures_of(self), strict=True):
            if figure is not None and not isfinite(figure):
                object.__setattr__(self, name, None)


_FIGURES = ("pop", "reward_risk", "vrp", "theta", "vega", "vrp_shrunk", "ev", "max_loss", "dispersion", "zone", "move")
_figures_of = attrgetter(*_FIGURES)


class Scorer(Protocol):
    """A named formula. It never raises and never fills a missing figure in."""

    name: str

    def score(self, facts: Facts) -> Score:
        """Total and parts; the parts add up to the total unless a flag says why it was set to zero or clamped."""
        ...


def scorers(settings: "ScoringSettings") -> tuple[Scorer, ...]:
    """Every scorer, the one that the settings name first: it ranks, the others are kept for comparison."""
    every: tuple[Scorer, ...] = (
        ExpectedValue(settings.weights, settings.targets),
        VersionOne(),
        VersionOne(scaled=True),
        VersionTwo(),
    )
    return tuple(sorted(every, key=lambda one: one.name != settings.scorer))


def scorer(settings: "ScoringSettings") -> Scorer:
    """The scorer that the settings name."""
    return scorers(settings)[0]


def capped(value: float) -> float:
    """``value`` between 0 and 1: every factor grows linearly to its target and no further."""
    return 0.0 if value < 0.0 else 1.0 if value > 1.0 else value


class ExpectedValue:
    """``ev``, the default: what a trade is expected to earn for its risk, after costs, and how sure that is."""

    name = "ev"

    def __init__(self, weights: "EvWeights | None" = None, targets: "EvTargets | None" = None) -> None:
        if weights is None or targets is None:
            from cockpit.settings import EvTargets, EvWeights

            weights, targets = weights or EvWeights(), targets or EvTargets()
        self.weights = weights
        self.targets = targets

    def score(self, facts: Facts) -> Score:
        """Full marks at 12 % of max loss, 65 % probability, tier A, a shrunk premium of 1.25 and 12 steady quarters."""
        targets = self.targets
        return_on_risk = facts.ev / facts.max_loss if facts.ev is not None and facts.max_loss else None
        confidence = None
        if facts.dispersion is not None:
            confidence = capped(facts.quarters / targets.quarters) * (1.0 - min(1.0, facts.dispersion))
        weights = self.weights
        factors = (
            ("ev", return_on_risk, weights.ev, None if return_on_risk is None else capped(return_on_risk / targets.ev)),
            ("pop", facts.pop, weights.pop, None if facts.pop is None else capped(facts.pop / targets.pop)),
            _liquidity(facts.tier, weights.liquidity, _LIQUIDITY),
            (
                "vrp",
                facts.vrp_shrunk,
                weights.vrp,
                None if facts.vrp_shrunk is None else capped((facts.vrp_shrunk - 1.0) / (targets.vrp - 1.0)),
            ),
            ("confidence", confidence, weights.confidence, confidence),
        )
        stops = []
        if facts.ev is not None and facts.ev <= 0.0:
            stops.append(f"zero: expected value after costs is {facts.ev:+.2f}")
        if facts.tier is Tier.REJECT:
            stops.append("zero: a leg cannot be traded")
        missing = tuple(f"{name} unknown" for name, _, _, share in factors if share is None)
        parts = tuple(
            ScorePart(name, value, weight, 0.0 if stops or share is None else weight * share)
            for name, value, weight, share in factors
        )
        return Score(
            self.name,
            min(sum(part.points for part in parts), 100.0),
            parts,
            self._rationale(facts, return_on_risk),
            (*stops, *missing),
        )

    @staticmethod
    def _rationale(facts: Facts, return_on_risk: float | None) -> str:
        words = []
        if return_on_risk is not None:
            words.append(f"EV {return_on_risk:+.1%} of risk")
        if facts.pop is not None:
            words.append(f"POP {facts.pop:.0%}")
        if facts.vrp_shrunk is not None:
            words.append(f"VRP {facts.vrp_shrunk:.2f} on {facts.quarters} quarters")
        if facts.tier is not None:
            words.append(f"liquidity {facts.tier.letter}")
        return ", ".join(words) if words else "not enough is known"


class VersionOne:
    """``v1`` and ``v1_scaled``: probability, reward, premium, greeks and size, with targets that are fixed.

    The two differ where a greek is unknown: ``v1`` uses its declared weights of 50/25/20/5, ``v1_scaled`` stretches the
    other weights by 100/90.
    """

    def __init__(self, *, scaled: bool = False) -> None:
        self.name = "v1_scaled" if scaled else "v1"
        self._scaled = scaled

    def score(self, facts: Facts) -> Score:
        """Full marks at POP 65 %, reward/risk 0.30, ratio 2.0, $50 theta, -$100 vega and 10 contracts."""
        theta, vega = facts.theta, facts.vega
        greeks = theta is not None and vega is not None
        if greeks:
            weights = 45.0, 20.0, 20.0, 5.0
        else:
            weights = (50.0, 200.0 / 9.0, 200.0 / 9.0, 50.0 / 9.0) if self._scaled else (50.0, 25.0, 20.0, 5.0)
        parts = [
            _part("pop", facts.pop, weights[0], 0.65),
            _part("reward_risk", facts.reward_risk, weights[1], 0.30),
            _part("vrp", facts.vrp, weights[2], 2.0),
            _part("size", float(facts.contracts), weights[3], 10.0),
        ]
        if theta is not None and vega is not None:
            parts.append(ScorePart("theta", theta, 5.0, 5.0 * capped(theta / 50.0)))
            parts.append(ScorePart("vega", vega, 5.0, 5.0 * capped(-vega / 100.0)))
        flags = [f"{part.name} unknown" for part in parts if part.value is None]
        if not greeks:
            flags.append("greeks unknown")
        return Score(self.name, sum(part.points for part in parts), tuple(parts), rationale(facts), tuple(flags))


class VersionTwo:
    """``v2``: probability, liquidity, premium, the binary edge and greeks, times a factor for the zone of profit."""

    name = "v2"

    def score(self, facts: Facts) -> Score:
        """Weights 40/22/17/13/8, or 45/26/17/12 where a greek is unknown; unknown liquidity counts as full, flagged."""
        theta, vega = facts.theta, facts.vega
        greeks = theta is not None and vega is not None
        weights = (40.0, 22.0, 17.0, 13.0) if greeks else (45.0, 26.0, 17.0, 12.0)
        edge = binary_edge(facts.pop, facts.reward_risk)
        liquidity = 1.0 if facts.tier is None else _LIQUIDITY_V2[facts.tier]
        parts = [
            _part("pop", facts.pop, weights[0], 0.65),
            ScorePart("liquidity", None if facts.tier is None else liquidity, weights[1], weights[1] * liquidity),
            _part("vrp", facts.vrp, weights[2], 2.0),
            _part("edge", edge, weights[3], 0.10),
        ]
        if theta is not None and vega is not None:
            parts.append(ScorePart("theta", theta, 4.0, 4.0 * capped(theta / 50.0)))
            parts.append(ScorePart("vega", vega, 4.0, 4.0 * _vega_share(vega)))
        factor = zone_factor(facts)
        earned = sum(part.points for part in parts)
        if factor < 1.0:
            parts.append(ScorePart("zone", factor, 0.0, earned * (factor - 1.0)))
        alignment = _alignment(facts)
        if alignment:
            parts.append(ScorePart("alignment", alignment, 0.0, alignment))
        total = earned * factor + alignment
        flags = [f"{part.name} unknown" for part in parts if part.value is None]
        if not greeks:
            flags.append("greeks unknown")
        if not 0.0 <= total <= 100.0:
            flags.append("clamped to the scale of 0 to 100")
        return Score(self.name, min(max(total, 0.0), 100.0), tuple(parts), rationale(facts), tuple(flags))


def rationale(facts: Facts) -> str:
    """The sentence of ``v1``: bounds are met at equality for ratios, and only beyond it for greeks."""
    words = []
    if facts.vrp is not None and facts.vrp >= 1.5:
        words.append("Excellent VRP edge" if facts.vrp >= 2.0 else "Strong VRP")
    if facts.reward_risk is not None and facts.reward_risk >= 0.35:
        words.append("favorable R/R")
    if facts.pop is not None and facts.pop >= 0.70:
        words.append("high POP")
    if facts.theta is not None and facts.theta > 30.0:
        words.append(f"positive theta (${facts.theta:.0f}/day)")
    if facts.vega is not None and facts.vega < -50.0:
        words.append("benefits from IV crush")
    if facts.kind is StructureKind.IRON_CONDOR:
        words.append("wide profit zone")
    elif facts.kind is StructureKind.IRON_BUTTERFLY:
        words.append("max profit at current price")
    return ", ".join(words) if words else "Defined risk outside expected move"


def profitability(facts: Facts) -> float | None:
    """The profitability figure of ``v1``, 0 to 100; None without a reward/risk."""
    if facts.reward_risk is None:
        return None
    if facts.theta is None or facts.vega is None:
        return min(100.0 * facts.reward_risk / 0.40, 100.0)
    theta = min(20.0 * facts.theta / 50.0, 20.0) if facts.theta > 0.0 else 0.0
    return min(80.0 * facts.reward_risk / 0.40, 80.0) + theta


def risk(facts: Facts) -> float | None:
    """The risk figure of ``v1``, 0 to 100; None without a probability."""
    if facts.pop is None:
        return None
    if facts.theta is None or facts.vega is None:
        return 100.0 * (1.0 - facts.pop)
    vega = min(30.0 * facts.vega / 100.0, 30.0) if facts.vega > 0.0 else 0.0
    return 70.0 * (1.0 - facts.pop) + vega


def binary_edge(pop: float | None, reward_risk: float | None) -> float | None:
    """``POP * RR - (1 - POP)``: what ``v2`` calls the edge; wrong in sign for many trades, hence not in ``ev``."""
    return None if pop is None or reward_risk is None else pop * reward_risk - (1.0 - pop)


def zone_factor(facts: Facts) -> float:
    """What ``v2`` multiplies a two-sided structure by, from its breakevens' distance over twice the implied move."""
    if not facts.kind.two_sided or facts.zone is None or not facts.move:
        return 1.0
    zone = facts.zone / (2.0 * facts.move)
    if zone >= 1.0:
        return 1.0
    if zone >= 0.7:
        return 0.9 + (zone - 0.7) / 3.0
    if zone >= 0.4:
        return 0.8 + (zone - 0.4) / 3.0
    return 0.7 + (zone - 0.2) / 2.0 if zone >= 0.2 else 0.6


def _part(name: str, value: float | None, weight: float, target: float) -> ScorePart:
    return ScorePart(name, value, weight, 0.0 if value is None else weight * capped(value / target))


def _liquidity(
    tier: Tier | None, weight: float, shares: dict[Tier, float]
) -> tuple[str, float | None, float, float | None]:
    share = None if tier is None else shares[tier]
    return "liquidity", share, weight, share


def _vega_share(vega: float) -> float:
    if vega < 0.0:
        return capped(-vega / 100.0)
    return 0.5 * (1.0 - vega / 10.0) if 0.0 < vega <= 10.0 else 0.0


def _alignment(facts: Facts) -> float:
    side = {StructureKind.BULL_PUT: 1, StructureKind.BEAR_CALL: -1}.get(facts.kind, 0)
    if not side or not facts.bias.direction:
        return 0.0
    return facts.bias.points if side == facts.bias.direction else -3.0
