"""What the emulator is started with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cockpit.options.calendar import NEW_YORK

DEFAULT_SEED = 7
DEFAULT_START = datetime(2026, 11, 24, 10, 42, tzinfo=NEW_YORK)
"""Two days before Thanksgiving, with some forty names about to report."""


@dataclass(frozen=True, slots=True)
class EmulatorOptions:
    """A market and how it is served.

    Attributes:
        seed: everything in the market follows from it.
        start: what its clock shows at first, aware.
        speed: simulated seconds per real second; 0 makes it stand still.
        port: on 127.0.0.1; 0 for any free one.
        quotas: by name, over the defaults of :data:`cockpit.emulator.quotas.QUOTAS`; 0 lifts one.
        faults: by name, see :data:`cockpit.emulator.faults.FAULTS`.
    """

    seed: int = DEFAULT_SEED
    start: datetime = DEFAULT_START
    speed: float = 1.0
    port: int = 0
    quotas: Mapping[str, int] = field(default_factory=dict)
    faults: Mapping[str, object] = field(default_factory=dict)
