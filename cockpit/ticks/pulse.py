"""How long a symbol may say nothing before that is strange: it depends on the symbol, so each is its own measure."""

from collections import deque

_GAPS_KEPT = 256
_SHORTEST = 0.01
_SHARE = 0.99
_TIMES = 10.0


class Pulse:
    """The quiet stretches of one symbol, in monotonic seconds.

    Attributes:
        last: when something came last; None before the first, and after an interruption.
    """

    __slots__ = ("_floor", "_gaps", "last")

    def __init__(self, floor: float = 30.0) -> None:
        """A silence shorter than ``floor`` is never strange."""
        self.last: float | None = None
        self._floor = floor
        self._gaps: deque[float] = deque(maxlen=_GAPS_KEPT)

    def beat(self, now: float) -> None:
        """Something came. Trades of one burst count as one, so that they do not hide how long a pause may be."""
        last = self.last
        if last is not None and now - last >= _SHORTEST:
            self._gaps.append(now - last)
        self.last = now

    def interrupt(self) -> None:
        """What came was lost: the silence that ends next was not the symbol's own and tells nothing of it.

        Otherwise one outage would count as a usual pause, and the next one would not be strange for ten times as long.
        """
        self.last = None

    def limit(self) -> float:
        """The longest silence that is not strange: ten times the 99th percentile of the last ones, or the floor."""
        if not self._gaps:
            return self._floor
        ordered = sorted(self._gaps)
        return max(self._floor, _TIMES * ordered[min(len(ordered) - 1, int(_SHARE * len(ordered)))])

    def is_strange(self, now: float, since: float) -> bool:
        """True where nothing has come for longer than the limit; ``since`` stands in before the first beat."""
        silence = now - max(since, self.last if self.last is not None else since)
        return silence > self._floor and silence > self.limit()
