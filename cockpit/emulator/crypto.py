"""The pairs that the embedded exchange lists, and how their prices and quantities are written."""

from collections.abc import Mapping
from dataclasses import dataclass

SCALE = 8
"""Decimals of every price and quantity on the wire."""
_UNIT = 10**SCALE


@dataclass(frozen=True, slots=True)
class CryptoPair:
    """One pair of the exchange. Prices are counted in ticks and quantities in steps, both whole numbers.

    Attributes:
        base: the currency that is traded, ``BTC``.
        price: the price in USDT around which it moves.
        price_decimals: one tick is ``10 ** -price_decimals`` USDT.
        quantity_decimals: one step is ``10 ** -quantity_decimals`` of the base currency.
        volatility: standard deviation of a year's log return.
        trades_per_second: the average; every hour has exactly 3600 times as many.
        ticket: the average trade in USDT.
    """

    base: str
    price: float
    price_decimals: int
    quantity_decimals: int
    volatility: float
    trades_per_second: float
    ticket: float

    @property
    def quote(self) -> str:
        """The currency that prices are in."""
        return "USDT"

    @property
    def symbol(self) -> str:
        """The venue's name of the pair, ``BTCUSDT``."""
        return self.base + self.quote

    def price_text(self, ticks: int) -> str:
        """A price as the venue writes it."""
        return fixed(ticks * 10 ** (SCALE - self.price_decimals))

    def quantity_text(self, steps: int) -> str:
        """A quantity of the base currency as the venue writes it."""
        return fixed(steps * 10 ** (SCALE - self.quantity_decimals))

    def quote_text(self, turnover: int) -> str:
        """An amount of the quote currency, from ticks times steps."""
        return fixed(turnover * 10 ** (SCALE - self.price_decimals - self.quantity_decimals))

    def mean_text(self, turnover: int, volume: int) -> str:
        """The average price of a turnover in ticks times steps over a volume in steps; zero where there is none."""
        return fixed(turnover * 10 ** (SCALE - self.price_decimals) // volume) if volume else fixed(0)


def fixed(units: int) -> str:
    """A number of 1e-8 units with eight decimals, as the venue writes every amount."""
    sign, units = ("-", -units) if units < 0 else ("", units)
    return f"{sign}{units // _UNIT}.{units % _UNIT:08d}"


PAIRS: Mapping[str, CryptoPair] = {
    pair.symbol: pair
    for pair in (
        CryptoPair("BTC", 96_000, 2, 5, 0.50, 18.0, 2_000),
        CryptoPair("ETH", 3_450, 2, 4, 0.68, 10.0, 1_200),
        CryptoPair("SOL", 212, 2, 3, 0.85, 7.0, 700),
        CryptoPair("BNB", 655, 2, 3, 0.55, 3.0, 600),
        CryptoPair("XRP", 1.42, 4, 1, 0.95, 5.0, 450),
        CryptoPair("TRX", 0.203, 4, 1, 0.60, 1.0, 300),
        CryptoPair("ADA", 0.91, 4, 1, 0.95, 1.6, 300),
        CryptoPair("DOGE", 0.391, 5, 0, 1.05, 3.0, 350),
        CryptoPair("AVAX", 38.4, 2, 2, 0.95, 1.4, 350),
        CryptoPair("DOT", 7.85, 3, 2, 0.90, 1.0, 250),
        CryptoPair("LINK", 17.6, 2, 2, 0.90, 1.2, 350),
        CryptoPair("LTC", 92.5, 2, 3, 0.80, 1.0, 350),
        CryptoPair("SUI", 3.55, 4, 1, 1.10, 2.0, 350),
    )
}
"""Every listed pair by its symbol."""
