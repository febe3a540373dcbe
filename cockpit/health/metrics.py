"""Counters that cost nothing to feed: plain integers and a ring of latencies, summarised only when somebody looks."""

from collections.abc import Iterator


class LatencyRing:
    """The last ``size`` durations in milliseconds; recording is one list store, quantiles sort on demand."""

    __slots__ = ("_next", "_samples", "_size", "count")

    def __init__(self, size: int = 512) -> None:
        if size < 1:
            raise ValueError("a latency ring holds at least one sample")
        self._size = size
        self._samples: list[float] = []
        self._next = 0
        self.count = 0
        """Durations ever recorded."""

    def record(self, milliseconds: float) -> None:
        """Add a duration; the oldest one falls out of a full ring."""
        self.count += 1
        if len(self._samples) < self._size:
            self._samples.append(milliseconds)
            return
        self._samples[self._next] = milliseconds
        self._next = (self._next + 1) % self._size

    def quantile(self, share: float) -> float | None:
        """The nearest-rank quantile, ``share`` in 0 to 1; None before the first sample."""
        if not self._samples:
            return None
        ordered = sorted(self._samples)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def p50(self) -> float | None:
        """Median of the ring, milliseconds."""
        return self.quantile(0.50)

    @property
    def p95(self) -> float | None:
        """95th percentile of the ring, milliseconds."""
        return self.quantile(0.95)

    @property
    def p99(self) -> float | None:
        """99th percentile of the ring, milliseconds."""
        return self.quantile(0.99)

    def __len__(self) -> int:
        return len(self._samples)


class Tally:
    """Counts by kind, with a bound on the number of kinds: a hostile source cannot grow it."""

    __slots__ = ("_kinds", "_most", "total")

    def __init__(self, most: int = 64) -> None:
        self._kinds: dict[str, int] = {}
        self._most = most
        self.total = 0

    def add(self, kind: str, count: int = 1) -> None:
        """Count; a kind beyond the bound is counted as ``other``."""
        self.total += count
        if kind not in self._kinds and len(self._kinds) >= self._most:
            kind = "other"
        self._kinds[kind] = self._kinds.get(kind, 0) + count

    def __getitem__(self, kind: str) -> int:
        return self._kinds.get(kind, 0)

    def __iter__(self) -> Iterator[tuple[str, int]]:
        """Kinds and counts, the most frequent first."""
        return iter(sorted(self._kinds.items(), key=lambda item: -item[1]))

    def __len__(self) -> int:
        return len(self._kinds)
