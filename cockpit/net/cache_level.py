"""What a level behind the cache in memory is asked: bytes by encoded key, each with its own end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class LevelError(Exception):
    """The level cannot be asked now."""


@dataclass(frozen=True, slots=True)
class Item:
    """An encoded value.

    Attributes:
        stored: epoch seconds.
        expires: epoch seconds.
        tags: encoded; dropping one of them drops the item.
    """

    key: str
    data: bytes
    stored: float
    expires: float
    tags: tuple[str, ...] = ()


class Level(Protocol):
    """A level. Every method raises :class:`LevelError` and nothing else."""

    async def get_many(self, keys: Sequence[str]) -> Mapping[str, Item]:
        """Items by key; what is absent or at its end is left out. Tags need not come along."""
        ...

    async def put_many(self, items: Sequence[Item]) -> None:
        """Keep items, in the place of older ones."""
        ...

    async def drop(self, keys: Iterable[str]) -> None:
        """Forget keys."""
        ...

    async def drop_tag(self, tag: str) -> None:
        """Forget all that was kept with a tag."""
        ...

    async def drop_matching(self, pattern: str) -> None:
        """Forget all keys that an encoded pattern with ``*`` matches."""
        ...

    async def aclose(self) -> None:
        """Let go of the level."""
        ...
