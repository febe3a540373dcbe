"""What cockpits on one key ask of the log that they share: every method is one atomic step on it."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

_PLAIN = re.compile(r"[^a-z0-9_-]+")


class SharedLogError(Exception):
    """The shared log cannot be asked now; nothing is known of what it recorded."""


@dataclass(frozen=True, slots=True)
class Span:
    """A window as it is asked for: its length in seconds, and what all known uses in it may add up to."""

    seconds: float
    limit: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A use as this process knows it: its name, how many seconds ago it was, its weight."""

    ticket: str
    age: float
    weight: int


@dataclass(frozen=True, slots=True)
class Picture:
    """The log as it stands after a question.

    Attributes:
        wait: seconds until the weight fits; 0 where it was recorded.
        used: weight in each window, in the order of the question.
        resets_in: seconds until the oldest use of each window leaves it; 0 in an empty one.
        paused_for: seconds of a pause that are left.
        holders: cockpits that share the log now, this one included.
        rank: the place of this one among them, from 0.
        epoch: changes when the log has lost what it knew.
    """

    wait: float
    used: tuple[int, ...]
    resets_in: tuple[float, ...]
    paused_for: float
    holders: int
    rank: int
    epoch: str


class SharedLog(Protocol):
    """The log behind the limits of all accounts. Every method raises :class:`SharedLogError` and nothing else."""

    name: str
    """``file`` or ``redis``, as health calls it."""
    beat_seconds: float
    """How often a holder has to be heard of."""

    async def take(self, account: str, spans: Sequence[Span], weight: int, ticket: str, epoch: str) -> Picture:
        """Check every window and record the use under its ticket if it fits all of them.

        A weight of 0 records nothing, and a ticket is recorded once however often it is asked for. Nothing is
        recorded either where the log's epoch is another than the one named;
        an empty one is never another.
        """
        ...

    async def settle(self, account: str, spans: Sequence[Span], sent: Sequence[Sent]) -> None:
        """Count uses as of their age, whether the log knows their tickets or not."""
        ...

    async def drop(self, account: str, spans: Sequence[Span], ticket: str) -> None:
        """Forget a use that was never sent."""
        ...

    async def used_within(self, account: str, seconds: float, age: float) -> int:
        """Weight of the uses in a window's log that are at most so old."""
        ...

    async def pause(self, account: str, seconds: float) -> None:
        """Let nobody through for so long; a longer pause in force stays."""
        ...

    async def aclose(self) -> None:
        """Let go of the log."""
        ...


def account_of(vendor: str, address: str, secret: str = "") -> str:
    """A name for what a vendor counts together: its own name, its address and the key that it is asked with.

    Letters, digits, ``_`` and ``-`` only, whatever the parts hold; the key cannot be read from it.
    """
    digest = hashlib.sha256()
    for part in (vendor, address, secret):
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return f"{_PLAIN.sub('-', vendor.lower())[:32]}-{digest.hexdigest()[:24]}"
