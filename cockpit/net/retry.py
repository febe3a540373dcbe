"""Retries: few, with full jitter, and only where asking again can help."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from cockpit.errors import ProviderError, Refusal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Retry:
    """Ask again after UNAVAILABLE, never after any other refusal.

    The delay before try ``n`` is uniform in 0 to ``min(longest, base * 2 ** (n - 1))`` ("full jitter"), and at least
    what the vendor asked for; a vendor that asks for more than ``longest`` is not asked again.
    """

    attempts: int = 3
    base: float = 0.25
    longest: float = 4.0
    uniform: Callable[[float, float], float] = field(default=random.uniform, repr=False, compare=False)
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep, repr=False, compare=False)

    async def __call__(self, call: Callable[[], Awaitable[T]]) -> T:
        """The first usable answer of ``call``.

        Raises:
            ProviderError: the last one, when the tries are used up or another try is useless.
        """
        tried = 0
        while True:
            try:
                return await call()
            except ProviderError as error:
                tried += 1
                asked = error.retry_after or 0.0
                if error.refusal is not Refusal.UNAVAILABLE or tried >= self.attempts or asked > self.longest:
                    raise
            await self.sleep(max(asked, self.uniform(0.0, min(self.longest, self.base * 2 ** (tried - 1)))))
