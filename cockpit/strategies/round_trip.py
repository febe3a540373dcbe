"""One trade of a strategy from flat to flat, however many fills it took."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from cockpit.portfolio.ledger import ZERO, CostMethod, Fill, Holding


class Side(StrEnum):
    """Which way a position profits."""

    LONG = "long"
    SHORT = "short"


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """A position from its first fill to its last; money in the quote currency.

    Attributes:
        opened_ms: open of the bar of the first fill, milliseconds since 1970 UTC.
        closed_ms: the same of the last; None while the position is open.
        quantity: the most that was held, without a sign.
        entry, exit: average price of the fills that opened and of those that closed; of an open position the exit is
            the mark.
        pnl: after fees; of an open position at its mark, without the fee of closing.
        bars: through whose close it was held.
        entry_reason, exit_reason: what the strategy said.
    """

    side: Side
    opened_ms: int
    closed_ms: int | None
    quantity: Decimal
    entry: Decimal
    exit: Decimal
    pnl: Decimal
    fees: Decimal
    bars: int
    entry_reason: str
    exit_reason: str


class OpenTrip:
    """A position that is held: its fills so far, at average cost."""

    def __init__(self, opened_ms: int, reason: str) -> None:
        self.bars = 0
        self._opened_ms = opened_ms
        self._reason = reason
        self._holding = Holding(Decimal(1), CostMethod.AVERAGE)
        self._most = ZERO
        # Quantity and worth of the fills that opened, and of those that closed.
        self._opened = self._closed = (ZERO, ZERO)

    @property
    def quantity(self) -> Decimal:
        """Signed quantity that is held; zero once it is closed."""
        return self._holding.quantity

    @property
    def cash(self) -> Decimal:
        """What has come in by its fills, less what has gone out for them and their fees."""
        return self._holding.realised - self._holding.fees - self._holding.cost

    def add(self, fill: Fill) -> None:
        """Count a fill in; none may turn the position."""
        opens = fill.quantity * self._holding.quantity >= 0
        self._holding = self._holding.after(fill)
        self._most = max(self._most, self._holding.quantity, key=abs)
        worth = abs(fill.quantity), abs(fill.value)
        if opens:
            self._opened = self._opened[0] + worth[0], self._opened[1] + worth[1]
        else:
            self._closed = self._closed[0] + worth[0], self._closed[1] + worth[1]

    def as_of(self, mark: Decimal, closed_ms: int | None = None, reason: str = "") -> RoundTrip:
        """The trade at this mark, or as it was closed."""
        holding = self._holding
        quantity, worth = self._closed
        return RoundTrip(
            Side.LONG if self._most > 0 else Side.SHORT,
            self._opened_ms,
            closed_ms,
            abs(self._most),
            self._opened[1] / self._opened[0],
            mark if closed_ms is None else worth / quantity,
            holding.realised + holding.unrealised(mark) - holding.fees,
            holding.fees,
            self.bars,
            self._reason,
            reason,
        )
