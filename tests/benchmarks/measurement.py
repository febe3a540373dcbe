"""What a benchmark reports, and how several runs become one figure."""

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure with the baseline that was measured beside it, in the same unit; lower is better."""

    name: str
    value: float
    unit: str
    baseline: float
    against: str

    def line(self) -> str:
        """One line of JSON; ``ratio`` is value over baseline."""
        ratio = self.value / self.baseline if self.baseline else None
        figures = {"value": round(self.value, 3), "baseline": round(self.baseline, 3)}
        return json.dumps({**asdict(self), **figures, "ratio": None if ratio is None else round(ratio, 3)})


def interleaved(runs: int, *measures: Callable[[], float]) -> Sequence[float]:
    """The median of each measure over so many rounds; taken in turn, so that a busy moment hits all of them."""
    rounds = [[measure() for measure in measures] for _ in range(runs)]
    return [statistics.median(values) for values in zip(*rounds, strict=True)]
