"""The one interface through which a screen or a command line makes something happen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cockpit.portfolio.position import ClosedPosition, Position, Ticket
from cockpit.portfolio.trade import Trade
from cockpit.scan.candidate import Candidate
from cockpit.scan.cost import ScanCost
from cockpit.scan.explain import Explanation
from cockpit.spreads.structure import Spread
from cockpit.ticks.bar_columns import BarColumns


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan found: candidates by falling score and each one's spreads, best first."""

    started_at: datetime
    finished_at: datetime
    candidates: tuple[Candidate, ...]
    spreads: dict[str, tuple[Spread, ...]]
    whole: bool = True
    """False where only names that were asked for were looked at."""


class Commands(Protocol):
    """Every method raises a :class:`cockpit.errors.CockpitError` whose sentence can be shown as it is."""

    async def scan(self, tickers: Sequence[str] | None = None, days: int | None = None) -> ScanResult:
        """Scan these tickers, or every report within ``days``; boards fill as it goes. A running scan is replaced.

        Raises:
            ScanStoppedError: it was stopped or replaced before its end.
        """
        ...

    async def scan_cost(self, tickers: Sequence[str] | None = None, days: int | None = None) -> ScanCost:
        """What :meth:`scan` would ask of the vendors."""
        ...

    def cancel_scan(self) -> None:
        """Stop the running scan; what it has found stays."""
        ...

    async def opening_ticket(self, spread_id: str) -> Ticket:
        """A ticket for a scanned spread, priced from a chain fetched now."""
        ...

    async def open_position(self, ticket: Ticket, contracts: int) -> Position:
        """Fill the ticket. When this returns, the fill is committed.

        Raises:
            OrderRefusedError: with the reason a trader would be given.
        """
        ...

    async def closing_ticket(self, position_id: str) -> Ticket:
        """A ticket that closes the whole position, priced from a chain fetched now."""
        ...

    async def close_position(self, ticket: Ticket) -> ClosedPosition:
        """Fill the closing ticket. When this returns, the fill is committed."""
        ...

    async def explain(self, symbol: str) -> Explanation:
        """Every number behind a scanned candidate and its spreads.

        Raises:
            UsageError: the symbol has not been scanned.
        """
        ...

    async def history(self) -> list[ClosedPosition]:
        """Closed positions, newest first."""
        ...

    async def trades(self) -> list[Trade]:
        """Every trade, open and closed, in the order of opening, with what was known and what came of it."""
        ...

    async def minutes(self, symbol: str, start_ms: int, end_ms: int) -> BarColumns:
        """The stored bars of an exchange symbol that open from ``start_ms`` up to but without ``end_ms``.

        They are minutes, and longer ones where no minutes are known.
        """
        ...

    async def fill_history(self, symbol: str, span_ms: int) -> int:
        """Fetch from the venue what is not stored of the last ``span_ms`` of an exchange symbol, and keep it.

        Returns how many bars came. To stop waiting does not stop it.
        """
        ...

    async def drop_cache(self, provider: str = "", symbol: str = "") -> int:
        """Forget what a vendor answered, or all of them, about a symbol or at all; how many answers left the memory.

        Raises:
            UsageError: there is no such vendor; so do the next two.
        """
        ...

    async def reset_breaker(self, provider: str) -> str:
        """Ask a vendor again that was left alone; what its breaker was: ``open``, ``half-open`` or ``closed``."""
        ...

    async def probe(self, provider: str) -> float:
        """Ask a vendor the cheapest thing now, within its limits; the seconds until its answer.

        Raises:
            ProviderError: it gave no usable one.
        """
        ...

    async def pause_replay(self) -> None:
        """Stop a replay's time, or let it go on.

        Raises:
            UsageError: outside the ``replay`` profile; so do the next two.
        """
        ...

    async def seek_replay(self, seconds: float) -> None:
        """Move a replay by so much of its own time; below zero back."""
        ...

    async def change_replay_speed(self, steps: int) -> None:
        """Play a replay so many steps faster or slower."""
        ...

    async def restart_strategies(self, symbol: str) -> str:
        """Start the stopped strategies of an exchange symbol again; a sentence that names them.

        Raises:
            UsageError: there is none.
        """
        ...

    async def flatten_strategies(self, symbol: str, strategy: str = "") -> str:
        """Flatten at the touch what strategies of an exchange symbol hold that run no more; a sentence for each.

        Args:
            strategy: only this one; empty for all.

        Raises:
            UsageError: none holds anything, all that do are at work, or no bid and ask came.
            ProviderError: the exchange gave none.
            StorageError: nothing can be written now.
        """
        ...

    async def next_session(self) -> datetime:
        """Move the simulated clock to the next session's open; returns the new time.

        Raises:
            UsageError: outside the ``sim`` profile.
        """
        ...
