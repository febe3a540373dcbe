"""Boards: the latest value by key, written by services and drained by whoever shows it.

Writers never wait and never queue: however fast a feed is, a board holds one value a key. Readers pull at their own
rate, so a slow terminal can never build a backlog.
"""

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar
from weakref import WeakSet

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cursor(Generic[K]):
    """What has changed on one board since this reader last looked."""

    __slots__ = ("__weakref__", "_dirty")

    def __init__(self, keys: set[K]) -> None:
        self._dirty = keys

    def touch(self, key: K) -> None:
        """Mark a key as changed; called by the board."""
        self._dirty.add(key)

    def drain(self) -> set[K]:
        """Keys put or removed since the last drain; a key that is no longer on the board was removed."""
        drained, self._dirty = self._dirty, set()
        return drained


class Board(Generic[K, V]):
    """Latest value by key. Used from one event loop only, so it needs no lock."""

    def __init__(self) -> None:
        self._values: dict[K, V] = {}
        self._cursors: WeakSet[Cursor[K]] = WeakSet()
        self.version = 0
        """Counts changes; a reader may compare it to see whether anything moved."""

    def put(self, key: K, value: V) -> None:
        """Set the value of a key; an equal value is no change and wakes nobody."""
        if key in self._values and self._values[key] == value:
            return
        self._values[key] = value
        self._touch(key)

    def remove(self, key: K) -> None:
        """Forget a key; readers see it in their next drain. An absent key is no change."""
        if self._values.pop(key, None) is not None:
            self._touch(key)

    def replace(self, values: dict[K, V]) -> None:
        """Make the board hold exactly these values, touching only the keys that differ."""
        for key in [key for key in self._values if key not in values]:
            self.remove(key)
        for key, value in values.items():
            self.put(key, value)

    def get(self, key: K) -> V | None:
        """The latest value, or None where there is none."""
        return self._values.get(key)

    def items(self) -> Iterator[tuple[K, V]]:
        """Every key with its latest value, in the order of first appearance."""
        return iter(self._values.items())

    def values(self) -> Iterator[V]:
        """Every latest value, in the order of first appearance."""
        return iter(self._values.values())

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: K) -> bool:
        return key in self._values

    def cursor(self) -> Cursor[K]:
        """A new reader, for whom everything on the board is new."""
        cursor: Cursor[K] = Cursor(set(self._values))
        self._cursors.add(cursor)
        return cursor

    def _touch(self, key: K) -> None:
        self.version += 1
        for cursor in self._cursors:
            cursor.touch(key)
