"""Our volatilities and greeks of the proposed legs beside the vendor's, with what the difference is made of.

A vendor smooths volatilities over strikes and computes greeks when it gets round to it, up to an hour before the
quote, from the price of that moment. So a difference has two parts: the volatility, which can be put into our own
formula, and the rest: age, dividends and early exercise.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp

from cockpit.options.contract import Greeks, OptionQuote, Right
from cockpit.options.forward import years_to_expiry
from cockpit.options.implied_volatility import implied_volatility
from cockpit.options.pricing import value
from cockpit.scan.candidate import Candidate
from cockpit.scan.explanation import Row, Section
from cockpit.scan.wording import age, number, percent
from cockpit.spreads.structure import Spread

_OTHER_UNIT = 30.0
"""A ratio of two vegas beyond this is a difference of units, not of opinion."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """What all options of the expiry share when they are valued."""

    forward: float
    years: float
    rate: float

    def greeks(self, quote: OptionQuote, volatility: float) -> Greeks:
        """Our greeks of an option at a volatility; dividends are inside the forward."""
        spot = self.forward * exp(-self.rate * self.years)
        found = value(quote.right.sign, spot, quote.strike, self.years, self.rate, 0.0, volatility)
        return Greeks(found.delta, found.gamma, found.theta, found.vega)

    def volatility(self, quote: OptionQuote) -> float | None:
        """Implied by the mid of an option; None where it has no mid, or none explains it."""
        if quote.mid is None:
            return None
        discount = exp(-self.rate * self.years)
        return implied_volatility(quote.mid, quote.right.sign, self.forward, quote.strike, self.years, discount)


def vendor_section(candidate: Candidate, spreads: Sequence[Spread]) -> Section | None:
    """One row an option of the spreads; None where there is nothing to compare."""
    legs = {(leg.quote.strike, leg.quote.right): leg.quote for spread in spreads for leg in spread.legs}
    quotes = [legs[key] for key in sorted(legs, key=lambda key: (key[0], key[1] is Right.CALL))]
    told = [quote for quote in quotes if quote.greeks is not None or quote.iv is not None]
    if not told or candidate.forward is None or candidate.risk_free is None or candidate.expiry is None:
        return None
    years = years_to_expiry(candidate.expiry, candidate.scanned_at)
    moment = _Moment(candidate.forward, years, candidate.risk_free)
    rows = (*_legend(told), *(_row(quote, quotes, moment) for quote in told))
    return Section("Ours beside the vendor's", rows)


def _legend(quotes: Sequence[OptionQuote]) -> Iterator[Row]:
    stamps = [
        (quote.quoted_at - quote.greeks_at).total_seconds()
        for quote in quotes
        if quote.quoted_at is not None and quote.greeks_at is not None
    ]
    if stamps:
        oldest = max(stamps)
        what = "the price has moved since then" if oldest > 0.0 else "of the same moment"
        yield Row(
            "vendor's greeks", f"{age(max(oldest, 0.0))} older", f"than the quotes, on a smoothed surface; {what}"
        )
    sides = {(quote.strike, quote.greeks.theta) for quote in quotes if quote.greeks is not None}
    one = len(sides) == len({strike for strike, _ in sides}) < len(quotes)
    shared = "; the vendor gives call and put of a strike one theta and vega" if one else ""
    yield Row("each pair", "ours / vendor's", f"ours from the out-of-the-money mid at this moment's forward{shared}")


def _row(quote: OptionQuote, quotes: Sequence[OptionQuote], moment: _Moment) -> Row:
    label = f"{quote.right.value}{quote.strike:g} volatility"
    ours = moment.volatility(_out_of_the_money(quote, quotes, moment.forward))
    read = f"{percent(ours)} / {percent(quote.iv)}"
    if ours is None:
        return Row(label, read, "no two-sided quote on the out-of-the-money side: ours is unknown")
    theirs = quote.greeks
    if theirs is None:
        return Row(label, read, "the vendor has no greeks")
    own = moment.greeks(quote, ours)
    pairs = [f"delta {_pair(own.delta, theirs.delta, 3)}"]
    pairs += [f"theta {_pair(own.theta, theirs.theta, 3)}", f"vega {_pair(own.vega, theirs.vega, 3)}"]
    words = [", ".join(pairs), *_parts(quote, own, theirs, moment)]
    if own.vega and theirs.vega and not 1.0 / _OTHER_UNIT < theirs.vega / own.vega < _OTHER_UNIT:
        words.append("its vega seems to be in another unit")
    return Row(label, read, "; ".join(words))


def _parts(quote: OptionQuote, own: Greeks, theirs: Greeks, moment: _Moment) -> Iterator[str]:
    """How much of the difference in delta the volatility makes."""
    if quote.iv is None or own.delta is None or theirs.delta is None:
        return
    at_theirs = moment.greeks(quote, quote.iv).delta
    if at_theirs is not None:
        by_volatility, rest = own.delta - at_theirs, at_theirs - theirs.delta
        yield f"of the delta's difference {by_volatility:+.3f} is volatility, {rest:+.3f} age and dividends"


def _out_of_the_money(quote: OptionQuote, quotes: Sequence[OptionQuote], forward: float) -> OptionQuote:
    """The option of the same strike whose quote our volatility is read from; the option itself where it is not here."""
    wanted = Right.PUT if quote.strike < forward else Right.CALL
    same = (one for one in quotes if one.strike == quote.strike and one.right is wanted)
    return next(same, quote)


def _pair(ours: float | None, theirs: float | None, places: int) -> str:
    return f"{number(ours, places)} / {number(theirs, places)}"
