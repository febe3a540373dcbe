"""Market data of the exchange over REST: the same trades that its streams carry."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from cockpit.emulator import binance_text as text
from cockpit.emulator.binance_info import exchange_info
from cockpit.emulator.binance_klines import kline, spans
from cockpit.emulator.binance_query import BadRequestError, Query
from cockpit.emulator.binance_streams import BOOK_LEVELS
from cockpit.emulator.crypto_market import HOUR_MS, CryptoMarket, PairMarket

_DAY_MS = 86_400_000
_FIVE_MINUTES_MS = 300_000
_MOST_ROWS = 1000
_DEPTH_WEIGHTS = ((100, 5), (500, 25), (1000, 50), (5000, 250))

Weigh = Callable[[Query], int]
Respond = Callable[["Asked"], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request at a moment of market time; ``factor`` is 1000 where the client wants microseconds."""

    market: CryptoMarket
    query: Query
    now_ms: int
    factor: int
    weight_limit: int

    def pair(self) -> PairMarket:
        """The pair that the mandatory symbol names."""
        return self.market.pairs[self.query.symbol()]

    def pairs(self) -> list[PairMarket]:
        """The pairs that symbol or symbols name, else all."""
        wanted = self.query.symbols()
        return [self.market.pairs[name] for name in (wanted if wanted is not None else self.market.pairs)]

    def shaped(self, rows: list[dict[str, object]]) -> str:
        """An object where one symbol was asked for, else a list."""
        return text.compact(rows[0] if self.query.single and rows else rows)


async def _ping(asked: Asked) -> str:
    return "{}"


async def _time(asked: Asked) -> str:
    return text.compact({"serverTime": asked.now_ms * asked.factor})


async def _exchange_info(asked: Asked) -> str:
    pairs = [market.pair for market in asked.pairs()]
    sets = asked.query.choice("showPermissionSets", "true", ("true", "false")) == "true"
    return text.compact(exchange_info(pairs, asked.now_ms * asked.factor, asked.weight_limit, permission_sets=sets))


async def _depth(asked: Asked) -> str:
    market = asked.pair()
    depth = market.depth(min(BOOK_LEVELS, asked.query.limit(100, 5000)), asked.now_ms)
    return text.depth_snapshot(market.pair, depth) if depth is not None else "{}"


async def _trades(asked: Asked) -> str:
    market, limit = asked.pair(), asked.query.limit(500, _MOST_ROWS)
    return _rows(text.trade_row(market.pair, row, asked.factor) for row in market.newest_prints(limit, asked.now_ms))


async def _historical_trades(asked: Asked) -> str:
    market, limit, first = asked.pair(), asked.query.limit(500, _MOST_ROWS), asked.query.number("fromId")
    if first is None:
        found = market.newest_prints(limit, asked.now_ms)
    else:
        found = market.prints_from(first, limit, asked.now_ms)
    return _rows(text.trade_row(market.pair, row, asked.factor) for row in found)


async def _agg_trades(asked: Asked) -> str:
    query, market = asked.query, asked.pair()
    limit, first = query.limit(500, _MOST_ROWS), query.number("fromId")
    start, end = query.time_ms("startTime"), query.time_ms("endTime")
    if first is not None and (start is not None or end is not None):
        raise BadRequestError(-1128, "Combination of optional parameters invalid.")
    before = asked.now_ms if end is None else min(end + 1, asked.now_ms)
    if first is not None:
        found = market.sweeps_from(first, limit, before)
    elif start is not None:
        found = market.sweeps_between(start, before, limit)
    else:
        found = market.newest_sweeps(limit, before)
    return _rows(text.sweep_row(market.pair, row, asked.factor) for row in found)


async def _klines(asked: Asked) -> str:
    query, market = asked.query, asked.pair()
    interval, limit, offset = query.interval(), query.limit(500, _MOST_ROWS), query.zone_ms()
    start, end = query.time_ms("startTime"), query.time_ms("endTime")
    rows = []
    for span in spans(interval, start, end, limit, asked.now_ms, offset):
        await _add_up(market, *span, asked.now_ms)
        candle = kline(market, *span, asked.now_ms)
        if candle is not None:
            rows.append(text.kline_row(market.pair, candle, asked.factor))
    return text.compact(rows)


async def _add_up(market: PairMarket, start_ms: int, end_ms: int, before_ms: int) -> None:
    """Prepare a long candle piece by piece, so that others are served in between."""
    await asyncio.sleep(0)
    end_ms = min(end_ms, before_ms)
    days = range(-(-start_ms // _DAY_MS), end_ms // _DAY_MS)
    hours = range(-(-start_ms // HOUR_MS), end_ms // HOUR_MS) if not days else range(0)
    for prepare, units in ((market.prepare_day, days), (market.prepare_hour, hours)):
        for unit in units:
            if prepare(unit):
                await asyncio.sleep(0)


async def _average(asked: Asked) -> str:
    market = asked.pair()
    bar = market.bar(asked.now_ms - _FIVE_MINUTES_MS, asked.now_ms, asked.now_ms)
    last = market.newest_prints(1, asked.now_ms)
    if bar is None or not last:
        return "{}"
    price = market.pair.mean_text(bar.turnover, bar.volume)
    return text.compact({"mins": 5, "price": price, "closeTime": last[0].time_ms * asked.factor})


async def _day_ticker(asked: Asked) -> str:
    mini = asked.query.choice("type", "FULL", ("FULL", "MINI")) == "MINI"
    rows = []
    for market in asked.pairs():
        span = asked.now_ms - _DAY_MS, asked.now_ms
        await _add_up(market, *span, asked.now_ms)
        bar, top = market.bar(*span, asked.now_ms), market.top(asked.now_ms)
        if bar is None or top is None:
            continue
        row = text.window_row(market.pair, bar, span, asked.factor, mini=mini)
        if not mini:
            before, last = market.newest_prints(1, span[0]), market.newest_prints(1, asked.now_ms)
            pair = market.pair
            row |= {
                "prevClosePrice": pair.price_text(before[0].ticks if before else bar.open),
                "lastQty": pair.quantity_text(last[0].steps),
                **_book_row(market, asked.now_ms),
            }
        rows.append(row)
    return asked.shaped(rows)


async def _price(asked: Asked) -> str:
    rows: list[dict[str, object]] = [
        {"symbol": market.pair.symbol, "price": market.pair.price_text(last.ticks)}
        for market in asked.pairs()
        for last in market.newest_prints(1, asked.now_ms)
    ]
    return asked.shaped(rows)


async def _book_ticker(asked: Asked) -> str:
    rows = [{"symbol": market.pair.symbol} | _book_row(market, asked.now_ms) for market in asked.pairs()]
    return asked.shaped([row for row in rows if len(row) > 1])


def _book_row(market: PairMarket, now_ms: int) -> dict[str, object]:
    top, pair = market.top(now_ms), market.pair
    if top is None:
        return {}
    return {
        "bidPrice": pair.price_text(top.bid),
        "bidQty": pair.quantity_text(top.bid_steps),
        "askPrice": pair.price_text(top.ask),
        "askQty": pair.quantity_text(top.ask_steps),
    }


async def _window_ticker(asked: Asked) -> str:
    if asked.query.symbols() is None:
        raise BadRequestError(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
    length = asked.query.window_ms()
    mini = asked.query.choice("type", "FULL", ("FULL", "MINI")) == "MINI"
    rows = []
    for market in asked.pairs():
        span = (asked.now_ms - length) // 60_000 * 60_000, asked.now_ms
        await _add_up(market, *span, asked.now_ms)
        bar = market.bar(*span, asked.now_ms)
        if bar is not None:
            rows.append(text.window_row(market.pair, bar, span, asked.factor, mini=mini))
    return asked.shaped(rows)


def _rows(rows: Iterable[str]) -> str:
    return f"[{','.join(rows)}]"


def _always(weight: int) -> Weigh:
    return lambda query: weight


def _depth_weight(query: Query) -> int:
    limit = query.limit(100, 5000)
    return next(weight for most, weight in _DEPTH_WEIGHTS if limit <= most)


def _count(query: Query) -> int:
    return len(query.symbols() or ())


def _day_ticker_weight(query: Query) -> int:
    count = _count(query)
    return 80 if not count or count > 100 else 2 if count <= 20 else 40


def _all_or_one(query: Query) -> int:
    return 2 if query.single else 4


ENDPOINTS: Mapping[str, tuple[Weigh, Respond]] = {
    "ping": (_always(1), _ping),
    "time": (_always(1), _time),
    "exchangeInfo": (_always(20), _exchange_info),
    "depth": (_depth_weight, _depth),
    "trades": (_always(25), _trades),
    "historicalTrades": (_always(25), _historical_trades),
    "aggTrades": (_always(4), _agg_trades),
    "klines": (_always(2), _klines),
    "uiKlines": (_always(2), _klines),
    "avgPrice": (_always(2), _average),
    "ticker/24hr": (_day_ticker_weight, _day_ticker),
    "ticker/price": (_all_or_one, _price),
    "ticker/bookTicker": (_all_or_one, _book_ticker),
    "ticker": (lambda query: max(4, min(200, 4 * _count(query))), _window_ticker),
}
"""Weight and answer of each path below ``/api/v3/``. Both raise :class:`BadRequestError`."""
