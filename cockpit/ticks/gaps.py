"""Which trade ids are missing. A venue numbers the trades of a symbol without a hole, so a jump is a loss of ours."""

from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum, auto

_GAPS_KEPT = 100_000
_LARGEST_JUMP = 100_000


class Step(Enum):
    """How a trade's id stands to those before it."""

    NEXT = auto()
    """It follows, or is the first one."""
    JUMP = auto()
    """It follows, but ids between are missing: :attr:`TradeSequence.newest_gap` says which."""
    LATE = auto()
    """It was missing until now."""
    SEEN = auto()
    """It has been here before."""
    DOUBTFUL = auto()
    """It is too far ahead to be believed before another one confirms it; a single wild id must not hide all others."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Missing ids of one symbol, both ends included."""

    first_id: int
    last_id: int

    def __len__(self) -> int:
        return max(0, self.last_id - self.first_id + 1)

    def __contains__(self, trade_id: int) -> bool:
        return self.first_id <= trade_id <= self.last_id


class TradeSequence:
    """The order of one symbol's trade ids.

    Attributes:
        first_id: the id that the order began with; None before the first.
        last_id: highest id known; None before the first.
        missing: how many ids are known to be missing.
        newest_gap: the gap before the last id that jumped.
    """

    __slots__ = ("_doubtful", "_gaps", "first_id", "last_id", "missing", "newest_gap")

    def __init__(self) -> None:
        self.first_id: int | None = None
        self.last_id: int | None = None
        self.missing = 0
        self.newest_gap = Gap(0, -1)
        self._gaps: list[Gap] = []  # rising and apart from each other
        self._doubtful: int | None = None

    def advance(self, trade_id: int) -> Step:
        """Take the id of the trade that came now."""
        last = self.last_id
        if last is None:
            self.first_id = self.last_id = trade_id
            return Step.NEXT
        if trade_id == last + 1:
            self.last_id = trade_id
            return Step.NEXT
        if trade_id <= last:
            return Step.LATE if self._gaps and self.find(trade_id) else Step.SEEN
        if trade_id - last > _LARGEST_JUMP and not self._confirmed(trade_id):
            self._doubtful = trade_id
            return Step.DOUBTFUL
        self.last_id = trade_id
        self.newest_gap = Gap(last + 1, trade_id - 1)
        self.lose(self.newest_gap)
        return Step.JUMP

    def expect(self, trade_id: int) -> Gap | None:
        """Learn from elsewhere that the ids have come as far as this one; what is missing up to it, if anything."""
        last = self.last_id
        if last is None:
            self.first_id, self.last_id = trade_id + 1, trade_id
            return None
        if trade_id <= last:
            return None
        self.last_id = trade_id
        self.newest_gap = Gap(last + 1, trade_id)
        self.lose(self.newest_gap)
        return self.newest_gap

    def lose(self, gap: Gap) -> None:
        """Count ids as missing: a jump, from before the order began, or come and lost again."""
        if not self._gaps or gap.first_id > self._gaps[-1].last_id:  # the usual case is the newest gap
            self._append(gap)
            return
        first_id = gap.first_id
        for known in self.missing_in(gap):
            self._insert(Gap(first_id, known.first_id - 1))
            first_id = known.last_id + 1
        self._insert(Gap(first_id, gap.last_id))

    def find(self, trade_id: int) -> bool:
        """Take an id out of the gap that it is missing in; False where it is in none."""
        index = self._index(trade_id)
        if index < 0 or trade_id not in self._gaps[index]:
            return False
        gap = self._gaps[index]
        parts = Gap(gap.first_id, trade_id - 1), Gap(trade_id + 1, gap.last_id)
        self._gaps[index : index + 1] = [part for part in parts if len(part) > 0]
        self.missing -= 1
        return True

    def is_missing(self, trade_id: int) -> bool:
        """True where an id is known to be missing."""
        index = self._index(trade_id)
        return index >= 0 and trade_id in self._gaps[index]

    def missing_in(self, within: Gap) -> list[Gap]:
        """The parts of a stretch of ids that are missing, rising."""
        found = []
        for index in range(max(0, self._index(within.first_id)), len(self._gaps)):
            gap = self._gaps[index]
            if gap.first_id > within.last_id:
                break
            part = Gap(max(gap.first_id, within.first_id), min(gap.last_id, within.last_id))
            if len(part) > 0:
                found.append(part)
        return found

    def forgive(self, gap: Gap) -> None:
        """Count what is missing in a stretch as no loss: it never was, or belongs to a time skipped on purpose."""
        for part in self.missing_in(gap):
            index = self._index(part.first_id)
            whole = self._gaps[index]
            left = Gap(whole.first_id, part.first_id - 1), Gap(part.last_id + 1, whole.last_id)
            self._gaps[index : index + 1] = [rest for rest in left if len(rest) > 0]
            self.missing -= len(part)

    def restart(self) -> None:
        """Forget the order: the next trade follows whatever its id."""
        self.first_id = self.last_id = None
        self.missing = 0
        self._gaps.clear()
        self._doubtful = None

    def _append(self, gap: Gap) -> None:
        """Add ids above all that are missing so far."""
        if gap.last_id < gap.first_id:
            return
        gaps = self._gaps
        self.missing += gap.last_id - gap.first_id + 1
        if gaps and gaps[-1].last_id + 1 == gap.first_id:
            gaps[-1] = Gap(gaps[-1].first_id, gap.last_id)
            return
        gaps.append(gap)
        self._forget_oldest()

    def _insert(self, gap: Gap) -> None:
        """Add ids of which none is missing so far."""
        if gap.last_id < gap.first_id:
            return
        self.missing += len(gap)
        index = self._index(gap.first_id) + 1
        before = self._gaps[index - 1] if index else None
        if before is not None and before.last_id + 1 == gap.first_id:
            self._gaps[index - 1] = Gap(before.first_id, gap.last_id)
            return
        self._gaps.insert(index, gap)
        self._forget_oldest()

    def _forget_oldest(self) -> None:
        """Beyond the bound an old gap stays counted, but what comes late for it is taken for seen."""
        if len(self._gaps) > _GAPS_KEPT:
            del self._gaps[0]

    def _index(self, trade_id: int) -> int:
        """Of the last gap that begins at or before an id; -1 where there is none."""
        return bisect_right(self._gaps, trade_id, key=_first_id) - 1

    def _confirmed(self, trade_id: int) -> bool:
        return self._doubtful is not None and 0 < trade_id - self._doubtful <= _LARGEST_JUMP


def _first_id(gap: Gap) -> int:
    return gap.first_id
