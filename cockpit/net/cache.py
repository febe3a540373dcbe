"""A cache of decoded values in memory: bounded, with a time to live, and one load however many callers ask.

Keys are strings and values immutable. Values that come with their kind are looked for in a second level (a file,
another process) before they are loaded, and kept there too.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from cockpit.clock import Clock
from cockpit.errors import ProviderError, Refusal
from cockpit.net.second_level import Scope

V = TypeVar("V")


@dataclass(slots=True)
class CacheStats:
    """Look-ups so far: answered from memory (or from a load already under way), by a level behind it, and loaded.

    ``evictions`` counts what left before its end for want of room.
    """

    hits: int = 0
    misses: int = 0
    second_hits: int = 0
    evictions: int = 0

    @property
    def hit_ratio(self) -> float | None:
        """Share of look-ups answered without a load, 0 to 1; None before the first."""
        asked = self.hits + self.second_hits + self.misses
        return (self.hits + self.second_hits) / asked if asked else None

    @property
    def memory_hit_ratio(self) -> float | None:
        """Share of look-ups answered from memory, 0 to 1; None before the first."""
        asked = self.hits + self.second_hits + self.misses
        return self.hits / asked if asked else None

    @property
    def second_hit_ratio(self) -> float | None:
        """Share of what memory did not answer that the level behind it did, 0 to 1; None before it could have."""
        asked = self.second_hits + self.misses
        return self.second_hits / asked if asked else None


def _usual_size(_: object) -> int:
    return 1024


@dataclass(frozen=True, slots=True)
class Place(Generic[V]):
    """Where a value is kept, and how.

    Attributes:
        key: what is asked.
        seconds: how long a value stays good; 0 keeps nothing.
        kind: the value's type, such as ``tuple[DailyBar, ...]``: it is kept in the second level too. None: in memory
            only.
        size: approximate bytes of a value.
        tags: words to drop it by.
    """

    key: str
    seconds: float
    kind: Any = None
    size: Callable[[V], int] = _usual_size
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry(Generic[V]):
    outcome: V | ProviderError
    expires: float
    size: int
    seconds: float
    tags: tuple[str, ...]


@dataclass(slots=True)
class _Flight(Generic[V]):
    task: "asyncio.Task[V | Exception]"
    waiting: int = 0
    early: bool = False
    """Nobody waits for it: it renews what is still good."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a cache keeps, and how.

    Attributes:
        entries: most entries kept.
        megabytes: most of the size estimates kept, in units of 2**20 bytes.
        negative_seconds: how long a NOT_FOUND is remembered.
        early_share: share of its time to live, at the end of it, in which a value that is asked for is loaded anew
            behind the caller's back.
    """

    entries: int
    megabytes: float
    negative_seconds: float = 60.0
    early_share: float = 0.0


class Cache(Generic[V]):
    """Least recently used entries leave first, by number and by approximate bytes.

    Args:
        clock: monotonic time decides what is fresh.
        bounds: how much is kept.
        stats: counters to share with others of the same vendor.
        second: what stands behind this memory.
    """

    def __init__(
        self, clock: Clock, bounds: Bounds, *, stats: CacheStats | None = None, second: Scope | None = None
    ) -> None:
        self._clock = clock
        self._bounds = bounds
        self._second = second
        self._tagged: dict[str, set[str]] = {}
        self._drops = 0
        self._entries: dict[str, _Entry[V]] = {}
        self._flights: dict[str, _Flight[V]] = {}
        self._bytes = 0
        self.stats = CacheStats() if stats is None else stats

    async def get(self, place: Place[V], load: Callable[[], Awaitable[V]], *, fresh: bool = False) -> V:
        """The value of a place: from memory while fresh, else loaded once for all who ask meanwhile.

        A caller that is cancelled leaves the others' load alone; the load ends when nobody waits for it any more.

        Args:
            place: where it is kept.
            load: asks the vendor.
            fresh: ask past the memory; a load already under way still serves.

        Raises:
            ProviderError: of the load, or a remembered NOT_FOUND.
            EncodingError: the loaded value is not of its kind.
        """
        key = place.key
        if not fresh and (entry := self._live(key)) is not None:
            self.stats.hits += 1
            if entry.expires - self._clock.monotonic() < entry.seconds * self._bounds.early_share:
                self._renew(place, entry, load)
            return _unwrap(entry.outcome)
        flight = self._flights.get(key)
        if flight is None:
            flight = self._start(key, self._load(place, load, fresh=fresh, drops=self._drops))
        else:
            self.stats.hits += 1
            flight.early = False
        flight.waiting += 1
        try:
            return _unwrap(await asyncio.shield(flight.task))
        finally:
            flight.waiting -= 1
            if flight.waiting == 0 and not flight.early and not flight.task.done():
                self._land(key, flight)
                flight.task.cancel()

    async def get_many(
        self, places: Sequence[Place[V]], load: Callable[[Sequence[str]], Awaitable[Mapping[str, V]]]
    ) -> dict[str, V]:
        """The values of many places by key: one look at memory, one at the second level, one load of what is missing.

        Keys that the load does not answer are absent. Raises as :meth:`get` does.
        """
        found = {place.key: value for place in places if (value := self.peek(place.key)) is not None}
        kept = await self._fetch([place for place in places if place.key not in found])
        self.stats.second_hits += len(kept)
        found.update(kept)
        drops = self._drops
        missing = {place.key: place for place in places if place.key not in found}
        if missing:
            self.stats.misses += len(missing)
            for key, value in (await load(list(missing))).items():
                if drops == self._drops:
                    self.put(missing[key], value)
                found[key] = value
        return found

    async def warm(self, places: Sequence[Place[V]]) -> int:
        """Bring what memory lacks from the second level, in one look; how many came. Nobody has to be asked."""
        return len(await self._fetch([place for place in places if self._live(place.key) is None]))

    async def drop(self, key: str) -> None:
        """Forget a key, here and in the second level; a load under way is not kept."""
        self._disown_flights()
        self._forget(key)
        if self._second is not None:
            await self._second.drop(key)

    async def drop_tag(self, tag: str) -> None:
        """Forget all that was kept with a tag, here and in the second level; loads under way are not kept."""
        self._disown_flights()
        for key in list(self._tagged.get(tag, ())):
            self._forget(key)
        if self._second is not None:
            await self._second.drop_tag(tag)

    async def drop_matching(self, pattern: str) -> None:
        """Forget all keys that a pattern matches, as :meth:`drop` does; ``*`` stands for any characters."""
        self._disown_flights()
        matching = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
        for key in [key for key in self._entries if matching.fullmatch(key)]:
            self._forget(key)
        if self._second is not None:
            await self._second.drop_matching(pattern)

    def _disown_flights(self) -> None:
        """Loads under way serve those who wait for them, nobody who asks from now on, and are not kept."""
        self._drops += 1
        self._flights.clear()

    def peek(self, key: str) -> V | None:
        """The fresh value of a key, or None; counts as a hit where there is one."""
        entry = self._live(key)
        if entry is None or isinstance(entry.outcome, ProviderError):
            return None
        self.stats.hits += 1
        return entry.outcome

    def put(self, place: Place[V], value: V) -> None:
        """Keep a value that came with another answer.

        Raises:
            EncodingError: the value is not of its kind.
        """
        if self._second is not None and place.kind is not None:
            self._second.put(place.key, value, place.kind, place.seconds, place.tags)
        self._store(place.key, value, place.seconds, place.size(value), place.tags)

    def reconfigure(self, bounds: Bounds) -> None:
        """Other bounds, kept at once; what is there keeps the time that it was stored for."""
        self._bounds = bounds
        self._evict()

    @property
    def size(self) -> int:
        """Approximate bytes kept."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._entries)

    def _start(self, key: str, load: Coroutine[Any, Any, V | Exception], *, early: bool = False) -> _Flight[V]:
        flight = self._flights[key] = _Flight(asyncio.create_task(load), early=early)
        flight.task.add_done_callback(lambda _: self._land(key, flight))
        return flight

    def _renew(self, place: Place[V], entry: _Entry[V], load: Callable[[], Awaitable[V]]) -> None:
        if place.key not in self._flights and not isinstance(entry.outcome, ProviderError):
            self._start(place.key, self._load(place, load, fresh=True, drops=self._drops), early=True)

    async def _load(
        self, place: Place[V], load: Callable[[], Awaitable[V]], *, fresh: bool, drops: int
    ) -> V | Exception:
        """The outcome as a value, so that an error nobody waits for is no unretrieved exception."""
        if not fresh and (kept := await self._fetch([place], drops)):
            self.stats.second_hits += 1
            return kept[place.key]
        self.stats.misses += 1
        try:
            value = await load()
            if drops == self._drops:
                self.put(place, value)
        except ProviderError as error:
            if error.refusal is Refusal.NOT_FOUND:
                self._store(place.key, error, self._bounds.negative_seconds, 256, place.tags)
            return error
        except Exception as error:  # noqa: BLE001 - handed to every waiting caller, which raises it
            return error
        return value

    async def _fetch(self, places: Sequence[Place[V]], drops: int | None = None) -> dict[str, V]:
        """What the second level has of these places, in memory from now on for as long as it has left."""
        wanted = {place.key: place for place in places if place.kind is not None}
        if self._second is None or self._second.empty or not wanted:
            return {}
        drops = self._drops if drops is None else drops
        values: dict[str, V] = {}
        for key, (value, left) in (await self._second.find_many({key: wanted[key].kind for key in wanted})).items():
            place, values[key] = wanted[key], value
            if drops == self._drops and self._live(key) is None:
                self._store(key, value, min(left, place.seconds), place.size(value), place.tags)
        return values

    def _land(self, key: str, flight: _Flight[V]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]

    def _live(self, key: str) -> _Entry[V] | None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return None
        if entry.expires <= self._clock.monotonic():
            self._release(key, entry)
            return None
        self._entries[key] = entry  # back at the young end
        return entry

    def _store(self, key: str, outcome: V | ProviderError, seconds: float, size: int, tags: Sequence[str] = ()) -> None:
        self._forget(key)
        if seconds <= 0 or size > self._bounds.megabytes * 2**20:
            return
        self._entries[key] = _Entry(outcome, self._clock.monotonic() + seconds, size, seconds, tuple(tags))
        for tag in tags:
            self._tagged.setdefault(tag, set()).add(key)
        self._bytes += size
        self._evict()

    def _evict(self) -> None:
        while len(self._entries) > self._bounds.entries or self._bytes > self._bounds.megabytes * 2**20:
            self._forget(next(iter(self._entries)))
            self.stats.evictions += 1

    def _forget(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._release(key, entry)

    def _release(self, key: str, entry: _Entry[V]) -> None:
        self._bytes -= entry.size
        for tag in entry.tags:
            keys = self._tagged[tag]
            keys.discard(key)
            if not keys:
                del self._tagged[tag]


def _unwrap(outcome: V | Exception) -> V:
    if isinstance(outcome, Exception):
        raise outcome.with_traceback(None)  # many callers raise the same one: let it not collect their frames
    return outcome
