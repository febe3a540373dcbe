"""Health for other programs: Prometheus metrics out of the same rows that the screen and the JSON show."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from cockpit.health.status import (
    FeedStatus,
    HealthRow,
    ProcessStatus,
    ProviderStatus,
    State,
    StorageStatus,
    TaskStatus,
    Window,
)
from cockpit.health.usage import BOUNDS_MS, Usage

if TYPE_CHECKING:
    from prometheus_client.core import Metric


@dataclass(frozen=True, slots=True)
class _Figure:
    """One metric of a row.

    Attributes:
        field: of the row.
        name: without the prefix of its part; counters end in ``_total``, units are base units.
        help: what it is.
        scale: from the row's unit to the metric's.
    """

    field: str
    name: str
    help: str
    scale: float = 1.0


_MS = 1e-3
_FIGURES: Mapping[type[HealthRow], tuple[str, str | None, tuple[_Figure, ...]]] = {
    FeedStatus: (
        "feed",
        "venue",
        (
            _Figure("rate", "trades_per_second", "Trades a second over the last ten seconds."),
            _Figure("lag_ms", "lag_seconds", "Median of receipt minus exchange time; may be negative.", _MS),
            _Figure("clock_offset_ms", "clock_offset_seconds", "Clock of the venue minus ours, estimated.", _MS),
            _Figure("ring_fill", "ring_ratio", "Share of the ring that waits for the database."),
            _Figure("gaps", "missing_trades", "Trades known to be missing."),
            _Figure("open_gaps", "open_gaps", "Stretches of missing trades that are asked for."),
            _Figure("backfilled", "backfilled_trades_total", "Trades that were missing and have been fetched."),
            _Figure("reconnects", "reconnects_total", "Connections after the first."),
            _Figure("rejected", "rejected_total", "Frames and fields that failed validation."),
            _Figure("received", "received_trades_total", "Trades received."),
            _Figure("stored", "stored_trades_total", "Trades committed to the database."),
        ),
    ),
    ProviderStatus: (
        "provider",
        "provider",
        (
            _Figure("requests", "requests_total", "Requests sent."),
            _Figure("errors", "errors_total", "Requests without a usable answer, and those that were not sent."),
            _Figure("dropped", "dropped_rows_total", "Rows left out of answers that were otherwise good."),
            _Figure("waiting", "waiting_callers", "Callers that wait for a rate limit."),
            _Figure("p95_ms", "latency_p95_seconds", "95th percentile of the last answers' latency.", _MS),
            _Figure("hit_ratio", "cache_hit_ratio", "Share of look-ups answered by the caches together."),
            _Figure("memory_hit_ratio", "cache_memory_hit_ratio", "Share of look-ups answered from memory."),
            _Figure("second_hit_ratio", "cache_second_hit_ratio", "Share of the others answered by the second level."),
            _Figure("evictions", "cache_evictions_total", "Answers that left the cache early for want of room."),
            _Figure("breaker_seconds", "breaker_seconds", "Until an open breaker lets a request through."),
        ),
    ),
    StorageStatus: (
        "storage",
        None,
        (
            _Figure("read_only", "read_only", "1 where nothing can be written."),
            _Figure("queued", "queued_writes", "Writes that wait for the one writer."),
            _Figure("commit_p99_ms", "commit_p99_seconds", "99th percentile of the last commits.", _MS),
            _Figure("wal_bytes", "wal_bytes", "Size of the write-ahead log."),
            _Figure("database_bytes", "database_bytes", "Size of the database."),
            _Figure("disk_used", "disk_used_ratio", "Share of the disk in use."),
        ),
    ),
    ProcessStatus: (
        "process",
        None,
        (
            _Figure("cpu", "cpu_ratio", "Processor time over time, of one core."),
            _Figure("rss_bytes", "resident_memory_bytes", "Resident memory."),
            _Figure("loop_lag_ms", "loop_lag_p99_seconds", "99th percentile of how late the loop wakes up.", _MS),
            _Figure("tasks", "tasks", "Running tasks."),
            _Figure("uptime", "uptime_seconds", "Since the start."),
        ),
    ),
    TaskStatus: ("task", "name", (_Figure("restarts", "restarts_total", "Restarts after a failure."),)),
}
_WINDOW = (
    ("limit_requests", "What a rate limit allows in its window.", lambda window: window.limit),
    ("limit_used_requests", "What is used of a rate limit.", lambda window: window.used),
    ("limit_reset_seconds", "Until the oldest use of a rate limit expires.", lambda window: window.resets_in),
)
_BREAKER = {"closed": 0.0, "half-open": 0.5, "open": 1.0}


def prometheus(rows: Mapping[str, HealthRow], usage: Iterable[tuple[tuple[str, str], Usage]] = ()) -> str:
    """Every known figure in the Prometheus text format; what is unknown is left out.

    ``cockpit_<part>_up`` is 1 where the part is up, else 0. ``usage`` adds a histogram of latency by vendor and
    endpoint.
    """
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(HealthCollector(lambda: rows, lambda: usage))
    return generate_latest(registry).decode()


class HealthCollector:
    """A Prometheus collector over rows that are looked at when somebody asks; nothing is counted twice."""

    def __init__(
        self,
        rows: Callable[[], Mapping[str, HealthRow]],
        usage: Callable[[], Iterable[tuple[tuple[str, str], Usage]]] = tuple,
    ) -> None:
        self._rows = rows
        self._usage = usage

    def describe(self) -> Iterable["Metric"]:
        """Nothing: what there is shows itself when it is collected."""
        return ()

    def collect(self) -> Iterator["Metric"]:
        """One family for each figure, with a sample for each row that knows it."""
        families: dict[str, Metric] = {}
        for row in self._rows().values():
            part, naming, figures = _FIGURES[type(row)]
            names = [part] if naming else []
            labels = [str(getattr(row, naming))] if naming else []
            for name, told, value in _samples(row, figures):
                _add(families, f"cockpit_{part}_{name}", told, names, labels, value)
            for window in getattr(row, "windows", ()):
                for name, told, read in _WINDOW:
                    seconds = [*labels, f"{window.seconds:g}"]
                    _add(families, f"cockpit_{part}_{name}", told, [*names, "window"], seconds, _window(read, window))
        yield from families.values()
        yield from self._latencies()

    def _latencies(self) -> Iterator["Metric"]:
        from prometheus_client.core import HistogramMetricFamily

        family = HistogramMetricFamily(
            "cockpit_provider_latency_seconds", "Answers by how long they took.", labels=["provider", "endpoint"]
        )
        for (provider, endpoint), usage in self._usage():
            if any(usage.latency):
                below = list(accumulate(usage.latency))
                ends = [*(f"{bound / 1000.0:g}" for bound in BOUNDS_MS), "+Inf"]
                buckets = list(zip(ends, map(float, below), strict=True))
                family.add_metric([provider, endpoint], buckets, usage.latency_ms / 1000.0)
        if family.samples:
            yield family


def _samples(row: HealthRow, figures: Iterable[_Figure]) -> Iterator[tuple[str, str, float]]:
    state = getattr(row, "state", None)
    if isinstance(state, State):
        yield "up", "1 where this part is up.", float(state is State.UP)
    if isinstance(row, ProviderStatus) and row.breaker in _BREAKER:
        yield "breaker_open_ratio", "0 closed, 0.5 half open, 1 open.", _BREAKER[row.breaker]
    for figure in figures:
        value = getattr(row, figure.field)
        if isinstance(value, int | float) and math.isfinite(value):
            yield figure.name, figure.help, float(value) * figure.scale


def _window(read: Callable[[Window], Any], window: Window) -> float:
    return float(read(window))


def _add(
    families: dict[str, "Metric"], name: str, told: str, names: list[str], labels: list[str], value: float
) -> None:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    family = families.get(name)
    if family is None:
        kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
        family = families[name] = kind(name, told, labels=names)
    family.add_metric(labels, value)  # type: ignore[attr-defined]  # both kinds have it
