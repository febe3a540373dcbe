"""Volatility by strike of one expiry, always from the out-of-the-money side, solved only where it is asked for."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime
from math import exp, log, sqrt

from cockpit.options.chain import OptionChain
from cockpit.options.contract import Greeks, OptionQuote, Right
from cockpit.options.forward import Forward, chain_forward, years_to_expiry
from cockpit.options.implied_volatility import implied_volatility
from cockpit.options.pricing import figures

_REACH = 3


class Smile:
    """The out-of-the-money implied volatilities of a chain at one moment.

    A put is read below the forward and a call at or above it; in-the-money quotes carry early-exercise value and wide
    spreads, so their own volatility is never used. Both rights of a strike share one volatility.
    """

    __slots__ = ("_greeks", "_memo", "chain", "discount", "forward", "rate", "years")

    def __init__(self, chain: OptionChain, forward: Forward, years: float, rate: float) -> None:
        self.chain = chain
        self.forward = forward
        self.years = years
        self.rate = rate
        self.discount = exp(-rate * years)
        self._memo: dict[float, float | None] = {}
        # By signed strike: puts below nothing. A key with an enum in it would cost half as much as the greeks.
        self._greeks: dict[float, Greeks | None] = {}

    def quote(self, strike: float) -> OptionQuote | None:
        """The out-of-the-money option at this strike, or None where it is not listed."""
        return self.chain.quote(Right.PUT if strike < self.forward.price else Right.CALL, strike)

    def volatility(self, strike: float) -> float | None:
        """Implied volatility at a listed strike; None where its quote has no mid or no volatility explains it."""
        if strike not in self._memo:
            quote = self.quote(strike)
            mid = quote.mid if quote is not None else None
            self._memo[strike] = (
                None
                if quote is None or mid is None
                else implied_volatility(mid, quote.right.sign, self.forward.price, strike, self.years, self.discount)
            )
        return self._memo[strike]

    def at_the_money(self) -> float | None:
        """Volatility at the forward: total variance linear in log strike between the two strikes around it.

        Where one of the two has none, the next that has, up to three strikes further out, takes its place; where a
        whole side has none, the other stands alone. None where neither has.
        """
        strikes, forward = self.chain.strikes, self.forward.price
        index = bisect_left(strikes, forward)
        low = self._first_known(reversed(strikes[max(index - _REACH, 0) : index]))
        high = self._first_known(iter(strikes[index : index + _REACH]))
        if low is None or high is None:
            alone = high if low is None else low
            return None if alone is None else alone[1]
        k_low, k_high = log(low[0] / forward), log(high[0] / forward)
        share = -k_low / (k_high - k_low)
        return sqrt(low[1] ** 2 * (1.0 - share) + high[1] ** 2 * share)

    def _first_known(self, strikes: Iterator[float]) -> tuple[float, float] | None:
        for strike in strikes:
            volatility = self.volatility(strike)
            if volatility is not None:
                return strike, volatility
        return None

    def greeks(self, right: Right, strike: float) -> Greeks | None:
        """Our own greeks of a listed option, at the strike's volatility and the chain's forward; None without one."""
        key = right.sign * strike
        if key not in self._greeks:
            volatility = self.volatility(strike)
            self._greeks[key] = None if volatility is None else self.greeks_at(right, strike, volatility)
        return self._greeks[key]

    def greeks_at(self, right: Right, strike: float, volatility: float) -> Greeks:
        """The same at another volatility than the quotes'."""
        _, delta, gamma, theta, vega, _ = figures(
            right.sign, self.carried_spot, strike, self.years, self.rate, 0.0, volatility
        )
        return Greeks(delta, gamma, theta, vega)

    @property
    def carried_spot(self) -> float:
        """The spot whose carry at the rate alone leads to the chain's forward: dividends are inside the forward."""
        return self.forward.price * self.discount


def smile_of(chain: OptionChain, spot: float, now: datetime, rate: float) -> Smile:
    """The chain's smile at its own forward.

    Args:
        spot: dollars.
        rate: continuous, annual.
    """
    years = years_to_expiry(chain.expiry, now)
    return Smile(chain, chain_forward(chain, spot, years, rate), years, rate)


class Smiles:
    """The smiles of one name's chains at one price and moment, each made once; arguments as of :func:`smile_of`."""

    def __init__(self, spot: float, now: datetime, rate: float) -> None:
        self._spot = spot
        self._now = now
        self._rate = rate
        # By identity, which a smile keeps alive: to compare chains would cost more than to make one.
        self._memo: dict[int, Smile] = {}

    def of(self, chain: OptionChain) -> Smile:
        """The smile of a chain."""
        smile = self._memo.get(id(chain))
        if smile is None:
            smile = self._memo[id(chain)] = smile_of(chain, self._spot, self._now, self._rate)
        return smile
