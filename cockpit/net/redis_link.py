"""The way to a Redis or Valkey that may be slow, frozen, gone or no Redis at all, and that nobody ever waits for.

A question takes a quarter of a second at most. After a failure nothing is asked until a ping in the background is
answered again, so that whoever asks meanwhile is told at once.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from cockpit.clock import Clock
from cockpit.errors import ConfigurationError
from cockpit.health.metrics import LatencyRing
from cockpit.health.status import ProviderStatus, State

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.getLogger(__name__)

T = TypeVar("T")

_TIMEOUT = 0.25
_PING_SECONDS = 0.5
_SIDE_BY_SIDE = 32
_LONGEST_REASON = 120


class RedisDownError(Exception):
    """Redis gave no usable answer, or is being left alone since it last gave none."""


class RedisLink:
    """One client of one server.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``.
        clock: for ages and the time of the last error.
        password: of the server; never shown.

    Raises:
        ConfigurationError: the client library is not installed.
    """

    def __init__(self, url: str, clock: Clock, password: str = "") -> None:
        try:
            import redis.asyncio as client
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff
            from redis.exceptions import RedisError
        except ImportError:
            raise ConfigurationError(
                "setting redis.url needs the client: pip install 'trading-cockpit[redis]', or leave the url empty"
            ) from None
        try:
            self._client: Redis = client.Redis.from_url(
                url,
                password=password or None,
                retry=Retry(NoBackoff(), 0),
                socket_timeout=_TIMEOUT,
                socket_connect_timeout=_TIMEOUT,
                max_connections=_SIDE_BY_SIDE * 2,
            )
        except ValueError as error:
            raise ConfigurationError(f"setting redis.url: {error}") from None
        # What a server that speaks something else makes the client raise is no error of Redis.
        self._failures = (
            RedisError,
            OSError,
            TimeoutError,
            EOFError,
            ValueError,
            IndexError,
            TypeError,
            AttributeError,
        )
        self._clock = clock
        self._address = urlsplit(url).netloc.rpartition("@")[2] or urlsplit(url).path
        self._room = asyncio.Semaphore(_SIDE_BY_SIDE)
        self._latency = LatencyRing()
        self._down = False
        self._closed = False
        self._pings: asyncio.Task[None] | None = None
        self._requests = 0
        self._errors = 0
        self._last_error = ""
        self._last_error_at: datetime | None = None

    async def ask(self, question: "Callable[[Redis], Awaitable[T]]") -> T:
        """The answer to a question, within a quarter of a second.

        Raises:
            RedisDownError: there is none; at once while the server is left alone.
        """
        if self._down or self._closed:
            raise RedisDownError("redis is not asked now")
        async with self._room:
            if self._down or self._closed:
                raise RedisDownError("redis is not asked now")
            self._requests += 1
            began = self._clock.monotonic()
            try:
                async with asyncio.timeout(_TIMEOUT):
                    answer = await question(self._client)
            except self._failures as error:
                self._fail(error)
                raise RedisDownError(self._last_error) from None
            self._latency.record((self._clock.monotonic() - began) * 1000.0)
            return answer

    def status(self) -> ProviderStatus:
        """A row of the health board."""
        return ProviderStatus(
            provider="redis",
            state=State.DOWN if self._down else State.UP if self._requests else State.STARTING,
            waiting=0,
            breaker="open" if self._down else "closed",
            p95_ms=self._latency.p95,
            requests=self._requests,
            errors=self._errors,
            last_error=self._last_error,
            last_error_at=self._last_error_at,
        )

    async def aclose(self) -> None:
        """Let go of the server."""
        self._closed = True
        if self._pings is not None:
            self._pings.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pings
        with contextlib.suppress(*self._failures):
            async with asyncio.timeout(_TIMEOUT):
                await self._client.aclose()

    def _fail(self, error: BaseException) -> None:
        self._errors += 1
        self._last_error = f"redis: {self._reason(error)}"
        self._last_error_at = self._clock.now()
        if self._down:
            return
        self._down = True
        log.warning("%s; going on without it", self._last_error)
        if not self._closed:
            self._pings = asyncio.create_task(self._ping())

    def _reason(self, error: BaseException) -> str:
        from redis.exceptions import AuthenticationError, NoPermissionError, OutOfMemoryError, ResponseError

        if isinstance(error, TimeoutError) or "imeout" in type(error).__name__:
            return f"no answer from {self._address} within {_TIMEOUT:g} s"
        if isinstance(error, AuthenticationError | NoPermissionError):
            return f"{self._address} refuses the password in redis.url"
        if isinstance(error, OutOfMemoryError):
            return f"{self._address} is full; give it more memory or let it evict"
        if isinstance(error, ResponseError):
            return f"{self._address} refused: {str(error)[:_LONGEST_REASON]}"
        if isinstance(error, ConnectionError | OSError) or "Connection" in type(error).__name__:
            return f"{self._address} cannot be reached"
        return f"what answers at {self._address} is not Redis"

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(_PING_SECONDS)
            try:
                async with asyncio.timeout(_TIMEOUT):
                    await self._client.connection_pool.disconnect(inuse_connections=False)
                    # A server that is full, still loading or not ours fails here as it would on a real question.
                    await self._client.set("cockpit:ping", b"1", px=60_000)
            except self._failures:
                continue
            self._down = False
            log.info("redis: %s is back", self._address)
            return
