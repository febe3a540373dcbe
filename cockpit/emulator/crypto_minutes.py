"""What each minute of a pair adds up to, an hour at a time and without its trades: counts, prices, volumes, turnover.

A bar of any length is a sum of these, and :mod:`cockpit.emulator.crypto_tape` deals every minute out into trades that
meet them to the last digit. That makes a day of candles cheap and the trade with any number findable.
"""

import math
from itertools import accumulate, pairwise
from statistics import NormalDist
from typing import NamedTuple

from cockpit.emulator.crypto import CryptoPair
from cockpit.emulator.crypto_path import HourlyPath
from cockpit.emulator.rng import draws

FIRST_HOUR = 438_288
"""The hour since 1970 UTC in which trading began: 2020-01-01 00:00. Ids count from there."""

LEAST_A_SIDE = 5
"""Sweeps that buyers, and sellers, make in a minute at least, so that its totals can be met exactly."""

_FINE = 64
_LEAST_SWEEPS = 2 * LEAST_A_SIDE + 2
_BURSTS_OF_256 = 10
_BURST_WEIGHT = 2
_MINUTES_A_YEAR = 525_960


class MinuteTotals(NamedTuple):
    """One minute. Prices are in ticks, quantities in steps, turnover in ticks times steps.

    Attributes:
        trades, sweeps: how many; a sweep is one taker's order at one price, the venue's aggregate trade.
        first_trade, first_sweep: their first ids.
        bought, sold: volume whose aggressor bought or sold.
        bought_turnover, sold_turnover: the same in quote currency.
        buy_share: of the sweeps, in 256ths.
        burst: True where a large part of the minute happens within one second.
    """

    first_trade: int
    trades: int
    first_sweep: int
    sweeps: int
    open: int
    high: int
    low: int
    close: int
    bought: int
    sold: int
    bought_turnover: int
    sold_turnover: int
    buy_share: int
    burst: bool


class MinuteModel:
    """The minutes of one pair."""

    def __init__(self, seed: int, pair: CryptoPair) -> None:
        self._seed = seed
        self._pair = pair
        self._path = HourlyPath(seed, pair)
        self.trades_an_hour = round(3600 * pair.trades_per_second)
        self.sweeps_an_hour = self.trades_an_hour // 2
        quantiles = [NormalDist().inv_cdf((rank + 0.5) / 256) for rank in range(256)]
        sigma = _FINE * pair.price * 10**pair.price_decimals * pair.volatility / math.sqrt(_MINUTES_A_YEAR)
        self._moves = [round(0.8 * sigma * z * (1 + z * z / 12)) for z in quantiles]
        self._wicks = [round(0.45 * sigma * z * z / _FINE) for z in quantiles]
        self._weights = [round(_FINE * math.exp(0.55 * z)) for z in quantiles]
        self._ticket = pair.ticket / pair.price * 10**pair.quantity_decimals
        self._sizes = [math.exp(0.35 * z - 0.06) for z in quantiles]

    def hour(self, hour: int) -> list[MinuteTotals]:
        """The sixty minutes of an hour since 1970 UTC; none before :data:`FIRST_HOUR`."""
        if hour < FIRST_HOUR:
            return []
        dice = draws(self._seed, self._pair.symbol, "hour", hour).randbytes(60 * 9 + 1)
        bursts = [byte < _BURSTS_OF_256 for byte in dice[:60]]
        slow = [self._weights[byte] for byte in dice[60:121]]
        weights = [(slow[minute] + slow[minute + 1]) * (_BURST_WEIGHT if bursts[minute] else 1) for minute in range(60)]
        sweeps = _split(weights, self.sweeps_an_hour, least=_LEAST_SWEEPS)
        extras = _split(weights, self.trades_an_hour - self.sweeps_an_hour, least=0)
        marks = self._marks(hour, weights, dice[121:181])
        since = hour - FIRST_HOUR
        first_trade, first_sweep = since * self.trades_an_hour + 1, since * self.sweeps_an_hour + 1
        minutes = []
        rest = dice[181:]
        for minute in range(60):
            sweep_count = sweeps[minute]
            trade_count = sweep_count + extras[minute]
            totals = self._minute(
                (first_trade, trade_count, first_sweep, sweep_count),
                marks[minute],
                marks[minute + 1],
                rest[6 * minute : 6 * minute + 6],
                bursts[minute],
            )
            minutes.append(totals)
            first_trade += trade_count
            first_sweep += sweep_count
        return minutes

    def _marks(self, hour: int, weights: list[int], dice: bytes) -> list[int]:
        start, end = self._path.ticks(hour) * _FINE, self._path.ticks(hour + 1) * _FINE
        usual = sum(weights) // 60
        walk = [
            0,
            *accumulate(
                self._moves[byte] * (weight + usual) // (2 * usual) for byte, weight in zip(dice, weights, strict=True)
            ),
        ]
        drift = end - start - walk[60]
        return [max(40 * _FINE, start + walk[minute] + drift * minute // 60) // _FINE for minute in range(61)]

    def _minute(
        self, counts: tuple[int, int, int, int], start: int, end: int, dice: bytes, burst: bool
    ) -> MinuteTotals:
        first_trade, trades, first_sweep, sweeps = counts
        opening, closing = start + (dice[0] & 1), end + (dice[1] & 1)
        high = max(opening, closing) + self._wicks[dice[2]]
        low = max(1, min(opening, closing) - self._wicks[dice[3]])
        if high == low:
            high += 1
        buy_share = 88 + dice[4] * 80 // 255
        volume = int(trades * self._ticket * self._sizes[dice[5]])
        bought = volume * buy_share >> 8
        sold = volume - bought
        top = high - 1
        # Four times the average bid, from which both sides' turnover stems; an ask is one tick above its bid.
        centre = min(opening, top) + min(closing, top) + low + top
        return MinuteTotals(
            first_trade,
            trades,
            first_sweep,
            sweeps,
            opening,
            high,
            low,
            closing,
            bought,
            sold,
            bought + bought * centre // 4,
            sold * centre // 4,
            buy_share,
            burst,
        )


def _split(weights: list[int], total: int, least: int) -> list[int]:
    """Whole parts of a total in proportion to weights, each at least ``least``."""
    spare = total - least * len(weights)
    whole = sum(weights)
    edges = [0, *(running * spare // whole for running in accumulate(weights))]
    return [least + right - left for left, right in pairwise(edges)]
