"""A circuit breaker: after repeated failures a vendor is left alone for a while, then asked once.

While it is half-open exactly one caller goes through as the probe; a cancelled probe gives its place back, so that the
breaker can never wedge.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from cockpit.clock import Clock


class BreakerState(StrEnum):
    """What the breaker does with the next caller."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class BreakerOpenError(Exception):
    """The vendor is left alone now; ``retry_after`` is for how many seconds still (0 while a probe is on its way)."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"open for another {retry_after:.1f} s")
        self.retry_after = retry_after


class Breaker:
    """Counts consecutive temporary failures.

    Args:
        clock: monotonic time.
        is_failure: True for an exception that says the vendor is down, False for one that is a sign of life, None for
            one that says nothing of it (nothing was sent).
        threshold: consecutive failures that open it.
        rest: seconds of the first rest; each failed probe doubles it.
        longest: bound of the rest.
    """

    def __init__(
        self,
        clock: Clock,
        is_failure: Callable[[Exception], bool | None],
        *,
        threshold: int = 5,
        rest: float = 2.0,
        longest: float = 60.0,
    ) -> None:
        self._clock = clock
        self._is_failure = is_failure
        self._threshold = threshold
        self._first_rest = rest
        self._longest = longest
        self._rest = rest
        self._failures = 0
        self._opened_until: float | None = None
        self._probing = False
        self._generation = 0

    @property
    def state(self) -> BreakerState:
        """The state now."""
        if self._opened_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock.monotonic() < self._opened_until else BreakerState.HALF_OPEN

    @property
    def rest_left(self) -> float | None:
        """Seconds until the next caller is let through as a probe; None where it is not open."""
        if self._opened_until is None:
            return None
        left = self._opened_until - self._clock.monotonic()
        return left if left > 0 else None

    def reset(self) -> None:
        """Close it and forget the failures so far: somebody knows that the vendor is back."""
        self._opened_until = None
        self._failures = 0
        self._rest = self._first_rest
        self._turn()

    def end_rest(self) -> None:
        """Let the next caller through as the probe, if it is open; the failures so far still count."""
        if self.rest_left is not None:
            self._opened_until = self._clock.monotonic()

    def check(self) -> None:
        """Refuse a caller early, before it waits for anything; admits nobody.

        Raises:
            BreakerOpenError: a call now would be refused.
        """
        if self._opened_until is None:
            return
        remaining = self._opened_until - self._clock.monotonic()
        if remaining > 0 or self._probing:
            raise BreakerOpenError(max(0.0, remaining))

    @contextmanager
    def attempt(self) -> Iterator[Callable[[], None]]:
        """One call: entered before it, left with its outcome.

        Gives a check for those who wait for something inside: it raises where the breaker has opened meanwhile.

        Raises:
            BreakerOpenError: the breaker is open, or half-open with a probe on its way.
        """
        self.check()
        probe = self._opened_until is not None
        self._probing = probe
        generation = self._generation

        def still() -> None:
            if generation != self._generation:
                self.check()

        try:
            yield still
        except Exception as error:
            failed = self._is_failure(error)
            if failed is not None:
                self._settle(generation, failed=failed)
            raise
        else:
            self._settle(generation, failed=False)
        finally:
            if probe and generation == self._generation:
                self._probing = False  # cancelled: no verdict, the next caller is the probe

    def _settle(self, generation: int, *, failed: bool) -> None:
        if generation != self._generation:
            return  # begun before the breaker last changed: an old answer says nothing about now
        if not failed:
            self._failures = 0
            if self._opened_until is not None:
                self._opened_until = None
                self._rest = self._first_rest
                self._turn()
            return
        self._failures += 1
        if self._opened_until is not None:
            self._rest = min(self._rest * 2, self._longest)
        elif self._failures < self._threshold:
            return
        self._opened_until = self._clock.monotonic() + self._rest
        self._turn()

    def _turn(self) -> None:
        self._generation += 1
        self._probing = False
