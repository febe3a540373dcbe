"""Counter-based randomness: every draw follows from the seed and a key, never from what was asked before."""

from hashlib import blake2b
from random import Random


def draws(seed: int, *key: object) -> Random:
    """A generator of its own for a key such as ``("NVDA", date(2026, 11, 24), "open_interest")``.

    The same seed and key give the same draws on every machine and in every order of requests.
    """
    text = "\x1f".join(str(part) for part in (seed, *key))
    return Random(int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big"))
