"""Trades that the stored minutes lack, told by their ids: also those that no ledger knows, since a file lacked them."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cockpit.storage.database import Database
from cockpit.ticks.bars import Bar

_END_MS = 1 << 60
_PAGE = 5000
# Comparing each minute with its neighbours here takes a third of what window functions do.
_MINUTES = (
    "SELECT first_ms, last_ms, first_id, last_id, trades FROM ticks_bars "
    "WHERE symbol_id = (SELECT id FROM ticks_symbols WHERE symbol = ?) AND open_ms >= ? AND open_ms < ? "
    "ORDER BY open_ms"
)


class Hole(NamedTuple):
    """A stretch of time in which so many trades are missing."""

    first_ms: int
    last_ms: int
    missing: int


class IdHoles:
    """Stretches of time in which trades are missing, asked for bar by bar."""

    def __init__(self, holes: Sequence[Hole]) -> None:
        """Rising, with at most their ends in common."""
        self._holes = holes

    def missing(self, bar: Bar) -> int:
        """Trades that may be of this bar; those of a hole that reaches over several bars count in each."""
        count = 0
        for index in range(bisect_left(self._holes, bar.open_ms, key=_last_ms), len(self._holes)):
            hole = self._holes[index]
            if hole.first_ms > bar.close_ms:
                break
            count += hole.missing
        return count


async def read_id_holes(
    database: Database, symbol: str, start_ms: int | None = None, end_ms: int | None = None
) -> IdHoles:
    """What is missing between the first and the last of the minutes that open within a stretch of time."""
    span = 0 if start_ms is None else start_ms, _END_MS if end_ms is None else end_ms
    walk = _Walk()
    async with database.read() as connection, connection.execute(_MINUTES, (symbol, *span)) as cursor:
        while page := await cursor.fetchmany(_PAGE):
            walk.go_on(page)
    return IdHoles(walk.end())


class _Walk:
    """From minute to minute as their time rises.

    A venue numbers the trades of a symbol without a hole. What is missing lies inside of a minute, or between two of
    them that follow each other; where trades of neighbouring milliseconds have changed places over the end of a minute,
    one of them has too many of what the other lacks.
    """

    def __init__(self) -> None:
        self._holes: list[Hole] = []
        self._first_ms = self._last_ms = self._last_id = 0
        self._inside = self._between = 0
        """Ids that the last minute lacks, and those between it and the one before it."""
        self._begun = False

    def go_on(self, minutes: Iterable[Sequence[int]]) -> None:
        """Look at more minutes."""
        for first_ms, last_ms, first_id, last_id, trades in minutes:
            inside = last_id - first_id + 1 - trades
            between = first_id - self._last_id - 1 if self._begun else 0
            if self._inside or between:
                self._add(self._first_ms, self._last_ms, self._inside + min(0, self._between) + min(0, between))
                self._add(self._last_ms, first_ms, between + min(0, self._inside) + min(0, inside))
            self._first_ms, self._last_ms, self._last_id = first_ms, last_ms, last_id
            self._inside, self._between, self._begun = inside, between, True

    def end(self) -> list[Hole]:
        """Everything that is missing; there is no minute after the last one."""
        self._add(self._first_ms, self._last_ms, self._inside + min(0, self._between))
        return self._holes

    def _add(self, first_ms: int, last_ms: int, missing: int) -> None:
        if missing > 0:
            self._holes.append(Hole(first_ms, last_ms, missing))


def _last_ms(hole: Hole) -> int:
    return hole.last_ms
