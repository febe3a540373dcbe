"""Fills become positions: signed quantity, cost, realised result, fees and cash, to the last digit.

After every fill, at any marks: ``cash + sum(quantity * mark * multiplier) = start + realised - fees + unrealised``.
The two methods of cost split the same result differently between realised and unrealised. All quantities, prices and
money are :class:`~decimal.Decimal`; nothing is rounded but the cost released by a partial close, and what such a
rounding keeps back is realised by the close that follows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal, localcontext
from enum import StrEnum

ZERO = Decimal(0)
_RELEASED = Decimal("1e-12")
_DIGITS = 60


class CostMethod(StrEnum):
    """Which cost a close releases: the average of all that is held, or that of the oldest lot first."""

    AVERAGE = "average"
    FIFO = "fifo"


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution in one instrument.

    Attributes:
        quantity: signed; bought is positive, sold negative; never zero.
        price: dollars per unit of the underlying.
        fee: dollars for the whole fill, not negative.
        multiplier: units a contract: 100 for an equity option, 1 for shares and coins.
    """

    instrument: str
    quantity: Decimal
    price: Decimal
    fee: Decimal = ZERO
    multiplier: Decimal = Decimal(1)

    @property
    def value(self) -> Decimal:
        """What the fill costs in dollars without its fee; negative where it brings cash in."""
        return self.quantity * self.price * self.multiplier


@dataclass(frozen=True, slots=True)
class Lot:
    """A signed quantity with the signed dollars it cost."""

    quantity: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held of one instrument; ``lots`` are the oldest first and all of one sign.

    Attributes:
        realised: dollars, before fees.
        fees: dollars paid on all fills so far.
    """

    multiplier: Decimal
    method: CostMethod
    lots: tuple[Lot, ...] = ()
    realised: Decimal = ZERO
    fees: Decimal = ZERO

    @property
    def quantity(self) -> Decimal:
        """Signed quantity; zero when flat."""
        return sum((lot.quantity for lot in self.lots), ZERO)

    @property
    def cost(self) -> Decimal:
        """Signed dollars that the open quantity cost."""
        with localcontext(Context(prec=_DIGITS)):
            return sum((lot.cost for lot in self.lots), ZERO)

    @property
    def average(self) -> Decimal:
        """Average price per unit of the open quantity; zero when flat."""
        return self.cost / (self.quantity * self.multiplier) if self.quantity else ZERO

    def unrealised(self, mark: Decimal) -> Decimal:
        """Dollars that closing at ``mark`` would realise, before fees."""
        with localcontext(Context(prec=_DIGITS)):
            return self.quantity * mark * self.multiplier - self.cost

    def after(self, fill: Fill) -> "Holding":
        """The holding after one more fill.

        Raises:
            ValueError: the fill has no quantity, or another multiplier than what is held.
        """
        if not fill.quantity:
            raise ValueError(f"a fill of {fill.instrument} without a quantity is no fill")
        if fill.multiplier != self.multiplier:
            raise ValueError(f"{fill.instrument} has multiplier {self.multiplier}, not {fill.multiplier}")
        with localcontext(Context(prec=_DIGITS)):
            return self._after(fill)

    def _after(self, fill: Fill) -> "Holding":
        lots = list(self.lots)
        realised = self.realised
        remaining = fill.quantity
        while remaining and lots and (lots[0].quantity > 0) != (remaining > 0):
            lot = lots.pop(0)
            if abs(remaining) >= abs(lot.quantity):
                closed, released = lot.quantity, lot.cost
            else:
                closed = -remaining
                released = (lot.cost * closed / lot.quantity).quantize(_RELEASED)
                lots.insert(0, Lot(lot.quantity - closed, lot.cost - released))
            realised += closed * fill.price * fill.multiplier - released
            remaining += closed
        if remaining:
            lots.append(Lot(remaining, remaining * fill.price * fill.multiplier))
        if self.method is CostMethod.AVERAGE and len(lots) > 1:
            lots = [Lot(sum((lot.quantity for lot in lots), ZERO), sum((lot.cost for lot in lots), ZERO))]
        return replace(self, lots=tuple(lots), realised=realised, fees=self.fees + fill.fee)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The whole book: cash and holdings by instrument. A flat holding stays, with what it has realised."""

    cash: Decimal
    method: CostMethod = CostMethod.AVERAGE
    holdings: Mapping[str, Holding] = field(default_factory=dict)

    @property
    def realised(self) -> Decimal:
        """Dollars realised on all instruments, before fees."""
        return sum((holding.realised for holding in self.holdings.values()), ZERO)

    @property
    def fees(self) -> Decimal:
        """Dollars paid in fees on all fills."""
        return sum((holding.fees for holding in self.holdings.values()), ZERO)

    def after(self, *fills: Fill) -> "Ledger":
        """The book after more fills; see :meth:`Holding.after` for what it refuses."""
        cash = self.cash
        holdings = dict(self.holdings)
        for fill in fills:
            holding = holdings.get(fill.instrument) or Holding(fill.multiplier, self.method)
            holdings[fill.instrument] = holding.after(fill)
            with localcontext(Context(prec=_DIGITS)):
                cash -= fill.value + fill.fee
        return replace(self, cash=cash, holdings=holdings)

    def unrealised(self, marks: Mapping[str, Decimal]) -> Decimal | None:
        """Dollars before fees at these marks; None where an open instrument has no mark."""
        total = ZERO
        for instrument, holding in self.holdings.items():
            if not holding.quantity:
                continue
            mark = marks.get(instrument)
            if mark is None:
                return None
            total += holding.unrealised(mark)
        return total
