"""Why a structure is not to be traded."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from cockpit.scan.liquidity import Tier
from cockpit.spreads.metrics import width
from cockpit.spreads.structure import Leg, Rejection, StructureKind

if TYPE_CHECKING:
    from cockpit.settings import SpreadSettings

MIN_NET_CREDIT = 0.02
"""Dollars a share: two ticks must remain of a credit after commissions."""


class Refusal(NamedTuple):
    """The kind, and the sentence for a reader."""

    rejection: Rejection
    sentence: str


def refusal(
    kind: StructureKind,
    legs: Sequence[Leg],
    fill: float,
    commission: float,
    reward_risk: float | None,
    tier: Tier,
    settings: "SpreadSettings",
    premium: float | None = None,
) -> Refusal | None:
    """The first rule that a structure breaks; None where it may be traded.

    Args:
        fill: credit per share that the paper broker would give.
        commission: dollars for one unit, one way.
        premium: the plain ratio of implied over mean historical move; None where it is unknown.
    """
    unwanted = next((leg for leg in legs if leg.quantity < 0 and not leg.quote.bid), None)
    net = fill - commission / 100.0
    if len({leg.quote.expiry for leg in legs}) > 1:
        return Refusal(Rejection.EXPIRIES, "its legs do not expire on one day")
    if unwanted is not None:
        return Refusal(Rejection.NO_BID, f"nobody bids for the short {unwanted.label[1:]}")
    if not fill > 0.0:
        return Refusal(Rejection.NO_CREDIT, f"there is no credit: the fill would be {fill:.2f}")
    if fill >= width(legs):
        sentence = f"a credit of {fill:.2f} is not less than the width of {width(legs):g}: a quote is wrong"
        return Refusal(Rejection.CREDIT_OVER_WIDTH, sentence)
    if net < MIN_NET_CREDIT:
        return Refusal(Rejection.COSTS, f"commissions leave less than two ticks of the {fill:.2f} credit")
    if fill < settings.min_credit:
        sentence = f"a credit of {fill:.2f} is under spreads.min_credit {settings.min_credit:.2f}"
        return Refusal(Rejection.MIN_CREDIT, sentence)
    key = "min_reward_risk" if kind.two_sided else "min_reward_risk_vertical"
    least = settings.min_reward_risk if kind.two_sided else settings.min_reward_risk_vertical
    ratio = reward_risk if reward_risk is not None else 0.0
    if ratio < least:
        return Refusal(Rejection.REWARD_RISK, f"a reward/risk of {ratio:.3f} is under spreads.{key} {least:g}")
    if tier is Tier.REJECT:
        sentence = "a leg cannot be traded: its market is too wide or its open interest too small"
        return Refusal(Rejection.LEG_TIER, sentence)
    if premium is not None and premium < settings.min_vrp:
        sentence = f"past reports moved it more than is implied: a plain VRP of {premium:.2f} is under spreads.min_vrp"
        return Refusal(Rejection.PREMIUM, f"{sentence} {settings.min_vrp:.2f}")
    return None
