"""Whole trades as the tables hold them: the fill with what was known at opening, at the end, and of the report."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from sqlite3 import Row

from aiosqlite import Connection

from cockpit.options.contract import Right
from cockpit.portfolio.aftermath import Move
from cockpit.portfolio.margin import OptionLeg
from cockpit.portfolio.trade import Entry, Exit, Outcome, Trade
from cockpit.scan.earnings import Timing
from cockpit.spreads.structure import StructureKind
from cockpit.storage.database import Database
from cockpit.storage.money import dollars, scaled, stamp, strike

_TRADES = (
    "SELECT p.position, p.spread_id, p.symbol, p.kind, p.expiry, p.contracts, p.credit_e4, p.max_loss_e4, "
    "p.fees_e4 + coalesce(p.closing_fees_e4, 0), p.opened_at, p.closed_at, p.reason, p.debit_e4, p.realised_e4, "
    "(SELECT note FROM portfolio_executions WHERE position = p.position AND action <> 'open'), "
    "(SELECT fill_model FROM portfolio_executions WHERE position = p.position AND action = 'open'), p.report_date "
    "FROM portfolio_positions AS p"
)
_ENTRIES = (
    "SELECT position, spot, atm_iv, implied_move, implied_method, event_move, vrp, vrp_tier, quarters, report_date, "
    "timing, pop, pop_delta, ev, score, scorer, mid_e4, natural_e4, scanned_at FROM portfolio_entries"
)
_AWAITED = (
    "SELECT n.position FROM portfolio_entries AS n LEFT JOIN portfolio_outcomes AS o ON o.position = n.position "
    "WHERE n.report_date IS NOT NULL AND o.close_move IS NULL"
)


async def keep_entry(connection: Connection, position: int, entry: Entry) -> None:
    """Keep what was known at opening. Part of the transaction of the fill."""
    await connection.execute(
        f"INSERT INTO portfolio_entries VALUES ({', '.join('?' * 19)})",
        (
            position,
            entry.spot,
            entry.atm_iv,
            entry.implied_move,
            entry.implied_method,
            entry.event_move,
            entry.vrp,
            entry.vrp_tier,
            entry.quarters,
            None if entry.report_date is None else entry.report_date.isoformat(),
            entry.timing.value,
            entry.pop,
            entry.pop_delta,
            entry.ev,
            entry.score,
            entry.scorer,
            _e4(entry.mid),
            _e4(entry.natural),
            None if entry.scanned_at is None else stamp(entry.scanned_at),
        ),
    )


async def keep_exit(connection: Connection, position: int, end: Exit) -> None:
    """Keep the market of the end. Part of the transaction of the closing fill or the settlement."""
    await connection.execute(
        "INSERT INTO portfolio_exits (position, spot, atm_iv, mid_e4, natural_e4) VALUES (?, ?, ?, ?, ?)",
        (position, end.spot, end.atm_iv, _e4(end.mid), _e4(end.natural)),
    )


class TradeRows:
    """Reads whole trades, and keeps what came of their reports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def read_only(self) -> bool:
        """True where another cockpit owns the data folder."""
        return self._database.read_only

    async def trades(self) -> list[Trade]:
        """Every trade, open and closed, in the order of opening.

        Raises:
            StorageError: the database cannot be read.
        """
        return await self._trades("1")

    async def trade(self, position_id: str) -> Trade | None:
        """One trade; None where there is none of this id."""
        digits = position_id.removeprefix("P")
        if not (digits.isascii() and digits.isdecimal()):
            return None
        found = await self._trades("p.position = ?", (min(int(digits), 2**63 - 1),))
        return found[0] if found else None

    async def awaited(self) -> list[Trade]:
        """Trades of names whose report's move is not kept yet."""
        return await self._trades(f"p.position IN ({_AWAITED})")

    async def keep_move(self, trades: Sequence[Trade], move: Move) -> None:
        """Keep what a report did to the price, for these trades; what is kept already stays."""
        async with self._database.write() as connection:
            await connection.executemany(
                "INSERT INTO portfolio_outcomes (position, base_day, reaction_day, gap, close_move) "
                "VALUES (?, ?, ?, ?, ?) ON CONFLICT (position) DO UPDATE SET base_day = excluded.base_day, "
                "reaction_day = excluded.reaction_day, gap = excluded.gap, close_move = excluded.close_move, "
                "problem = NULL, tried_at = NULL WHERE close_move IS NULL",
                [
                    (
                        _number(trade),
                        move.base_day.isoformat(),
                        move.reaction_day.isoformat(),
                        move.gap,
                        move.close_move,
                    )
                    for trade in trades
                ],
            )

    async def keep_problem(self, trades: Sequence[Trade], problem: str, at: datetime) -> None:
        """Keep why the move could not be had at this time."""
        async with self._database.write() as connection:
            await connection.executemany(
                "INSERT INTO portfolio_outcomes (position, problem, tried_at) VALUES (?, ?, ?) "
                "ON CONFLICT (position) DO UPDATE SET problem = excluded.problem, tried_at = excluded.tried_at "
                "WHERE close_move IS NULL",
                [(_number(trade), problem, stamp(at)) for trade in trades],
            )

    async def keep_volatility(
        self, trade: Trade, atm_iv: float, at: datetime, priced: datetime, settled: datetime
    ) -> None:
        """Keep the volatility of the first look after the report.

        A later one changes nothing, but where the first was before ``settled`` and this one is after it on that day,
        or where the report has moved, so that the first was before ``priced``, its first session.
        """
        async with self._database.write() as connection:
            await connection.execute(
                "INSERT INTO portfolio_outcomes (position, atm_iv, iv_at) VALUES (?, ?, ?) "
                "ON CONFLICT (position) DO UPDATE SET atm_iv = excluded.atm_iv, iv_at = excluded.iv_at "
                "WHERE atm_iv IS NULL OR iv_at < ? "
                "OR (iv_at < ? AND excluded.iv_at >= ? AND date(iv_at) = date(excluded.iv_at))",
                (_number(trade), atm_iv, stamp(at), stamp(priced), stamp(settled), stamp(settled)),
            )

    async def _trades(self, where: str, parameters: Sequence[object] = ()) -> list[Trade]:
        chosen = f"SELECT p.position FROM portfolio_positions AS p WHERE {where}"
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(f"{_TRADES} WHERE {where} ORDER BY p.position", parameters)
            legs = await connection.execute_fetchall(
                "SELECT position, right, strike_e4, quantity FROM portfolio_legs "
                f"WHERE position IN ({chosen}) ORDER BY position, leg",
                parameters,
            )
            entries = await connection.execute_fetchall(f"{_ENTRIES} WHERE position IN ({chosen})", parameters)
            exits = await connection.execute_fetchall(
                f"SELECT position, spot, atm_iv, mid_e4, natural_e4 FROM portfolio_exits WHERE position IN ({chosen})",
                parameters,
            )
            outcomes = await connection.execute_fetchall(
                "SELECT position, base_day, reaction_day, gap, close_move, atm_iv, iv_at, problem, tried_at "
                f"FROM portfolio_outcomes WHERE position IN ({chosen})",
                parameters,
            )
        held: dict[int, list[Row]] = {}
        for leg in legs:
            held.setdefault(leg[0], []).append(leg)
        entry_by, exit_by, outcome_by = ({row[0]: row for row in found} for found in (entries, exits, outcomes))
        return [
            _trade(row, held.get(row[0], []), entry_by.get(row[0]), exit_by.get(row[0]), outcome_by.get(row[0]))
            for row in rows
        ]


def _trade(row: Row, legs: Sequence[Row], entry: Row | None, end: Row | None, outcome: Row | None) -> Trade:
    contracts = row[5]
    return Trade(
        position_id=f"P{row[0]}",
        spread_id=row[1],
        symbol=row[2],
        kind=StructureKind(row[3]),
        expiry=date.fromisoformat(row[4]),
        contracts=contracts,
        credit=dollars(row[6]),
        max_loss=dollars(row[7]),
        fees=dollars(row[8]),
        opened_at=datetime.fromisoformat(row[9]),
        legs=tuple(OptionLeg(leg[3] // contracts, Right(leg[1]), strike(leg[2])) for leg in legs),
        fill_model=row[15],
        report_date=_day(row[16]),
        closed_at=_instant(row[10]),
        reason=row[11],
        debit=_dollars(row[12]),
        realised=_dollars(row[13]),
        note=row[14],
        entry=None if entry is None else _entry(entry),
        exit=None if end is None else Exit(end[1], end[2], _dollars(end[3]), _dollars(end[4])),
        outcome=None if outcome is None else _outcome(outcome),
    )


def _entry(row: Row) -> Entry:
    return Entry(
        spot=row[1],
        atm_iv=row[2],
        implied_move=row[3],
        implied_method=row[4],
        event_move=row[5],
        vrp=row[6],
        vrp_tier=row[7],
        quarters=row[8],
        report_date=_day(row[9]),
        timing=Timing(row[10]),
        pop=row[11],
        pop_delta=row[12],
        ev=row[13],
        score=row[14],
        scorer=row[15],
        mid=_dollars(row[16]),
        natural=_dollars(row[17]),
        scanned_at=_instant(row[18]),
    )


def _outcome(row: Row) -> Outcome:
    return Outcome(
        base_day=_day(row[1]),
        reaction_day=_day(row[2]),
        gap=row[3],
        close_move=row[4],
        atm_iv=row[5],
        iv_at=_instant(row[6]),
        problem=row[7] or "",
        tried_at=_instant(row[8]),
    )


def _number(trade: Trade) -> int:
    return int(trade.position_id.removeprefix("P"))


def _e4(value: Decimal | None) -> int | None:
    return None if value is None else scaled(value)


def _dollars(stored: int | None) -> Decimal | None:
    return None if stored is None else dollars(stored)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
