"""All that is known of one vendor: its limits, its breaker, how it has answered."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from cockpit.clock import Clock
from cockpit.errors import ProviderError, Refusal
from cockpit.health.metrics import LatencyRing
from cockpit.health.status import ProviderStatus, State, UsageStatus
from cockpit.health.usage import CACHE, EndpointUsage, Usage
from cockpit.net.breaker import Breaker, BreakerState
from cockpit.net.cache import Bounds, Cache, CacheStats
from cockpit.net.limiter import Limiter
from cockpit.net.second_level import Scope
from cockpit.net.shared_limiter import SharedLimiter
from cockpit.net.shared_log import SharedLog
from cockpit.settings import CacheSettings

MARGIN = 0.05
"""Seconds by which every window is held longer than the vendor's."""


class ProviderLink:
    """The state of one vendor, shared by all who ask it.

    Attributes:
        limiter: its rate limits; every request of any kind goes through it.
        breaker: leaves it alone while it is down.
        cache: counters of the caches in front of it.
        second: what stands behind those caches; None where nothing does.
        caches: those caches themselves, opened with :meth:`open_cache`.
        probe: asks the vendor the cheapest thing that it can be asked; None where every request is dear.
        latency: of the last answers, milliseconds.
        usage: what was asked since the start, by endpoint.
        requests: sent.
        errors: requests that gave no usable answer, and those that were not sent.
        dropped: rows left out of answers that were otherwise good.
    """

    def __init__(
        self,
        name: str,
        limits: Sequence[str],
        timeout: float,
        clock: Clock,
        shared: SharedLog | None = None,
        account: str = "",
        second: Scope | None = None,
    ) -> None:
        self.name = name
        self.timeout = timeout
        self._shared, self._account = shared, account
        self._clock = clock
        self.limiter = self._limiter(limits)
        self.breaker = Breaker(clock, _is_down)
        self.cache = CacheStats()
        self.second = second
        self.caches: list[Cache[Any]] = []
        self.probe: Callable[[], Awaitable[object]] | None = None
        self.latency = LatencyRing()
        self.usage = EndpointUsage()
        self._looked_at = clock.monotonic()
        self.requests = 0
        self.errors = 0
        self.dropped = 0
        self._state = State.STARTING
        self._refusal: Refusal | None = None
        self._last_error = ""
        self._last_error_at: datetime | None = None

    def reconfigure(self, limits: Sequence[str], timeout: float, bounds: Bounds | None = None) -> None:
        """Other limits, timeout and bounds of the caches from now on; what was used of the former limits counts."""
        self.timeout = timeout
        if bounds is not None:
            for cache in self.caches:
                cache.reconfigure(bounds)
        if self._shared is not None and bool(limits) != isinstance(self.limiter, SharedLimiter):
            paused_for = self.limiter.paused_for
            self.limiter = self._limiter(limits)
            if paused_for:
                self.limiter.pause(paused_for)
        else:
            self.limiter.reconfigure(limits)

    def _limiter(self, limits: Sequence[str]) -> Limiter:
        """Without limits there is nothing to share."""
        if self._shared is None or not limits:
            return Limiter(limits, self._clock, margin=MARGIN)
        return SharedLimiter(limits, self._clock, self._shared, self._account, margin=MARGIN)

    def open_cache(self, bounds: Bounds) -> Cache[Any]:
        """Another cache in front of this vendor, among those that can be dropped."""
        cache: Cache[Any] = Cache(self._clock, bounds, stats=self.cache, second=self.second)
        self.caches.append(cache)
        return cache

    async def drop_cache(self, tag: str = "") -> int:
        """Forget the answers kept with a tag, or all of them, in every level; how many left the memory."""
        before = sum(map(len, self.caches))
        for cache in self.caches:
            await (cache.drop_tag(tag) if tag else cache.drop_matching("*"))
        return before - sum(map(len, self.caches))

    def refusal(self, refusal: Refusal, sentence: str, retry_after: float | None = None) -> ProviderError:
        """An error in this vendor's name."""
        return ProviderError(self.name, refusal, sentence, retry_after=retry_after)

    def failed(self, refusal: Refusal, sentence: str, retry_after: float | None = None) -> ProviderError:
        """An error in this vendor's name, counted: for requests that were not even sent."""
        error = self.refusal(refusal, sentence, retry_after)
        self.note(error)
        return error

    def counts(self) -> Iterator[tuple[str, Usage]]:
        """What was asked since the start, by endpoint, and the caches in front of it."""
        now = self._clock.monotonic()
        caches = self.usage[CACHE]
        caches.hits, caches.misses = self.cache.hits, self.cache.misses
        caches.second_hits, caches.evictions = self.cache.second_hits, self.cache.evictions
        if self._state is not State.STARTING:
            caches.seconds += now - self._looked_at
            caches.up_seconds += now - self._looked_at if self.status().state is State.UP else 0.0
        self._looked_at = now
        return iter(self.usage)

    def note(self, error: ProviderError) -> None:
        """Count an answer that turned out to be unusable. An unknown symbol is an answer, and no error."""
        if error.refusal is Refusal.NOT_FOUND:
            self._state = State.UP
            return
        self.errors += 1
        self._refusal = error.refusal
        self._last_error = str(error)
        self._last_error_at = self._clock.now()
        hopeless = error.refusal in (Refusal.AUTH, Refusal.RESTRICTED)
        self._state = State.DOWN if hopeless else State.DEGRADED

    @property
    def is_unreachable(self) -> bool:
        """Its last answer was none, or that it has trouble of its own: asking it again tells whether it is back."""
        return self._state is State.DEGRADED and self._refusal is Refusal.UNAVAILABLE

    @contextmanager
    def counting(self) -> Iterator[None]:
        """One request, from sending it to judging its answer."""
        self.requests += 1
        with self.answering():
            yield

    @contextmanager
    def answering(self) -> Iterator[None]:
        """From asking to judging the answer: the vendor is up where nothing is raised."""
        with self.judging():
            yield
            self._state = State.UP

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Reading an answer: a refusal found in it is counted."""
        try:
            yield
        except ProviderError as error:
            self.note(error)
            raise

    def status(self) -> ProviderStatus:
        """A row of the health board."""
        breaker = self.breaker.state
        return ProviderStatus(
            provider=self.name,
            state=State.DOWN if breaker is BreakerState.OPEN else self._state,
            windows=self.limiter.windows(),
            waiting=self.limiter.waiting,
            breaker=breaker.value,
            p95_ms=self.latency.p95,
            hit_ratio=self.cache.hit_ratio,
            requests=self.requests,
            errors=self.errors,
            dropped=self.dropped,
            last_error=self._last_error,
            last_error_at=self._last_error_at,
            memory_hit_ratio=self.cache.memory_hit_ratio,
            second_hit_ratio=None if self.second is None or self.second.empty else self.cache.second_hit_ratio,
            evictions=self.cache.evictions,
            breaker_seconds=self.breaker.rest_left,
            usage=tuple(_usage(name, counts) for name, counts in self.usage if name != CACHE),
        )


def cache_bounds(settings: CacheSettings) -> Bounds:
    """The bounds of a vendor's cache as the settings have them."""
    return Bounds(settings.entries, settings.megabytes, settings.not_found_seconds, settings.early_share)


def _usage(name: str, counts: Usage) -> UsageStatus:
    return UsageStatus(
        name,
        requests=counts.requests,
        errors=counts.errors,
        waits=counts.waits,
        received=counts.received,
        p50_ms=counts.quantile(0.50),
        p95_ms=counts.quantile(0.95),
    )


def _is_down(error: Exception) -> bool | None:
    """Only what a rest can heal opens the breaker: not a bad key, an unknown symbol or a spent quota.

    What is no word of the vendor's, such as a spent allowance of our own, says nothing of it.
    """
    return error.refusal is Refusal.UNAVAILABLE if isinstance(error, ProviderError) else None
