"""What a scan finds about one name, and the memory that spares repeating it while nothing has changed."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from cockpit.options.chain import OptionChain
from cockpit.options.smile import Smiles
from cockpit.scan.analysis import analyse
from cockpit.scan.candidate import Candidate
from cockpit.scan.earnings import EarningsReport, PastReport
from cockpit.scan.moves import DailyBar
from cockpit.scan.report_dates import DateTrust
from cockpit.spreads.exposure import OpenBook
from cockpit.spreads.propose import proposals
from cockpit.spreads.sizing import contracts, simultaneous_share
from cockpit.spreads.structure import Spread

if TYPE_CHECKING:
    from cockpit.settings import Settings, SizingSettings

_GOOD_FOR = timedelta(minutes=2)
"""Market time for which figures stand although the time to expiry has gone on."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that the figures of one name follow from, apart from the time.

    Attributes:
        chains: of expiries that hold the report, nearest first; the first is the one that is traded.
        book: the account, and what is open in it.
        listed: every expiry that the venue lists.
        before: chain of the last expiry before the report; None where it was not read.
        far: chain of the expiry that a calendar would buy, where it is none of ``chains`` and was read.
    """

    report: EarningsReport
    spot: float
    chains: tuple[OptionChain, ...]
    history: Sequence[DailyBar]
    past: Sequence[PastReport]
    book: OpenBook
    doubts: tuple[str, ...] = ()
    dates: DateTrust | None = None
    listed: tuple[date, ...] = ()
    before: OptionChain | None = None
    far: OptionChain | None = None

    def extends(self, other: "Inputs") -> bool:
        """True where a closer look at the other has given these: beyond its chains and doubts nothing differs."""
        return replace(self, before=other.before, far=other.far, doubts=other.doubts).same(other)

    def same(self, other: "Inputs") -> bool:
        """True where both hold the very same vendor answers: a cached answer is decoded once and handed out again."""
        return (
            self.report == other.report
            and self.spot == other.spot
            and self.book == other.book
            and self.doubts == other.doubts
            and self.dates == other.dates
            and self.history == other.history
            and self.past == other.past
            and self.listed == other.listed
            and self.before is other.before
            and self.far is other.far
            and len(self.chains) == len(other.chains)
            and all(mine is theirs for mine, theirs in zip(self.chains, other.chains, strict=True))
        )


@dataclass(frozen=True, slots=True)
class Findings:
    """A candidate with its spreads, best first."""

    candidate: Candidate
    spreads: tuple[Spread, ...]

    @property
    def problem(self) -> str | None:
        """Why there are no figures."""
        return self.candidate.problem

    def rank(self) -> tuple[float, float, int, str]:
        """Sort key: score, then expected value over risk of the best spread, tier, symbol; the unknown last."""
        candidate = self.candidate
        best = self.spreads[0] if self.spreads and candidate.best_spread is not None else None
        return_on_risk = best.ev / best.max_loss if best and best.ev is not None and best.max_loss else float("-inf")
        return (
            -candidate.score if candidate.score is not None else float("inf"),
            -return_on_risk,
            candidate.tier.value if candidate.tier is not None else 9,
            candidate.symbol,
        )


class Memo:
    """The last findings of every name, given again while its inputs are the same objects and the time is near."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Inputs, datetime, Findings]] = {}

    def findings(self, inputs: Inputs, now: datetime, settings: "Settings") -> Findings:
        """Findings of one name at a time, computed only where they are not known."""
        symbol = inputs.report.symbol
        known = self._known.get(symbol)
        if known is not None:
            before, at, findings = known
            if before.same(inputs) and timedelta(0) <= now - at <= _GOOD_FOR:
                return findings
        findings = find(inputs, now, settings)
        self._known[symbol] = inputs, now, findings
        return findings

    def recall(self, inputs: Inputs, now: datetime) -> Findings | None:
        """What a closer look at these inputs has found, as long as it stands; None where there was none."""
        known = self._known.get(inputs.report.symbol)
        if known is None or not timedelta(0) <= now - known[1] <= _GOOD_FOR:
            return None
        return known[2] if known[0].extends(inputs) else None

    def known(self, symbol: str) -> Findings | None:
        """The last findings of a name."""
        known = self._known.get(symbol)
        return None if known is None else known[2]

    def inputs(self, symbol: str) -> Inputs | None:
        """What a name was looked at with."""
        known = self._known.get(symbol)
        return None if known is None else known[0]

    def keep(self, symbols: Container[str]) -> None:
        """Forget every other name."""
        self._known = {symbol: known for symbol, known in self._known.items() if symbol in symbols}


def dated(candidate: Candidate, dates: DateTrust | None) -> Candidate:
    """The candidate with what its sources make of its date."""
    if dates is None:
        return candidate
    return replace(
        candidate,
        date_sources=dates.claims,
        confirmations=dates.confirmations,
        timing_confirmed=dates.timing_confirmed,
    )


def shared(found: Mapping[str, Findings], settings: "Settings", book: OpenBook) -> dict[str, Findings]:
    """The names whose sizes are less because others report on their day: all of those are decided at once.

    Each name's best spread is a bet; together the bets of one day stake the portfolio's cap at most. What is not
    returned stays as it is.
    """
    by_day: dict[date, list[Findings]] = {}
    for findings in found.values():
        if findings.candidate.best_spread is not None and findings.spreads[0].size.contracts > 0:
            by_day.setdefault(findings.candidate.report_date, []).append(findings)
    changed: dict[str, Findings] = {}
    for bets in by_day.values():
        share = simultaneous_share([bet.spreads[0].size.fraction for bet in bets], settings.sizing.portfolio_cap)
        if share < 1.0:
            for bet in bets:
                spreads = tuple(_resized(spread, share, settings.sizing, book) for spread in bet.spreads)
                changed[bet.candidate.symbol] = replace(bet, spreads=spreads)
    return changed


def in_sector(findings: Findings, sector: str | None, settings: "Settings", book: OpenBook) -> Findings:
    """The name with its sector, and sizes under the cap a sector; where it is unknown, the doubt that there is none."""
    candidate = findings.candidate
    if sector is None:
        return replace(findings, candidate=replace(candidate, flags=(*candidate.flags, "no sector")))
    spreads = tuple(
        _resized(replace(spread, sector=sector), spread.size.share, settings.sizing, book)
        for spread in findings.spreads
    )
    return Findings(replace(candidate, sector=sector), spreads)


def resized(spreads: Sequence[Spread], settings: "Settings", book: OpenBook) -> tuple[Spread, ...]:
    """Spreads with sizes for the book as it has become; all else stands."""
    return tuple(_resized(spread, spread.size.share, settings.sizing, book) for spread in spreads)


def _resized(spread: Spread, share: float, settings: "SizingSettings", book: OpenBook) -> Spread:
    size = spread.size
    if size.full_kelly is None or spread.rejected is not None:
        return spread
    exposure = book.beside(spread.symbol, spread.report_date, spread.sector)
    return replace(
        spread,
        size=contracts(size.full_kelly, spread.max_loss, exposure, settings, scale=size.scale, share=share),
    )


def find(inputs: Inputs, now: datetime, settings: "Settings") -> Findings:
    """Analyse a name and propose its spreads. Pure.

    The candidate's score is that of its best tradable spread; 0 where none may be traded, None where the premium is
    unknown.
    """
    smiles = Smiles(inputs.spot, now, settings.scan.risk_free)
    candidate = analyse(
        inputs.report,
        inputs.spot,
        inputs.chains,
        inputs.history,
        inputs.past,
        now,
        settings.scan,
        doubts=(*inputs.doubts, *(inputs.dates.flags if inputs.dates is not None else ())),
        before=inputs.before,
        listed=inputs.listed,
        smiles=smiles,
    )
    candidate = dated(candidate, inputs.dates)
    chain = next((chain for chain in inputs.chains if chain.expiry == candidate.expiry), None)
    if candidate.problem is not None or chain is None:
        return Findings(candidate, ())
    chains = inputs.chains if inputs.far is None else (*inputs.chains, inputs.far)
    proposed = proposals(candidate, chains, now, settings, inputs.book, listed=inputs.listed, smiles=smiles)
    spreads = proposed.spreads
    known = candidate.vrp is not None and bool(spreads)
    best = spreads[0] if known and spreads[0].rejected is None else None
    score = None if not known else best.score.total if best is not None else 0.0
    flags = candidate.flags if spreads else (*candidate.flags, "no spreads")
    return Findings(
        replace(
            candidate,
            score=score,
            best_spread=best.spread_id if best is not None else None,
            flags=flags,
            tails=settings.spreads.tails,
            unbuilt=proposed.unbuilt,
            studies=proposed.studies,
        ),
        spreads,
    )
