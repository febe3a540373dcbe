"""Keeps what came of the reports of the names that are held: the move when its session is over, the volatility after.

It asks for nothing but the daily bars of a report whose move is missing, once a report, and for those again only after
a while where they could not be had. The volatility comes from chains that the marker reads anyway.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta

from cockpit.clock import Clock
from cockpit.errors import ProviderError
from cockpit.options.calendar import Phase, opens_at, session_state
from cockpit.options.chain import OptionChain
from cockpit.options.smile import Smile
from cockpit.portfolio.aftermath import Move, days_needed, move_on, reaction_over
from cockpit.portfolio.position import Position
from cockpit.portfolio.trade import Passage, Trade
from cockpit.providers.ports import OptionVenue
from cockpit.scan.earnings import Timing
from cockpit.storage.database import Database
from cockpit.storage.scorecard import TradeRows

log = logging.getLogger(__name__)

EVERY_SECONDS = 60.0
AGAIN_AFTER = timedelta(minutes=30)
GIVEN_UP_AFTER = timedelta(days=30)
"""After the report: bars that have not come by then do not come."""

_Report = tuple[str, date, Timing]
_Held = tuple[str, date]
"""A position with the day of its report, which the calendar may move."""


class Outcomes:
    """One for a session. Where another cockpit owns the data folder it does nothing."""

    def __init__(self, database: Database, venue: OptionVenue, clock: Clock, *, every: float = EVERY_SECONDS) -> None:
        """``every`` is real seconds between looks at what is missing."""
        self._rows = TradeRows(database)
        self._venue = venue
        self._clock = clock
        self._every = every
        self._due = asyncio.Event()
        self._unlooked: dict[_Held, Trade | None] = {}
        self._early: set[_Held] = set()

    def soon(self) -> None:
        """Look at what is missing now: time has moved."""
        self._due.set()

    async def run(self) -> None:
        """Collect for ever."""
        if self._rows.read_only:
            return
        while True:
            self._due.clear()
            await self.collect()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every):
                    await self._due.wait()

    async def collect(self) -> None:
        """Keep every move that can be had now, and of the others the reason why not.

        Raises:
            StorageError: the database cannot be read or written.
        """
        if self._rows.read_only:
            return
        now = self._clock.now()
        due: dict[_Report, list[Trade]] = {}
        for trade in await self._rows.awaited():
            report = _report_due(trade, now)
            if report is not None:
                due.setdefault(report, []).append(trade)
        for report, trades in due.items():
            found = await self._move(report)
            if isinstance(found, Move):
                await self._rows.keep_move(trades, found)
            else:
                log.warning("the move of %s on its report of %s is missing: %s", *report[:2], found)
                await self._rows.keep_problem(trades, found, now)

    async def look(self, position: Position, chain: OptionChain, smile: Smile | None) -> None:
        """Take the volatility after the report from a chain that was read for the marks.

        The first look is kept until the first one of that day into a settled market, which is kept for good. A chain
        with quotes from before the report's first session is no look after it.
        """
        if self._rows.read_only or position.report_date is None:
            return
        now = self._clock.now()
        state = session_state(now)
        if now.date() < position.report_date or state.phase is not Phase.OPEN:
            return
        quoted_at = max((quote.quoted_at for quote in chain.quotes if quote.quoted_at is not None), default=None)
        if (quoted_at or chain.fetched_at) < opens_at(state.day):
            return
        held = position.position_id, position.report_date
        trade = await self._unlooked_trade(held)
        priced, settled = (None, None) if trade is None else (trade.priced_from, trade.settled_from)
        if trade is None or priced is None or settled is None or trade.passage(now) is not Passage.THROUGH:
            return
        early = now < settled
        volatility = smile.at_the_money() if smile is not None else None
        if volatility is None or (early and held in self._early):
            return
        await self._rows.keep_volatility(trade, volatility, now, priced, settled)
        if early:
            self._early.add(held)
        else:
            self._unlooked[held] = None

    async def _unlooked_trade(self, held: _Held) -> Trade | None:
        """The trade whose volatility after the report is still wanted. It is read once, since it does not change."""
        if held not in self._unlooked:
            position_id, report_date = held
            trade = await self._rows.trade(position_id)
            trade = None if trade is None else replace(trade, report_date=report_date)
            self._unlooked[held] = trade if trade is not None and _is_unlooked(trade) else None
        return self._unlooked[held]

    async def _move(self, report: _Report) -> Move | str:
        symbol, day, timing = report
        first, last = days_needed(day, timing)
        try:
            bars = await self._venue.daily_history(symbol, first, last)
        except ProviderError as error:
            return str(error)
        return move_on(symbol, day, timing, bars)


def _is_unlooked(trade: Trade) -> bool:
    """True while a look into a settled market may still be wanted."""
    settled = trade.settled_from
    looked_at = None if trade.outcome is None else trade.outcome.iv_at
    return settled is not None and (looked_at is None or looked_at < settled)


def _report_due(trade: Trade, now: datetime) -> _Report | None:
    """The report whose move is to be asked for now; None where it is too early, not again yet, or of no concern."""
    entry = trade.entry
    if entry is None or trade.report_date is None or trade.passage(now) is not Passage.THROUGH:
        return None
    over = reaction_over(trade.report_date, entry.timing)
    tried = None if trade.outcome is None else trade.outcome.tried_at
    if now < over or (tried is not None and not over + GIVEN_UP_AFTER > now >= tried + AGAIN_AFTER):
        return None
    return trade.symbol, trade.report_date, entry.timing
