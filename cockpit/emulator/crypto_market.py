"""The embedded crypto market: every trade of every pair, by number or by time, from the seed alone."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from cockpit.emulator.crypto import PAIRS, CryptoPair
from cockpit.emulator.crypto_bars import Bar, joined, minute_bar, tape_bar
from cockpit.emulator.crypto_minutes import FIRST_HOUR, MinuteModel, MinuteTotals
from cockpit.emulator.crypto_tape import MinuteTape, Print, Sweep, deal
from cockpit.emulator.noise import mix
from cockpit.emulator.rng import draws

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
FIRST_MS = FIRST_HOUR * HOUR_MS
"""When trading began, ms since 1970 UTC."""

SLOT_MS = 500
"""The resting quantities of a book change at least so often."""

_HOURS_KEPT = 8
_TAPES_KEPT = 12
_HOUR_BARS_KEPT = 1_200
_DAY_BARS_KEPT = 3_000
_SPANS_KEPT = 64
_LEVEL_SECONDS = 16

Key = TypeVar("Key")
Value = TypeVar("Value")


class BookTop(NamedTuple):
    """Best bid and offer in ticks and steps, and the number of this state of the book."""

    update_id: int
    bid: int
    bid_steps: int
    ask: int
    ask_steps: int


class Depth(NamedTuple):
    """Levels of the book, best first, as (ticks, steps)."""

    update_id: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]


class PairMarket:
    """One pair. Moments are ms since 1970 UTC; ``before_ms`` hides what has not happened yet."""

    def __init__(self, seed: int, pair: CryptoPair) -> None:
        self.pair = pair
        self._seed = seed
        self._model = MinuteModel(seed, pair)
        self._salt = draws(seed, pair.symbol, "book").getrandbits(64)
        self._hours: OrderedDict[int, list[MinuteTotals]] = OrderedDict()
        self._tapes: OrderedDict[int, MinuteTape] = OrderedDict()
        self._hour_bars: OrderedDict[int, Bar | None] = OrderedDict()
        self._day_bars: OrderedDict[int, Bar | None] = OrderedDict()
        self._spans: OrderedDict[tuple[int, int], Bar | None] = OrderedDict()
        self._usual_steps = pair.ticket / pair.price * 10**pair.quantity_decimals
        self._gap = max(1, round(pair.price * 10**pair.price_decimals * pair.volatility / 140_000))

    def minute(self, minute: int) -> MinuteTotals | None:
        """The totals of a minute since 1970 UTC; None before the market began."""
        hour, inside = divmod(minute, 60)
        minutes = self._hour(hour)
        return minutes[inside] if minutes else None

    def tape(self, minute: int) -> MinuteTape | None:
        """The trades of a minute since 1970 UTC, revealed or not; None before the market began."""
        totals = self.minute(minute)
        if totals is None:
            return None
        return _kept(
            self._tapes,
            minute,
            lambda: deal(totals, minute * MINUTE_MS, draws(self._seed, self.pair.symbol, "minute", minute)),
            _TAPES_KEPT,
        )

    def prints_between(self, start_ms: int, end_ms: int, limit: int | None = None) -> list[Print]:
        """Trades from ``start_ms`` to before ``end_ms``, rising, the first ``limit`` of them."""
        found: list[Print] = []
        for minute in _minutes(start_ms, end_ms):
            tape = self.tape(minute)
            if tape is not None:
                found += tape.prints[tape.trades_before(start_ms) : tape.trades_before(end_ms)]
            if limit is not None and len(found) >= limit:
                return found[:limit]
        return found

    def prints_from(self, trade_id: int, limit: int, before_ms: int) -> list[Print]:
        """Trades from an id on, rising, at most ``limit``."""
        found: list[Print] = []
        minute = self._minute_of(max(1, trade_id), self._model.trades_an_hour, _first_trade)
        while len(found) < limit and minute * MINUTE_MS < before_ms:
            tape = self.tape(minute)
            if tape is None:
                break
            start = max(0, trade_id - tape.totals.first_trade)
            found += tape.prints[start : tape.trades_before(before_ms)]
            minute += 1
        return found[:limit]

    def newest_prints(self, limit: int, before_ms: int) -> list[Print]:
        """The last trades before a moment, rising."""
        last = self.last_trade_id(before_ms)
        return self.prints_from(last - limit + 1, min(limit, last), before_ms) if last else []

    def last_trade_id(self, before_ms: int) -> int:
        """The id of the last trade before a moment; 0 where there is none."""
        tape = self.tape((before_ms - 1) // MINUTE_MS)
        return tape.totals.first_trade + tape.trades_before(before_ms) - 1 if tape is not None else 0

    def sweeps_between(self, start_ms: int, end_ms: int, limit: int | None = None) -> list[Sweep]:
        """Sweeps from ``start_ms`` to before ``end_ms``, rising, the first ``limit`` of them."""
        found: list[Sweep] = []
        for minute in _minutes(start_ms, end_ms):
            tape = self.tape(minute)
            if tape is not None:
                found += tape.sweeps[tape.sweeps_before(start_ms) : tape.sweeps_before(end_ms)]
            if limit is not None and len(found) >= limit:
                return found[:limit]
        return found

    def sweeps_from(self, sweep_id: int, limit: int, before_ms: int) -> list[Sweep]:
        """Sweeps from an id on, rising, at most ``limit``."""
        found: list[Sweep] = []
        minute = self._minute_of(max(1, sweep_id), self._model.sweeps_an_hour, _first_sweep)
        while len(found) < limit and minute * MINUTE_MS < before_ms:
            tape = self.tape(minute)
            if tape is None:
                break
            start = max(0, sweep_id - tape.totals.first_sweep)
            found += tape.sweeps[start : tape.sweeps_before(before_ms)]
            minute += 1
        return found[:limit]

    def newest_sweeps(self, limit: int, before_ms: int) -> list[Sweep]:
        """The last sweeps before a moment, rising."""
        tape = self.tape((before_ms - 1) // MINUTE_MS)
        if tape is None:
            return []
        last = tape.totals.first_sweep + tape.sweeps_before(before_ms) - 1
        return self.sweeps_from(last - limit + 1, min(limit, last), before_ms)

    def bar(self, start_ms: int, end_ms: int, before_ms: int) -> Bar | None:
        """What was traded from ``start_ms`` to before ``end_ms`` and before ``before_ms``; None where nothing was."""
        end_ms = min(end_ms, before_ms)
        first, last = -(-start_ms // MINUTE_MS), end_ms // MINUTE_MS
        if first > last:
            return self._within(start_ms, end_ms)
        head = self._within(start_ms, first * MINUTE_MS)
        tail = self._within(last * MINUTE_MS, end_ms)
        whole = _kept(self._spans, (first, last), lambda: self._whole_minutes(first, last), _SPANS_KEPT)
        return joined((head, whole, tail))

    def prepare_hour(self, hour: int) -> bool:
        """Add up an hour since 1970 UTC for the bars that contain it; False where that had been done."""
        if hour in self._hour_bars:
            return False
        self._hour_bar(hour)
        return True

    def prepare_day(self, day: int) -> bool:
        """Add up a day since 1970 UTC for the bars that contain it; False where that had been done."""
        if day in self._day_bars:
            return False
        self._day_bar(day)
        return True

    def top(self, before_ms: int) -> BookTop | None:
        """The best bid and offer at a moment; None before the market began."""
        sweeps = self.newest_sweeps(1, before_ms)
        return self.top_after(sweeps[0], before_ms // SLOT_MS) if sweeps else None

    def top_after(self, sweep: Sweep, slot: int) -> BookTop:
        """The best bid and offer after a sweep, in a slot of :data:`SLOT_MS` since 1970 UTC."""
        bid = sweep.ticks if sweep.sold else sweep.ticks - 1
        bits = mix(self._salt, sweep.sweep_id, slot)
        update_id = sweep.sweep_id + slot - FIRST_MS // SLOT_MS
        return BookTop(update_id, bid, self._resting(bits), bid + 1, self._resting(bits >> 32))

    def depth(self, levels: int, before_ms: int) -> Depth | None:
        """The book at a moment; None before the market began."""
        top = self.top(before_ms)
        if top is None:
            return None
        gap, second = self._gap, before_ms // 1000
        bids = [(top.bid, top.bid_steps)]
        asks = [(top.ask, top.ask_steps)]
        below, above = (top.bid - 1) // gap * gap, top.ask // gap * gap + gap
        for level in range(levels - 1):
            bid, ask = below - level * gap, above + level * gap
            asks.append((ask, self._level(ask, second, 1)))
            if bid > 0:
                bids.append((bid, self._level(bid, second, 0)))
        return Depth(top.update_id, bids, asks)

    def _level(self, ticks: int, second: int, side: int) -> int:
        return self._resting(mix(self._salt, ticks, side, (second + ticks * 7919 % _LEVEL_SECONDS) // _LEVEL_SECONDS))

    def _resting(self, bits: int) -> int:
        """A resting quantity in steps from 32 random bits: mostly small, sometimes ten tickets."""
        share = (bits & 0xFFFFFFFF) / 0xFFFFFFFF
        return max(1, int(self._usual_steps * (0.05 + 10 * share**4)))

    def _hour(self, hour: int) -> list[MinuteTotals]:
        return _kept(self._hours, hour, lambda: self._model.hour(hour), _HOURS_KEPT)

    def _minute_of(self, number: int, an_hour: int, first: Callable[[MinuteTotals], int]) -> int:
        """The minute in which the trade or sweep with this number falls."""
        hour = FIRST_HOUR + (number - 1) // an_hour
        minutes = self._hour(hour)
        inside = 59
        while first(minutes[inside]) > number:
            inside -= 1
        return hour * 60 + inside

    def _within(self, start_ms: int, end_ms: int) -> Bar | None:
        """The bar of a part of one minute."""
        if start_ms >= end_ms:
            return None
        tape = self.tape(start_ms // MINUTE_MS)
        return tape_bar(tape, start_ms, end_ms) if tape is not None else None

    def _whole_minutes(self, first: int, last: int) -> Bar | None:
        return joined(_by_units(first, last, 60, self._minute_bar, self._whole_hours))

    def _whole_hours(self, first: int, last: int) -> Bar | None:
        return joined(_by_units(first, last, 24, self._hour_bar, self._whole_days))

    def _whole_days(self, first: int, last: int) -> Bar | None:
        return joined(self._day_bar(day) for day in range(first, last))

    def _minute_bar(self, minute: int) -> Bar | None:
        totals = self.minute(minute)
        return minute_bar(totals) if totals is not None else None

    def _hour_bar(self, hour: int) -> Bar | None:
        return _kept(self._hour_bars, hour, lambda: self._added_up(hour), _HOUR_BARS_KEPT)

    def _day_bar(self, day: int) -> Bar | None:
        hours = range(day * 24, day * 24 + 24)
        return _kept(self._day_bars, day, lambda: joined(map(self._added_up, hours)), _DAY_BARS_KEPT)

    def _added_up(self, hour: int) -> Bar | None:
        return joined(minute_bar(totals) for totals in self._model.hour(hour))


class CryptoMarket:
    """All pairs of the embedded exchange."""

    def __init__(self, seed: int, pairs: Mapping[str, CryptoPair] = PAIRS) -> None:
        self.pairs: Mapping[str, PairMarket] = {symbol: PairMarket(seed, pair) for symbol, pair in pairs.items()}


def _first_trade(totals: MinuteTotals) -> int:
    return totals.first_trade


def _first_sweep(totals: MinuteTotals) -> int:
    return totals.first_sweep


def _by_units(
    first: int,
    last: int,
    size: int,
    small: Callable[[int], Bar | None],
    large: Callable[[int, int], Bar | None],
) -> list[Bar | None]:
    """The bars of small units from ``first`` to before ``last``, with whole large units of ``size`` taken at once."""
    start, end = -(-first // size), last // size
    if start >= end:
        return [small(unit) for unit in range(first, last)]
    head = [small(unit) for unit in range(first, start * size)]
    tail = [small(unit) for unit in range(end * size, last)]
    return [*head, large(start, end), *tail]


def _minutes(start_ms: int, end_ms: int) -> range:
    return range(max(start_ms, FIRST_MS) // MINUTE_MS, -(-end_ms // MINUTE_MS))


def _kept(store: OrderedDict[Key, Value], key: Key, make: Callable[[], Value], most: int) -> Value:
    """The value under a key, made where it is absent; the least recently used beyond ``most`` are let go."""
    if key in store:
        store.move_to_end(key)
        return store[key]
    value = store[key] = make()
    if len(store) > most:
        store.popitem(last=False)
    return value
