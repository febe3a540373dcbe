"""Liquidity tiers of an option and of a position."""

from enum import IntEnum


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
