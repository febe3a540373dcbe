"""The desk: what a screen or a command line can have done, carried out by the services of one session."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from cockpit.boards import Boards
from cockpit.commands import ScanResult
from cockpit.errors import ScanStoppedError, UsageError
from cockpit.portfolio.broker import Broker
from cockpit.portfolio.position import ClosedPosition, Position, Ticket
from cockpit.scan.candidate import Candidate
from cockpit.scan.explain import Explanation, explain
from cockpit.scan.scanner import Scanner
from cockpit.spreads.structure import Spread
from cockpit.storage.database import Database
from cockpit.storage.scan import find_spread, latest_scan


class Desk:
    """Implements :class:`cockpit.commands.Commands` for a session."""

    def __init__(
        self,
        *,
        boards: Boards,
        database: Database,
        scanner: Scanner | None,
        broker: Broker,
        next_session: Callable[[], Awaitable[datetime]] | None = None,
    ) -> None:
        """``scanner`` is None in a replay, ``next_session`` is None wherever time cannot be moved."""
        self._boards = boards
        self._database = database
        self._scanner = scanner
        self._broker = broker
        self._next_session = next_session
        self._scan: asyncio.Task[ScanResult] | None = None

    async def scan(self, tickers: Sequence[str] | None = None, days: int | None = None) -> ScanResult:
        """Scan these tickers, or every report within ``days``; a running scan is replaced."""
        if self._scanner is None:
            raise UsageError("a replay has no option market to scan; start the cockpit without a recording")
        if self._scan is not None and not self._scan.done():
            self._scan.cancel()
            await asyncio.wait({self._scan})
        task = self._scan = asyncio.create_task(self._scanner.scan(tickers, days), name="cockpit:scan")
        try:
            return await task
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if caller is not None and caller.cancelling():
                raise
            raise ScanStoppedError("the scan was stopped; what it has found stays") from None

    def cancel_scan(self) -> None:
        """Stop the running scan, if any."""
        if self._scan is not None:
            self._scan.cancel()

    async def opening_ticket(self, spread_id: str) -> Ticket:
        """A ticket for a scanned spread, priced from a chain fetched now."""
        return await self._broker.opening_ticket(await self._spread(spread_id))

    async def open_position(self, ticket: Ticket, contracts: int) -> Position:
        """Fill the ticket; when this returns, the fill is committed."""
        candidate = await self._candidate(ticket.symbol)
        report_date = candidate.report_date if candidate else None
        return await self._broker.open_position(ticket, contracts, report_date)

    async def closing_ticket(self, position_id: str) -> Ticket:
        """A ticket that closes the whole position."""
        return await self._broker.closing_ticket(position_id)

    async def close_position(self, ticket: Ticket) -> ClosedPosition:
        """Fill the closing ticket; when this returns, the fill is committed."""
        return await self._broker.close_position(ticket)

    async def explain(self, symbol: str) -> Explanation:
        """Every number behind a scanned candidate and its spreads."""
        candidate = await self._candidate(symbol)
        if candidate is None:
            raise UsageError(f'{symbol} has not been scanned; "cockpit scan --tickers {symbol}" or s does it')
        return explain(candidate, await self._spreads(symbol))

    async def history(self) -> list[ClosedPosition]:
        """Closed positions, newest first."""
        return await self._broker.history()

    async def next_session(self) -> datetime:
        """Move the simulated clock to the next session's open."""
        if self._next_session is None:
            raise UsageError("only the simulated market can be moved to its next session")
        return await self._next_session()

    async def _candidate(self, symbol: str) -> Candidate | None:
        found = self._boards.candidates.get(symbol)
        if found is not None:
            return found
        stored = await latest_scan(self._database)
        return next((one for one in stored.candidates if one.symbol == symbol), None) if stored else None

    async def _spreads(self, symbol: str) -> tuple[Spread, ...]:
        found = self._boards.spreads.get(symbol)
        if found is not None:
            return found
        stored = await latest_scan(self._database)
        return stored.spreads.get(symbol, ()) if stored else ()

    async def _spread(self, spread_id: str) -> Spread:
        for spread in self._boards.spreads.get(spread_id.partition(":")[0]) or ():
            if spread.spread_id == spread_id:
                return spread
        stored = await find_spread(self._database, spread_id)
        if stored is None:
            raise UsageError(f'no scan has found a spread {spread_id}; "cockpit scan" lists the ids')
        return stored
