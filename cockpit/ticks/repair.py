"""A gap on its way to being filled, and which gaps to ask for together."""

from collections.abc import Iterable
from dataclasses import dataclass

from cockpit.storage.gaps import GapRow
from cockpit.ticks.gaps import Gap
from cockpit.ticks.tape import Tape

PAGE = 1000
"""Ids that one request answers."""


@dataclass(slots=True, eq=False)
class Repair:
    """One gap on its way. Times are monotonic seconds.

    Attributes:
        row: what the ledger says of it, or will.
        since: when it was found.
        ready_at: not to be asked for before.
        empty: answers so far that did not reach it.
        failures: requests for it that failed since the last good one.
        lost: its trades came, and could not be kept.
    """

    tape: Tape
    row: GapRow
    since: float
    ready_at: float
    empty: int = 0
    failures: int = 0
    lost: bool = False

    @property
    def rest(self) -> Gap:
        """What has not been asked for yet."""
        return Gap(self.row.next_id, self.row.last_id)


def best_page(repairs: Iterable[Repair]) -> list[Repair]:
    """Those gaps of one symbol that one page of ids closes: the most that there are, and of as many the smallest.

    A gap that is larger than a page comes last, alone; of nothing, nothing.
    """
    by_symbol: dict[str, list[Repair]] = {}
    for repair in sorted(repairs, key=_first_id):
        by_symbol.setdefault(repair.row.symbol, []).append(repair)
    best: list[Repair] = []
    best_rank = -1, 0
    for rising in by_symbol.values():
        end = 0
        for start, first in enumerate(rising):
            end = max(end, start)
            while end < len(rising) and rising[end].row.last_id < first.row.next_id + PAGE:
                end += 1
            page = rising[start : max(end, start + 1)]
            rank = end - start, first.row.next_id - page[-1].row.last_id
            if rank > best_rank:
                best, best_rank = page, rank
    return best


def _first_id(repair: Repair) -> int:
    return repair.row.next_id
