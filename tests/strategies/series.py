"""Bars and strategies for tests."""

from collections.abc import AsyncIterator, Iterable, Sequence
from decimal import Decimal

from cockpit.strategies.api import Bar, Signal, Strategy
from cockpit.strategies.backtest import Backtest, BacktestResult, PastBar, run
from cockpit.strategies.decider import Decider, Listener
from cockpit.strategies.terms import Terms

START_MS = 1_767_225_600_000
MINUTE_MS = 60_000

FREE = Terms(Decimal(1000), fee_bp=Decimal(0))
TEN_BP = Terms(Decimal(1000), fee_bp=Decimal(10))


def bar(number: int, opened: object, close: object | None = None, *, flat: bool = False) -> Bar:
    """The bar of this minute; high and low are its ends."""
    first, last = Decimal(str(opened)), Decimal(str(opened if close is None else close))
    start, volume = START_MS + number * MINUTE_MS, Decimal(0 if flat else 1)
    ends = first, max(first, last), min(first, last), last
    return Bar("BTCUSDT", start, start + MINUTE_MS - 1, *ends, volume, volume * last, int(not flat), volume, flat)


def bars(closes: Iterable[object]) -> list[Bar]:
    """Bars that open at the close before them."""
    values = list(closes)
    return [bar(number, values[max(0, number - 1)], value) for number, value in enumerate(values)]


class Scripted(Strategy):
    """Says what it was given to say, a word a bar; None where the script has nothing."""

    allow_short = True
    words: Sequence[float | None]

    def on_bar(self, bar: Bar) -> Signal | None:
        number = (bar.open_ms - START_MS) // MINUTE_MS
        word = self.words[number] if number < len(self.words) else None
        return None if word is None else Signal(word, f"word {number}")


def scripted(*words: float | None, short: bool = True) -> Listener:
    strategy = Scripted(allow_short=short)
    strategy.words = words
    return Listener(strategy, "scripted")


async def pages(past: Sequence[PastBar | Bar], size: int = 3) -> AsyncIterator[list[PastBar]]:
    whole = [one if isinstance(one, PastBar) else PastBar(one) for one in past]
    for at in range(0, len(whole), size):
        yield whole[at : at + size]


async def outcome(
    decider: Decider, past: Sequence[PastBar | Bar], terms: Terms = FREE, start_ms: int | None = None
) -> BacktestResult:
    result = await run(decider, pages(past), Backtest("BTCUSDT", terms), start_ms)
    assert result is not None
    return result
