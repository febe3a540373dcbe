"""Trades that the stored minutes lack, told by their ids: also those that no ledger knows, since a file lacked them."""

from bisect import bisect_left
from collections.abc import Sequence

from cockpit.storage.database import Database
from cockpit.ticks.bars import Bar

_END_MS = 1 << 60

# A venue numbers the trades of a symbol without a hole. What is missing lies inside of a minute, or between two of them
# that follow each other; where trades of neighbouring milliseconds have changed places over the end of a minute, one of
# them has too many of what the other lacks.
_HOLES = (
    "WITH minute AS (SELECT open_ms, first_ms, last_ms, last_id - first_id + 1 - trades AS inside, "
    "lag(last_ms) OVER rising AS before_ms, first_id - lag(last_id) OVER rising - 1 AS between_ids FROM ticks_bars "
    "WHERE symbol_id = (SELECT id FROM ticks_symbols WHERE symbol = ?) AND open_ms >= ? AND open_ms < ? "
    "WINDOW rising AS (ORDER BY open_ms)), "
    "beside AS (SELECT *, coalesce(lag(inside) OVER rising, 0) AS inside_before, "
    "coalesce(lead(between_ids) OVER rising, 0) AS between_after FROM minute WINDOW rising AS (ORDER BY open_ms)) "
    "SELECT before_ms AS since, first_ms AS until FROM beside "
    "WHERE between_ids + min(0, inside) + min(0, inside_before) > 0 "
    "UNION ALL SELECT first_ms, last_ms FROM beside "
    "WHERE inside + min(0, coalesce(between_ids, 0)) + min(0, between_after) > 0 ORDER BY since, until"
)


class IdHoles:
    """Stretches of time in which trades are missing, asked for bar by bar."""

    def __init__(self, stretches: Sequence[tuple[int, int]]) -> None:
        """First and last millisecond of each, rising, at most their ends in common."""
        self._stretches = stretches

    def touch(self, bar: Bar) -> bool:
        """True where trades of this bar may be missing."""
        at = bisect_left(self._stretches, bar.open_ms, key=_last_ms)
        return at < len(self._stretches) and self._stretches[at][0] <= bar.close_ms


async def read_id_holes(
    database: Database, symbol: str, start_ms: int | None = None, end_ms: int | None = None
) -> IdHoles:
    """What is missing between the first and the last of the minutes that open within a stretch of time."""
    span = 0 if start_ms is None else start_ms, _END_MS if end_ms is None else end_ms
    async with database.read() as connection:
        rows = await connection.execute_fetchall(_HOLES, (symbol, *span))
    return IdHoles([(int(since), int(until)) for since, until in rows])


def _last_ms(stretch: tuple[int, int]) -> int:
    return stretch[1]
