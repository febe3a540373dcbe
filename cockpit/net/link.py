"""All that is known of one vendor: its limits, its breaker, how it has answered."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from cockpit.clock import Clock
from cockpit.errors import ProviderError, Refusal
from cockpit.health.metrics import LatencyRing
from cockpit.health.status import ProviderStatus, State
from cockpit.health.usage import CACHE, EndpointUsage, Usage
from cockpit.net.breaker import Breaker, BreakerState
from cockpit.net.cache import CacheStats
from cockpit.net.limiter import Limiter
from cockpit.net.second_level import Scope
from cockpit.net.shared_limiter import SharedLimiter
from cockpit.net.shared_log import SharedLog

MARGIN = 0.05
"""Seconds by which every window is held longer than the vendor's."""


class ProviderLink:
    """The state of one vendor, shared by all who ask it.

    Attributes:
        limiter: its rate limits; every request of any kind goes through it.
        breaker: leaves it alone while it is down.
        cache: counters of the caches in front of it.
        second: what stands behind those caches; None where nothing does.
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
        self.limiter = (
            Limiter(limits, clock, margin=MARGIN)
            if shared is None or not limits
            else SharedLimiter(limits, clock, shared, account, margin=MARGIN)
        )
        self.breaker = Breaker(clock, _is_down)
        self.cache = CacheStats()
        self.second = second
        self.latency = LatencyRing()
        self.usage = EndpointUsage()
        self._looked_at = clock.monotonic()
        self.requests = 0
        self.errors = 0
        self.dropped = 0
        self._clock = clock
        self._state = State.STARTING
        self._last_error = ""
        self._last_error_at: datetime | None = None

    def reconfigure(self, limits: Sequence[str], timeout: float) -> None:
        """Other limits and another timeout for what is asked from now on; what was used of the former ones counts."""
        self.timeout = timeout
        self.limiter.reconfigure(limits)

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
        self._last_error = str(error)
        self._last_error_at = self._clock.now()
        hopeless = error.refusal in (Refusal.AUTH, Refusal.RESTRICTED)
        self._state = State.DOWN if hopeless else State.DEGRADED

    @contextmanager
    def counting(self) -> Iterator[None]:
        """One request, from sending it to judging its answer."""
        self.requests += 1
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
        )


def _is_down(error: Exception) -> bool | None:
    """Only what a rest can heal opens the breaker: not a bad key, an unknown symbol or a spent quota.

    What is no word of the vendor's, such as a spent allowance of our own, says nothing of it.
    """
    return error.refusal is Refusal.UNAVAILABLE if isinstance(error, ProviderError) else None
