"""The way out of a session: its HTTP client, with what it shares with other cockpits and keeps for later ones."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from cockpit import __version__
from cockpit.clock import Clock, SystemClock
from cockpit.health.status import ProviderStatus
from cockpit.net.cache_level import Level
from cockpit.net.cache_redis import RedisLevel
from cockpit.net.cache_sqlite import SqliteLevel
from cockpit.net.http import HttpClient
from cockpit.net.keys import encoded_key
from cockpit.net.link import MARGIN
from cockpit.net.redis_link import RedisLink
from cockpit.net.second_level import SecondLevel
from cockpit.net.shared_log import SharedLog
from cockpit.net.shared_redis import RedisLog
from cockpit.net.shared_sqlite import SqliteLog
from cockpit.paths import Paths
from cockpit.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Network:
    """What a session reaches its vendors through.

    Attributes:
        redis: the server that is shared with other cockpits; None without one.
    """

    http: HttpClient
    redis: RedisLink | None = None

    def statuses(self) -> tuple[ProviderStatus, ...]:
        """Every vendor for the health board, and the shared server."""
        shared = (self.redis.status(),) if self.redis is not None else ()
        return (*self.http.statuses(), *shared)


@asynccontextmanager
async def live_network(
    settings: Settings, folders: Paths, clock: Clock, on_pause: Callable[[], None] | None = None
) -> AsyncIterator[Network]:
    """For real venues: limits are shared with every cockpit on the same key, answers are kept for the next session.

    Limits are shared through the file ``limits.db`` beside the profiles' folders, or through Redis where one is set.

    Raises:
        ConfigurationError: a Redis is set, but its client is not installed.
    """
    async with AsyncExitStack() as stack:
        redis = None
        if settings.redis.url:
            password = settings.redis.password.get_secret_value() if settings.redis.password is not None else ""
            redis = RedisLink(settings.redis.url, clock, password)
            stack.push_async_callback(redis.aclose)
        shared: SharedLog = (
            RedisLog(redis, margin=MARGIN)
            if redis is not None
            else SqliteLog(folders.data.parent / "limits.db", margin=MARGIN)
        )
        stack.push_async_callback(shared.aclose)
        levels = _file_levels(settings, folders, "live")
        if redis is not None:
            levels.append(RedisLevel(redis, "live"))
        second = SecondLevel(levels)
        stack.push_async_callback(second.aclose)
        http = HttpClient(clock, shared=shared, second=second, on_pause=on_pause)
        yield Network(await stack.enter_async_context(http), redis)


@asynccontextmanager
async def simulated_network(
    settings: Settings, folders: Paths, clock: Clock, on_pause: Callable[[], None] | None = None
) -> AsyncIterator[Network]:
    """For the embedded market: it counts this session alone, and what it said belongs to its seed and its start."""
    sim = settings.sim
    levels = _file_levels(settings, folders, encoded_key(f"sim|{__version__}|{sim.seed}|{sim.start.isoformat()}"))
    second = SecondLevel(levels, by_address=False)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(second.aclose)
        http = HttpClient(clock, second=second, on_pause=on_pause, wall=SystemClock().now)
        yield Network(await stack.enter_async_context(http))


def _file_levels(settings: Settings, folders: Paths, namespace: str) -> list[Level]:
    most = settings.cache.file_megabytes
    return [SqliteLevel(folders.data / "cache.db", namespace, most)] if most else []
