"""What is told of one strategy: how it stands, for whoever shows it, and what happened to it, written down."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from cockpit.clock import Clock
from cockpit.errors import StorageError
from cockpit.health.status import State
from cockpit.portfolio.ledger import ZERO, CostMethod, Fill, Holding
from cockpit.storage.strategies import AuditEntry, Event, StoredRun, StoredSignal, StrategyRows
from cockpit.strategies.standing import Standing
from cockpit.ticks.bars import parse_timeframe

log = logging.getLogger(__name__)

FLAT = Holding(multiplier=ZERO + 1, method=CostMethod.AVERAGE)
"""No coin is held yet."""


class Journal:
    """Of one strategy on one symbol and timeframe.

    Attributes:
        standing: how it stands; marks are for whoever shows it to add.
        last_error: why it was stopped or refused last; it stays after a restart.
    """

    def __init__(self, standing: Standing, rows: StrategyRows, clock: Clock) -> None:
        self.standing = standing
        self.last_error = ""
        self._rows = rows
        self._clock = clock

    def change(self, **changes: object) -> None:
        """Other values of the standing, by the names of its fields."""
        self.standing = replace(self.standing, **changes)  # type: ignore[arg-type]  # fields of the standing

    def run(self, run: StoredRun) -> None:
        """It stands as this run was left."""
        self.standing = as_left(self.standing, run)

    def signal(self, signal: StoredSignal) -> None:
        """What it said last, and what has become of that."""
        self.standing = _with_signal(self.standing, signal)

    def filled(self, holding: Holding, fills: int) -> None:
        """What it holds after so many fills more."""
        self.standing = _with_holding(self.standing, holding, self.standing.fills + fills)

    def tell(self, state: State, sentence: str, *, told: bool = False) -> None:
        """Trouble. ``told``: users must be told of it at once."""
        self.last_error = sentence
        log.warning("%s %s", self.standing.label, sentence)
        self.change(state=state, message=sentence, told=self.standing.told + told)

    async def audit(self, event: Event, sentence: str) -> None:
        """Write down what happened; where that cannot be done, the log has it."""
        label = self.standing.label
        try:
            await self._rows.audit(AuditEntry(self._clock.now(), label, event, sentence))
        except StorageError as error:
            log.warning("%s %s: %s; it could not be written down: %s", label, event, sentence, error)


def held_after(fills: Sequence[Fill], holding: Holding = FLAT) -> Holding:
    """What is held after these fills."""
    for fill in fills:
        holding = holding.after(fill)
    return holding


def as_left(standing: Standing, run: StoredRun) -> Standing:
    """How a strategy stands whose run was left like this."""
    standing = _with_holding(standing, held_after(run.fills), len(run.fills))
    return standing if run.last is None else _with_signal(standing, run.last)


def _with_holding(standing: Standing, holding: Holding, fills: int) -> Standing:
    return replace(
        standing,
        quantity=holding.quantity,
        average=holding.average if holding.quantity else None,
        realised=holding.realised,
        fees=holding.fees,
        unrealised=None if holding.quantity else ZERO,
        fills=fills,
    )


def _with_signal(standing: Standing, signal: StoredSignal) -> Standing:
    closed_ms = signal.bar_ms + parse_timeframe(standing.timeframe)
    return replace(
        standing,
        reason=signal.reason,
        signal_at=datetime.fromtimestamp(closed_ms / 1000, UTC),
        signal_target=signal.target,
        outcome=signal.outcome.value,
        incomplete=signal.missing,
    )
