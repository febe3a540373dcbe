"""Minutes of a made-up month, with holes in them."""

import math
import random
from array import array
from datetime import datetime

from cockpit.ticks.bar_columns import BarColumns
from cockpit.ticks.bars import MINUTE_MS
from tests.tui.made import SYMBOLS

_MINUTES = 30 * 1440
_HOLES = (range(20, 27), range(400, 520), range(9_000, 11_500))
"""Minutes before now of which nothing is stored."""


def made_minutes(symbol: str, now: datetime, start_ms: int, end_ms: int) -> BarColumns:
    """What would be stored of a symbol of the demo at this time; nothing of any other."""
    chance, price = random.Random(symbol), SYMBOLS.get(symbol, 0.0)
    rows = []
    for number in range(_MINUTES if price else 0):
        open_ms = (int(now.timestamp()) // 60 - number) * MINUTE_MS
        if open_ms < start_ms:
            break
        opened = price * (1.0 + chance.gauss(0.0, 0.0006))
        high = max(price, opened) * (1.0 + abs(chance.gauss(0.0, 0.0003)))
        low = min(price, opened) * (1.0 - abs(chance.gauss(0.0, 0.0003)))
        volume = abs(chance.gauss(3.0, 2.0)) * (1.5 + math.sin(number / 230))
        if open_ms < end_ms and not any(number in hole for hole in _HOLES):
            rows.append((open_ms, opened, high, low, price, volume))
        price = opened
    times, *columns = zip(*reversed(rows), strict=True) if rows else [()] * 6
    opened_at, high_at, low_at, close_at, volume_of = (array("d", column) for column in columns)
    lengths = array("q", [MINUTE_MS]) * len(times)
    return BarColumns(symbol, array("q", times), lengths, opened_at, high_at, low_at, close_at, volume_of)
