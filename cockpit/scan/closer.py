"""A closer look at one name: chains that cost a request each and are worth it where something may be traded."""

from dataclasses import replace
from datetime import date

from cockpit.clock import Clock
from cockpit.errors import ProviderError
from cockpit.options.chain import OptionChain
from cockpit.providers.ports import OptionVenue
from cockpit.scan.earnings import Timing
from cockpit.scan.expiry import preceding_expiry
from cockpit.scan.findings import Inputs
from cockpit.spreads.studies import far_expiry


class Closer:
    """Reads what a first look leaves out."""

    def __init__(self, venue: OptionVenue, clock: Clock) -> None:
        self._venue = venue
        self._clock = clock

    async def look(self, inputs: Inputs, *, far: bool) -> Inputs:
        """The inputs with the chain of the expiry before the report, where one is listed, and a doubt where it fails.

        Args:
            far: read the calendar's far leg as well, if it is none of the chains.
        """
        doubts = list(inputs.doubts)
        before = await self._chain(inputs, self._preceding(inputs), doubts)
        further = None
        if far and inputs.chains:
            expiry = far_expiry(inputs.listed, inputs.chains[0].expiry)
            if all(chain.expiry != expiry for chain in inputs.chains):
                further = await self._chain(inputs, expiry, doubts)
        return replace(inputs, before=before, far=further, doubts=tuple(doubts))

    def _preceding(self, inputs: Inputs) -> date | None:
        """Before the earliest day that a calendar names; on that very day only where all agree on after the close."""
        report, dates = inputs.report, inputs.dates
        day, timing = report.report_date, report.timing
        if dates is not None:
            day = dates.first_day
            if not dates.timing_confirmed or dates.first_day != dates.last_day:
                timing = Timing.UNKNOWN
        return preceding_expiry(inputs.listed, day, timing, self._clock.now())

    async def _chain(self, inputs: Inputs, expiry: date | None, doubts: list[str]) -> OptionChain | None:
        if expiry is None:
            return None
        try:
            return await self._venue.chain(inputs.report.symbol, expiry)
        except ProviderError as error:
            doubts.append(f"chain of {expiry:%d %b}: {error.refusal}")
            return None
