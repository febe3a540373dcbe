"""All options of one underlying and one expiry, as one vendor answer gave them."""

from collections import Counter
from collections.abc import Iterator, ValuesView
from dataclasses import dataclass, field
from datetime import date, datetime
from math import inf

from cockpit.options.contract import OptionQuote, Right


@dataclass(frozen=True, slots=True)
class OptionChain:
    """Calls and puts of one expiry, sorted by strike; a strike may lack one side.

    An option without a positive, finite strike is left out.

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
    strikes: tuple[float, ...] = field(init=False, repr=False, compare=False)
    """Every listed strike, rising."""
    duplicates: tuple[float, ...] = field(init=False, repr=False, compare=False)
    """Strikes that the answer lists more than once for one right; the last one counts."""
    _calls: dict[float, OptionQuote] = field(init=False, repr=False, compare=False)
    _puts: dict[float, OptionQuote] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # One table a right: a key with an enum in it costs more to look up than all the rest of a quote's way.
        given = [quote for quote in self.quotes if 0.0 < quote.strike < inf]
        sides = [{quote.strike: quote for quote in given if quote.right is right} for right in Right]
        strikes = tuple(sorted(set().union(*sides)))
        calls, puts = ({strike: side[strike] for strike in strikes if strike in side} for side in sides)
        ordered = tuple(side[strike] for strike in strikes for side in (calls, puts) if strike in side)
        repeated: tuple[float, ...] = ()
        if len(ordered) < len(given):
            listed = Counter((quote.strike, quote.right) for quote in given)
            repeated = tuple(sorted({strike for (strike, _), count in listed.items() if count > 1}))
        found = {"quotes": ordered, "strikes": strikes, "duplicates": repeated, "_calls": calls, "_puts": puts}
        for name, one in found.items():
            object.__setattr__(self, name, one)

    def quote(self, right: Right, strike: float) -> OptionQuote | None:
        """The option at this strike, or None where it is not listed."""
        return (self._calls if right is Right.CALL else self._puts).get(strike)

    def pairs(self) -> Iterator[tuple[OptionQuote, OptionQuote]]:
        """Call and put of every strike that lists both, by rising strike."""
        puts = self._puts
        return ((call, puts[strike]) for strike, call in self._calls.items() if strike in puts)

    def side(self, right: Right) -> ValuesView[OptionQuote]:
        """All calls or all puts, by rising strike."""
        return (self._calls if right is Right.CALL else self._puts).values()
