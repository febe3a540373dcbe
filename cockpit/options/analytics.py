"""Our own volatility and greeks of every option of a chain at once."""

from math import isnan
from typing import NamedTuple

from cockpit.options.contract import Greeks, OptionQuote
from cockpit.options.smile import Smile


class OptionAnalytics(NamedTuple):
    """One option of a chain: the volatility of its strike and its greeks, None where there is no volatility."""

    quote: OptionQuote
    volatility: float | None
    greeks: Greeks | None


def chain_analytics(smile: Smile, *, fast: bool = False) -> tuple[OptionAnalytics, ...]:
    """Every option of the smile's chain, by strike, calls before puts.

    Args:
        fast: on arrays where numpy is installed: the same numbers to 1 part in 10^12, and worth its import where there
            are many chains. Without numpy the pure path answers.
    """
    if fast and (found := _on_arrays(smile)) is not None:
        return found
    return tuple(
        OptionAnalytics(quote, smile.volatility(quote.strike), smile.greeks(quote.right, quote.strike))
        for quote in smile.chain.quotes
    )


def _on_arrays(smile: Smile) -> tuple[OptionAnalytics, ...] | None:
    """None where numpy is not installed."""
    try:
        from cockpit.options.vectorised import chain_arrays
    except ImportError:
        return None
    arrays = chain_arrays(smile)
    _, deltas, gammas, thetas, vegas, _ = arrays.valuations
    rows = zip(
        arrays.volatility.tolist(), deltas.tolist(), gammas.tolist(), thetas.tolist(), vegas.tolist(), strict=True
    )
    return tuple(
        OptionAnalytics(quote, None, None)
        if isnan(volatility)
        else OptionAnalytics(quote, volatility, Greeks(delta, gamma, theta, vega))
        for quote, (volatility, delta, gamma, theta, vega) in zip(smile.chain.quotes, rows, strict=True)
    )
