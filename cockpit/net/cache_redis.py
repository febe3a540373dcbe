"""A level of the cache in Redis or Valkey, shared by cockpits on several machines.

A value is ``stored|expires|bytes``; the keys of a tag stand in a sorted set by their ends.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cockpit.net.cache_level import Item, LevelError
from cockpit.net.redis_link import RedisDownError, RedisLink

_PER_SCAN = 500
_PER_BATCH = 200
_LONGEST_MS = 40 * 86_400_000


class RedisLevel:
    """:class:`cockpit.net.cache_level.Level` in a server; the link is somebody else's to close.

    Args:
        link: to the server.
        namespace: stands before every key.
    """

    def __init__(self, link: RedisLink, namespace: str) -> None:
        self._link = link
        self._values = f"cockpit:cache1:{namespace}:v:"
        self._tags = f"cockpit:cache1:{namespace}:t:"

    async def get_many(self, keys: Sequence[str]) -> Mapping[str, Item]:
        """See :class:`cockpit.net.cache_level.Level`."""
        found = {}
        for first in range(0, len(keys), _PER_BATCH):
            part = keys[first : first + _PER_BATCH]
            names = [self._values + key for key in part]
            for key, data in zip(part, await self._ask(lambda client, names=names: client.mget(names)), strict=True):
                item = _item(key, data)
                if item is not None:
                    found[key] = item
        return found

    async def put_many(self, items: Sequence[Item]) -> None:
        """See :class:`cockpit.net.cache_level.Level`."""
        for first in range(0, len(items), _PER_BATCH):
            part = items[first : first + _PER_BATCH]

            async def put(client: Any, part: Sequence[Item] = part) -> None:
                pipe = client.pipeline(transaction=False)
                for item in part:
                    name = self._values + item.key
                    head = f"{item.stored!r}|{item.expires!r}|".encode()
                    pipe.set(name, head + item.data, px=max(1, int((item.expires - item.stored) * 1000)))
                    for tag in item.tags:
                        pipe.zadd(self._tags + tag, {name: item.expires})
                        pipe.zremrangebyscore(self._tags + tag, "-inf", item.stored)
                        pipe.pexpire(self._tags + tag, _LONGEST_MS)
                await pipe.execute()

            await self._ask(put)

    async def drop(self, keys: Iterable[str]) -> None:
        """See :class:`cockpit.net.cache_level.Level`."""
        await self._unlink([self._values + key for key in keys])

    async def drop_tag(self, tag: str) -> None:
        """See :class:`cockpit.net.cache_level.Level`."""
        names = await self._ask(lambda client: client.zrange(self._tags + tag, 0, -1))
        await self._unlink([*names, self._tags + tag])

    async def drop_matching(self, pattern: str) -> None:
        """See :class:`cockpit.net.cache_level.Level`."""
        cursor = 0
        match = _literal(self._values) + pattern
        while True:
            cursor, names = await self._ask(
                lambda client, cursor=cursor: client.scan(cursor, match=match, count=_PER_SCAN)
            )
            await self._unlink(names)
            if cursor == 0:
                return

    async def aclose(self) -> None:
        """Nothing: what is kept stays."""

    async def _unlink(self, names: Sequence[Any]) -> None:
        for first in range(0, len(names), _PER_SCAN):
            await self._ask(lambda client, part=names[first : first + _PER_SCAN]: client.unlink(*part))

    async def _ask(self, question: Any) -> Any:
        try:
            return await self._link.ask(question)
        except RedisDownError as error:
            raise LevelError(str(error)) from error


def _item(key: str, data: bytes | None) -> Item | None:
    """The item of a key; None where there is none, or somebody else wrote it."""
    if data is None:
        return None
    stored, _, rest = data.partition(b"|")
    expires, bar, body = rest.partition(b"|")
    try:
        return Item(key, body, float(stored), float(expires)) if bar else None
    except ValueError:
        return None


def _literal(text: str) -> str:
    return "".join(f"\\{character}" if character in "*?[]\\" else character for character in text)
