"""The desk: what a screen or a command line can have done, carried out by the services of one session."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from cockpit.boards import Boards
from cockpit.commands import ScanResult
from cockpit.errors import ScanStoppedError, UsageError
from cockpit.net.http import HttpClient
from cockpit.portfolio.broker import Broker
from cockpit.portfolio.position import ClosedPosition, Position, Ticket
from cockpit.portfolio.trade import Trade
from cockpit.scan.candidate import Candidate
from cockpit.scan.cost import ScanCost
from cockpit.scan.explain import Explanation, explain
from cockpit.scan.opinions import Opinions
from cockpit.scan.scanner import Scanner
from cockpit.spreads.structure import Spread
from cockpit.storage.bar_columns import read_bar_columns
from cockpit.storage.database import Database
from cockpit.storage.scan import find_spread, latest_scan
from cockpit.storage.scorecard import TradeRows
from cockpit.storage.scores import scored_trades
from cockpit.strategies.runner import StrategyRunner
from cockpit.ticks.bar_columns import BarColumns
from cockpit.ticks.history import History
from cockpit.ticks.replay import ReplayExchange


class Desk:
    """Implements :class:`cockpit.commands.Commands` for a session."""

    def __init__(
        self,
        *,
        boards: Boards,
        database: Database,
        scanner: Scanner | None,
        broker: Broker,
        history: History,
        opinions: Opinions | None = None,
        next_session: Callable[[], Awaitable[datetime]] | None = None,
        replay: ReplayExchange | None = None,
        jumped: Callable[[], None] = lambda: None,
        http: HttpClient | None = None,
        strategies: StrategyRunner | None = None,
    ) -> None:
        """Make a desk.

        Args:
            boards: where what was scanned is looked up.
            database: where it is looked up after that.
            scanner: None in a replay.
            broker: of the paper book.
            history: of exchange symbols, from before they were stored.
            opinions: of the crowd, where it is asked.
            next_session: None wherever time cannot be moved.
            replay: what is played, in a replay.
            jumped: told of a move within the replay, between the last frame of before and the first of after.
            http: the way to the vendors; None where there are none.
            strategies: at work on the stream, or as they were left.
        """
        self._boards = boards
        self._database = database
        self._scanner = scanner
        self._broker = broker
        self._history = history
        self._opinions = opinions
        self._next_session = next_session
        self._replay = replay
        self._jumped = jumped
        self._http = http
        self._strategies = strategies
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

    async def scan_cost(self, tickers: Sequence[str] | None = None, days: int | None = None) -> ScanCost:
        """What a scan would ask of the vendors."""
        if self._scanner is None:
            raise UsageError("a replay has no option market to scan; start the cockpit without a recording")
        return await self._scanner.cost(tickers, days)

    def cancel_scan(self) -> None:
        """Stop the running scan, if any."""
        if self._scan is not None:
            self._scan.cancel()

    async def opening_ticket(self, spread_id: str) -> Ticket:
        """A ticket for a scanned spread, priced from a chain fetched now."""
        return await self._broker.opening_ticket(await self._spread(spread_id))

    async def open_position(self, ticket: Ticket, contracts: int) -> Position:
        """Fill the ticket; when this returns, the fill is committed."""
        position = await self._broker.open_position(ticket, contracts, await self._candidate(ticket.symbol))
        self._resize()
        return position

    async def closing_ticket(self, position_id: str) -> Ticket:
        """A ticket that closes the whole position."""
        return await self._broker.closing_ticket(position_id)

    async def close_position(self, ticket: Ticket) -> ClosedPosition:
        """Fill the closing ticket; when this returns, the fill is committed."""
        closed = await self._broker.close_position(ticket)
        self._resize()
        return closed

    def _resize(self) -> None:
        if self._scanner is not None:
            self._scanner.resize()

    async def explain(self, symbol: str) -> Explanation:
        """Every number behind a scanned candidate and its spreads."""
        candidate = await self._candidate(symbol)
        if candidate is None:
            raise UsageError(f'{symbol} has not been scanned; "cockpit scan --tickers {symbol}" or s does it')
        if candidate.sentiment is None and candidate.problem is None and self._opinions is not None:
            candidate = replace(candidate, sentiment=await self._opinions.of(candidate.symbol))
        return explain(candidate, await self._spreads(symbol), await scored_trades(self._database))

    async def history(self) -> list[ClosedPosition]:
        """Closed positions, newest first."""
        return await self._broker.history()

    async def trades(self) -> list[Trade]:
        """Every trade, open and closed, in the order of opening."""
        return await TradeRows(self._database).trades()

    async def minutes(self, symbol: str, start_ms: int, end_ms: int) -> BarColumns:
        """The stored bars of an exchange symbol."""
        return await read_bar_columns(self._database, symbol, start_ms, end_ms)

    async def fill_history(self, symbol: str, span_ms: int) -> int:
        """Fetch from the venue what is not stored of the last ``span_ms`` of a symbol."""
        return await self._history.fill(symbol, span_ms)

    async def next_session(self) -> datetime:
        """Move the simulated clock to the next session's open."""
        if self._next_session is None:
            raise UsageError("only the simulated market can be moved to its next session")
        return await self._next_session()

    async def drop_cache(self, provider: str = "", symbol: str = "") -> int:
        """Forget what a vendor answered, or all of them, about a symbol or at all."""
        return await self._vendors().drop_cache(provider, symbol)

    async def reset_breaker(self, provider: str) -> str:
        """Ask a vendor again that was left alone."""
        return self._vendors().reset_breaker(provider)

    async def probe(self, provider: str) -> float:
        """Ask a vendor the cheapest thing now, within its limits."""
        return await self._vendors().probe(provider)

    def _vendors(self) -> HttpClient:
        if self._http is None:
            raise UsageError("a replay asks no vendor")
        return self._http

    async def restart_strategies(self, symbol: str) -> str:
        """Start the stopped strategies of a symbol again."""
        if self._strategies is None:
            raise UsageError("no strategy runs in this session")
        return self._strategies.restart(symbol)

    async def flatten_strategies(self, symbol: str, strategy: str = "") -> str:
        """Flatten what strategies of a symbol hold that run no more."""
        if self._strategies is None:
            raise UsageError("no strategy runs in this session")
        return await self._strategies.flatten(symbol, strategy)

    async def pause_replay(self) -> None:
        """Stop a replay's time, or let it go on."""
        self._replayed().pause()

    async def seek_replay(self, seconds: float) -> None:
        """Move a replay by so much of its own time."""
        await self._replayed().seek(seconds, self._jumped)

    async def change_replay_speed(self, steps: int) -> None:
        """Play a replay so many steps faster or slower."""
        self._replayed().change_speed(steps)

    def _replayed(self) -> ReplayExchange:
        if self._replay is None:
            raise UsageError('only a replay can be paused, moved and hurried; "cockpit replay FILE" starts one')
        return self._replay

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
