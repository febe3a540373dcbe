"""Cheap counter-based randomness for dense grids (one number per option, per second), by the SplitMix64 finaliser.

:func:`cockpit.emulator.rng.draws` seeds a whole generator, which costs more than the pricing of an option does.
"""

from math import cos, log, pi, sqrt

_MASK = (1 << 64) - 1


def mix(salt: int, *key: int) -> int:
    """Sixty-four well-mixed bits for a salt and a key of whole numbers; ``mix(mix(s, a), b)`` is ``mix(s, a, b)``."""
    state = salt
    for part in key:
        state = stir(state, part)
    return state


def stir(state: int, part: int) -> int:
    """What :func:`mix` does with one part of a key: for grids whose keys begin alike."""
    state = (state ^ (part & _MASK)) + 0x9E3779B97F4A7C15 & _MASK
    state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    state = (state ^ state >> 27) * 0x94D049BB133111EB & _MASK
    return state ^ state >> 31


def uniform(bits: int) -> float:
    """A number in [0, 1) from mixed bits."""
    return (bits >> 11) * 2.0**-53


def normal(bits: int) -> float:
    """A standard normal from mixed bits (Box and Muller, one half of 32 bits each)."""
    radius = sqrt(-2.0 * log(((bits >> 32) + 1) * 2.0**-32))
    return radius * cos(2.0 * pi * (bits & 0xFFFFFFFF) * 2.0**-32)
