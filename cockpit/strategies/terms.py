"""On which terms a strategy trades: its stake and its costs, and the fills that bring a position to a target."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal

from cockpit.portfolio.ledger import ZERO, Fill

FINEST = Decimal("1e-8")
"""The finest price, quantity and fee."""

_BASIS_POINT = Decimal("1e-4")


@dataclass(frozen=True, slots=True)
class Terms:
    """Money is in the symbol's quote currency.

    Attributes:
        stake: what a target is a share of; results are not added to it.
        fee_bp: basis points of what a fill is worth.
        slippage_bp: basis points that a fill is worse than the price it is made at.
        step: quantities are whole multiples of it; the finest where the symbol's own is not known.
    """

    stake: Decimal
    fee_bp: Decimal = Decimal(10)
    slippage_bp: Decimal = ZERO
    step: Decimal = FINEST

    def fills(self, symbol: str, held: Decimal, target: float, price: Decimal) -> tuple[Fill, ...]:
        """The fills that bring ``held`` to a target at this price; none where less than a step is missing.

        A position is turned by two of them: the first closes it, the second opens the other side. Quantities are
        rounded towards zero, prices and fees against the trader.

        Args:
            held: signed quantity.
            target: signed share of the stake.
            price: quote currency per unit before slippage, positive.
        """
        wanted = (Decimal(repr(target)) * self.stake / price).quantize(FINEST, ROUND_DOWN) // self.step * self.step
        if held and wanted and (held > 0) != (wanted > 0):
            return self._fill(symbol, -held, price), self._fill(symbol, wanted, price)
        return (self._fill(symbol, wanted - held, price),) if wanted != held else ()

    def _fill(self, symbol: str, quantity: Decimal, price: Decimal) -> Fill:
        slip = self.slippage_bp * _BASIS_POINT
        paid = (
            (price * (1 + slip)).quantize(FINEST, ROUND_CEILING)
            if quantity > 0
            else (price * (1 - slip)).quantize(FINEST, ROUND_FLOOR)
        )
        fee = (abs(quantity) * paid * self.fee_bp * _BASIS_POINT).quantize(FINEST, ROUND_CEILING)
        return Fill(symbol, quantity, paid, fee)
