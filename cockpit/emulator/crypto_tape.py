"""The trades of one minute, dealt out so that they meet the minute's totals exactly."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import mul
from random import Random
from typing import NamedTuple

from cockpit.emulator.crypto_minutes import LEAST_A_SIDE, MinuteTotals

_MINUTE_MS = 60_000
_BURST_MS = 900
_BURST_SHARE = 0.35
_SAME_MOMENT = 0.3
_STAY_ON_SIDE = 0.7
_BOOK_MOVES = 0.65


class Print(NamedTuple):
    """One trade: id, time in ms, price in ticks, quantity in steps, whether the aggressor sold."""

    trade_id: int
    time_ms: int
    ticks: int
    steps: int
    sold: bool


class Sweep(NamedTuple):
    """One taker's order at one price: the venue's aggregate trade over trade ids first to last."""

    sweep_id: int
    time_ms: int
    ticks: int
    steps: int
    sold: bool
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class MinuteTape:
    """The trades of a minute in order, as columns, with running sums for bars that are still open."""

    totals: MinuteTotals
    prints: Sequence[Print]
    sweeps: Sequence[Sweep]
    times: Sequence[int]
    sweep_times: Sequence[int]
    volume: Sequence[int]
    turnover: Sequence[int]
    bought: Sequence[int]
    bought_turnover: Sequence[int]

    def trades_before(self, time_ms: int) -> int:
        """How many of the trades happened before a moment."""
        return bisect_left(self.times, time_ms)

    def sweeps_before(self, time_ms: int) -> int:
        """How many of the sweeps happened before a moment."""
        return bisect_left(self.sweep_times, time_ms)


def deal(totals: MinuteTotals, start_ms: int, random: Random) -> MinuteTape:
    """The minute that begins at ``start_ms`` as trades; the same totals and generator state give the same trades."""
    sides, high_at, low_at = _sides(totals, random)
    bids = _bids(totals, high_at, low_at, sides, random)
    sizes = _sizes(totals, random)
    fixed = {0, high_at, low_at, totals.sweeps - 1}
    volumes = [0] * totals.sweeps
    for sold in (False, True):
        members = [index for index, side in enumerate(sides) if side is sold]
        volume = totals.sold if sold else totals.bought
        turnover = totals.sold_turnover if sold else totals.bought_turnover - totals.bought
        _Side(members, fixed, bids, sizes, volumes, totals).meet(volume, turnover, random)
    times = _times(totals, sides, start_ms, random)
    return _tape(totals, sides, bids, sizes, volumes, times, random)


def _sides(totals: MinuteTotals, random: Random) -> tuple[list[bool], int, int]:
    """Which sweeps sold, and which touch the high (a buy) and the low (a sale)."""
    count = totals.sweeps
    buys = min(count - LEAST_A_SIDE, max(LEAST_A_SIDE, count * totals.buy_share >> 8))
    early, late = sorted(random.sample(range(1, count - 1), 2))
    low_at, high_at = (early, late) if totals.close >= totals.open else (late, early)
    sides: list[bool | None] = [None] * count
    sides[high_at], sides[low_at] = False, True
    for index, price in ((0, totals.open), (count - 1, totals.close)):
        sides[index] = price == totals.low or (price != totals.high and random.random() < 0.5)
    left = [buys - sides.count(False), count - buys - sides.count(True)]
    side = bool(sides[0])
    for index, known in enumerate(sides):
        if known is None:
            if random.random() > _STAY_ON_SIDE:
                side = random.random() * (left[0] + left[1]) >= left[0]
            if not left[side]:
                side = not side
            left[side] -= 1
            sides[index] = side
        else:
            side = known
    return [bool(known) for known in sides], high_at, low_at


def _bids(totals: MinuteTotals, high_at: int, low_at: int, sides: list[bool], random: Random) -> list[int]:
    """The bid at each sweep: it rests, then moves, from open to close by way of the high and the low."""
    low, top, last = totals.low, totals.high - 1, totals.sweeps - 1
    first_bid = totals.open if sides[0] else totals.open - 1
    last_bid = totals.close if sides[last] else totals.close - 1
    knots = sorted({0: first_bid, high_at: top, low_at: low, last: last_bid}.items())
    bids = [low] * totals.sweeps
    for (left, start), (right, end) in pairwise(knots):
        bids[left], bids[right] = start, end
        gap = right - left
        reach = 1.3 * (top - low) / gap**0.5
        walk = [0.0, *accumulate((random.random() - 0.5) * reach for _ in range(gap))]
        bid = start
        for step in range(1, gap):
            if random.random() < _BOOK_MOVES:
                straight = start + (end - start) * step / gap
                bid = min(top, max(low, round(straight + walk[step] - walk[gap] * step / gap)))
            bids[left + step] = bid
    return bids


def _sizes(totals: MinuteTotals, random: Random) -> list[int]:
    """How many trades each sweep takes: most one, a few very many."""
    sizes = [1] * totals.sweeps
    weights = list(accumulate(random.random() ** 3 for _ in sizes))
    for index in random.choices(range(totals.sweeps), cum_weights=weights, k=totals.trades - totals.sweeps):
        sizes[index] += 1
    return sizes


class _Side:
    """All sweeps of one side, whose quantities are chosen so that volume and turnover come out exactly.

    Sweeps on which the minute's open, high, low and close depend keep their prices and get modest quantities. The
    others get random quantities, tilted towards the average price that is wanted. Two sweeps near that average stay in
    reserve and take up what rounding leaves: with prices one tick apart they can meet any remainder.
    """

    def __init__(
        self,
        members: list[int],
        fixed: set[int],
        bids: list[int],
        sizes: list[int],
        volumes: list[int],
        totals: MinuteTotals,
    ) -> None:
        self._fixed = [index for index in members if index in fixed]
        self._free = [index for index in members if index not in fixed]
        self._count = len(members)
        self._bids, self._sizes, self._volumes = bids, sizes, volumes
        self._low, self._top = totals.low, totals.high - 1

    def meet(self, volume: int, turnover: int, random: Random) -> None:
        """Choose the quantities of all sweeps and the bids of the two in reserve."""
        bids, sizes, volumes = self._bids, self._sizes, self._volumes
        for index in self._fixed:
            volumes[index] = max(sizes[index], volume // max(25, self._count))
            volume -= volumes[index]
            turnover -= volumes[index] * bids[index]
        centre = turnover / volume
        self._free.sort(key=lambda index: abs(bids[index] - centre))
        one, two = sorted(self._free[:2])
        others = sorted(self._free[2:])
        spare = sizes[one] + sizes[two] - 2
        sizes[one] = sizes[two] = 1
        sizes[others[0] if others else self._fixed[0]] += spare
        if others:
            share = volume - 3 * volume // len(self._free) if len(others) > 3 else volume // 2
            self._spread(others, share, centre, random)
            volume -= share
            turnover -= sum(volumes[index] * bids[index] for index in others)
            volume, turnover = self._give_way(others, volume, turnover)
        bid, above = divmod(turnover, volume)
        bids[one] = bid
        bids[two] = bid + 1 if above else bid
        volumes[two] = above or volume // 2
        volumes[one] = volume - volumes[two]

    def _spread(self, others: list[int], share: int, centre: float, random: Random) -> None:
        """Random quantities that sum up to ``share`` with an average bid as near the centre as they can have."""
        bids, sizes, volumes = self._bids, self._sizes, self._volumes
        off = [bids[index] - centre for index in others]
        weights = [random.lognormvariate(0.0, 1.1) * sizes[index] for index in others]
        pull = sum(map(mul, weights, off))
        spread = sum(weight * distance * distance for weight, distance in zip(weights, off, strict=True))
        tilt = -pull / spread if spread else 0.0
        furthest = max(off) if tilt < 0 else -min(off)
        if furthest > 0 and abs(tilt) * furthest > 0.85:
            tilt = 0.85 / furthest if tilt > 0 else -0.85 / furthest
        running = list(
            accumulate(weight * (1 + tilt * distance) for weight, distance in zip(weights, off, strict=True))
        )
        spare = share - sum(sizes[index] for index in others)
        edge = 0
        for index, reached in zip(others, running, strict=True):
            following = int(spare * (reached / running[-1]))
            volumes[index] = sizes[index] + following - edge
            edge = following
        self._balance(others, off)

    def _balance(self, others: list[int], off: list[float]) -> None:
        """Move quantity between a sweep above the centre and one below until little is left of the difference."""
        volumes, sizes = self._volumes, self._sizes
        excess = sum(volumes[index] * distance for index, distance in zip(others, off, strict=True))
        pairs = list(zip(off, others, strict=True))
        givers = sorted(
            (pair for pair in pairs if pair[0] * excess > 0), key=lambda pair: volumes[pair[1]], reverse=True
        )
        takers = [pair for pair in pairs if pair[0] * excess < 0]
        if not takers:
            return
        distance, taker = max(takers, key=lambda pair: abs(pair[0]))
        for giver_distance, giver in givers[:3]:
            gap = giver_distance - distance
            amount = min(int(excess / gap), volumes[giver] - sizes[giver])
            volumes[giver] -= amount
            volumes[taker] += amount
            excess -= amount * gap

    def _give_way(self, others: list[int], volume: int, turnover: int) -> tuple[int, int]:
        """Volume and turnover of the reserve, with so much taken over from the others that the bid is in range."""
        lacking = turnover - min(self._top * volume, max(self._low * volume, turnover))
        limit = self._top if lacking > 0 else self._low
        for index in sorted(others, key=lambda index: abs(limit - self._bids[index]), reverse=True):
            gap = abs(limit - self._bids[index])
            if not lacking or not gap:
                break
            amount = min(-(-abs(lacking) // gap), self._volumes[index] - self._sizes[index])
            self._volumes[index] -= amount
            volume += amount
            turnover += amount * self._bids[index]
            lacking = turnover - min(self._top * volume, max(self._low * volume, turnover))
        return volume, turnover


def _times(totals: MinuteTotals, sides: list[bool], start_ms: int, random: Random) -> list[int]:
    """Rising times: clusters, sometimes a burst, and takers who clear several levels in one moment."""
    count = totals.sweeps
    alone = [int(random.random() * _MINUTE_MS) for _ in range((count + 1) // 2)]
    moments = list(alone)
    moments += [
        min(_MINUTE_MS - 1, parent + int(random.expovariate(1 / 150))) for parent in alone[: count - len(alone)]
    ]
    if totals.burst:
        start = int(random.random() * (_MINUTE_MS - _BURST_MS))
        moments = [
            start + int(_BURST_MS * random.random()) if random.random() < _BURST_SHARE else moment for moment in moments
        ]
    moments.sort()
    for index in range(1, count):
        if sides[index] == sides[index - 1] and random.random() < _SAME_MOMENT:
            moments[index] = moments[index - 1]
    return [start_ms + moment for moment in moments]


def _tape(
    totals: MinuteTotals,
    sides: list[bool],
    bids: list[int],
    sizes: list[int],
    volumes: list[int],
    times: list[int],
    random: Random,
) -> MinuteTape:
    prints: list[Print] = []
    sweeps: list[Sweep] = []
    trade_id = totals.first_trade
    for number, (sold, bid, size, volume, time_ms) in enumerate(
        zip(sides, bids, sizes, volumes, times, strict=True), totals.first_sweep
    ):
        ticks = bid if sold else bid + 1
        sweeps.append(Sweep(number, time_ms, ticks, volume, sold, trade_id, trade_id + size - 1))
        left = volume
        for remaining in range(size, 1, -1):
            most = left - remaining + 1
            steps = min(most, 1 + int(random.random() ** 2 * 3 * most / remaining))
            prints.append(Print(trade_id, time_ms, ticks, steps, sold))
            left -= steps
            trade_id += 1
        prints.append(Print(trade_id, time_ms, ticks, left, sold))
        trade_id += 1
    turnover = [each.ticks * each.steps for each in prints]
    return MinuteTape(
        totals,
        prints,
        sweeps,
        [each.time_ms for each in prints],
        [each.time_ms for each in sweeps],
        list(accumulate(each.steps for each in prints)),
        list(accumulate(turnover)),
        list(accumulate(0 if each.sold else each.steps for each in prints)),
        list(accumulate(0 if each.sold else amount for each, amount in zip(prints, turnover, strict=True))),
    )
