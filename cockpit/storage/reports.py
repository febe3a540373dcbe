"""Past reports of each name, kept for good."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from cockpit.scan.earnings import PastReport
from cockpit.storage.database import Database
from cockpit.storage.encoding import EncodingError, dumps, loads


@dataclass(frozen=True, slots=True)
class KeptReports:
    """What a vendor said of a name.

    Attributes:
        asked_at: when it said so, UTC.
        next_on: the coming report that was known then; None where none was.
        reports: newest first.
    """

    asked_at: datetime
    next_on: date | None
    reports: tuple[PastReport, ...]


async def kept_reports(database: Database) -> dict[str, KeptReports]:
    """All that is kept, by ticker; a row that cannot be read is left out and asked for again.

    Raises:
        StorageError: the database cannot be read.
    """
    async with database.read() as connection:
        rows = await connection.execute_fetchall("SELECT symbol, asked_at, next_on, reports FROM scan_reports")
    found: dict[str, KeptReports] = {}
    for symbol, asked_at, next_on, text in rows:
        try:
            reports = loads(text, tuple[PastReport, ...])
            coming = None if next_on is None else date.fromisoformat(next_on)
            found[symbol] = KeptReports(datetime.fromisoformat(asked_at), coming, reports)
        except (EncodingError, ValueError):
            continue
    return found


async def keep_reports(database: Database, kept: Mapping[str, KeptReports]) -> None:
    """Keep what a vendor said of some names, in place of what it said before; in one transaction.

    Raises:
        StorageError: it cannot be written.
    """
    rows = [
        (
            symbol,
            one.asked_at.isoformat(),
            None if one.next_on is None else one.next_on.isoformat(),
            dumps(one.reports, tuple[PastReport, ...]),
        )
        for symbol, one in kept.items()
    ]
    async with database.write() as connection:
        await connection.executemany(
            "INSERT OR REPLACE INTO scan_reports (symbol, asked_at, next_on, reports) VALUES (?, ?, ?, ?)", rows
        )
