"""How a strategy at work stands, for whoever shows it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cockpit.health.status import State
from cockpit.portfolio.ledger import ZERO


@dataclass(frozen=True, slots=True)
class Standing:
    """A strategy on one symbol. Money is in the symbol's quote currency.

    Attributes:
        label: ``sma_cross BTCUSDT 1m``.
        state: ``starting`` while it warms up, ``up`` at work, ``down`` stopped or refused, ``off`` where none runs.
        message: why it is not at work, or what was refused; empty where all is well.
        told: counts what users must be told of, so that each message is told once.
        heard, warm_up: bars that it has had, and those that it needs before it may speak.
        quantity: signed; of the base currency.
        average: what a unit of it cost; None when flat.
        realised: before fees; fees: of all fills.
        mark: middle of bid and ask, or the last trade; None where neither is known.
        fills: number of them.
        reason: of the last signal; "" before the first.
        signal_at: when the bar of that signal had closed, UTC.
        signal_target: what it wanted, as a share of the stake.
        outcome: what became of it: ``waiting``, ``filled``, ``kept`` or ``lapsed``.
        incomplete: the signal's bar lacked trades.
    """

    label: str
    strategy: str
    symbol: str
    timeframe: str
    state: State = State.STARTING
    message: str = ""
    told: int = 0
    heard: int = 0
    warm_up: int = 0
    quantity: Decimal = ZERO
    average: Decimal | None = None
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    mark: Decimal | None = None
    unrealised: Decimal | None = ZERO
    fills: int = 0
    reason: str = ""
    signal_at: datetime | None = None
    signal_target: float | None = None
    outcome: str = ""
    incomplete: bool = False

    @property
    def side(self) -> str:
        """``long``, ``short`` or ``flat``."""
        return "long" if self.quantity > 0 else "short" if self.quantity < 0 else "flat"

    @property
    def pnl(self) -> Decimal | None:
        """After fees, the open position at its mark; None where there is no mark."""
        return None if self.unrealised is None else self.realised - self.fees + self.unrealised
