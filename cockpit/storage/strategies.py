"""What strategies at work wanted and got: a signal once a bar, a fill once a signal, and never any of them twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from sqlite3 import Row

from aiosqlite import Connection

from cockpit.errors import StorageError
from cockpit.portfolio.ledger import Fill
from cockpit.storage.database import Database
from cockpit.storage.money import stamp
from cockpit.ticks.units import LARGEST, PLACES, unscaled

_SCALE = Decimal(10**PLACES)
_SIGNAL = "signal, bar_ms, target, reason, missing, decided_at, outcome"

_FILL = (
    "INSERT INTO strategies_fills (signal, part, quantity_e8, price_e8, fee_e8, filled_at) VALUES (?, ?, ?, ?, ?, ?)"
)


class Outcome(StrEnum):
    """What became of a signal."""

    WAITING = "waiting"
    """For the next bid and ask."""
    FILLED = "filled"
    KEPT = "kept"
    """The position was there already."""
    LAPSED = "lapsed"
    """Nothing could be filled; it counts as not said."""


class Event(StrEnum):
    """What the audit tells of a run."""

    STARTED = "started"
    STOPPED = "stopped"
    """It failed or did what it must not."""
    REFUSED = "refused"
    """A file or parameters were not taken; where there was one before, that goes on."""
    LAPSED = "lapsed"
    LATE = "late"
    """A signal was acted on after its time."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class StoredSignal:
    """What a strategy said to a bar.

    Attributes:
        signal: its number.
        bar_ms: first millisecond of the bar.
        target: signed share of the stake.
        missing: the bar lacked trades.
    """

    signal: int
    bar_ms: int
    target: float
    reason: str
    missing: bool
    decided_at: datetime
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run as it stands.

    Attributes:
        run: its number.
        label: ``sma_cross BTCUSDT 1m``.
        began_ms: first millisecond of the first bar to which it could say something.
        fills: all of them, oldest first.
        filled: the last signal that moved the position or found it in place; None before the first.
        last: the last signal of all.
    """

    run: int
    label: str
    strategy: str
    symbol: str
    timeframe: str
    began_ms: int
    fills: tuple[Fill, ...] = ()
    filled: StoredSignal | None = None
    last: StoredSignal | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What happened to a run, in one sentence."""

    at: datetime
    label: str
    event: Event
    sentence: str


class StrategyRows:
    """Reads and writes the strategies' tables. Writers raise StorageError where nothing can be written now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def runs(self) -> list[StoredRun]:
        """Every run that has not ended, by label."""
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall("SELECT run FROM strategies_runs WHERE ended_at IS NULL")
            found = [await _run(connection, row[0]) for row in rows]
        return sorted(found, key=lambda one: one.label)

    async def open_run(self, label: str, strategy: str, symbol: str, timeframe: str, began_ms: int) -> StoredRun:
        """The run of this label: the one that goes on, or a new one that begins with this bar."""
        async with self._database.write() as connection:
            await connection.execute(
                "INSERT OR IGNORE INTO strategies_runs (label, strategy, symbol, timeframe, began_ms) "
                "VALUES (?, ?, ?, ?, ?)",
                (label, strategy, symbol, timeframe, began_ms),
            )
            row = await _one(
                connection, "SELECT run FROM strategies_runs WHERE label = ? AND ended_at IS NULL", (label,)
            )
            if row is None:
                raise StorageError(f"the run of {label} could not be written")
            return await _run(connection, row[0])

    async def end_runs(self, at: datetime, label: str | None = None) -> None:
        """End the run of this label, or all of them: the next one begins flat."""
        chosen, values = (" AND label = ?", (stamp(at), label)) if label is not None else ("", (stamp(at),))
        async with self._database.write() as connection:
            await connection.execute(f"UPDATE strategies_runs SET ended_at = ? WHERE ended_at IS NULL{chosen}", values)

    async def add_signal(
        self, run: int, bar_ms: int, target: float, reason: str, at: datetime, *, missing: bool, outcome: Outcome
    ) -> StoredSignal | None:
        """Write down what was said to a bar; None where something was said to it before."""
        async with self._database.write() as connection:
            cursor = await connection.execute(
                "INSERT OR IGNORE INTO strategies_signals (run, bar_ms, target, reason, missing, decided_at, outcome) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (run, bar_ms, target, reason, int(missing), stamp(at), outcome.value),
            )
            if cursor.rowcount != 1 or cursor.lastrowid is None:
                return None
            return StoredSignal(cursor.lastrowid, bar_ms, target, reason, missing, at, outcome)

    async def settle(self, signal: StoredSignal, outcome: Outcome, fills: Sequence[Fill], at: datetime) -> bool:
        """Give a waiting signal its outcome, with its fills; False where it has one already. Committed on return.

        Raises:
            StorageError: a quantity, price or fee does not fit the table, or nothing can be written now.
        """
        rows = [(signal.signal, part, *_units(fill), stamp(at)) for part, fill in enumerate(fills)]
        async with self._database.write() as connection:
            cursor = await connection.execute(
                "UPDATE strategies_signals SET outcome = ? WHERE signal = ? AND outcome = 'waiting'",
                (outcome.value, signal.signal),
            )
            if cursor.rowcount != 1:
                return False
            await connection.executemany(_FILL, rows)
        return True

    async def flatten(self, run: StoredRun, fill: Fill, sentence: str, at: datetime) -> bool:
        """Fill what leaves a run flat, end it and say so in the audit, all of it or nothing; False where it has ended.

        Raises:
            StorageError: the fill does not fit the table, or nothing can be written now.
        """
        bar_ms = max(int(at.timestamp() * 1000), run.began_ms if run.last is None else run.last.bar_ms + 1)
        units = _units(fill)
        async with self._database.write() as connection:
            cursor = await connection.execute(
                "UPDATE strategies_runs SET ended_at = ? WHERE run = ? AND ended_at IS NULL", (stamp(at), run.run)
            )
            if cursor.rowcount != 1:
                return False
            await connection.execute(
                "UPDATE strategies_signals SET outcome = 'lapsed' WHERE run = ? AND outcome = 'waiting'", (run.run,)
            )
            cursor = await connection.execute(
                "INSERT INTO strategies_signals (run, bar_ms, target, reason, missing, decided_at, outcome) "
                "VALUES (?, ?, 0, 'flattened by hand', 0, ?, 'filled')",
                (run.run, bar_ms, stamp(at)),
            )
            await connection.execute(_FILL, (cursor.lastrowid, 0, *units, stamp(at)))
            await _audit(connection, AuditEntry(at, run.label, Event.ENDED, sentence))
        return True

    async def audit(self, entry: AuditEntry) -> None:
        """Write down what happened."""
        async with self._database.write() as connection:
            await _audit(connection, entry)

    async def audits(self, label: str | None = None, limit: int = 100) -> list[AuditEntry]:
        """What happened, newest first: to the runs of one label, or to all."""
        chosen, values = ("WHERE label = ? ", (label, limit)) if label is not None else ("", (limit,))
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(
                f"SELECT at, label, event, sentence FROM strategies_audit {chosen}ORDER BY entry DESC LIMIT ?", values
            )
        return [AuditEntry(datetime.fromisoformat(at), label, Event(event), said) for at, label, event, said in rows]


async def _audit(connection: Connection, entry: AuditEntry) -> None:
    await connection.execute(
        "INSERT INTO strategies_audit (at, label, event, sentence) VALUES (?, ?, ?, ?)",
        (stamp(entry.at), entry.label, entry.event.value, entry.sentence),
    )


async def _run(connection: Connection, run: int) -> StoredRun:
    row = await _one(
        connection, "SELECT label, strategy, symbol, timeframe, began_ms FROM strategies_runs WHERE run = ?", (run,)
    )
    if row is None:
        raise StorageError(f"there is no run {run} of a strategy")
    label, strategy, symbol, timeframe, began_ms = row
    fills = await connection.execute_fetchall(
        "SELECT quantity_e8, price_e8, fee_e8 FROM strategies_fills JOIN strategies_signals USING (signal) "
        "WHERE run = ? ORDER BY fill",
        (run,),
    )
    newest = f"SELECT {_SIGNAL} FROM strategies_signals WHERE run = ?{{}} ORDER BY bar_ms DESC LIMIT 1"
    last = await _one(connection, newest.format(""), (run,))
    filled = await _one(connection, newest.format(" AND outcome IN ('filled', 'kept')"), (run,))
    return StoredRun(
        *(run, label, strategy, symbol, timeframe, began_ms),
        fills=tuple(Fill(symbol, unscaled(one[0]), unscaled(one[1]), unscaled(one[2])) for one in fills),
        filled=None if filled is None else _signal(filled),
        last=None if last is None else _signal(last),
    )


def _signal(row: Row) -> StoredSignal:
    signal, bar_ms, target, reason, missing, decided_at, outcome = row
    decided = datetime.fromisoformat(decided_at)
    return StoredSignal(signal, bar_ms, target, reason, bool(missing), decided, Outcome(outcome))


async def _one(connection: Connection, query: str, values: Sequence[object] = ()) -> Row | None:
    async with connection.execute(query, values) as rows:
        return await rows.fetchone()


def _units(fill: Fill) -> tuple[int, int, int]:
    """Quantity, price and fee in units of 1e-8."""
    exact = [value * _SCALE for value in (fill.quantity, fill.price, fill.fee)]
    units = [int(value) for value in exact]
    if units != exact or max(map(abs, units)) > LARGEST:
        raise StorageError(f"{fill.quantity} {fill.instrument} at {fill.price} does not fit the table of fills")
    return units[0], units[1], units[2]
