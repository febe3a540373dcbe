"""What is known of the gaps in bars: how many trades around them are missing, and how many came later over REST.

The ledger knows the gaps of the stream; ids tell of those in imported files as well.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.storage.database import Database
from cockpit.storage.id_holes import IdHoles, read_id_holes
from cockpit.storage.minutes import ID_BITS, ID_MASK
from cockpit.ticks.bars import Bar

_END_MS = 1 << 60

# A missing trade that is stored by now tells its own time. Any other lies between the trades before and after it, whose
# times the ledger has or these neighbours tell, and not after the moment in which it was found missing.
_STRETCHES = (
    f"WITH one AS (SELECT id << {ID_BITS} AS base FROM ticks_symbols WHERE symbol = ?1), "
    "gap AS (SELECT base, base | first_id AS first, base | last_id AS last, first_ms, last_ms, found_ms, state "
    "FROM ticks_gaps, one WHERE symbol = ?1 AND state != 'halted' "
    "AND (last_ms IS NULL OR last_ms >= ?2) AND (first_ms IS NULL OR first_ms < ?3)) "
    "SELECT coalesce((SELECT time_maker >> 1 FROM ticks_trades WHERE key = first), first_ms, (SELECT time_maker >> 1 "
    "FROM ticks_trades WHERE key BETWEEN base AND first ORDER BY key DESC LIMIT 1), found_ms), "
    "coalesce((SELECT time_maker >> 1 FROM ticks_trades WHERE key = last), last_ms, (SELECT min(time_maker >> 1, "
    f"found_ms) FROM ticks_trades WHERE key BETWEEN last AND base | {ID_MASK} ORDER BY key LIMIT 1), found_ms), "
    "last - first + 1, CASE state WHEN 'filled' THEN last - first + 1 "
    "ELSE (SELECT count(*) FROM ticks_trades WHERE key BETWEEN first AND last) END FROM gap ORDER BY first"
)


@dataclass(frozen=True, slots=True)
class GapMark:
    """Trades of gaps that touch a bar; a gap that reaches over several bars counts in each with all of its trades.

    Attributes:
        missing: not to be had, or not yet.
        backfilled: fetched later.
    """

    missing: int = 0
    backfilled: int = 0


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A gap in time: from the first to the last millisecond in which its trades may have been."""

    start_ms: int
    end_ms: int
    mark: GapMark


class GapMarks:
    """The gaps of one symbol, asked for bar by bar."""

    def __init__(self, stretches: Sequence[_Stretch], holes: IdHoles) -> None:
        """Stretches of the ledger in the order of their ids, which is that of their times."""
        self._stretches = stretches
        self._holes = holes

    def of(self, bar: Bar) -> GapMark:
        """What touches this bar."""
        missing = backfilled = 0
        for index in range(bisect_left(self._stretches, bar.open_ms, key=_end_ms), len(self._stretches)):
            stretch = self._stretches[index]
            if stretch.start_ms > bar.close_ms:
                break
            missing += stretch.mark.missing
            backfilled += stretch.mark.backfilled
        # What the ledger misses is a hole, too, but for what is missing before the first and after the last trade.
        return GapMark(max(missing, self._holes.missing(bar)), backfilled)


async def read_gap_marks(
    database: Database, symbol: str, start_ms: int | None = None, end_ms: int | None = None
) -> GapMarks:
    """The gaps that touch a stretch of time."""
    span = 0 if start_ms is None else start_ms, _END_MS if end_ms is None else end_ms
    async with database.read() as connection:
        rows = await connection.execute_fetchall(_STRETCHES, (symbol, *span))
    return GapMarks(
        [
            _Stretch(since, max(since, until), GapMark(count - stored, stored))
            for since, until, count, stored in ((int(a), int(b), int(c), int(d)) for a, b, c, d in rows)
        ],
        await read_id_holes(database, symbol, start_ms, end_ms),
    )


def _end_ms(stretch: _Stretch) -> int:
    return stretch.end_ms
