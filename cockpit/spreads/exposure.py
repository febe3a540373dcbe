"""What a size is measured against: the account, and what its open positions already have at risk.

One answer for the scan and for the ticket, so that both come to the same number of contracts.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Exposure:
    """The account as one spread meets it, dollars.

    Attributes:
        equity: what caps are shares of.
        open_risk: max loss of all open positions; ``symbol_risk`` of those in the name, ``report_day_risk`` of those
            that report on its day, ``sector_risk`` of those in its sector: None where that is not known, and then there
            is no cap a sector.
        buying_power: what is free for new risk; None where it does not bind.
    """

    equity: float
    open_risk: float = 0.0
    symbol_risk: float = 0.0
    report_day_risk: float = 0.0
    sector_risk: float | None = 0.0
    buying_power: float | None = None


@dataclass(frozen=True, slots=True)
class Stake:
    """What one open position can lose, dollars."""

    symbol: str
    max_loss: float
    report_date: date | None = None
    sector: str | None = None


@dataclass(frozen=True, slots=True)
class OpenBook:
    """The account with all of its stakes; arguments as of :class:`Exposure`."""

    equity: float
    buying_power: float | None = None
    stakes: tuple[Stake, ...] = ()

    def beside(self, symbol: str, report_date: date | None, sector: str | None) -> Exposure:
        """What is at risk beside a spread. What has no report day or sector shares none with anything."""
        open_risk = symbol_risk = day_risk = sector_risk = 0.0
        for stake in self.stakes:
            open_risk += stake.max_loss
            symbol_risk += stake.max_loss * (stake.symbol == symbol)
            day_risk += stake.max_loss * (report_date is not None and stake.report_date == report_date)
            sector_risk += stake.max_loss * (stake.sector == sector)
        known = None if sector is None else sector_risk
        return Exposure(self.equity, open_risk, symbol_risk, day_risk, known, self.buying_power)
