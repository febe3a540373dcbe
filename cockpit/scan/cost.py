"""What a scan will ask of its vendors, told before it asks."""

from dataclasses import dataclass

from cockpit.scan.ration import Ration

_QUOTES_AT_ONCE = 100
"""Symbols that the option venue quotes in one request, roughly."""


@dataclass(frozen=True, slots=True)
class ScanCost:
    """Requests at most: what a cache still holds costs nothing.

    Attributes:
        names: that will be looked at.
        venue: the option venue and how many requests it will be asked: quotes, expiries, chains, daily bars.
        reports: the earnings source and how many past reports are not kept yet.
        ration: where the earnings source's allowance does not cover them; None where it does.
    """

    names: int
    venue: tuple[str, int]
    reports: tuple[str, int]
    ration: Ration | None

    @property
    def sentence(self) -> str:
        """For instance ``48 names: up to 193 requests to tradier, 12 to alpha_vantage``."""
        (venue, asked), (source, missing) = self.venue, self.reports
        word = f"{self.names} name{'' if self.names == 1 else 's'}: up to {asked} requests to {venue}"
        if self.ration is not None:
            return f"{word}, {missing} to {source}, which has {self.ration.rest} left"
        return f"{word}, {missing} to {source}"


def scan_cost(names: int, expiries: int, venue: str, source: str, missing: int, ration: Ration | None) -> ScanCost:
    """The cost of looking at so many names with so many chains each."""
    quotes = -(-names // _QUOTES_AT_ONCE)
    return ScanCost(names, (venue, quotes + names * (2 + expiries)), (source, missing), ration)
