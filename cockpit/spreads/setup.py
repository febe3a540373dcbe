"""What all structures of one candidate share: its smile, its laws of the price, and the terms of trading."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from cockpit.options.calendar import closes_at
from cockpit.options.forward import trading_years
from cockpit.options.smile import Smile
from cockpit.scan.candidate import Candidate
from cockpit.scan.expiry import morning_after
from cockpit.spreads.exposure import Exposure, OpenBook
from cockpit.spreads.law import PhysicalLaw, outlook, physical_law
from cockpit.spreads.morning import Morning
from cockpit.spreads.pricing import FRACTIONS
from cockpit.spreads.scoring import Scorer, scorers

if TYPE_CHECKING:
    from cockpit.settings import Settings


@dataclass(frozen=True, slots=True)
class MorningAfter:
    """The exit: when it is, the prices then, and the trading years that the traded expiry has left."""

    at: datetime
    prices: Morning
    years_left: float


@dataclass(frozen=True, slots=True)
class Setup:
    """One candidate, ready to be traded.

    Attributes:
        law: of the price at expiry; None where the premium or the event is not known: then nothing is expected.
        exit: None as above, or where the expiry ends before that morning.
        fraction: share of the half spread that the fill model gives away.
        scorers: the one that ranks first.
        exposure: the account that sizes are measured against.
    """

    candidate: Candidate
    smile: Smile
    spot: float
    law: PhysicalLaw | None
    exit: MorningAfter | None
    fraction: Decimal
    settings: "Settings"
    scorers: tuple[Scorer, ...]
    exposure: Exposure
    now: datetime

    def commission(self, contracts: int) -> float:
        """Dollars to open (or to close) so many option contracts."""
        return self.settings.portfolio.commission * contracts


def setup_of(
    candidate: Candidate, smile: Smile, spot: float, now: datetime, settings: "Settings", book: OpenBook
) -> Setup:
    """The setup of one candidate at its expiry's smile."""
    return Setup(
        candidate=candidate,
        smile=smile,
        spot=spot,
        law=law_at(candidate, smile, trading_years(smile.chain.expiry, now), settings),
        exit=_exit(candidate, smile, now, settings),
        fraction=FRACTIONS[settings.portfolio.fill_model],
        settings=settings,
        scorers=scorers(settings.scoring),
        exposure=book.beside(candidate.symbol, candidate.report_date, candidate.sector),
        now=now,
    )


def law_at(candidate: Candidate, smile: Smile, years: float, settings: "Settings") -> PhysicalLaw | None:
    """The candidate's physical law of the price in so many trading years, the report among them."""
    expected = outlook(candidate)
    if expected is None or candidate.event_sd is None:
        return None
    law = physical_law(
        smile.forward.price,
        years,
        expected.ambient,
        candidate.event_sd,
        expected.premium,
        fat_tails=settings.spreads.tails == "fat",
    )
    return law if law.variance > 0.0 else None


def _exit(candidate: Candidate, smile: Smile, now: datetime, settings: "Settings") -> MorningAfter | None:
    at = morning_after(candidate.report_date, candidate.timing)
    expiry = smile.chain.expiry
    if candidate.ambient_vol is None or not now < at < closes_at(expiry):
        return None
    left = trading_years(expiry, at)
    law = law_at(candidate, smile, max(trading_years(expiry, now) - left, 0.0), settings)
    return None if law is None else MorningAfter(at, Morning(law, candidate.ambient_vol), left)
