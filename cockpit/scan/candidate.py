"""A name that reports soon, with everything the scan found out about it."""

from dataclasses import dataclass
from datetime import date, datetime

from cockpit.scan.earnings import DateClaim, Timing
from cockpit.scan.event_volatility import ExpectedTerm, TermPoint
from cockpit.scan.liquidity import Tier
from cockpit.scan.moves import LeftOut, Reaction
from cockpit.scan.sentiment import Sentiment
from cockpit.scan.skew import Skew
from cockpit.spreads.structure import Study, Unbuilt

WAITS = "past reports wait"
"""Doubt about a name whose past reports are not asked for yet, since the vendor's allowance is for others first."""


@dataclass(frozen=True, slots=True)
class MethodMove:
    """An implied move, a fraction of the price, by the method's name in the settings."""

    method: str
    move: float


@dataclass(frozen=True, slots=True)
class InputSource:
    """Where an input came from, and the time that its age counts from (None where no vendor gives one)."""

    what: str
    source: str
    at: datetime | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row of the candidates pane. None means unknown: shown as ``?``, never scored, never traded.

    Moves are fractions of the price: 0.079 for 7.9 %.

    Attributes:
        expiry: the first expiry that covers the report.
        implied_move: expected absolute move by ``implied_method``.
        event_move: expected absolute move of the report alone, from the variance of two expiries.
        event_sd: standard deviation of the report's log move; its square is the event variance.
        ambient_vol: annualised volatility without the report.
        atm_iv: at-the-money-forward volatility of ``expiry``.
        historical_mean: mean absolute close-to-close reaction of past reports.
        quarters: how many past reports that mean stands on.
        vrp: implied over historical, shrunk towards the market's average with ``quarters``: the ranking figure.
        vrp_mean: the plain ratio.
        dispersion: median absolute deviation over median of the reactions.
        tail_ratio: largest over mean reaction.
        tier: liquidity of the near-the-money options; ``open_interest`` is the middle one of theirs.
        sentiment: what people write about it; None where nobody was asked. It never scores.
        score: of the best spread, 0 to 100.
        best_spread: id of that spread.
        left_out: past reports among ``reactions`` that have none, with the reason.
        flags: doubts in short words, for instance ``no timing`` or ``3 quarters``.
        problem: why there are no figures, as one sentence; None where there are.
        quoted_at: age reference of the chain, UTC.
        weekly: True where ``expiry`` is no monthly expiry.
        report_date: the day of the scan where no coming report is known (then ``problem`` says so).
        implied_moves: the move by every method that the quotes allow, named as in the settings.
        event_flag: how far the event's variance can be believed: ``ok``, or one of
            :class:`cockpit.scan.event_volatility.EventFlag`; empty where there is none.
        event_variances: of the expiries that hold the report, nearest first.
        event_before: of the expiry before the report that gave the ambient volatility; None where later ones did.
        before_note: why no expiry before the report was used; empty where one was.
        realised_vol: annual, of the last 20 ordinary closes.
        vrp_basis: which implied move the ratios stand on: ``event``, or the method's name.
        vrp_median, vrp_ewma, vrp_winsor: the other ratios, for comparison.
        vrp_tier: EXCELLENT, GOOD, MARGINAL or SKIP by the plain ratio and the profile in the settings.
        date_sources: what each source says of the report's day, the leading calendar first.
        confirmations: calendars that name ``report_date``.
        timing_confirmed: False where ``timing`` is unknown or taken from the habit of past reports.
        sources: of the figures, in the order in which they were used.
        term: at-the-money volatilities by expiry, before the report and as expected on the morning after.
        event_residual: root mean square error of the fit to three and more expiries, relative to the first variance.
        skew: of the traded expiry; None where the quotes do not reach far enough. ``bias`` is what it leans to.
        tails: of the law that the spreads were measured under: ``fat`` or ``normal``.
        unbuilt: structures that the chain does not give, with the reason.
        studies: structures that are shown for comparison and never traded.
        risk_free: annual rate that forwards and volatilities were computed with.
        trend: ``increasing``, ``decreasing`` or ``stable`` reactions; consistency: 0 to 100.
    """

    symbol: str
    name: str
    report_date: date
    timing: Timing
    scanned_at: datetime
    sector: str | None = None
    spot: float | None = None
    forward: float | None = None
    expiry: date | None = None
    weekly: bool | None = None
    implied_move: float | None = None
    implied_method: str = "atmf"
    event_move: float | None = None
    event_sd: float | None = None
    ambient_vol: float | None = None
    atm_iv: float | None = None
    historical_mean: float | None = None
    historical_median: float | None = None
    quarters: int = 0
    vrp: float | None = None
    vrp_mean: float | None = None
    dispersion: float | None = None
    tail_ratio: float | None = None
    tier: Tier | None = None
    open_interest: int | None = None
    reactions: tuple[Reaction, ...] = ()
    sentiment: Sentiment | None = None
    score: float | None = None
    best_spread: str | None = None
    flags: tuple[str, ...] = ()
    problem: str | None = None
    quoted_at: datetime | None = None
    implied_moves: tuple[MethodMove, ...] = ()
    event_flag: str = ""
    event_variances: tuple[TermPoint, ...] = ()
    event_before: TermPoint | None = None
    before_note: str = ""
    realised_vol: float | None = None
    vrp_basis: str = ""
    vrp_median: float | None = None
    vrp_ewma: float | None = None
    vrp_winsor: float | None = None
    vrp_tier: str | None = None
    trend: str | None = None
    consistency: float | None = None
    date_sources: tuple[DateClaim, ...] = ()
    confirmations: int = 0
    timing_confirmed: bool = False
    risk_free: float | None = None
    sources: tuple[InputSource, ...] = ()
    term: tuple[ExpectedTerm, ...] = ()
    event_residual: float | None = None
    skew: Skew | None = None
    bias: str = ""
    tails: str = "normal"
    unbuilt: tuple[Unbuilt, ...] = ()
    studies: tuple[Study, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class ScanProgress:
    """How far the running or last scan is.

    Attributes:
        total: names to look at; 0 before the calendar is there.
        done: names looked at, whether they gave figures or not.
        failed: of those, how many gave none.
        finished_at: None while the scan runs.
        message: the sentence to show, for instance why a scan could not start.
    """

    started_at: datetime
    total: int = 0
    done: int = 0
    failed: int = 0
    finished_at: datetime | None = None
    message: str = ""
    cancelled: bool = False
