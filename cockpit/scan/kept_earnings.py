"""Past reports are history: kept for good, and asked for again only when another report is out.

A vendor's allowance for a day may not cover all names of a week. What is kept costs nothing, and the scan rations what
is not: see :class:`cockpit.scan.ration.Ration`.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from cockpit.clock import Clock
from cockpit.errors import CockpitError, ProviderError, Refusal
from cockpit.health.status import ProviderStatus, Window
from cockpit.options.calendar import NEW_YORK
from cockpit.providers.ports import EarningsSource
from cockpit.scan.earnings import EarningsReport, PastReport
from cockpit.scan.ration import Ration
from cockpit.storage.database import Database
from cockpit.storage.reports import KeptReports, keep_reports, kept_reports

log = logging.getLogger(__name__)

_LONG_SECONDS = 3600.0
_QUARTER = timedelta(days=80)
_NEAR = timedelta(days=5)
_LATE = timedelta(days=14)


class KeptEarnings:
    """An earnings source that remembers past reports.

    Args:
        source: who is asked for what is not kept.
        database: where they are kept; None keeps them for the session only.
        clock: what day it is.
        statuses: what the network layer says of vendors' limits.
    """

    def __init__(
        self,
        source: EarningsSource,
        database: Database | None,
        clock: Clock,
        statuses: Callable[[], Iterable[ProviderStatus]],
    ) -> None:
        self.name = source.name
        self._source = source
        self._database = database
        self._clock = clock
        self._statuses = statuses
        self._kept: dict[str, KeptReports] | None = None
        self._unsaved: set[str] = set()
        self._coming: dict[str, date] = {}

    async def calendar(self) -> list[EarningsReport]:
        """Coming reports, from the source."""
        found = await self._source.calendar()
        today = self._today()
        self._coming = {}
        for report in found:
            if report.report_date >= today:
                first = self._coming.get(report.symbol)
                self._coming[report.symbol] = report.report_date if first is None else min(first, report.report_date)
        return found

    async def past_reports(self, symbol: str) -> list[PastReport]:
        """Past reports, newest first: the kept ones while they hold, also where the source refuses newer ones.

        Raises:
            ProviderError: nothing is kept, and the source refuses.
        """
        known = await self._load()
        kept = known.get(symbol)
        if kept is not None and self._holds(kept):
            return list(kept.reports)
        try:
            reports = await self._source.past_reports(symbol)
        except ProviderError as error:
            if kept is None or error.refusal is Refusal.NOT_FOUND:
                raise
            log.warning("past reports of %s are those of %s: %s", symbol, kept.asked_at.date(), error)
            return list(kept.reports)
        self._unsaved.add(symbol)
        known[symbol] = self._judged(symbol, reports, kept)
        return reports

    async def save(self) -> None:
        """Write down what has been asked since the last time; where that fails it is kept for the session."""
        if self._database is None or self._database.read_only or not self._unsaved or self._kept is None:
            return
        try:
            await keep_reports(self._database, {symbol: self._kept[symbol] for symbol in self._unsaved})
        except CockpitError as error:
            log.warning("past reports are not kept: %s", error)
        else:
            self._unsaved.clear()

    async def ration(self, symbols: Sequence[str]) -> Ration | None:
        """None where the source's allowance for the hour or the day covers all that is not kept, or has no end."""
        missing = frozenset(await self.missing(symbols))
        window = self._allowance()
        rest = 0 if window is None else max(0, window.limit - window.used)
        if window is None or len(missing) <= rest:
            return None
        return Ration(self.name, missing, rest, window.resets_in)

    async def missing(self, symbols: Sequence[str]) -> list[str]:
        """Those whose past reports have to be asked for."""
        kept = await self._load()
        return [symbol for symbol in symbols if symbol not in kept or not self._holds(kept[symbol])]

    def _allowance(self) -> Window | None:
        """The tightest of the source's limits of an hour and longer: others only take time."""
        for status in self._statuses():
            if status.provider == self.name:
                windows = [window for window in status.windows if window.seconds >= _LONG_SECONDS]
                return min(windows, key=lambda window: window.limit - window.used, default=None)
        return None

    def _holds(self, kept: KeptReports) -> bool:
        today = self._today()
        if kept.next_on is None:
            return today - kept.asked_at.astimezone(NEW_YORK).date() < _QUARTER
        return today <= kept.next_on

    def _judged(self, symbol: str, reports: Sequence[PastReport], before: KeptReports | None) -> KeptReports:
        today = self._today()
        coming = self._coming.get(symbol)
        if before is not None and before.next_on is not None and before.next_on < today <= before.next_on + _LATE:
            due = before.next_on
            if not any(abs(report.report_date - due) <= _NEAR for report in reports):
                # The vendor has not got the report yet: ask again tomorrow.
                coming = today
        return KeptReports(self._clock.now(), coming, tuple(reports))

    async def _load(self) -> dict[str, KeptReports]:
        if self._kept is None:
            self._kept = {} if self._database is None else await kept_reports(self._database)
        return self._kept

    def _today(self) -> date:
        return self._clock.now().astimezone(NEW_YORK).date()
