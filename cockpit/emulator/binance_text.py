"""What the exchange writes: stream payloads and REST rows as JSON text.

``factor`` is 1 for times in milliseconds and 1000 for microseconds.
"""

import json
from collections.abc import Sequence

from cockpit.emulator.binance_klines import Kline
from cockpit.emulator.crypto import CryptoPair
from cockpit.emulator.crypto_bars import Bar
from cockpit.emulator.crypto_market import BookTop, Depth
from cockpit.emulator.crypto_tape import Print, Sweep

Level = tuple[int, int]


def compact(value: object) -> str:
    """A JSON value without blanks."""
    return json.dumps(value, separators=(",", ":"))


def _flag(value: bool) -> str:
    return "true" if value else "false"


def trade_event(pair: CryptoPair, trade: Print, factor: int) -> str:
    """``@trade``: the event leaves the venue one ms after the trade."""
    return (
        f'{{"e":"trade","E":{(trade.time_ms + 1) * factor},"s":"{pair.symbol}","t":{trade.trade_id},'
        f'"p":"{pair.price_text(trade.ticks)}","q":"{pair.quantity_text(trade.steps)}",'
        f'"T":{trade.time_ms * factor},"m":{_flag(trade.sold)},"M":true}}'
    )


def sweep_event(pair: CryptoPair, sweep: Sweep, factor: int) -> str:
    """``@aggTrade``."""
    return (
        f'{{"e":"aggTrade","E":{(sweep.time_ms + 1) * factor},"s":"{pair.symbol}","a":{sweep.sweep_id},'
        f'"p":"{pair.price_text(sweep.ticks)}","q":"{pair.quantity_text(sweep.steps)}","f":{sweep.first},'
        f'"l":{sweep.last},"T":{sweep.time_ms * factor},"m":{_flag(sweep.sold)},"M":true}}'
    )


def book_event(pair: CryptoPair, top: BookTop) -> str:
    """``@bookTicker``: no event type and no time."""
    return (
        f'{{"u":{top.update_id},"s":"{pair.symbol}","b":"{pair.price_text(top.bid)}",'
        f'"B":"{pair.quantity_text(top.bid_steps)}","a":"{pair.price_text(top.ask)}",'
        f'"A":"{pair.quantity_text(top.ask_steps)}"}}'
    )


def mini_event(pair: CryptoPair, bar: Bar, time_ms: int, factor: int) -> str:
    """``@miniTicker``."""
    return (
        f'{{"e":"24hrMiniTicker","E":{time_ms * factor},"s":"{pair.symbol}","c":"{pair.price_text(bar.close)}",'
        f'"o":"{pair.price_text(bar.open)}","h":"{pair.price_text(bar.high)}","l":"{pair.price_text(bar.low)}",'
        f'"v":"{pair.quantity_text(bar.volume)}","q":"{pair.quote_text(bar.turnover)}"}}'
    )


def ticker_event(
    pair: CryptoPair, bar: Bar, previous: int, last_steps: int, top: BookTop, span: tuple[int, int], factor: int
) -> str:
    """``@ticker``: the rolling day with the last trade and the book; ``span`` is the day's begin and end in ms."""
    return compact(
        {
            "e": "24hrTicker",
            "E": span[1] * factor,
            "s": pair.symbol,
            "p": pair.price_text(bar.close - bar.open),
            "P": change_percent(bar),
            "w": pair.mean_text(bar.turnover, bar.volume),
            "x": pair.price_text(previous),
            "c": pair.price_text(bar.close),
            "Q": pair.quantity_text(last_steps),
            "b": pair.price_text(top.bid),
            "B": pair.quantity_text(top.bid_steps),
            "a": pair.price_text(top.ask),
            "A": pair.quantity_text(top.ask_steps),
            **_window_tail(pair, bar, span, factor),
        }
    )


def window_event(name: str, pair: CryptoPair, bar: Bar, span: tuple[int, int], factor: int) -> str:
    """``@ticker_1h`` and its like."""
    return compact(
        {
            "e": f"{name}Ticker",
            "E": span[1] * factor,
            "s": pair.symbol,
            "p": pair.price_text(bar.close - bar.open),
            "P": change_percent(bar),
            "w": pair.mean_text(bar.turnover, bar.volume),
            "c": pair.price_text(bar.close),
            **_window_tail(pair, bar, span, factor),
        }
    )


def _window_tail(pair: CryptoPair, bar: Bar, span: tuple[int, int], factor: int) -> dict[str, object]:
    return {
        "o": pair.price_text(bar.open),
        "h": pair.price_text(bar.high),
        "l": pair.price_text(bar.low),
        "v": pair.quantity_text(bar.volume),
        "q": pair.quote_text(bar.turnover),
        "O": span[0] * factor,
        "C": span[1] * factor,
        "F": bar.first_id,
        "L": bar.last_id,
        "n": bar.trades,
    }


def average_event(pair: CryptoPair, bar: Bar, last_ms: int, time_ms: int, factor: int) -> str:
    """``@avgPrice``: the average of five minutes, with the time of the last trade."""
    mean = pair.mean_text(bar.turnover, bar.volume)
    return f'{{"e":"avgPrice","E":{time_ms * factor},"s":"{pair.symbol}","i":"5m","w":"{mean}","T":{last_ms * factor}}}'


def kline_event(pair: CryptoPair, interval: str, candle: Kline, closed: bool, time_ms: int, factor: int) -> str:
    """``@kline_<interval>``."""
    bar = candle.bar
    return compact(
        {
            "e": "kline",
            "E": time_ms * factor,
            "s": pair.symbol,
            "k": {
                "t": candle.start_ms * factor,
                "T": candle.end_ms * factor - 1,
                "s": pair.symbol,
                "i": interval,
                "f": bar.first_id,
                "L": bar.last_id,
                "o": pair.price_text(bar.open),
                "c": pair.price_text(bar.close),
                "h": pair.price_text(bar.high),
                "l": pair.price_text(bar.low),
                "v": pair.quantity_text(bar.volume),
                "n": bar.trades,
                "x": closed,
                "q": pair.quote_text(bar.turnover),
                "V": pair.quantity_text(bar.bought),
                "Q": pair.quote_text(bar.bought_turnover),
                "B": "0",
            },
        }
    )


def levels_text(pair: CryptoPair, levels: Sequence[Level]) -> list[list[str]]:
    """Levels of a book as the venue writes them; a quantity of zero removes the level."""
    return [[pair.price_text(ticks), pair.quantity_text(steps)] for ticks, steps in levels]


def depth_snapshot(pair: CryptoPair, depth: Depth) -> str:
    """``@depth5`` and its like, and the REST book."""
    return compact(
        {
            "lastUpdateId": depth.update_id,
            "bids": levels_text(pair, depth.bids),
            "asks": levels_text(pair, depth.asks),
        }
    )


def depth_event(
    pair: CryptoPair, first: int, last: int, changes: tuple[list[Level], list[Level]], time_ms: int, factor: int
) -> str:
    """``@depth``: the changed levels of bids and asks between two update ids."""
    return compact(
        {
            "e": "depthUpdate",
            "E": time_ms * factor,
            "s": pair.symbol,
            "U": first,
            "u": last,
            "b": levels_text(pair, changes[0]),
            "a": levels_text(pair, changes[1]),
        }
    )


def trade_row(pair: CryptoPair, trade: Print, factor: int) -> str:
    """A row of trades and historicalTrades."""
    return (
        f'{{"id":{trade.trade_id},"price":"{pair.price_text(trade.ticks)}","qty":"{pair.quantity_text(trade.steps)}",'
        f'"quoteQty":"{pair.quote_text(trade.ticks * trade.steps)}","time":{trade.time_ms * factor},'
        f'"isBuyerMaker":{_flag(trade.sold)},"isBestMatch":true}}'
    )


def sweep_row(pair: CryptoPair, sweep: Sweep, factor: int) -> str:
    """A row of aggTrades."""
    return (
        f'{{"a":{sweep.sweep_id},"p":"{pair.price_text(sweep.ticks)}","q":"{pair.quantity_text(sweep.steps)}",'
        f'"f":{sweep.first},"l":{sweep.last},"T":{sweep.time_ms * factor},"m":{_flag(sweep.sold)},"M":true}}'
    )


def kline_row(pair: CryptoPair, candle: Kline, factor: int) -> list[object]:
    """A row of klines."""
    bar = candle.bar
    return [
        candle.start_ms * factor,
        pair.price_text(bar.open),
        pair.price_text(bar.high),
        pair.price_text(bar.low),
        pair.price_text(bar.close),
        pair.quantity_text(bar.volume),
        candle.end_ms * factor - 1,
        pair.quote_text(bar.turnover),
        bar.trades,
        pair.quantity_text(bar.bought),
        pair.quote_text(bar.bought_turnover),
        "0",
    ]


def window_row(pair: CryptoPair, bar: Bar, span: tuple[int, int], factor: int, *, mini: bool) -> dict[str, object]:
    """A rolling window over REST; ``mini`` leaves out what can be worked out."""
    row: dict[str, object] = {"symbol": pair.symbol}
    if not mini:
        row |= {
            "priceChange": pair.price_text(bar.close - bar.open),
            "priceChangePercent": change_percent(bar),
            "weightedAvgPrice": pair.mean_text(bar.turnover, bar.volume),
        }
    return row | {
        "openPrice": pair.price_text(bar.open),
        "highPrice": pair.price_text(bar.high),
        "lowPrice": pair.price_text(bar.low),
        "lastPrice": pair.price_text(bar.close),
        "volume": pair.quantity_text(bar.volume),
        "quoteVolume": pair.quote_text(bar.turnover),
        "openTime": span[0] * factor,
        "closeTime": span[1] * factor,
        "firstId": bar.first_id,
        "lastId": bar.last_id,
        "count": bar.trades,
    }


def change_percent(bar: Bar) -> str:
    """Close against open in percent with three decimals."""
    thousandths = round((bar.close - bar.open) * 100_000 / bar.open)
    sign = "-" if thousandths < 0 else ""
    return f"{sign}{abs(thousandths) // 1000}.{abs(thousandths) % 1000:03d}"
