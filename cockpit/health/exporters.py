"""Health for other programs: the Prometheus text format."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields
from itertools import groupby

from cockpit.health.status import FeedStatus, HealthRow, ProcessStatus, ProviderStatus, State, StorageStatus, TaskStatus

_KINDS: dict[type[HealthRow], tuple[str, str | None]] = {
    FeedStatus: ("feed", "venue"),
    ProviderStatus: ("provider", "provider"),
    StorageStatus: ("storage", None),
    ProcessStatus: ("process", None),
    TaskStatus: ("task", "name"),
}
# Instants of this process's monotonic clock mean nothing to another one.
_INTERNAL = frozenset({"last_message_at", "up_since"})
_Sample = tuple[str, dict[str, str], float]


def prometheus(rows: Mapping[str, HealthRow]) -> str:
    """Every known figure as a gauge, ``cockpit_<part>_<figure>``; what is unknown is left out.

    ``cockpit_<part>_up`` is 1 where the part is up, else 0.
    """
    samples = sorted((sample for row in rows.values() for sample in _samples(row)), key=lambda sample: sample[0])
    lines: list[str] = []
    for name, group in groupby(samples, key=lambda sample: sample[0]):
        lines.append(f"# TYPE {name} gauge")
        lines.extend(f"{name}{_labels(labels)} {value:.15g}" for _, labels, value in group)
    return "".join(f"{line}\n" for line in lines)


def _samples(row: HealthRow) -> Iterator[_Sample]:
    kind, naming = _KINDS[type(row)]
    labels = {kind: str(getattr(row, naming))} if naming else {}
    for field in fields(row):
        value = getattr(row, field.name)
        name = f"cockpit_{kind}_{field.name}"
        if isinstance(value, State):
            yield f"cockpit_{kind}_up", labels, float(value is State.UP)
        elif isinstance(value, int | float) and math.isfinite(value) and field.name not in _INTERNAL:
            yield name, labels, float(value)
    for window in getattr(row, "windows", ()):
        limited = {**labels, "seconds": f"{window.seconds:g}"}
        yield f"cockpit_{kind}_limit", limited, float(window.limit)
        yield f"cockpit_{kind}_limit_used", limited, float(window.used)
        yield f"cockpit_{kind}_limit_resets_in_seconds", limited, float(window.resets_in)


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    escaped = (
        (name, value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")) for name, value in labels.items()
    )
    return "{" + ",".join(f'{name}="{value}"' for name, value in escaped) + "}"
