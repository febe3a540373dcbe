"""Which trade ids are missing. A venue numbers the trades of a symbol without a hole, so a jump is a loss of ours."""

from dataclasses import dataclass
from enum import Enum, auto

_GAPS_KEPT = 100
_LARGEST_JUMP = 10_000_000


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
        return self.last_id - self.first_id + 1

    def __contains__(self, trade_id: int) -> bool:
        return self.first_id <= trade_id <= self.last_id


class TradeSequence:
    """The order of one symbol's trade ids.

    Attributes:
        last_id: highest id seen; None before the first.
        missing: how many ids are known to be missing.
    """

    __slots__ = ("_doubtful", "_gaps", "last_id", "missing")

    def __init__(self) -> None:
        self.last_id: int | None = None
        self.missing = 0
        self._gaps: list[Gap] = []
        self._doubtful: int | None = None

    @property
    def newest_gap(self) -> Gap:
        """The gap before the last id that jumped."""
        return self._gaps[-1]

    def advance(self, trade_id: int) -> Step:
        """Take the id of the trade that came now."""
        last = self.last_id
        if last is None or trade_id == last + 1:
            self.last_id = trade_id
            return Step.NEXT
        if trade_id <= last:
            return Step.LATE if self._gaps and self.find(trade_id) else Step.SEEN
        if trade_id - last > _LARGEST_JUMP and not self._confirmed(trade_id):
            self._doubtful = trade_id
            return Step.DOUBTFUL
        self.last_id = trade_id
        gap = Gap(last + 1, trade_id - 1)
        self.missing += len(gap)
        self._gaps.append(gap)
        # Beyond the bound an old gap stays counted, but what comes late for it is taken for seen.
        del self._gaps[:-_GAPS_KEPT]
        return Step.JUMP

    def find(self, trade_id: int) -> bool:
        """Take an id out of the gap that it is missing in; False where it is in none."""
        for index, gap in enumerate(self._gaps):
            if trade_id in gap:
                parts = Gap(gap.first_id, trade_id - 1), Gap(trade_id + 1, gap.last_id)
                self._gaps[index : index + 1] = [part for part in parts if len(part) > 0]
                self.missing -= 1
                return True
        return False

    def forgive(self, gap: Gap) -> None:
        """Count a gap that was none: its ids never were, or belong to a time that was skipped on purpose."""
        if gap in self._gaps:
            self._gaps.remove(gap)
            self.missing -= len(gap)

    def restart(self) -> None:
        """Forget the order: the next trade follows whatever its id."""
        self.last_id = None
        self.missing = 0
        self._gaps.clear()
        self._doubtful = None

    def _confirmed(self, trade_id: int) -> bool:
        return self._doubtful is not None and 0 < trade_id - self._doubtful <= _LARGEST_JUMP
