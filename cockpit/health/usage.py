"""What a vendor was asked: requests, answers, bytes, waits and latency by endpoint, in counts that can be added up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

BOUNDS_MS: tuple[float, ...] = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
"""Upper ends of the latency buckets, milliseconds; one more bucket holds what took longer."""
CACHE = ""
"""The endpoint under which a vendor's caches and its time in service are counted."""
OTHER = "other"
_MOST_ENDPOINTS = 32


@dataclass(slots=True)
class Usage:
    """Counts of one endpoint over some time; all of them only ever rise.

    Attributes:
        requests: sent.
        failures: without a usable answer, by class: ``quota``, ``auth``, ``unavailable``...
        received: bytes of answers, decompressed.
        waits: requests that waited for a rate limit, and for how long in all (``waited_ms``).
        latency: answers by bucket of :data:`BOUNDS_MS`; ``latency_ms`` is their sum.
        hits, second_hits, misses, evictions: of the caches in front.
        up_seconds: in service, of ``seconds`` looked at.
    """

    requests: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    received: int = 0
    waits: int = 0
    waited_ms: float = 0.0
    latency: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_MS) + 1))
    latency_ms: float = 0.0
    hits: int = 0
    second_hits: int = 0
    misses: int = 0
    evictions: int = 0
    up_seconds: float = 0.0
    seconds: float = 0.0

    @property
    def errors(self) -> int:
        """Failures of every class."""
        return sum(self.failures.values())

    @property
    def hit_ratio(self) -> float | None:
        """Share of look-ups answered without a request, 0 to 1; None without any."""
        asked = self.hits + self.second_hits + self.misses
        return (self.hits + self.second_hits) / asked if asked else None

    @property
    def uptime(self) -> float | None:
        """Share of the time in service, 0 to 1; None where nobody looked."""
        return self.up_seconds / self.seconds if self.seconds > 0 else None

    def answered(self, milliseconds: float, size: int) -> None:
        """Count an answer of ``size`` bytes."""
        self.latency[_bucket(milliseconds)] += 1
        self.latency_ms += milliseconds
        self.received += size

    def waited(self, milliseconds: float) -> None:
        """Count a wait for a rate limit."""
        self.waits += 1
        self.waited_ms += milliseconds

    def failed(self, kind: str) -> None:
        """Count a failure of a class."""
        self.failures[kind] = self.failures.get(kind, 0) + 1

    def quantile(self, share: float) -> float | None:
        """Milliseconds below which a share of the answers came, interpolated in its bucket; None without answers.

        What lies in the last, open bucket is told as its lower end.
        """
        total = sum(self.latency)
        if not total:
            return None
        rank, before = share * total, 0
        for index, count in enumerate(self.latency):
            if count and before + count >= rank:
                low = BOUNDS_MS[index - 1] if index else 0.0
                high = BOUNDS_MS[index] if index < len(BOUNDS_MS) else low
                return low + (high - low) * max(0.0, rank - before) / count
            before += count
        return BOUNDS_MS[-1]

    def add(self, other: "Usage", sign: int = 1) -> None:
        """Add other counts, or with a ``sign`` of -1 take them away."""
        for kind, count in other.failures.items():
            self.failures[kind] = self.failures.get(kind, 0) + sign * count
        self.latency = [mine + sign * theirs for mine, theirs in zip(self.latency, other.latency, strict=True)]
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + sign * getattr(other, name))

    def since(self, earlier: "Usage") -> "Usage":
        """What has come since earlier counts of the same endpoint."""
        found = Usage()
        found.add(self)
        found.add(earlier, -1)
        found.failures = {kind: count for kind, count in found.failures.items() if count}
        return found

    def copy(self) -> "Usage":
        """These counts, apart from those that go on."""
        return self.since(Usage())

    @property
    def nothing(self) -> bool:
        """True where nothing at all was counted."""
        return not (self.requests or self.failures or any(self.latency) or any(getattr(self, name) for name in _SUMS))


_SUMS = (
    *("requests", "received", "waits", "waited_ms", "latency_ms"),
    *("hits", "second_hits", "misses", "evictions", "up_seconds", "seconds"),
)


class EndpointUsage:
    """The counts of one vendor by endpoint, with a bound on their number: what comes beyond it is ``other``."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[str, Usage] = {}

    def __getitem__(self, endpoint: str) -> Usage:
        found = self._counts.get(endpoint)
        if found is not None:
            return found
        if len(self._counts) >= _MOST_ENDPOINTS and endpoint != OTHER:
            return self[OTHER]
        return self._counts.setdefault(endpoint, Usage())

    def __iter__(self) -> Iterator[tuple[str, Usage]]:
        return iter(sorted(self._counts.items()))

    def __len__(self) -> int:
        return len(self._counts)


def total(counts: Sequence[Usage]) -> Usage:
    """All of them added up."""
    found = Usage()
    for one in counts:
        found.add(one)
    return found


def _bucket(milliseconds: float) -> int:
    for index, bound in enumerate(BOUNDS_MS):
        if milliseconds <= bound:
            return index
    return len(BOUNDS_MS)
