"""Klines for tests, and the lines that Binance writes of them."""

from collections.abc import Iterable
from decimal import Decimal

from cockpit.ticks.kline import Kline
from tests.ticks.trades import START_MS

_DAY_MS = 86_400_000


def kline(number: int, length_ms: int = 60_000, *, trades: int | None = None, symbol: str = "BTCUSDT") -> Kline:
    """The kline of this number from the first midnight on."""
    start = START_MS // _DAY_MS * _DAY_MS + number * length_ms
    price = (100 + number % 7) * 10**8
    count = number % 5 + 2 if trades is None else trades
    if not count:
        nothing = Decimal(0)
        return Kline(symbol, length_ms, start, price, price, price, price, nothing, nothing, 0, nothing, nothing)
    amounts = (Decimal(f"{count}.5"), Decimal(f"{count * 100}.25"), count, Decimal(f"{count}.1"), Decimal(f"{count}.7"))
    return Kline(symbol, length_ms, start, price, price + 3 * 10**8, price - 2 * 10**8, price + 10**8, *amounts)


def line(one: Kline, *, micro: bool = False) -> str:
    """As it stands in a bulk file."""
    prices = (f"{units // 10**8}.{units % 10**8:08d}" for units in (one.open_e8, one.high_e8, one.low_e8, one.close_e8))
    start, end = one.open_ms, one.open_ms + one.length_ms - 1
    fields = (
        f"{start}{'000' if micro else ''}",
        *prices,
        f"{one.volume:f}",
        f"{end}{'999' if micro else ''}",
        *(f"{one.quote_volume:f}", one.trades, f"{one.taker_volume:f}", f"{one.taker_quote_volume:f}", 0),
    )
    return ",".join(map(str, fields)) + "\n"


def text(klines: Iterable[Kline], *, micro: bool = False) -> str:
    """A bulk file of them."""
    return "".join(line(one, micro=micro) for one in klines)
