"""Where a pair's price stands at each full hour: fractal noise keyed by the seed, any hour by itself."""

import math
from hashlib import blake2b
from statistics import NormalDist

from cockpit.emulator.crypto import CryptoPair

_OCTAVES = 10
_MARKET_WEIGHT = 0.7
_HOURS_A_YEAR = 8766
_MOST_KEPT = 20_000
_NORMAL = NormalDist()


class HourlyPath:
    """Log-price deviations of one pair at full hours.

    A sum of octaves of value noise whose spans double from one hour to three weeks. Octave j has an amplitude that
    grows with ``sqrt(2 ** j)``, which makes increments scale like a random walk up to the longest span and keeps the
    price around its anchor for ever after. Half of the variance is the market's own, common to all pairs.
    """

    def __init__(self, seed: int, pair: CryptoPair) -> None:
        self._seed = seed
        self._pair = pair
        self._kept: dict[tuple[str, int, int], float] = {}
        self._amplitude = 0.5 * pair.volatility / math.sqrt(_HOURS_A_YEAR)

    def ticks(self, hour: int) -> int:
        """The price at the start of an hour since 1970 UTC, in ticks, at least 50."""
        common, own = self._noise("market", hour), self._noise(self._pair.symbol, hour)
        deviation = self._amplitude * (_MARKET_WEIGHT * common + math.sqrt(1 - _MARKET_WEIGHT**2) * own)
        return max(50, round(self._pair.price * 10.0**self._pair.price_decimals * math.exp(deviation)))

    def _noise(self, name: str, hour: int) -> float:
        total = 0.0
        for octave in range(_OCTAVES):
            span = 1 << octave
            index, inside = divmod(hour, span)
            left, right = self._knot(name, octave, index), self._knot(name, octave, index + 1)
            total += math.sqrt(span) * (left + (right - left) * inside / span)
        return total

    def _knot(self, name: str, octave: int, index: int) -> float:
        key = (name, octave, index)
        value = self._kept.get(key)
        if value is None:
            if len(self._kept) > _MOST_KEPT:
                self._kept.clear()
            digest = blake2b(f"{self._seed}|{name}|{octave}|{index}".encode(), digest_size=6).digest()
            value = _NORMAL.inv_cdf((int.from_bytes(digest, "big") + 0.5) / (1 << 48))
            self._kept[key] = value
        return value
