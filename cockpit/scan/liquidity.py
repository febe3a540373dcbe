"""Liquidity tiers of an option and of a position.

Bounds are compared in whole hundredths of a cent: in floats (1.06 - 0.94) / 1.00 is more than 12 %.
"""

from enum import IntEnum
from math import inf

from cockpit.options.contract import OptionQuote

NOMINAL_CONTRACTS = 10
"""The order size that open interest is held against while a size is not known yet."""
TIGHT_SPREAD = 0.05
"""Dollars: a market no wider than this is never worse than GOOD by its spread, whatever share of a cheap wing it is."""
_OPEN_INTEREST = (5, 2, 1)
"""Open interest per contract of ours for EXCELLENT, GOOD and WARNING."""
_SPREAD_PERCENT = (12, 18, 25)
"""Bid-ask spread in percent of mid for the same."""
_UNITS = 10_000


class Tier(IntEnum):
    """How well an option can be traded; the lower the number the better, so the worst of legs is ``max``."""

    EXCELLENT = 0
    GOOD = 1
    WARNING = 2
    REJECT = 3

    @property
    def letter(self) -> str:
        """A, B, C or D, as the candidates pane shows it."""
        return "ABCD"[self]


def interest_tier(open_interest: int | None, contracts: int) -> Tier:
    """Tier of open interest against a position of so many contracts; unknown interest is not tradable."""
    if open_interest is None or contracts <= 0:
        return Tier.REJECT
    for tier, multiple in zip(Tier, _OPEN_INTEREST, strict=False):
        if open_interest >= multiple * contracts:
            return tier
    return Tier.REJECT


def spread_tier(bid: float | None, ask: float | None, *, tight: float = 0.0) -> Tier:
    """Tier of the bid-ask spread as a share of mid; nobody bidding, a missing side or a crossed market is REJECT.

    Args:
        tight: dollars of spread up to which the tier is at least GOOD.
    """
    if bid is None or ask is None or not 0.0 < bid <= ask < inf:
        return Tier.REJECT
    low, high = round(bid * _UNITS), round(ask * _UNITS)
    found = Tier.REJECT
    for tier, percent in zip(Tier, _SPREAD_PERCENT, strict=False):
        if 200 * (high - low) <= percent * (high + low):
            found = tier
            break
    return min(found, Tier.GOOD) if high - low <= round(tight * _UNITS) else found


def quote_tier(quote: OptionQuote, contracts: int = NOMINAL_CONTRACTS, *, tight: float = TIGHT_SPREAD) -> Tier:
    """The worse of the open-interest and the spread tier. Volume only informs: it is 0 before the open."""
    return max(interest_tier(quote.open_interest, contracts), spread_tier(quote.bid, quote.ask, tight=tight))
