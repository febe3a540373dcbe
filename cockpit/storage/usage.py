"""What vendors were asked, hour by hour."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cockpit.errors import DamagedError
from cockpit.health.usage import BOUNDS_MS, Usage
from cockpit.storage.database import Database

_HOUR = 3600
_COLUMNS = (
    "requests, failures, received, waits, waited_ms, latency, latency_ms, "
    "hits, second_hits, misses, evictions, up_seconds, seconds"
)
_MARKS = ", ".join("?" * 16)
Key = tuple[str, str]
"""Vendor and endpoint."""


async def add_usage(database: Database, at: datetime, counts: Mapping[Key, Usage], keep_days: int) -> None:
    """Add counts to the hour of ``at``, and forget hours older than ``keep_days``; in one transaction.

    Raises:
        StorageError: it cannot be written.
    """
    hour = int(at.timestamp()) // _HOUR
    async with database.write() as connection:
        for (provider, endpoint), usage in counts.items():
            rows = await connection.execute_fetchall(
                f"SELECT {_COLUMNS} FROM health_usage WHERE hour = ? AND provider = ? AND endpoint = ?",
                (hour, provider, endpoint),
            )
            together = usage.copy()
            for row in rows:
                together.add(_usage(tuple(row)))
            await connection.execute(
                f"INSERT OR REPLACE INTO health_usage (hour, provider, endpoint, {_COLUMNS}) VALUES ({_MARKS})",
                (hour, provider, endpoint, *_values(together)),
            )
        await connection.execute("DELETE FROM health_usage WHERE hour < ?", (hour - 24 * keep_days,))


async def usage_since(database: Database, since: datetime) -> dict[Key, Usage]:
    """All counts from the hour of ``since`` on, by vendor and endpoint.

    Raises:
        StorageError: it cannot be read.
        DamagedError: a row does not read as it was written.
    """
    async with database.read() as connection:
        rows = await connection.execute_fetchall(
            f"SELECT provider, endpoint, {_COLUMNS} FROM health_usage WHERE hour >= ? ORDER BY provider, endpoint",
            (int(since.timestamp()) // _HOUR,),
        )
    found: dict[Key, Usage] = {}
    for provider, endpoint, *values in rows:
        found.setdefault((provider, endpoint), Usage()).add(_usage(tuple(values)))
    return found


def _values(usage: Usage) -> tuple[object, ...]:
    return (
        *(usage.requests, json.dumps(usage.failures, sort_keys=True), usage.received, usage.waits, usage.waited_ms),
        *(json.dumps(usage.latency), usage.latency_ms, usage.hits, usage.second_hits, usage.misses),
        *(usage.evictions, usage.up_seconds, usage.seconds),
    )


def _usage(row: tuple[Any, ...]) -> Usage:
    requests, failures, received, waits, waited, latency, latency_ms, *rest = row
    try:
        by_class, buckets = json.loads(str(failures)), json.loads(str(latency))
        counted = Usage(requests, dict(by_class), received, waits, waited, list(buckets), latency_ms, *rest)
    except (ValueError, TypeError) as error:
        raise DamagedError(f"a row of health_usage cannot be read: {error}") from None
    if len(counted.latency) != len(BOUNDS_MS) + 1:
        raise DamagedError(f"a row of health_usage has {len(counted.latency)} buckets of latency")
    return counted
