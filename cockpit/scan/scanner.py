"""The scan: every name that reports soon, looked at side by side, on the boards as it goes."""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from cockpit.boards import Boards
from cockpit.clock import Clock
from cockpit.commands import ScanResult
from cockpit.errors import CockpitError, ProviderError, StorageError, UsageError
from cockpit.options.calendar import NEW_YORK
from cockpit.options.chain import OptionChain
from cockpit.providers.ports import EarningsSource, EquityQuote, OptionVenue, ReportDates
from cockpit.scan.analysis import without_figures
from cockpit.scan.candidate import WAITS, ScanProgress
from cockpit.scan.closer import Closer
from cockpit.scan.cost import ScanCost, scan_cost
from cockpit.scan.earnings import DateClaim, EarningsReport, PastReport, Timing
from cockpit.scan.expiry import covering_expiries, event_instant
from cockpit.scan.findings import Findings, Inputs, Memo, dated, in_sector, resized, shared
from cockpit.scan.kept_earnings import KeptEarnings
from cockpit.scan.liquidity import Tier
from cockpit.scan.moves import DailyBar
from cockpit.scan.report_dates import DateTrust, weigh
from cockpit.scan.sectors import Sectors
from cockpit.settings import Settings
from cockpit.spreads.exposure import OpenBook

log = logging.getLogger(__name__)

_TICKER = re.compile(r"[A-Z][A-Z0-9]{0,5}([./-][A-Z0-9]{1,3})?")
_DAYS_A_QUARTER = 93
_HISTORY_MARGIN = 40
_CLOSE_UP = 3
"""So few names, asked for by name, are looked at closely whatever they promise."""


class ScanStore(Protocol):
    """Where finished scans are kept."""

    async def save(self, result: ScanResult) -> None:
        """Keep a finished scan.

        Raises:
            StorageError: it could not be written.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Name:
    """A name to look at; with a ``problem`` there is nothing to look at."""

    report: EarningsReport
    problem: str | None = None


@dataclass(slots=True)
class _Run:
    """One scan as it goes."""

    progress: ScanProgress
    found: dict[str, Findings]
    waits: str = ""


class Scanner:
    """Scans the earnings calendar. One scan at a time; the caller sees to that."""

    def __init__(
        self,
        *,
        earnings: EarningsSource,
        venue: OptionVenue,
        clock: Clock,
        boards: Boards,
        settings: Settings,
        book: Callable[[], OpenBook],
        store: ScanStore | None,
        dates: ReportDates | None = None,
        kept: KeptEarnings | None = None,
        sectors: Sectors | None = None,
    ) -> None:
        """``book`` gives the account that sizes are measured against; without a ``store`` nothing is kept.

        ``dates`` is another calendar that the earnings source's dates are held against; ``sectors`` names the sectors
        of what may be traded; ``kept`` says for which names past reports must wait.
        """
        self._earnings = earnings
        self._venue = venue
        self._clock = clock
        self._boards = boards
        self._settings = self._next_settings = settings
        self._book = book
        self._store = store
        self._dates = dates
        self._kept = kept
        self._sectors = sectors
        self._memo = Memo()
        self._closer = Closer(venue, clock)
        self._closer_memo = Memo()
        # Findings without a sector, the sector and the account, and what they are with both.
        self._sized: dict[str, tuple[Findings, str, OpenBook, Findings]] = {}

    def reconfigure(self, settings: Settings) -> None:
        """Go by other settings from the next scan on; one that runs is of one piece."""
        self._next_settings = settings

    def resize(self) -> None:
        """Size what is on the board by the book as it is now: a fill takes room from all that might follow."""
        book = self._book()
        for symbol, spreads in list(self._boards.spreads.items()):
            self._boards.spreads.put(symbol, resized(spreads, self._settings, book))

    async def scan(self, tickers: Sequence[str] | None = None, days: int | None = None) -> ScanResult:
        """Look at these tickers, or at every report within ``days``; boards and progress fill as it goes.

        A name that fails carries its reason and stops nothing. A whole scan takes names that no longer report soon off
        the boards; a scan of tickers leaves all others as they are. Cancelled, it keeps what it has found.

        Raises:
            UsageError: a ticker is none.
            ProviderError: the earnings calendar or the option venue gave no answer at all; the boards stay as they are.
        """
        wanted = None if tickers is None else _tickers(tickers)
        if self._settings is not self._next_settings:
            self._settings, self._memo, self._closer_memo = self._next_settings, Memo(), Memo()
        started = self._clock.now()
        run = _Run(ScanProgress(started_at=started), {})
        self._show(run)
        try:
            names = self._choose(await self._earnings.calendar(), wanted, days, started)
            run.progress = replace(run.progress, total=len(names))
            self._show(run)
            await self._look_at_all(run, names, exempt=wanted is not None)
            await self._look_closer(run, close_up=wanted is not None and len(wanted) <= _CLOSE_UP)
            await self._name_sectors(run)
        except asyncio.CancelledError:
            self._end(run, "stopped; what was found stays", cancelled=True)
            raise
        except CockpitError as error:
            self._end(run, str(error))
            raise
        for symbol, findings in shared(run.found, self._settings, self._book()).items():
            run.found[symbol] = findings
            self._boards.spreads.put(symbol, findings.spreads)
        result = _result(run, started, self._clock.now(), whole=wanted is None)
        if wanted is None:
            self._forget_all_but(run.found)
        problem = await self._keep(result)
        if self._kept is not None:
            await self._kept.save()
        self._end(run, problem or run.waits or ("" if names else "the calendar has no report that soon"))
        return result

    async def cost(self, tickers: Sequence[str] | None = None, days: int | None = None) -> ScanCost:
        """What :meth:`scan` will ask of the vendors; it costs the calendar, which the scan then has.

        Raises:
            UsageError: a ticker is none.
            ProviderError: the earnings calendar gave no answer.
        """
        wanted = None if tickers is None else _tickers(tickers)
        names = self._choose(await self._earnings.calendar(), wanted, days, self._clock.now())
        symbols = [name.report.symbol for name in names if name.problem is None]
        missing = symbols if self._kept is None else await self._kept.missing(symbols)
        ration = None if self._kept is None else await self._kept.ration(symbols)
        expiries = self._settings.scan.expiries
        return scan_cost(len(symbols), expiries, self._venue.name, self._earnings.name, len(missing), ration)

    def _choose(
        self, calendar: Sequence[EarningsReport], wanted: Sequence[str] | None, days: int | None, now: datetime
    ) -> list[_Name]:
        """The next report of each name, by date and symbol; a wanted name without one gets a row that says so."""
        today = now.astimezone(NEW_YORK).date()
        coming: dict[str, EarningsReport] = {}
        for report in sorted(calendar, key=lambda report: (report.report_date, report.symbol)):
            if event_instant(report) > now:
                coming.setdefault(report.symbol, report)
        if wanted is None:
            until = today + timedelta(days=self._settings.scan.days if days is None else days)
            return [_Name(report) for report in coming.values() if report.report_date <= until]
        return [_Name(coming[symbol]) if symbol in coming else _without_report(symbol, today) for symbol in wanted]

    async def _look_at_all(self, run: _Run, names: Sequence[_Name], *, exempt: bool) -> None:
        # A name that the earnings source does not have may still be known to the other calendar.
        symbols = [name.report.symbol for name in names if name.problem is None or self._dates is not None]
        # What is kept of the names comes from the disk while the vendors are on their way.
        warm = self._venue.warm(symbols, *self._days_of_history())
        quotes, claims, _ = await asyncio.gather(self._quotes(symbols), self._claims(symbols), warm)
        names = [_named_elsewhere(name, claims) for name in names]
        ration = None if self._kept is None else await self._kept.ration([name.report.symbol for name in names])
        waiting = set() if ration is None else set(ration.missing)
        places = asyncio.Semaphore(self._settings.scan.concurrency)

        async def look(name: _Name) -> None:
            symbol = name.report.symbol
            async with places:
                if name.problem is not None:
                    findings: Findings | None = self._nothing(name.report, name.problem)
                else:
                    told = None if claims is None else claims.get(symbol, ())
                    spot = _spot(quotes.get(symbol))
                    findings = await self._look_at(name.report, spot, told, exempt=exempt, waits=symbol in waiting)
            if symbol not in run.found:
                run.progress = replace(run.progress, done=run.progress.done + 1)
            if findings is not None:
                failed = findings.problem is not None and symbol not in run.found
                run.found[symbol] = findings
                run.progress = replace(run.progress, failed=run.progress.failed + failed)
                self._boards.candidates.put(symbol, findings.candidate)
                self._boards.spreads.put(symbol, findings.spreads)
            self._show(run)
            # The analysis does not await; between names everything else gets its turn.
            await asyncio.sleep(0)

        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(look(name))
        if ration is None:
            return
        # What is scarce goes to those that may be worth it: liquid options, much of whose price is the report.
        worth = sorted((run.found[symbol] for symbol in waiting if symbol in run.found), key=_worth)
        chosen = {one.candidate.symbol for one in [one for one in worth if one.problem is None][: ration.rest]}
        waiting -= chosen
        async with asyncio.TaskGroup() as group:
            for name in names:
                if name.report.symbol in chosen:
                    group.create_task(look(name))
        count = sum(one.candidate.symbol in waiting for one in worth)
        if count:
            run.waits = f"{count} name{'' if count == 1 else 's'} wait for past reports: {ration.sentence}"

    async def _look_closer(self, run: _Run, *, close_up: bool) -> None:
        """Another look at the best of what may be traded; a close-up takes whatever was asked for.

        The best are those of the first looks, whatever an earlier scan has seen from nearer: the same market gives the
        same answer, however often it is scanned.
        """
        firsts = (self._memo.known(symbol) for symbol, one in run.found.items() if one.problem is None)
        ordered = sorted((one for one in firsts if one is not None), key=Findings.rank)
        best = [one for one in ordered if one.candidate.best_spread is not None][: self._settings.scan.closer_look]
        chosen = {one.candidate.symbol for one in (ordered if close_up else best)}
        for one in ordered:
            symbol, sized = one.candidate.symbol, self._with_sector(one)
            if symbol not in chosen and run.found[symbol] is not sized:
                self._take(run, sized)
        places = asyncio.Semaphore(self._settings.scan.concurrency)

        async def look(symbol: str) -> None:
            first = self._memo.inputs(symbol)
            if first is None:
                return
            try:
                async with places:
                    closer = await self._closer.look(first, far=close_up)
                if not closer.same(first):
                    found = self._closer_memo.findings(closer, self._clock.now(), self._settings)
                    self._take(run, self._with_sector(found))
            except Exception:  # a fault in one name's maths costs its closer look, not the scan
                log.exception("closer look at %s: what the first one found stays", symbol)
            await asyncio.sleep(0)

        async with asyncio.TaskGroup() as group:
            for symbol in sorted(chosen):
                group.create_task(look(symbol))

    def _take(self, run: _Run, findings: Findings) -> None:
        symbol = findings.candidate.symbol
        run.found[symbol] = findings
        self._boards.candidates.put(symbol, findings.candidate)
        self._boards.spreads.put(symbol, findings.spreads)

    def _with_sector(self, findings: Findings) -> Findings:
        """With the sector, if it is known; not among the inputs, because it changes sizes and no other figure."""
        symbol, book = findings.candidate.symbol, self._book()
        sector = None if self._sectors is None else self._sectors.recall(symbol)
        if sector is None:
            return findings
        known = self._sized.get(symbol)
        if known is None or known[0] is not findings or known[1:3] != (sector, book):
            known = self._sized[symbol] = findings, sector, book, in_sector(findings, sector, self._settings, book)
        return known[3]

    async def _name_sectors(self, run: _Run) -> None:
        """The sector of every name that may be traded, the best first: an allowance may end before the names do."""
        if self._sectors is None:
            return
        found = [one for one in run.found.values() if one.candidate.best_spread is not None]
        missing = [one.candidate.symbol for one in sorted(found, key=Findings.rank) if one.candidate.sector is None]
        known = await self._sectors.of(missing)
        for symbol in missing:
            self._take(run, in_sector(run.found[symbol], known.get(symbol), self._settings, self._book()))

    async def _quotes(self, symbols: Sequence[str]) -> dict[str, EquityQuote]:
        return await self._venue.quotes(symbols) if symbols else {}

    async def _claims(self, symbols: Sequence[str]) -> dict[str, tuple[DateClaim, ...]] | None:
        """What the other calendar says by symbol, nothing where it refuses; None where there is no other."""
        if self._dates is None or not symbols:
            return None
        try:
            return await self._dates.report_dates(symbols)
        except ProviderError as error:
            log.warning("report dates stand on one calendar: %s", error)
            return {}

    async def _look_at(
        self,
        report: EarningsReport,
        spot: float | None,
        claims: Sequence[DateClaim] | None,
        *,
        exempt: bool,
        waits: bool = False,
    ) -> Findings | None:
        """None for a name under the price limit; whatever goes wrong is the name's own problem and stops no other."""
        dates = weigh(report, claims)
        if spot is None:
            return self._nothing(report, f"{self._venue.name} has no price for {report.symbol}", dates=dates)
        if spot < self._settings.scan.min_price and not exempt:
            return None
        try:
            veto = dates.veto(self._settings.scan.min_confirmations)
            if veto is not None:
                findings = self._nothing(report, veto, spot, dates)
                return replace(
                    findings, candidate=replace(findings.candidate, flags=(*dates.flags, "unconfirmed date"))
                )
            inputs = await self._inputs(report, spot, claims, dates, waits=waits)
            now = self._clock.now()
            first = self._memo.findings(inputs, now, self._settings)
            return self._with_sector(self._closer_memo.recall(inputs, now) or first)
        except CockpitError as error:
            return self._nothing(report, str(error), spot, dates)
        except Exception as error:  # as above: the name's own row says so
            log.exception("scan of %s", report.symbol)
            return self._nothing(report, f"{report.symbol} could not be analysed ({error}); see the log", spot, dates)

    def _nothing(
        self, report: EarningsReport, problem: str, spot: float | None = None, dates: DateTrust | None = None
    ) -> Findings:
        return Findings(dated(replace(without_figures(report, self._clock.now(), problem), spot=spot), dates), ())

    async def _inputs(
        self,
        report: EarningsReport,
        spot: float,
        claims: Sequence[DateClaim] | None,
        dates: DateTrust,
        *,
        waits: bool,
    ) -> Inputs:
        """What the vendors have on one name. History may be missing; the traded expiry's chain may not.

        The expiry is chosen by what calendars state, and holds every day that one of them names: a habit of past
        reports is no ground to sell an option that ends before the report.
        """
        doubts: list[str] = []
        listed = await self._venue.expirations(report.symbol)
        expiries = covering_expiries(listed, dates.last_day, dates.timing)
        chains: list[OptionChain] = []
        past: Sequence[PastReport] = ()
        history: Sequence[DailyBar] = ()
        if expiries:
            # Without the first chain there is nothing to ask the rest for; that comes side by side.
            chains.append(await self._venue.chain(report.symbol, expiries[0]))
            further, past, history = await asyncio.gather(
                self._further(report.symbol, expiries[1 : self._settings.scan.expiries]),
                self._past(report.symbol, doubts, waits=waits),
                self._history(report.symbol, doubts),
            )
            chains.extend(further)
        dates = weigh(report, claims, past)
        report = replace(report, timing=dates.timing)
        # The price of the moment the chain was quoted at: a newer one would not fit its options.
        spot = chains[0].spot if chains and chains[0].spot is not None else spot
        return Inputs(
            report, spot, tuple(chains), history, past, self._book(), tuple(sorted(doubts)), dates, tuple(listed)
        )

    async def _further(self, symbol: str, expiries: Sequence[date]) -> list[OptionChain]:
        """Chains of later expiries; those that are refused are left out."""
        asked = (self._venue.chain(symbol, expiry) for expiry in expiries)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, ProviderError):
                raise answer
        return [answer for answer in answers if isinstance(answer, OptionChain)]

    async def _past(self, symbol: str, doubts: list[str], *, waits: bool) -> Sequence[PastReport]:
        if waits:
            doubts.append(WAITS)
            return ()
        try:
            return await self._earnings.past_reports(symbol)
        except ProviderError as error:
            doubts.append(f"past reports: {error.refusal}")
            return ()

    async def _history(self, symbol: str, doubts: list[str]) -> Sequence[DailyBar]:
        try:
            return await self._venue.daily_history(symbol, *self._days_of_history())
        except ProviderError as error:
            doubts.append(f"history: {error.refusal}")
            return ()

    def _days_of_history(self) -> tuple[date, date]:
        today = self._clock.now().astimezone(NEW_YORK).date()
        return today - timedelta(days=self._settings.scan.max_quarters * _DAYS_A_QUARTER + _HISTORY_MARGIN), today

    async def _keep(self, result: ScanResult) -> str:
        if self._store is None:
            return ""
        try:
            await self._store.save(result)
        except StorageError as error:
            log.warning("scan not kept: %s", error)
            return f"not kept: {error}"
        return ""

    def _forget_all_but(self, found: dict[str, Findings]) -> None:
        for board in (self._boards.candidates, self._boards.spreads):
            for symbol in [symbol for symbol, _ in board.items() if symbol not in found]:
                board.remove(symbol)
        self._memo.keep(found)
        self._closer_memo.keep(found)
        self._sized = {symbol: known for symbol, known in self._sized.items() if symbol in found}

    def _show(self, run: _Run) -> None:
        self._boards.scan.put("scan", run.progress)

    def _end(self, run: _Run, message: str, *, cancelled: bool = False) -> None:
        run.progress = replace(run.progress, finished_at=self._clock.now(), message=message, cancelled=cancelled)
        self._show(run)


def _worth(findings: Findings) -> tuple[int, float, str]:
    """Sort key: the most liquid first, then the largest share of the report in the price of options."""
    candidate = findings.candidate
    tier = len(Tier) if candidate.tier is None else int(candidate.tier)
    ambient = candidate.ambient_vol or candidate.realised_vol
    rich = (candidate.event_move or candidate.implied_move or 0.0) / ambient if ambient else 0.0
    return tier, -rich, candidate.symbol


def _tickers(texts: Sequence[str]) -> list[str]:
    """Capital letters, each once, in the order given."""
    found: dict[str, None] = {}
    for text in texts:
        symbol = text.strip().upper()
        if not _TICKER.fullmatch(symbol):
            raise UsageError(f'"{text}" is no ticker: one is up to six letters and digits, such as NVDA or BRK.B')
        found[symbol] = None
    return list(found)


def _without_report(symbol: str, today: date) -> _Name:
    report = EarningsReport(symbol, symbol, today, Timing.UNKNOWN, None, source="")
    return _Name(report, f"the calendar has no coming report of {symbol}")


def _named_elsewhere(name: _Name, claims: Mapping[str, Sequence[DateClaim]] | None) -> _Name:
    """A name that the earnings source does not have, with the other calendar's date where that one has it."""
    told = (claims or {}).get(name.report.symbol, ())
    if name.problem is None or not told:
        return name
    first = told[0]
    return _Name(replace(name.report, report_date=first.day, timing=first.timing, source=first.source))


def _spot(quote: EquityQuote | None) -> float | None:
    """The last price, or the middle of a proper market where there is none."""
    if quote is None:
        return None
    if quote.last is not None and quote.last > 0.0:
        return quote.last
    if quote.bid is not None and quote.ask is not None and 0.0 < quote.bid <= quote.ask:
        return (quote.bid + quote.ask) / 2.0
    return None


def _result(run: _Run, started: datetime, finished: datetime, *, whole: bool) -> ScanResult:
    ordered = sorted(run.found.values(), key=Findings.rank)
    return ScanResult(
        started_at=started,
        finished_at=finished,
        candidates=tuple(findings.candidate for findings in ordered),
        spreads={findings.candidate.symbol: findings.spreads for findings in ordered},
        whole=whole,
    )
