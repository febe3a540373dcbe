"""How much room the disk has left, and what follows from it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

_SCARCE_BYTES = 1_000_000_000
_SCARCE_SHARE = 0.05
_RESERVE_BYTES = 256_000_000
_RESERVE_SHARE = 0.02
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Space:
    """A disk: its size and what is free of it, in bytes. A reserve is left to what matters more than trades.

    Where nothing is known of the disk both are zero, and nothing follows.
    """

    total: int
    free: int

    @property
    def used(self) -> float | None:
        """Share in use, 0 to 1; None where it is not known."""
        return round((self.total - self.free) / self.total, 4) if self.total else None

    @property
    def reserve(self) -> int:
        """Bytes that trades must leave, so that a fill can always be written: 256 MB, or 2 % of a small disk."""
        return int(min(_RESERVE_BYTES, _RESERVE_SHARE * self.total))

    @property
    def spent(self) -> str:
        """Why trades must not be stored any more, as a sentence; empty where they may."""
        if self.total and self.free < self.reserve:
            return f"the disk is nearly full ({_amount(self.free)} free): trades are not stored until there is room"
        return ""

    @property
    def warning(self) -> str:
        """That room gets scarce, as a sentence; empty where there is plenty."""
        if self.spent or not self.total or self.free >= max(_SCARCE_BYTES, _SCARCE_SHARE * self.total):
            return self.spent
        share = self.free / self.total
        return (
            f"only {_amount(self.free)} ({share:.0%}) of the disk are free; below {_amount(self.reserve)} "
            "trades are not stored any more"
        )


Measure = Callable[[Path], Space]


def disk_space(folder: Path) -> Space:
    """The disk under a folder."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return Space(0, 0)
    return Space(usage.total, usage.free)


class SpaceGauge:
    """The disk under a folder, measured at most once a second."""

    def __init__(self, folder: Path, measure: Measure = disk_space) -> None:
        self._folder = folder
        self._measure = measure
        self._measured_at = float("-inf")
        self._space = Space(0, 0)

    def __call__(self) -> Space:
        """As it is now, or was a moment ago."""
        now = monotonic()
        if now - self._measured_at >= _LOOK_SECONDS:
            self._measured_at, self._space = now, self._measure(self._folder)
        return self._space


def _amount(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 100_000_000 else f"{count / 1e6:.0f} MB"
