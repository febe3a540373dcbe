"""Which trade ids have been seen, as few stretches of consecutive ones, in whatever order they come."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise


class IdSpans:
    """A set of ids that costs memory by its holes and not by its size."""

    __slots__ = ("_spans",)

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []  # rising, apart from each other, both ends included

    @property
    def missing(self) -> int:
        """Ids between the lowest and the highest that have not been seen."""
        return sum(later[0] - earlier[1] - 1 for earlier, later in pairwise(self._spans))

    @property
    def spans(self) -> list[tuple[int, int]]:
        """The stretches, rising and apart from each other, both ends included."""
        return self._spans.copy()

    def overlaps(self, first: int, last: int) -> bool:
        """True where an id of a stretch has been seen."""
        index = bisect_left(self._spans, first, key=_last)
        return index < len(self._spans) and self._spans[index][0] <= last

    def add_all(self, ids: Sequence[int]) -> None:
        """Add ids; those that rise by one each cost no more than one of them."""
        if not ids:
            return
        first = ids[0]
        if ids[-1] - first + 1 == len(ids) and all(map(int.__eq__, ids, range(first, first + len(ids)))):
            self.add(first, ids[-1])
            return
        ordered = sorted(ids)
        first = previous = ordered[0]
        for one in ordered:
            if one > previous + 1:
                self.add(first, previous)
                first = one
            previous = one
        self.add(first, previous)

    def add(self, first: int, last: int) -> None:
        """Add a stretch of ids, both ends included."""
        spans = self._spans
        low = bisect_left(spans, first - 1, key=_last)
        high = low
        while high < len(spans) and spans[high][0] <= last + 1:
            first, last = min(first, spans[high][0]), max(last, spans[high][1])
            high += 1
        spans[low:high] = [(first, last)]


def _last(span: tuple[int, int]) -> int:
    return span[1]
