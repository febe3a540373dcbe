"""The paper portfolio's tables: one transaction an execution, and nothing is ever filled twice.

Prices and money are Decimal here and integers of a ten-thousandth of a dollar in the tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from sqlite3 import Row

from aiosqlite import Connection

from cockpit.errors import OrderRefusedError
from cockpit.options.contract import Right
from cockpit.portfolio.position import ClosedPosition, Position, PositionLeg
from cockpit.portfolio.trade import Entry, Exit
from cockpit.spreads.structure import StructureKind
from cockpit.storage.database import Database
from cockpit.storage.money import dollars, scaled, stamp, strike
from cockpit.storage.scorecard import keep_entry, keep_exit

_CLOSED = (
    "SELECT position, symbol, kind, expiry, contracts, credit_e4, debit_e4, fees_e4 + closing_fees_e4, realised_e4, "
    "opened_at, closed_at, reason FROM portfolio_positions WHERE closed_at IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class LegFill:
    """One leg of an execution.

    Attributes:
        quantity: signed contracts; bought is positive.
        price: dollars per share.
        fee: dollars for the leg.
        action: ``open``, ``close``, ``exercise``, ``assign`` or ``expire``.
    """

    leg: int
    quantity: int
    price: Decimal
    fee: Decimal
    action: str


@dataclass(frozen=True, slots=True)
class Opening:
    """A position to be opened: everything of it but its id, which the database gives, and what was known then."""

    order_id: str
    position: Position
    fill_model: str
    fills: tuple[LegFill, ...]
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """A position to be ended, by a closing fill or by settlement.

    Attributes:
        action: ``close`` or ``settle``.
        exit: the market then.
        closing_fees: dollars of this execution alone; ``closed.fees`` has the opening ones too.
    """

    order_id: str
    action: str
    closed: ClosedPosition
    closing_fees: Decimal
    fill_model: str | None
    fills: tuple[LegFill, ...]
    note: str | None = None
    exit: Exit | None = None


@dataclass(frozen=True, slots=True)
class FillRecord:
    """A fill as it was booked, with the option it was in; ``execution`` is shared by the legs of one order."""

    execution: int
    order_id: str
    position_id: str
    symbol: str
    kind: StructureKind
    option: str
    action: str
    quantity: int
    price: Decimal
    fee: Decimal
    filled_at: datetime
    fill_model: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class StoredBook:
    """What the tables hold: the account's start, the open positions and sums over the closed ones, in dollars."""

    starting_cash: Decimal
    positions: tuple[Position, ...]
    realised: Decimal
    closed_fees: Decimal
    fills: tuple[FillRecord, ...]


class PortfolioStore:
    """Reads and writes the portfolio's tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def read_only(self) -> bool:
        """True where another cockpit owns the data folder."""
        return self._database.read_only

    async def load(self, starting_cash: Decimal, now: datetime) -> StoredBook:
        """The whole book. The first time ever it opens the account, with this much cash."""
        if not self.read_only:
            async with self._database.write() as connection:
                await connection.execute(
                    "INSERT OR IGNORE INTO portfolio_account (account, starting_cash_e4, opened_at) VALUES (1, ?, ?)",
                    (scaled(starting_cash), stamp(now)),
                )
        async with self._database.read() as connection:
            account = await _one(connection, "SELECT starting_cash_e4 FROM portfolio_account")
            closed = await _one(
                connection,
                "SELECT sum(realised_e4), sum(fees_e4 + closing_fees_e4) FROM portfolio_positions "
                "WHERE closed_at IS NOT NULL",
            )
            positions = await _positions(connection)
            fills = await _fills(connection)
        return StoredBook(
            starting_cash=starting_cash if account is None else dollars(account[0]),
            positions=tuple(positions),
            realised=dollars(closed[0] or 0) if closed else Decimal(0),
            closed_fees=dollars(closed[1] or 0) if closed else Decimal(0),
            fills=tuple(fills),
        )

    async def open_position(self, opening: Opening) -> Position:
        """Book an opening. When this returns, it is committed.

        An order that was booked before is not booked again: its position is answered as it was opened.
        """
        async with self._database.write() as connection:
            before = await _executed(connection, opening.order_id)
            if before is not None:
                return await _position(connection, before)
            position = opening.position
            cursor = await connection.execute(
                "INSERT INTO portfolio_positions (spread_id, symbol, kind, expiry, contracts, credit_e4, max_loss_e4, "
                "fees_e4, report_date, sector, opened_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    position.spread_id,
                    position.symbol,
                    position.kind.value,
                    position.expiry.isoformat(),
                    position.contracts,
                    scaled(position.credit),
                    scaled(position.max_loss),
                    scaled(position.fees),
                    position.report_date.isoformat() if position.report_date else None,
                    position.sector,
                    stamp(position.opened_at),
                ),
            )
            number = cursor.lastrowid
            if number is None:
                raise OrderRefusedError("the database gave the position no number; the order was not filled")
            await connection.executemany(
                "INSERT INTO portfolio_legs (position, leg, option, right, strike_e4, expiry, quantity, "
                "entry_price_e4) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        number,
                        index,
                        leg.option,
                        leg.right.value,
                        scaled(leg.strike),
                        leg.expiry.isoformat(),
                        leg.quantity,
                        scaled(leg.entry_price),
                    )
                    for index, leg in enumerate(position.legs)
                ],
            )
            await _execute(
                connection,
                (opening.order_id, number, "open", opening.fill_model, None, stamp(position.opened_at)),
                opening.fills,
            )
            if opening.entry is not None:
                await keep_entry(connection, number, opening.entry)
            return await _position(connection, number)

    async def end_position(self, ending: Ending) -> ClosedPosition:
        """Book a closing fill or a settlement. When this returns, it is committed.

        An order that was booked before is answered as it was booked then.

        Raises:
            OrderRefusedError: the position has ended already, by another order.
        """
        closed = ending.closed
        number = _number(closed.position_id)
        async with self._database.write() as connection:
            if await _executed(connection, ending.order_id) is not None:
                return await _closed(connection, number)
            cursor = await connection.execute(
                "UPDATE portfolio_positions SET closed_at = ?, reason = ?, debit_e4 = ?, closing_fees_e4 = ?, "
                "realised_e4 = ? WHERE position = ? AND closed_at IS NULL",
                (
                    stamp(closed.closed_at),
                    closed.reason,
                    scaled(closed.debit),
                    scaled(ending.closing_fees),
                    scaled(closed.realised),
                    number,
                ),
            )
            if cursor.rowcount != 1:
                raise OrderRefusedError(f"position {closed.position_id} is not open any more")
            await _execute(
                connection,
                (ending.order_id, number, ending.action, ending.fill_model, ending.note, stamp(closed.closed_at)),
                ending.fills,
            )
            if ending.exit is not None:
                await keep_exit(connection, number, ending.exit)
            return await _closed(connection, number)

    async def move_report(self, position_id: str, report_date: date) -> None:
        """The report of an open position's name comes on another day than was thought."""
        async with self._database.write() as connection:
            await connection.execute(
                "UPDATE portfolio_positions SET report_date = ? WHERE position = ? AND closed_at IS NULL",
                (report_date.isoformat(), _number(position_id)),
            )

    async def history(self) -> list[ClosedPosition]:
        """Closed positions, newest first."""
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(f"{_CLOSED} ORDER BY closed_at DESC, position DESC")
        return [_closed_position(row) for row in rows]

    async def fills(self) -> list[FillRecord]:
        """Every fill ever booked, oldest first."""
        async with self._database.read() as connection:
            return await _fills(connection)

    async def equity_before(self, day: date) -> Decimal | None:
        """The last equity seen on a session day before this one; None where none was."""
        async with self._database.read() as connection:
            row = await _one(
                connection,
                "SELECT equity_e4 FROM portfolio_equity WHERE day < ? ORDER BY day DESC LIMIT 1",
                (day.isoformat(),),
            )
        return None if row is None else dollars(row[0])

    async def save_equity(self, day: date, equity: Decimal, at: datetime) -> None:
        """Keep the day's last equity."""
        async with self._database.write() as connection:
            await connection.execute(
                "INSERT INTO portfolio_equity (day, equity_e4, marked_at) VALUES (?, ?, ?) "
                "ON CONFLICT (day) DO UPDATE SET equity_e4 = excluded.equity_e4, marked_at = excluded.marked_at",
                (day.isoformat(), scaled(equity), stamp(at)),
            )


async def _execute(
    connection: Connection, execution: tuple[str, int, str, str | None, str | None, str], fills: Sequence[LegFill]
) -> None:
    cursor = await connection.execute(
        "INSERT INTO portfolio_executions (order_id, position, action, fill_model, note, executed_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        execution,
    )
    _, position, _, _, _, at = execution
    await connection.executemany(
        "INSERT INTO portfolio_fills (execution, position, leg, action, quantity, price_e4, fee_e4, filled_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                cursor.lastrowid,
                position,
                fill.leg,
                fill.action,
                fill.quantity,
                scaled(fill.price),
                scaled(fill.fee),
                at,
            )
            for fill in fills
        ],
    )


async def _executed(connection: Connection, order_id: str) -> int | None:
    row = await _one(connection, "SELECT position FROM portfolio_executions WHERE order_id = ?", (order_id,))
    return None if row is None else int(row[0])


async def _position(connection: Connection, number: int) -> Position:
    return (await _positions(connection, "position = ?", (number,)))[0]


async def _closed(connection: Connection, number: int) -> ClosedPosition:
    row = await _one(connection, f"{_CLOSED} AND position = ?", (number,))
    if row is None:
        raise OrderRefusedError(f"position {_id(number)} is still open")
    return _closed_position(row)


async def _positions(
    connection: Connection, where: str = "closed_at IS NULL", parameters: Sequence[object] = ()
) -> list[Position]:
    rows = await connection.execute_fetchall(
        "SELECT position, spread_id, symbol, kind, expiry, contracts, credit_e4, max_loss_e4, fees_e4, opened_at, "
        f"report_date, sector FROM portfolio_positions WHERE {where} ORDER BY position",
        parameters,
    )
    legs: dict[int, list[PositionLeg]] = {}
    for row in await connection.execute_fetchall(
        "SELECT position, option, right, strike_e4, expiry, quantity, entry_price_e4 FROM portfolio_legs "
        f"WHERE position IN (SELECT position FROM portfolio_positions WHERE {where}) ORDER BY position, leg",
        parameters,
    ):
        leg = PositionLeg(
            option=row[1],
            right=Right(row[2]),
            strike=strike(row[3]),
            expiry=date.fromisoformat(row[4]),
            quantity=row[5],
            entry_price=dollars(row[6]),
            mark=None,
        )
        legs.setdefault(row[0], []).append(leg)
    return [
        Position(
            position_id=_id(row[0]),
            spread_id=row[1],
            symbol=row[2],
            kind=StructureKind(row[3]),
            expiry=date.fromisoformat(row[4]),
            contracts=row[5],
            credit=dollars(row[6]),
            max_loss=dollars(row[7]),
            fees=dollars(row[8]),
            opened_at=datetime.fromisoformat(row[9]),
            legs=tuple(legs.get(row[0], ())),
            report_date=date.fromisoformat(row[10]) if row[10] else None,
            sector=row[11],
        )
        for row in rows
    ]


async def _fills(connection: Connection) -> list[FillRecord]:
    rows = await connection.execute_fetchall(
        "SELECT f.execution, e.order_id, f.position, p.symbol, p.kind, l.option, f.action, f.quantity, f.price_e4, "
        "f.fee_e4, f.filled_at, e.fill_model, e.note FROM portfolio_fills f "
        "JOIN portfolio_executions e ON e.execution = f.execution "
        "JOIN portfolio_positions p ON p.position = f.position "
        "JOIN portfolio_legs l ON l.position = f.position AND l.leg = f.leg ORDER BY f.fill"
    )
    return [
        FillRecord(
            execution=row[0],
            order_id=row[1],
            position_id=_id(row[2]),
            symbol=row[3],
            kind=StructureKind(row[4]),
            option=row[5],
            action=row[6],
            quantity=row[7],
            price=dollars(row[8]),
            fee=dollars(row[9]),
            filled_at=datetime.fromisoformat(row[10]),
            fill_model=row[11],
            note=row[12],
        )
        for row in rows
    ]


async def _one(connection: Connection, sql: str, parameters: Sequence[object] = ()) -> Row | None:
    rows = list(await connection.execute_fetchall(sql, parameters))
    return rows[0] if rows else None


def _closed_position(row: Row) -> ClosedPosition:
    return ClosedPosition(
        position_id=_id(row[0]),
        symbol=row[1],
        kind=StructureKind(row[2]),
        expiry=date.fromisoformat(row[3]),
        contracts=row[4],
        credit=dollars(row[5]),
        debit=dollars(row[6]),
        fees=dollars(row[7]),
        realised=dollars(row[8]),
        opened_at=datetime.fromisoformat(row[9]),
        closed_at=datetime.fromisoformat(row[10]),
        reason=row[11],
    )


def _id(number: int) -> str:
    return f"P{number}"


def _number(position_id: str) -> int:
    digits = position_id.removeprefix("P")
    if not digits.isdecimal():
        raise OrderRefusedError(f"{position_id} is no position; their ids read P1, P2 and so on")
    return int(digits)
