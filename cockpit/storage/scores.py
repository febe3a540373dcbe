"""What every scorer gave every spread, beside what the trades that were made of them have realised."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from aiosqlite import Connection

from cockpit.spreads.structure import Spread
from cockpit.spreads.track_record import ScoredTrade
from cockpit.storage.database import Database

_SCALE = Decimal(10_000)


async def save_scores(connection: Connection, spreads: Iterable[Spread], scanned_at: datetime) -> None:
    """Keep every scorer's total and rank as the day's last word on these spreads. Part of the caller's transaction."""
    by_scorer: dict[str, list[tuple[float, str]]] = {}
    for spread in spreads:
        for one in spread.totals:
            by_scorer.setdefault(one.scorer, []).append((one.total, spread.spread_id))
    day, at = scanned_at.astimezone(UTC).date().isoformat(), scanned_at.isoformat()
    rows = [
        (day, spread_id, scorer, at, total, rank)
        for scorer, scored in by_scorer.items()
        for rank, (total, spread_id) in enumerate(sorted(scored, key=lambda one: (-one[0], one[1])), 1)
    ]
    await connection.executemany(
        "INSERT INTO scan_scores (day, spread_id, scorer, scanned_at, total, rank) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (spread_id, day, scorer) DO UPDATE SET "
        "scanned_at = excluded.scanned_at, total = excluded.total, rank = excluded.rank",
        rows,
    )


async def scored_trades(database: Database) -> list[ScoredTrade]:
    """Every closed position with every scorer's word on it, as of the last scan day not after it was opened."""
    async with database.read() as connection:
        rows = await connection.execute_fetchall(
            "SELECT p.position, p.spread_id, s.scorer, s.total, s.rank, p.realised_e4, p.max_loss_e4 "
            "FROM portfolio_positions AS p JOIN scan_scores AS s ON s.spread_id = p.spread_id "
            "AND s.day = (SELECT max(day) FROM scan_scores WHERE spread_id = p.spread_id "
            "AND day <= substr(p.opened_at, 1, 10)) "
            "WHERE p.closed_at IS NOT NULL ORDER BY p.position, s.scorer"
        )
    return [
        ScoredTrade(row[0], row[1], row[2], row[3], row[4], Decimal(row[5]) / _SCALE, Decimal(row[6]) / _SCALE)
        for row in rows
    ]
