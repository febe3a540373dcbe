"""A cache of decoded values in memory: bounded, with a time to live, and one load however many callers ask.

Keys are strings and values immutable, so that a second level (a file, another process) can stand behind ``load``
under the same keys without any change to the callers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from cockpit.clock import Clock
from cockpit.errors import ProviderError, Refusal

V = TypeVar("V")


@dataclass(slots=True)
class CacheStats:
    """Look-ups so far: answered from memory (or from a load already under way), and loaded."""

    hits: int = 0
    misses: int = 0

    @property
    def hit_ratio(self) -> float | None:
        """Share of look-ups answered without a load, 0 to 1; None before the first."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else None


@dataclass(frozen=True, slots=True)
class _Entry(Generic[V]):
    outcome: V | ProviderError
    expires: float
    size: int


@dataclass(slots=True)
class _Flight(Generic[V]):
    task: "asyncio.Task[V | Exception]"
    waiting: int = 0


class Cache(Generic[V]):
    """Least recently used entries leave first, by number and by approximate bytes.

    Args:
        clock: monotonic time decides what is fresh.
        entries: most entries kept.
        megabytes: most of the callers' size estimates kept, in units of 2**20 bytes.
        negative_seconds: how long a NOT_FOUND is remembered.
        stats: counters to share with others of the same vendor.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        entries: int,
        megabytes: float,
        negative_seconds: float = 60.0,
        stats: CacheStats | None = None,
    ) -> None:
        self._clock = clock
        self._most = entries
        self._most_bytes = int(megabytes * 2**20)
        self._negative_seconds = negative_seconds
        self._entries: dict[str, _Entry[V]] = {}
        self._flights: dict[str, _Flight[V]] = {}
        self._bytes = 0
        self.stats = CacheStats() if stats is None else stats

    async def get(
        self,
        key: str,
        seconds: float,
        load: Callable[[], Awaitable[V]],
        *,
        size: Callable[[V], int] = lambda _: 1024,
        fresh: bool = False,
    ) -> V:
        """The value of a key: from memory while fresh, else loaded once for all who ask meanwhile.

        A caller that is cancelled leaves the others' load alone; the load ends when nobody waits for it any more.

        Args:
            key: what is asked.
            seconds: how long a loaded value stays good; 0 keeps nothing.
            load: asks the vendor.
            size: approximate bytes of a value.
            fresh: ask past the memory; a load already under way still serves.

        Raises:
            ProviderError: of the load, or a remembered NOT_FOUND.
        """
        if not fresh and (entry := self._live(key)) is not None:
            self.stats.hits += 1
            return _unwrap(entry.outcome)
        flight = self._flights.get(key)
        if flight is None:
            self.stats.misses += 1
            flight = self._flights[key] = _Flight(asyncio.create_task(self._load(key, seconds, load, size)))
            flight.task.add_done_callback(lambda _: self._land(key, flight))
        else:
            self.stats.hits += 1
        flight.waiting += 1
        try:
            return _unwrap(await asyncio.shield(flight.task))
        finally:
            flight.waiting -= 1
            if flight.waiting == 0 and not flight.task.done():
                self._land(key, flight)
                flight.task.cancel()

    def peek(self, key: str) -> V | None:
        """The fresh value of a key, or None; counts as a hit where there is one."""
        entry = self._live(key)
        if entry is None or isinstance(entry.outcome, ProviderError):
            return None
        self.stats.hits += 1
        return entry.outcome

    def put(self, key: str, value: V, seconds: float, size: int = 1024) -> None:
        """Keep a value that came with another answer."""
        self._store(key, value, seconds, size)

    def clear(self) -> None:
        """Forget everything; loads under way go on for those who wait."""
        self._entries.clear()
        self._bytes = 0

    @property
    def size(self) -> int:
        """Approximate bytes kept."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._entries)

    async def _load(
        self, key: str, seconds: float, load: Callable[[], Awaitable[V]], size: Callable[[V], int]
    ) -> V | Exception:
        """The outcome as a value, so that an error nobody waits for is no unretrieved exception."""
        try:
            value = await load()
        except ProviderError as error:
            if error.refusal is Refusal.NOT_FOUND:
                self._store(key, error, self._negative_seconds, 256)
            return error
        except Exception as error:  # noqa: BLE001 - handed to every waiting caller, which raises it
            return error
        self._store(key, value, seconds, size(value))
        return value

    def _land(self, key: str, flight: _Flight[V]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]

    def _live(self, key: str) -> _Entry[V] | None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return None
        if entry.expires <= self._clock.monotonic():
            self._bytes -= entry.size
            return None
        self._entries[key] = entry  # back at the young end
        return entry

    def _store(self, key: str, outcome: V | ProviderError, seconds: float, size: int) -> None:
        if (old := self._entries.pop(key, None)) is not None:
            self._bytes -= old.size
        if seconds <= 0 or size > self._most_bytes:
            return
        self._entries[key] = _Entry(outcome, self._clock.monotonic() + seconds, size)
        self._bytes += size
        while len(self._entries) > self._most or self._bytes > self._most_bytes:
            eldest = next(iter(self._entries))
            self._bytes -= self._entries.pop(eldest).size


def _unwrap(outcome: V | Exception) -> V:
    if isinstance(outcome, Exception):
        raise outcome.with_traceback(None)  # many callers raise the same one: let it not collect their frames
    return outcome
