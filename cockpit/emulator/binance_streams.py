"""The market streams of the exchange: what each of them says between two moments of market time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import zip_longest

from cockpit.emulator import binance_text as text
from cockpit.emulator.binance_klines import is_interval, kline, span_at
from cockpit.emulator.crypto_market import SLOT_MS, CryptoMarket, Depth, PairMarket

BOOK_LEVELS = 500
"""Levels on each side of the book, over REST as in the streams."""

_DAY_MS = 86_400_000
_FIVE_MINUTES_MS = 300_000
_MOST_CLOSED_CANDLES = 100
_WINDOWS = {"1h": 3_600_000, "4h": 14_400_000, "1d": _DAY_MS}
_SNAPSHOT_LEVELS = {"depth5": 5, "depth10": 10, "depth20": 20}

Frames = Callable[[int, int], list[str]]
"""Payloads for what happened from the first moment (inclusive) to before the second, ms."""


@dataclass(slots=True)
class Losses:
    """Trades that streams leave out on purpose: ranges of ids by symbol. REST has them all."""

    ranges: dict[str, range] = field(default_factory=dict)

    def lose(self, market: CryptoMarket, count: int, from_ms: int) -> None:
        """Leave out the next trades of every pair."""
        for symbol, pair in market.pairs.items():
            following = pair.last_trade_id(from_ms) + 1
            self.ranges[symbol] = range(following, following + count)

    def of(self, symbol: str) -> range:
        """The ids that are left out."""
        return self.ranges.get(symbol, range(0))


def open_stream(name: str, market: CryptoMarket, losses: Losses, factor: int) -> Frames | None:
    """What a stream says; None where the venue knows no such stream, on which it stays silent.

    Args:
        name: as it stands in a URL, ``btcusdt@trade``.
        market: where the trades come from.
        losses: trades to leave out.
        factor: 1 for times in ms, 1000 for microseconds.
    """
    if name == "!miniTicker@arr":
        return _all_mini_tickers(market, factor)
    symbol, _, kind = name.partition("@")
    pair = market.pairs.get(symbol.upper())
    if pair is None or symbol != symbol.lower():
        return None
    kind, _, speed = kind.partition("@")
    if kind.startswith("kline_"):
        return _klines(pair, kind.removeprefix("kline_"), speed, factor)
    if kind.startswith("depth"):
        return _depth(pair, kind, speed, factor)
    if speed:
        return None
    if kind.startswith("ticker_"):
        return _window_ticker(pair, kind.removeprefix("ticker_"), factor)
    makers: dict[str, Callable[[], Frames]] = {
        "trade": lambda: _trades(pair, losses, factor),
        "aggTrade": lambda: _sweeps(pair, losses, factor),
        "bookTicker": lambda: _book_tops(pair),
        "miniTicker": lambda: _mini_ticker(pair, factor),
        "ticker": lambda: _ticker(pair, factor),
        "avgPrice": lambda: _average(pair, factor),
    }
    maker = makers.get(kind)
    return maker() if maker is not None else None


def _trades(market: PairMarket, losses: Losses, factor: int) -> Frames:
    def frames(start_ms: int, end_ms: int) -> list[str]:
        lost = losses.of(market.pair.symbol)
        return [
            text.trade_event(market.pair, trade, factor)
            for trade in market.prints_between(start_ms, end_ms)
            if trade.trade_id not in lost
        ]

    return frames


def _sweeps(market: PairMarket, losses: Losses, factor: int) -> Frames:
    def frames(start_ms: int, end_ms: int) -> list[str]:
        lost = losses.of(market.pair.symbol)
        return [
            text.sweep_event(market.pair, sweep, factor)
            for sweep in market.sweeps_between(start_ms, end_ms)
            if sweep.last < lost.start or sweep.first >= lost.stop
        ]

    return frames


def _book_tops(market: PairMarket) -> Frames:
    def frames(start_ms: int, end_ms: int) -> list[str]:
        tops = []
        sweeps = market.sweeps_between(start_ms, end_ms)
        for sweep, after in zip_longest(sweeps, sweeps[1:]):
            if after is None or after.time_ms != sweep.time_ms:
                tops.append(market.top_after(sweep, sweep.time_ms // SLOT_MS))
        newest = market.top(end_ms) if end_ms // SLOT_MS != start_ms // SLOT_MS else None
        if newest is not None and (not tops or tops[-1].update_id != newest.update_id):
            tops.append(newest)
        return [text.book_event(market.pair, top) for top in tops]

    return frames


def _every(step_ms: int, say: Callable[[int], list[str]]) -> Frames:
    """At the last full step of market time that has passed, once."""

    def frames(start_ms: int, end_ms: int) -> list[str]:
        moment = end_ms // step_ms * step_ms
        return say(moment) if moment > start_ms // step_ms * step_ms else []

    return frames


def _mini_ticker(market: PairMarket, factor: int) -> Frames:
    def say(moment: int) -> list[str]:
        bar = market.bar(moment - _DAY_MS, moment, moment)
        return [text.mini_event(market.pair, bar, moment, factor)] if bar is not None else []

    return _every(1000, say)


def _all_mini_tickers(market: CryptoMarket, factor: int) -> Frames:
    def say(moment: int) -> list[str]:
        events = []
        for pair in market.pairs.values():
            bar = pair.bar(moment - _DAY_MS, moment, moment)
            if bar is not None and pair.prints_between(moment - 1000, moment, 1):
                events.append(text.mini_event(pair.pair, bar, moment, factor))
        return [f"[{','.join(events)}]"] if events else []

    return _every(1000, say)


def _ticker(market: PairMarket, factor: int) -> Frames:
    def say(moment: int) -> list[str]:
        start = moment - _DAY_MS
        bar, top = market.bar(start, moment, moment), market.top(moment)
        if bar is None or top is None:
            return []
        before, last = market.newest_prints(1, start), market.newest_prints(1, moment)
        previous = before[0].ticks if before else bar.open
        return [text.ticker_event(market.pair, bar, previous, last[0].steps, top, (start, moment), factor)]

    return _every(1000, say)


def _window_ticker(market: PairMarket, name: str, factor: int) -> Frames | None:
    length = _WINDOWS.get(name)
    if length is None:
        return None

    def say(moment: int) -> list[str]:
        start = (moment - length) // 60_000 * 60_000
        bar = market.bar(start, moment, moment)
        return [text.window_event(name, market.pair, bar, (start, moment), factor)] if bar is not None else []

    return _every(1000, say)


def _average(market: PairMarket, factor: int) -> Frames:
    def say(moment: int) -> list[str]:
        bar, last = market.bar(moment - _FIVE_MINUTES_MS, moment, moment), market.newest_prints(1, moment)
        return [text.average_event(market.pair, bar, last[0].time_ms, moment, factor)] if bar is not None else []

    return _every(1000, say)


def _klines(market: PairMarket, interval: str, zone: str, factor: int) -> Frames | None:
    if not is_interval(interval) or zone not in {"", "+08:00"}:
        return None
    offset_ms = 8 * 3_600_000 if zone else 0
    step_ms = 1000 if interval == "1s" else 2000

    def event(start_ms: int, end_ms: int, moment: int) -> list[str]:
        candle = kline(market, start_ms, end_ms, moment)
        if candle is None:
            return []
        return [text.kline_event(market.pair, interval, candle, moment >= end_ms, moment, factor)]

    def say(moment: int) -> list[str]:
        return event(*span_at(interval, moment - 1, offset_ms), moment)

    running = _every(step_ms, say)

    def frames(start_ms: int, end_ms: int) -> list[str]:
        closed: list[str] = []
        span = span_at(interval, start_ms, offset_ms)
        while span[1] <= end_ms and len(closed) < _MOST_CLOSED_CANDLES:
            closed += event(*span, span[1])
            span = span_at(interval, span[1], offset_ms)
        at_close = end_ms // step_ms * step_ms == span[0]
        return closed if at_close else closed + running(start_ms, end_ms)

    return frames


def _depth(market: PairMarket, kind: str, speed: str, factor: int) -> Frames | None:
    if speed not in {"", "100ms"}:
        return None
    step_ms = 100 if speed else 1000
    if kind in _SNAPSHOT_LEVELS:
        return _every(step_ms, _snapshots(market, _SNAPSHOT_LEVELS[kind]))
    return _every(step_ms, _Differences(market, step_ms, factor)) if kind == "depth" else None


def _snapshots(market: PairMarket, levels: int) -> Callable[[int], list[str]]:
    said = 0

    def say(moment: int) -> list[str]:
        nonlocal said
        depth = market.depth(levels, moment)
        if depth is None or depth.update_id == said:
            return []
        said = depth.update_id
        return [text.depth_snapshot(market.pair, depth)]

    return say


class _Differences:
    """The levels that changed since the last event; one event begins where the one before it ended."""

    def __init__(self, market: PairMarket, step_ms: int, factor: int) -> None:
        self._market = market
        self._step_ms = step_ms
        self._factor = factor
        self._last: Depth | None = None

    def __call__(self, moment: int) -> list[str]:
        last, depth = self._last, self._market.depth(BOOK_LEVELS, moment)
        if last is None:
            last = self._market.depth(BOOK_LEVELS, moment - self._step_ms)
        self._last = depth
        if last is None or depth is None or last.update_id == depth.update_id:
            return []
        changes = _changed(last.bids, depth.bids), _changed(last.asks, depth.asks)
        pair, first = self._market.pair, last.update_id + 1
        return [text.depth_event(pair, first, depth.update_id, changes, moment, self._factor)]


def _changed(before: list[text.Level], after: list[text.Level]) -> list[text.Level]:
    old, new = dict(before), dict(after)
    gone = [(ticks, 0) for ticks in old if ticks not in new]
    return gone + [(ticks, steps) for ticks, steps in new.items() if old.get(ticks) != steps]
