"""Health for other programs: Prometheus metrics out of the same rows that the screen and the JSON show."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from cockpit.health.status import (
    AlertStatus,
    FeedStatus,
    HealthRow,
    ProcessStatus,
    ProviderStatus,
    State,
    StorageStatus,
    StrategyStatus,
    TaskStatus,
)
from cockpit.health.usage import BOUNDS_MS, Usage

if TYPE_CHECKING:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

ExportedRow = HealthRow | AlertStatus
"""What other programs are told of: every part, and every rule of the alerts."""


@dataclass(frozen=True, slots=True)
class Figure:
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
FIGURES: Mapping[type[ExportedRow], tuple[str, str | None, tuple[Figure, ...]]] = {
    FeedStatus: (
        "feed",
        "venue",
        (
            Figure("rate", "trades_per_second", "Trades a second over the last ten seconds."),
            Figure("lag_ms", "lag_seconds", "Median of receipt minus exchange time; may be negative.", _MS),
            Figure("clock_offset_ms", "clock_offset_seconds", "Clock of the venue minus ours, estimated.", _MS),
            Figure("ring_fill", "ring_ratio", "Share of the ring that waits for the database."),
            Figure("gaps", "missing_trades", "Trades known to be missing."),
            Figure("open_gaps", "open_gaps", "Stretches of missing trades that are asked for."),
            Figure("backfilled", "backfilled_trades_total", "Trades that were missing and have been fetched."),
            Figure("reconnects", "reconnects_total", "Connections after the first."),
            Figure("rejected", "rejected_total", "Frames and fields that failed validation."),
            Figure("received", "received_trades_total", "Trades received."),
            Figure("stored", "stored_trades_total", "Trades committed to the database."),
        ),
    ),
    ProviderStatus: (
        "provider",
        "provider",
        (
            Figure("requests", "requests_total", "Requests sent."),
            Figure("errors", "errors_total", "Requests without a usable answer, and those that were not sent."),
            Figure("dropped", "dropped_rows_total", "Rows left out of answers that were otherwise good."),
            Figure("waiting", "waiting_callers", "Callers that wait for a rate limit."),
            Figure("p95_ms", "latency_p95_seconds", "95th percentile of the last answers' latency.", _MS),
            Figure("hit_ratio", "cache_hit_ratio", "Share of look-ups answered by the caches together."),
            Figure("memory_hit_ratio", "cache_memory_hit_ratio", "Share of look-ups answered from memory."),
            Figure("second_hit_ratio", "cache_second_hit_ratio", "Share of the others answered by the second level."),
            Figure("evictions", "cache_evictions_total", "Answers that left the cache early for want of room."),
            Figure("breaker_seconds", "breaker_seconds", "Until an open breaker lets a request through."),
        ),
    ),
    StorageStatus: (
        "storage",
        None,
        (
            Figure("read_only", "read_only", "1 where nothing can be written."),
            Figure("queued", "queued_writes", "Writes that wait for the one writer."),
            Figure("commit_p99_ms", "commit_p99_seconds", "99th percentile of the last commits.", _MS),
            Figure("wal_bytes", "wal_bytes", "Size of the write-ahead log."),
            Figure("database_bytes", "database_bytes", "Size of the database."),
            Figure("disk_used", "disk_used_ratio", "Share of the disk in use."),
        ),
    ),
    ProcessStatus: (
        "process",
        None,
        (
            Figure("cpu", "cpu_ratio", "Processor time over time, of one core."),
            Figure("rss_bytes", "resident_memory_bytes", "Resident memory."),
            Figure("loop_lag_ms", "loop_lag_p99_seconds", "99th percentile of how late the loop wakes up.", _MS),
            Figure("tasks", "tasks", "Running tasks."),
            Figure("uptime", "uptime_seconds", "Since the start."),
        ),
    ),
    StrategyStatus: (
        "strategy",
        "name",
        (
            Figure("heard", "heard_bars", "Bars that the strategy has had."),
            Figure("warm_up", "warm_up_bars", "Bars that the strategy needs before it may speak."),
            Figure("p95_ms", "answer_p95_seconds", "95th percentile of the time that a bar took to be answered.", _MS),
            Figure("restarts", "restarts_total", "Starts after the first."),
            Figure("rss_bytes", "resident_memory_bytes", "Resident memory of the strategy's own process."),
        ),
    ),
    TaskStatus: ("task", "name", (Figure("restarts", "restarts_total", "Restarts after a failure."),)),
    AlertStatus: (
        "alert",
        "rule",
        (
            Figure("armed", "armed", "1 where the rule fires as soon as its condition comes to hold."),
            Figure("firing", "firing_rows", "Rows for which the condition of the rule holds."),
            Figure("fired", "fired_total", "Times that the rule has fired."),
        ),
    ),
}
"""What is told of a row, by its class: the part's word in the names, the field that labels it, and its figures."""
_WINDOW = (
    Figure("limit", "limit_requests", "What a rate limit allows in its window."),
    Figure("used", "limit_used_requests", "What is used of a rate limit."),
    Figure("resets_in", "limit_reset_seconds", "Until the oldest use of a rate limit expires."),
)
_BREAKER = {"closed": 0.0, "half-open": 0.5, "open": 1.0}


def exported_rows(parts: Iterable[tuple[str, HealthRow]], rules: Iterable[AlertStatus] = ()) -> dict[str, ExportedRow]:
    """All that is told, by key: parts as the board of health has them, rules as ``alert:NAME``."""
    return {**dict(parts), **{f"alert:{rule.rule}": rule for rule in rules}}


def prometheus(rows: Mapping[str, ExportedRow], usage: Iterable[tuple[tuple[str, str], Usage]] = ()) -> str:
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
        rows: Callable[[], Mapping[str, ExportedRow]],
        usage: Callable[[], Iterable[tuple[tuple[str, str], Usage]]] = tuple,
    ) -> None:
        self._rows = rows
        self._usage = usage

    def describe(self) -> Iterable["Metric"]:
        """Nothing: what there is shows itself when it is collected."""
        return ()

    def collect(self) -> Iterator["Metric"]:
        """One family for each figure, with a sample for each row that knows it."""
        families = _Families()
        for row in self._rows().values():
            part, naming, figures = FIGURES[type(row)]
            labels = {part: str(getattr(row, naming))} if naming else {}
            for name, told, value in (*_state_of(row), *_values(row, figures)):
                families.add(f"cockpit_{part}_{name}", told, labels, value)
            for window in getattr(row, "windows", ()):
                for name, told, value in _values(window, _WINDOW):
                    families.add(f"cockpit_{part}_{name}", told, {**labels, "window": f"{window.seconds:g}"}, value)
        yield from families
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


class _Families:
    """Metrics by name, each made when its first sample comes."""

    def __init__(self) -> None:
        self._families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}

    def add(self, name: str, told: str, labels: Mapping[str, str], value: float) -> None:
        """Another sample; a name that ends in ``_total`` is a counter."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        family = self._families.get(name)
        if family is None:
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            family = self._families[name] = kind(name, told, labels=list(labels))
        family.add_metric(list(labels.values()), value)

    def __iter__(self) -> Iterator["Metric"]:
        return iter(self._families.values())


def _state_of(row: ExportedRow) -> Iterator[tuple[str, str, float]]:
    """What a word of a row is as a number."""
    state = getattr(row, "state", None)
    if isinstance(state, State):
        yield "up", "1 where this part is up.", float(state is State.UP)
    if isinstance(row, ProviderStatus) and row.breaker in _BREAKER:
        yield "breaker_open_ratio", "0 closed, 0.5 half open, 1 open.", _BREAKER[row.breaker]


def _values(row: object, figures: Iterable[Figure]) -> Iterator[tuple[str, str, float]]:
    """The figures that are known."""
    for figure in figures:
        value = getattr(row, figure.field)
        if isinstance(value, int | float) and math.isfinite(value):
            yield figure.name, figure.help, float(value) * figure.scale
