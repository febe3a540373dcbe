"""Our volatilities and greeks of the proposed legs beside the vendor's, with what the difference is made of.

A vendor smooths volatilities over strikes and computes greeks when it gets round to it, up to an hour before the
quote, from the price of that moment. So a difference has two parts: the volatility, which can be put into our own
formula, and the rest: age, dividends and early exercise.
"""

from collections.abc import Iterator, Sequence

from cockpit.options.analytics import OptionAnalytics, chain_analytics
from cockpit.options.chain import OptionChain
from cockpit.options.contract import Greeks, OptionQuote
from cockpit.options.forward import Forward, years_to_expiry
from cockpit.options.smile import Smile
from cockpit.scan.candidate import Candidate
from cockpit.scan.explanation import Row, Section
from cockpit.scan.wording import age, number, percent
from cockpit.spreads.structure import Spread

_OTHER_UNIT = 30.0
"""A ratio of two vegas beyond this is a difference of units, not of opinion."""


def vendor_section(candidate: Candidate, spreads: Sequence[Spread]) -> Section | None:
    """One row an option of the spreads; None where there is nothing to compare."""
    legs = {leg.quote.symbol: leg.quote for spread in spreads for leg in spread.legs}
    told = [quote for quote in legs.values() if quote.greeks is not None or quote.iv is not None]
    if not told or candidate.forward is None or candidate.risk_free is None or candidate.expiry is None:
        return None
    # The legs are all that is kept of the chain; its forward is kept by itself.
    chain = OptionChain(
        candidate.symbol, candidate.expiry, tuple(legs.values()), candidate.spot, candidate.scanned_at, ""
    )
    years = years_to_expiry(candidate.expiry, candidate.scanned_at)
    smile = Smile(chain, Forward(candidate.forward, None, 0.0), years, candidate.risk_free)
    rows = [_row(ours, smile) for ours in chain_analytics(smile) if ours.quote in told]
    return Section("Ours beside the vendor's", (*_legend(told), *rows))


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


def _row(ours: OptionAnalytics, smile: Smile) -> Row:
    quote, own, theirs = ours.quote, ours.greeks, ours.quote.greeks
    label = f"{quote.right.value}{quote.strike:g} volatility"
    read = f"{percent(ours.volatility)} / {percent(quote.iv)}"
    if own is None:
        return Row(label, read, "no two-sided quote on the out-of-the-money side: ours is unknown")
    if theirs is None:
        return Row(label, read, "the vendor has no greeks")
    pairs = [f"delta {_pair(own.delta, theirs.delta, 3)}"]
    pairs += [f"theta {_pair(own.theta, theirs.theta, 3)}", f"vega {_pair(own.vega, theirs.vega, 3)}"]
    words = [", ".join(pairs), *_parts(quote, own, theirs, smile)]
    if own.vega and theirs.vega and not 1.0 / _OTHER_UNIT < theirs.vega / own.vega < _OTHER_UNIT:
        words.append("its vega seems to be in another unit")
    return Row(label, read, "; ".join(words))


def _parts(quote: OptionQuote, own: Greeks, theirs: Greeks, smile: Smile) -> Iterator[str]:
    """How much of the difference in delta the volatility makes."""
    if quote.iv is None or own.delta is None or theirs.delta is None:
        return
    at_theirs = smile.greeks_at(quote.right, quote.strike, quote.iv).delta
    if at_theirs is not None:
        by_volatility, rest = own.delta - at_theirs, at_theirs - theirs.delta
        yield f"of the delta's difference {by_volatility:+.3f} is volatility, {rest:+.3f} age and dividends"


def _pair(ours: float | None, theirs: float | None, places: int) -> str:
    return f"{number(ours, places)} / {number(theirs, places)}"
