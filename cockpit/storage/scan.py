"""The last scans, so that a restart shows the last one at once and a spread's id can be traded later."""

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime
from sqlite3 import Row
from typing import Any

from cockpit.commands import ScanResult
from cockpit.scan.candidate import Candidate
from cockpit.spreads.structure import Spread
from cockpit.storage.database import Database
from cockpit.storage.encoding import EncodingError, dumps, loads
from cockpit.storage.scores import save_scores

log = logging.getLogger(__name__)

_RUNS_KEPT = 10


class ScanRows:
    """The scanner's way to keep what it found."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, result: ScanResult) -> None:
        """See :func:`save_scan`."""
        await save_scan(self._database, result)


async def save_scan(database: Database, result: ScanResult) -> None:
    """Commit a scan as the latest one; the oldest beyond the last ten are forgotten, the scores of their spreads not.

    Raises:
        StorageError: the database cannot be written.
    """
    candidates, spreads = await asyncio.to_thread(_rows, result)
    async with database.write() as connection:
        cursor = await connection.execute(
            "INSERT INTO scan_runs (started_at, finished_at, whole) VALUES (?, ?, ?)",
            (result.started_at.isoformat(), result.finished_at.isoformat(), int(result.whole)),
        )
        run = cursor.lastrowid
        await connection.executemany(
            "INSERT INTO scan_candidates (run_id, position, symbol, body) VALUES (?, ?, ?, ?)",
            [(run, *row) for row in candidates],
        )
        await connection.executemany(
            "INSERT INTO scan_spreads (run_id, position, spread_id, symbol, body) VALUES (?, ?, ?, ?, ?)",
            [(run, *row) for row in spreads],
        )
        every = (spread for found in result.spreads.values() for spread in found)
        await save_scores(connection, every, result.finished_at)
        await connection.execute(
            "DELETE FROM scan_runs WHERE id NOT IN (SELECT id FROM scan_runs ORDER BY id DESC LIMIT ?) "
            "AND id <> coalesce((SELECT max(id) FROM scan_runs WHERE whole), 0)",
            (_RUNS_KEPT,),
        )


async def latest_scan(database: Database) -> ScanResult | None:
    """The last whole scan, and over it the names that were looked at by themselves since.

    None where there is none that this version can read.
    """
    since = "run_id >= coalesce((SELECT max(id) FROM scan_runs WHERE whole), 0)"
    async with database.read() as connection:
        async with connection.execute(
            "SELECT started_at, finished_at FROM scan_runs ORDER BY whole DESC, id DESC LIMIT 1"
        ) as runs:
            latest = await runs.fetchone()
        if latest is None:
            return None
        started_at, finished_at = latest
        # Of each name the newest run that looked at it, in the order of the runs.
        newest = f"(SELECT symbol, max(run_id) AS run_id FROM scan_candidates WHERE {since} GROUP BY symbol)"
        candidates = await connection.execute_fetchall(
            f"SELECT body FROM scan_candidates JOIN {newest} USING (symbol, run_id) ORDER BY run_id, position"
        )
        spreads = await connection.execute_fetchall(
            f"SELECT symbol, body FROM scan_spreads JOIN {newest} USING (symbol, run_id) ORDER BY run_id, position"
        )
    try:
        return await asyncio.to_thread(_result, started_at, finished_at, candidates, spreads)
    except EncodingError as error:
        log.warning("the last scan cannot be read: %s", error)
        return None


async def find_spread(database: Database, spread_id: str) -> Spread | None:
    """The spread of this id as the latest scan that had it saw it; None where none of the kept ones has."""
    async with database.read() as connection:
        rows = await connection.execute_fetchall(
            "SELECT body FROM scan_spreads WHERE spread_id = ? ORDER BY run_id DESC LIMIT 1", (spread_id,)
        )
    for row in rows:
        try:
            return loads(row[0], Spread)
        except EncodingError as error:
            log.warning("spread %s cannot be read: %s", spread_id, error)
    return None


def _rows(result: ScanResult) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    candidates = [
        (position, candidate.symbol, dumps(candidate)) for position, candidate in enumerate(result.candidates)
    ]
    flat = [(symbol, spread) for symbol, spreads in result.spreads.items() for spread in spreads]
    return candidates, [
        (position, spread.spread_id, symbol, dumps(spread)) for position, (symbol, spread) in enumerate(flat)
    ]


def _result(started_at: str, finished_at: str, candidates: Iterable[Row], spreads: Iterable[Row]) -> ScanResult:
    by_symbol: dict[str, list[Spread]] = {}
    for symbol, body in spreads:
        by_symbol.setdefault(symbol, []).append(loads(body, Spread))
    return ScanResult(
        datetime.fromisoformat(started_at),
        datetime.fromisoformat(finished_at),
        tuple(loads(row[0], Candidate) for row in candidates),
        {symbol: tuple(found) for symbol, found in by_symbol.items()},
    )
