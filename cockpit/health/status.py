"""Rows of the health pane: what each part of the cockpit says of itself."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """How a part is, in one word."""

    STARTING = "starting"
    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """The exchange stream.

    Attributes:
        rate: trades per second over the last ten seconds.
        lag_ms: median of receipt minus exchange time over the last trades, by the venue's clock; may be negative;
            None before the first, and in a recording.
        clock_offset_ms: the venue's clock minus ours, estimated; None before the first estimate.
        last_message_at: monotonic seconds of the last frame; None before the first.
        up_since: monotonic seconds of the present connection.
        gaps: trades known to be missing.
        open_gaps: stretches of missing trades that are asked for.
        backfilled: trades that were missing and have been fetched in this session.
        ring_fill: share of the ring waiting for the database, 0 to 1.
        rejected: frames or fields that failed validation.
        stored: trades committed to SQLite in this session.
    """

    venue: str
    state: State = State.STARTING
    message: str = ""
    rate: float = 0.0
    lag_ms: float | None = None
    clock_offset_ms: float | None = None
    last_message_at: float | None = None
    up_since: float | None = None
    ring_fill: float = 0.0
    gaps: int = 0
    open_gaps: int = 0
    backfilled: int = 0
    reconnects: int = 0
    rejected: int = 0
    received: int = 0
    stored: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """One rate limit: so much used of so much in so many seconds, and seconds until the oldest use expires."""

    limit: int
    seconds: float
    used: int
    resets_in: float


@dataclass(frozen=True, slots=True)
class UsageStatus:
    """What one endpoint of a vendor was asked since the start.

    Attributes:
        name: of the endpoint, as the vendor's address has it.
        waits: requests that waited for a rate limit.
        received: bytes of answers, decompressed.
        p50_ms: median latency; None without answers, as is ``p95_ms``.
    """

    name: str
    requests: int = 0
    errors: int = 0
    waits: int = 0
    received: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """A vendor as the network layer sees it.

    Attributes:
        windows: its limits, the tightest first.
        waiting: callers queued at the limiter.
        breaker: ``closed``, ``open`` or ``half-open``.
        p95_ms: 95th percentile of the last answers' latency; None before the first.
        hit_ratio: share of look-ups answered by the caches together, 0 to 1; None before the first.
        last_error: sentence of the last failure, with ``last_error_at``.
        dropped: rows left out of answers that were otherwise good, because they failed validation.
        memory_hit_ratio: share of look-ups answered by the cache in memory, 0 to 1; None before the first.
        second_hit_ratio: share of what memory did not answer that the level behind it did; None where none was asked.
        evictions: answers that left the cache before their end for want of room.
        breaker_seconds: until an open breaker lets the next request through; None where it is not open.
        usage: by endpoint, by name.
    """

    provider: str
    state: State = State.STARTING
    windows: tuple[Window, ...] = ()
    waiting: int = 0
    breaker: str = "closed"
    p95_ms: float | None = None
    hit_ratio: float | None = None
    requests: int = 0
    errors: int = 0
    last_error: str = ""
    last_error_at: datetime | None = None
    dropped: int = 0
    memory_hit_ratio: float | None = None
    second_hit_ratio: float | None = None
    evictions: int = 0
    breaker_seconds: float | None = None
    usage: tuple[UsageStatus, ...] = ()


@dataclass(frozen=True, slots=True)
class StorageStatus:
    """The database: queue of the one writer, commit latency, sizes on disk."""

    state: State = State.STARTING
    read_only: bool = False
    message: str = ""
    queued: int = 0
    commit_p99_ms: float | None = None
    wal_bytes: int = 0
    database_bytes: int = 0
    disk_used: float | None = None
    """Share of the disk in use, 0 to 1."""


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """The process itself: CPU of one core (0 to 1), resident bytes, loop lag p99, running tasks, uptime seconds."""

    cpu: float | None = None
    rss_bytes: int | None = None
    loop_lag_ms: float | None = None
    tasks: int = 0
    uptime: float = 0.0


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """A supervised task: its state, restarts so far and the sentence of its last failure."""

    name: str
    state: State
    restarts: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """A rule of the alerts, for other programs; the screen shows the alerts themselves.

    Attributes:
        rule: its name in the settings.
        armed: it fires as soon as its condition comes to hold: it holds for no row now, and no row is still resting
            from the last time.
        firing: rows for which its condition holds.
        fired: times that it has fired in this session.
    """

    rule: str
    armed: bool = True
    firing: int = 0
    fired: int = 0


@dataclass(frozen=True, slots=True)
class StrategyStatus:
    """A strategy at work.

    Attributes:
        heard, warm_up: bars that it has had, and those that it needs before it may speak.
        p95_ms: 95th percentile of the time that a bar took to be answered; None before the first.
        restarts: how often it was started again in this session.
        rss_bytes: resident memory of its child; None where it has none.
        held: layers that confine its child; empty where it has none.
        last_error: why it was stopped or refused last; it stays after a restart.
    """

    name: str
    state: State
    message: str = ""
    heard: int = 0
    warm_up: int = 0
    p95_ms: float | None = None
    restarts: int = 0
    rss_bytes: int | None = None
    held: str = ""
    last_error: str = ""


HealthRow = FeedStatus | ProviderStatus | StorageStatus | ProcessStatus | TaskStatus | StrategyStatus
