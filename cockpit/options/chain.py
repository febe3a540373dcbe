"""All options of one underlying and one expiry, as one vendor answer gave them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from cockpit.options.contract import OptionQuote, Right


@dataclass(frozen=True, slots=True)
class OptionChain:
    """Calls and puts of one expiry, sorted by strike; a strike may lack one side.

    Attributes:
        spot: the underlying's price that goes with the quotes; None where the vendor gave none.
        fetched_at: when we asked, UTC.
    """

    underlying: str
    expiry: date
    quotes: tuple[OptionQuote, ...]
    spot: float | None
    fetched_at: datetime
    source: str
    _by_key: dict[tuple[Right, float], OptionQuote] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.quotes, key=lambda quote: (quote.strike, quote.right.value)))
        object.__setattr__(self, "quotes", ordered)
        object.__setattr__(self, "_by_key", {(quote.right, quote.strike): quote for quote in ordered})

    def quote(self, right: Right, strike: float) -> OptionQuote | None:
        """The option at this strike, or None where it is not listed."""
        return self._by_key.get((right, strike))

    def side(self, right: Right) -> Iterator[OptionQuote]:
        """All calls or all puts, by rising strike."""
        return (quote for quote in self.quotes if quote.right is right)

    @property
    def strikes(self) -> tuple[float, ...]:
        """Every listed strike, rising."""
        return tuple(sorted({quote.strike for quote in self.quotes}))
