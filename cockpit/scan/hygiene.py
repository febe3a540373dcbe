"""What is wrong with quotes, before anything is computed from them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from cockpit.options.calendar import Phase, closes_at, opens_at, previous_session, session_state
from cockpit.options.contract import OptionQuote

MAX_AGE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Hygiene:
    """Counts over some quotes; a quote may count in several.

    ``one_sided`` counts worthless bids as well; ``broken`` are those whose prices are negative or no numbers.
    """

    quotes: int
    crossed: int
    one_sided: int
    stale: int
    without_greeks: int
    broken: int = 0

    @property
    def flags(self) -> tuple[str, ...]:
        """The doubts in short words, as the candidates pane shows them."""
        found = []
        if self.broken:
            found.append("broken quotes")
        if self.crossed:
            found.append("crossed quotes")
        if self.one_sided:
            found.append("one-sided quotes")
        if self.quotes and 2 * self.stale > self.quotes:
            found.append("stale quotes")
        if self.quotes and self.without_greeks == self.quotes:
            found.append("greeks missing")
        return tuple(found)


def crossed(quote: OptionQuote) -> bool:
    """True where the bid stands above the ask."""
    return quote.bid is not None and quote.ask is not None and quote.bid > quote.ask


def broken(quote: OptionQuote) -> bool:
    """True where a side is negative or no number."""
    return any(price is not None and not 0.0 <= price < inf for price in (quote.bid, quote.ask))


def one_sided(quote: OptionQuote) -> bool:
    """True where a side is missing, or nothing is offered."""
    return quote.bid is None or quote.ask is None or quote.ask <= 0.0


def worthless_bid(quote: OptionQuote) -> bool:
    """True where nobody bids: no leg to sell, at most a wing to buy."""
    return quote.bid is not None and quote.bid <= 0.0


def stale_before(now: datetime) -> datetime:
    """Quotes stamped earlier are stale: 15 minutes in the session, before the last session's last 15 outside it."""
    state = session_state(now)
    if state.phase is Phase.OPEN:
        return max(now - MAX_AGE, opens_at(state.day))
    last = state.day if state.phase is Phase.POST else previous_session(state.day)
    return closes_at(last) - MAX_AGE


def examine(quotes: Iterable[OptionQuote], now: datetime) -> Hygiene:
    """Count what is wrong with quotes. A quote without a stamp is not called stale: its age is not known."""
    oldest = stale_before(now)
    taken = list(quotes)
    return Hygiene(
        quotes=len(taken),
        crossed=sum(map(crossed, taken)),
        broken=sum(map(broken, taken)),
        one_sided=sum(one_sided(quote) or worthless_bid(quote) for quote in taken),
        stale=sum(quote.quoted_at is not None and quote.quoted_at < oldest for quote in taken),
        without_greeks=sum(quote.greeks is None or quote.greeks.delta is None for quote in taken),
    )
