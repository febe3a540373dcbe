"""The shared log in Redis or Valkey, for cockpits on several machines: one script a question, by the server's clock.

Each window is a sorted set of ``ticket:weight`` by the time at which it leaves, in microseconds; its sum stands in a
hash beside it. All keys of an account share a hash tag, so that a cluster keeps them on one node.
"""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from cockpit.net.redis_link import RedisDownError, RedisLink
from cockpit.net.shared_log import Picture, Sent, SharedLogError, Span

_MICRO = 1_000_000
_HOLDER_SECONDS = 5.0
_LONGEST_PAUSE = 4 * 86_400.0

_PRELUDE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function whole(number) return string.format('%.0f', number) end
local function weight_of(member) return tonumber(string.match(member, ':(%d+)$')) end
local function keep(key, milliseconds)
  if redis.call('PTTL', key) < milliseconds then redis.call('PEXPIRE', key, whole(milliseconds)) end
end
local function sum(key, sums, field)
  local gone = redis.call('ZRANGEBYSCORE', key, '-inf', whole(now))
  local used = tonumber(redis.call('HGET', sums, field) or false)
  if #gone > 0 then
    redis.call('ZREMRANGEBYSCORE', key, '-inf', whole(now))
    if used then for _, member in ipairs(gone) do used = used - weight_of(member) end end
  end
  if redis.call('ZCARD', key) == 0 then
    used = 0
  elseif not used then
    used = 0
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do used = used + weight_of(member) end
  end
  redis.call('HSET', sums, field, whole(used))
  return used
end
local function add(key, sums, field, member, leaves)
  local used = sum(key, sums, field)
  if not redis.call('ZSCORE', key, member) then
    redis.call('HSET', sums, field, whole(used + weight_of(member)))
  end
  redis.call('ZADD', key, whole(leaves), member)
  local left = (leaves - now) / 1000 + 60000
  keep(key, left)
  keep(sums, left)
end
"""

_TAKE = (
    _PRELUDE
    + """
-- KEYS: epoch, pause, holders, sums, then the windows.
-- ARGV: member, weight, holder, epoch, new epoch, holder's life, margin, then length and limit of each window.
local weight = tonumber(ARGV[2])
local margin = tonumber(ARGV[7])
local epoch = redis.call('GET', KEYS[1])
if not epoch then epoch = ARGV[5] end
redis.call('SET', KEYS[1], epoch, 'PX', 2592000000)
redis.call('ZADD', KEYS[3], whole(now), ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', whole(now - tonumber(ARGV[6])))
redis.call('PEXPIRE', KEYS[3], 60000)
local holders = redis.call('ZRANGE', KEYS[3], 0, -1)
local rank = 0
for _, holder in ipairs(holders) do if holder < ARGV[3] then rank = rank + 1 end end
local paused = math.max(0, tonumber(redis.call('GET', KEYS[2]) or '0') - now)
local wait = paused
local used = {}
-- The answer to an earlier question may have been lost on its way.
if weight > 0 and #KEYS > 4 and redis.call('ZSCORE', KEYS[5], ARGV[1]) then weight = 0 end
for index = 5, #KEYS do
  local length, limit = tonumber(ARGV[index * 2 - 2]), tonumber(ARGV[index * 2 - 1])
  local total = sum(KEYS[index], KEYS[4], ARGV[index * 2 - 2])
  used[index - 4] = total
  local excess = total + weight - limit
  if weight > 0 and excess > 0 then
    local found = length
    local first = 0
    while excess > 0 do
      local part = redis.call('ZRANGE', KEYS[index], first, first + 99, 'WITHSCORES')
      if #part == 0 then found = length break end
      for at = 1, #part, 2 do
        excess = excess - weight_of(part[at])
        if excess <= 0 then found = math.max(tonumber(part[at + 1]) - now, 100) break end
      end
      first = first + 100
    end
    wait = math.max(wait, found)
  end
end
if weight > 0 and wait == 0 and (ARGV[4] == '' or ARGV[4] == epoch) then
  for index = 5, #KEYS do
    local field = ARGV[index * 2 - 2]
    add(KEYS[index], KEYS[4], field, ARGV[1], now + tonumber(field) + margin)
    used[index - 4] = used[index - 4] + weight
  end
end
local answer = {epoch, whole(wait), whole(paused), #holders, rank}
for index = 5, #KEYS do
  local oldest = redis.call('ZRANGE', KEYS[index], 0, 0, 'WITHSCORES')
  local resets = 0
  if #oldest > 0 then resets = math.max(0, tonumber(oldest[2]) - margin - now) end
  answer[#answer + 1] = whole(used[index - 4])
  answer[#answer + 1] = whole(resets)
end
return answer
"""
)

_SETTLE = (
    _PRELUDE
    + """
-- KEYS: sums, then the windows. ARGV: margin, number of windows, their lengths, then member and age of each use.
local margin, windows = tonumber(ARGV[1]), tonumber(ARGV[2])
for index = 1, windows do
  local field = ARGV[2 + index]
  for at = 3 + windows, #ARGV, 2 do
    local leaves = now - tonumber(ARGV[at + 1]) + tonumber(field) + margin
    local known = tonumber(redis.call('ZSCORE', KEYS[1 + index], ARGV[at]) or '0')
    if leaves > now and leaves > known then add(KEYS[1 + index], KEYS[1], field, ARGV[at], leaves) end
  end
end
return 1
"""
)

_DROP = (
    _PRELUDE
    + """
-- KEYS: sums, then the windows. ARGV: ticket, then the lengths of the windows.
for index = 2, #KEYS do
  local used = sum(KEYS[index], KEYS[1], ARGV[index])
  for _, member in ipairs(redis.call('ZREVRANGE', KEYS[index], 0, 999)) do
    if string.sub(member, 1, #ARGV[1] + 1) == ARGV[1] .. ':' then
      redis.call('ZREM', KEYS[index], member)
      redis.call('HSET', KEYS[1], ARGV[index], whole(used - weight_of(member)))
      break
    end
  end
end
return 1
"""
)

_USED_WITHIN = (
    _PRELUDE
    + """
-- KEYS: the window. ARGV: what leaves later than so many microseconds from now.
local used = 0
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. whole(now + tonumber(ARGV[1])), '+inf')) do
  used = used + weight_of(member)
end
return used
"""
)

_PAUSE = (
    _PRELUDE
    + """
-- KEYS: pause. ARGV: microseconds.
local until_ = now + tonumber(ARGV[1])
if until_ > tonumber(redis.call('GET', KEYS[1]) or '0') then
  redis.call('SET', KEYS[1], whole(until_), 'PX', whole(tonumber(ARGV[1]) / 1000 + 1000))
end
return 1
"""
)


class RedisLog:
    """:class:`cockpit.net.shared_log.SharedLog` in a server; the link is somebody else's to close.

    Args:
        link: to the server.
        margin: seconds by which each window is held longer.
        prefix: before every key.
    """

    name = "redis"
    beat_seconds = 1.0

    def __init__(self, link: RedisLink, *, margin: float = 0.0, prefix: str = "cockpit:limits") -> None:
        self._link = link
        self._margin = margin
        self._prefix = prefix
        self._holder = uuid4().hex
        self._digests: dict[str, str] = {}

    async def take(self, account: str, spans: Sequence[Span], weight: int, ticket: str, epoch: str) -> Picture:
        """See :class:`cockpit.net.shared_log.SharedLog`."""
        keys = [self._key(account, part) for part in ("epoch", "pause", "holders", "sums")]
        asked = [f"{ticket}:{weight}", weight, self._holder, epoch, uuid4().hex, _micro(_HOLDER_SECONDS)]
        arguments = [*asked, _micro(self._margin)]
        for span in spans:
            keys.append(self._window(account, span.seconds))
            arguments += (_micro(span.seconds), span.limit)
        answer = await self._run(_TAKE, keys, arguments)
        figures = [int(value) for value in answer[1:]]
        wait, paused, holders, rank = figures[:4]
        return Picture(
            wait=wait / _MICRO,
            used=tuple(figures[4::2]),
            resets_in=tuple(value / _MICRO for value in figures[5::2]),
            paused_for=paused / _MICRO,
            holders=holders,
            rank=rank,
            epoch=answer[0].decode(),
        )

    async def settle(self, account: str, spans: Sequence[Span], sent: Sequence[Sent]) -> None:
        """See :class:`cockpit.net.shared_log.SharedLog`."""
        keys = [self._key(account, "sums"), *(self._window(account, span.seconds) for span in spans)]
        head = [_micro(self._margin), len(spans), *(_micro(span.seconds) for span in spans)]
        for first in range(0, len(sent), 1000):
            uses = [
                part for use in sent[first : first + 1000] for part in (f"{use.ticket}:{use.weight}", _micro(use.age))
            ]
            await self._run(_SETTLE, keys, [*head, *uses])

    async def drop(self, account: str, spans: Sequence[Span], ticket: str) -> None:
        """See :class:`cockpit.net.shared_log.SharedLog`."""
        keys = [self._key(account, "sums"), *(self._window(account, span.seconds) for span in spans)]
        await self._run(_DROP, keys, [ticket, *(_micro(span.seconds) for span in spans)])

    async def used_within(self, account: str, seconds: float, age: float) -> int:
        """See :class:`cockpit.net.shared_log.SharedLog`."""
        leaves_in = max(0, _micro(seconds + self._margin - age))
        return int(await self._run(_USED_WITHIN, [self._window(account, seconds)], [leaves_in]))

    async def pause(self, account: str, seconds: float) -> None:
        """See :class:`cockpit.net.shared_log.SharedLog`."""
        await self._run(_PAUSE, [self._key(account, "pause")], [_micro(min(seconds, _LONGEST_PAUSE))])

    async def aclose(self) -> None:
        """Nothing: what was used goes on counting until it leaves its window."""

    def _key(self, account: str, part: str) -> str:
        return f"{self._prefix}:{{{account}}}:{part}"

    def _window(self, account: str, seconds: float) -> str:
        return self._key(account, f"{seconds:g}s")

    async def _run(self, script: str, keys: Sequence[str], arguments: Sequence[object]) -> Any:
        from redis.exceptions import NoScriptError

        try:
            if script not in self._digests:
                self._digests[script] = await self._link.ask(lambda client: client.script_load(script))
            digest = self._digests[script]

            async def call(client: Any) -> Any:
                try:
                    return await client.evalsha(digest, len(keys), *keys, *arguments)
                except NoScriptError:  # restarted since
                    return await client.eval(script, len(keys), *keys, *arguments)

            return await self._link.ask(call)
        except RedisDownError as error:
            raise SharedLogError(str(error)) from error


def _micro(seconds: float) -> int:
    return round(seconds * _MICRO)
