"""What stands behind the caches in memory: a file, and a Redis where one is set; both may fail, nobody notices.

Values are written behind the callers' back in batches. What is dropped, or replaced, while Redis is away is owed to it:
nothing is read from it again before it has been told, so that it never answers with what is no longer true.
"""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.net.cache_level import Item, Level, LevelError
from cockpit.net.codec import EncodingError, check, decode, encode
from cockpit.net.keys import encoded_key, encoded_pattern
from cockpit.net.shared_log import account_of

log = logging.getLogger(__name__)

_QUIET_SECONDS = 0.5
_MOST_DELAYS = 8
_MOST_PENDING = 4096
_MOST_OWED = 1000
_PER_WRITE = 8
_PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class _Pending:
    value: object
    kind: Any
    stored: float
    expires: float
    tags: tuple[str, ...]


class SecondLevel:
    """The levels behind memory, the nearest first.

    Args:
        levels: asked in this order; a value found in a farther one counts as found.
        by_address: tell vendors at different addresses apart; not where the address is a new one every time.
        wall: epoch seconds; times to live run by it, since they outlive the process.
    """

    def __init__(
        self, levels: Sequence[Level], *, by_address: bool = True, wall: Callable[[], float] = time.time
    ) -> None:
        self._levels = tuple(_Watched(level) for level in levels)
        self._by_address = by_address
        self._wall = wall
        self._pending: dict[str, _Pending] = {}
        self._writer: asyncio.Task[None] | None = None
        self._order = asyncio.Lock()
        self._put_at = 0.0

    @property
    def empty(self) -> bool:
        """True where there is no level."""
        return not self._levels

    def scope(self, vendor: str, address: str) -> "Scope":
        """The part of the levels that holds a vendor's values."""
        return Scope(self, account_of(vendor, address if self._by_address else ""))

    async def find_many(self, kinds: Mapping[str, Any]) -> dict[str, tuple[Any, float]]:
        """Values and the seconds they stay good, by encoded key; each key comes with its kind."""
        now = self._wall()
        found: dict[str, tuple[Any, float]] = {}
        for key in kinds:
            pending = self._pending.get(key)
            if pending is not None and pending.expires > now:
                found[key] = (pending.value, pending.expires - now)
        for level in self._levels:
            missing = [key for key in kinds if key not in found]
            if not missing:
                break
            for key, item in (await level.get_many(missing)).items():
                if not item.stored <= now < item.expires or key in found:
                    continue
                try:
                    found[key] = (decode(item.data, kinds[key]), item.expires - now)
                except EncodingError as error:
                    log.warning("a kept value of %.80s is left out: %s", key, error)
                if len(kinds) > 1:
                    await asyncio.sleep(0)  # years of daily bars take a millisecond: everything else gets its turn
        return found

    def put(self, key: str, value: object, kind: Any, seconds: float, tags: tuple[str, ...] = ()) -> None:
        """Keep a value under an encoded key; it is written soon.

        Raises:
            EncodingError: the value is plainly not of its kind.
        """
        check(value, kind)
        if seconds <= 0 or not self._levels:
            return
        now = self._wall()
        self._pending.pop(key, None)
        self._pending[key] = _Pending(value, kind, now, now + seconds, tags)
        while len(self._pending) > _MOST_PENDING:
            del self._pending[next(iter(self._pending))]
        self._put_at = time.monotonic()
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())

    async def drop(self, keys: Iterable[str]) -> None:
        """Forget encoded keys."""
        names = list(keys)
        for name in names:
            self._pending.pop(name, None)
        await self._tell("keys", names)

    async def drop_tag(self, tag: str) -> None:
        """Forget all that was kept with an encoded tag."""
        self._pending = {key: pending for key, pending in self._pending.items() if tag not in pending.tags}
        await self._tell("tag", [tag])

    async def drop_matching(self, pattern: str) -> None:
        """Forget all keys that an encoded pattern matches."""
        matching = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
        self._pending = {key: pending for key, pending in self._pending.items() if not matching.fullmatch(key)}
        await self._tell("pattern", [pattern])

    async def flush(self, pause: float = 0.0) -> None:
        """Write what is waiting, with a pause between batches; without a writable level it is given up."""
        while self._pending:
            keys = list(self._pending)[:_PER_WRITE]
            batch = {key: self._pending[key] for key in keys}
            items = await asyncio.to_thread(_encoded, batch)
            async with self._order:  # what is dropped while it is on its way is not written after its end
                current = [item for item in items if self._pending.get(item.key) is batch[item.key]]
                for level in self._levels:
                    await level.put_many(current)
            for key, pending in batch.items():
                if self._pending.get(key) is pending:
                    del self._pending[key]
            await asyncio.sleep(pause)

    async def _tell(self, what: str, names: Sequence[str]) -> None:
        async with self._order:
            for level in self._levels:
                await level.tell(what, names)

    async def aclose(self) -> None:
        """Write what is waiting and let go of the levels."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait([self._writer])
        await self.flush()
        for level in self._levels:
            await level.aclose()

    async def _write(self) -> None:
        for _ in range(_MOST_DELAYS):  # not while the loads are still coming in
            await asyncio.sleep(_QUIET_SECONDS)
            if time.monotonic() - self._put_at >= _QUIET_SECONDS:
                break
        try:
            await self.flush(_PAUSE_SECONDS)
        finally:
            self._writer = None


class Scope:
    """A vendor's part of the levels, by its own keys."""

    def __init__(self, second: SecondLevel, name: str) -> None:
        self._second = second
        self._prefix = f"{name}|"

    @property
    def empty(self) -> bool:
        """True where no level stands behind the memory at all."""
        return self._second.empty

    async def find_many(self, kinds: Mapping[str, Any]) -> dict[str, tuple[Any, float]]:
        """The values that there are, each with the seconds it stays good; each key comes with its kind."""
        names = {self._name(key): key for key in kinds}
        found = await self._second.find_many({name: kinds[key] for name, key in names.items()})
        return {names[name]: value for name, value in found.items()}

    def put(self, key: str, value: object, kind: Any, seconds: float, tags: Iterable[str] = ()) -> None:
        """Keep a value.

        Raises:
            EncodingError: the value is plainly not of its kind.
        """
        self._second.put(self._name(key), value, kind, seconds, tuple(self._name(tag) for tag in tags))

    async def drop(self, *keys: str) -> None:
        """Forget keys."""
        await self._second.drop(map(self._name, keys))

    async def drop_tag(self, tag: str) -> None:
        """Forget all that was kept with a tag."""
        await self._second.drop_tag(self._name(tag))

    async def drop_matching(self, pattern: str) -> None:
        """Forget all keys that a pattern with ``*`` matches."""
        await self._second.drop_matching(encoded_key(self._prefix) + encoded_pattern(pattern))

    def _name(self, key: str) -> str:
        return encoded_key(self._prefix + key)


class _Watched:
    """A level that never raises, and that is not read while it is owed something."""

    def __init__(self, level: Level) -> None:
        self._level = level
        self._owed: dict[tuple[str, str], None] = {}
        self._paying = asyncio.Lock()

    async def get_many(self, keys: Sequence[str]) -> Mapping[str, Item]:
        """Items by key; none where the level fails."""
        try:
            await self._pay()
            return await self._level.get_many(keys)
        except LevelError as error:
            log.debug("%s", error)
            return {}

    async def put_many(self, items: Sequence[Item]) -> None:
        """Keep items; where that fails, older ones of the same keys are owed their end."""
        try:
            await self._pay()
            await self._level.put_many(items)
        except LevelError as error:
            log.debug("%s", error)
            self._owe("keys", [item.key for item in items])

    async def tell(self, what: str, names: Sequence[str]) -> None:
        """Drop keys, a tag or a pattern, now or when the level is back."""
        self._owe(what, names)
        try:
            await self._pay()
        except LevelError as error:
            log.debug("%s", error)

    async def aclose(self) -> None:
        """Let go of the level."""
        await self._level.aclose()

    def _owe(self, what: str, names: Sequence[str]) -> None:
        self._owed.update({(what, name): None for name in names})
        if len(self._owed) > _MOST_OWED:
            self._owed = {("pattern", "*"): None}

    async def _pay(self) -> None:
        if not self._owed:
            return
        acts: dict[str, Callable[[str], Awaitable[None]]] = {
            "keys": lambda name: self._level.drop([name]),
            "tag": self._level.drop_tag,
            "pattern": self._level.drop_matching,
        }
        async with self._paying:
            for debt in list(self._owed):
                await acts[debt[0]](debt[1])
                self._owed.pop(debt, None)


def _encoded(batch: Mapping[str, _Pending]) -> list[Item]:
    items = []
    for key, pending in batch.items():
        try:
            data = encode(pending.value, pending.kind)
        except EncodingError as error:
            log.error("a value of %.80s cannot be kept: %s", key, error)
            continue
        items.append(Item(key, data, pending.stored, pending.expires, pending.tags))
    return items
