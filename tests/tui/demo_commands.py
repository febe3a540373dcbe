"""What the keys ask, done on the boards of a made-up session."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from cockpit.boards import Boards
from cockpit.clock import Clock
from cockpit.commands import Commands, ScanResult
from cockpit.errors import OrderRefusedError, ProviderError, Refusal, UsageError
from cockpit.portfolio.position import Action, ClosedPosition, Position, Ticket
from cockpit.portfolio.trade import Exit, Outcome, Trade
from cockpit.scan.candidate import ScanProgress
from cockpit.scan.cost import ScanCost
from cockpit.scan.explain import Explanation, Row, Section
from cockpit.spreads.structure import (
    Leg,
    StructureKind,
)
from cockpit.ticks.bar_columns import BarColumns
from tests.tui.clocks import NOW, StillClock
from tests.tui.made import ENTRY, NAMES, candidate, position, spreads_of
from tests.tui.made_minutes import made_minutes


class DemoCommands(Commands):
    """Does what the keys ask, on the demo's boards."""

    def __init__(self, boards: Boards, clock: Clock) -> None:
        self.boards = boards
        self.clock = clock
        self.opened: list[tuple[Ticket, int]] = []
        self.closed: list[Ticket] = []
        self.scans: list[Sequence[str] | None] = []
        self.asked: list[str] = []
        self.refuse: str | None = None
        self._stop = False

    async def scan(self, tickers: Sequence[str] | None = None, days: int | None = None) -> ScanResult:
        self.scans.append(tickers)
        started = self.clock.now()
        self._stop = False
        names = [(name, spot) for name, spot in NAMES.items() if tickers is None or name in tickers]
        for done, (name, spot) in enumerate(names):
            self.boards.scan.put("scan", ScanProgress(started, len(names), done))
            if self._stop:
                break
            await asyncio.sleep(0)
            self.boards.candidates.put(name, candidate(name, spot, list(NAMES).index(name), self.clock.now()))
            self.boards.spreads.put(name, spreads_of(name, spot, self.clock.now()))
        self.boards.scan.put("scan", ScanProgress(started, len(names), len(names), 1, self.clock.now()))
        return ScanResult(
            started, self.clock.now(), tuple(self.boards.candidates.values()), dict(self.boards.spreads.items())
        )

    async def scan_cost(self, tickers: Sequence[str] | None = None, days: int | None = None) -> ScanCost:
        names = len(tickers or NAMES)
        return ScanCost(names, ("tradier", 4 * names + 1), ("alpha_vantage", names), None)

    def cancel_scan(self) -> None:
        self._stop = True

    async def opening_ticket(self, spread_id: str) -> Ticket:
        symbol = spread_id.partition(":")[0]
        found = next((s for s in self.boards.spreads.get(symbol) or () if s.spread_id == spread_id), None)
        if found is None:
            raise UsageError(f"no scan has found a spread {spread_id}")
        return Ticket(
            Action.OPEN,
            spread_id,
            symbol,
            found.kind,
            found.expiry,
            found.legs,
            Decimal("0.62"),
            Decimal("0.54"),
            Decimal("0.60"),
            "quarter",
            found.size.contracts,
            found.size,
            Decimal("60.00"),
            Decimal("140.00"),
            Decimal("1.40"),
            found.breakevens,
            found.pop,
            found.pop_delta,
            found.ev,
            Decimal("95870.00"),
            self.clock.now(),
            NAMES[symbol],
            None,
            found.rejected,
        )

    async def open_position(self, ticket: Ticket, contracts: int) -> Position:
        if self.refuse:
            raise OrderRefusedError(self.refuse)
        self.opened.append((ticket, contracts))
        made = replace(
            position(ticket.symbol, self.clock.now(), 0), position_id=f"{len(self.opened) + 10}", contracts=contracts
        )
        self.boards.positions.put(made.position_id, made)
        return made

    async def closing_ticket(self, position_id: str) -> Ticket:
        held = self.boards.positions.get(position_id)
        if held is None:
            raise UsageError(f"there is no open position {position_id}")
        opening = spreads_of(held.symbol, 142.0, self.clock.now())[0]
        legs = tuple(Leg(-leg.quantity, leg.quote) for leg in opening.legs)
        return Ticket(
            Action.CLOSE,
            position_id,
            held.symbol,
            held.kind,
            held.expiry,
            legs,
            Decimal("-0.61"),
            Decimal("-0.70"),
            Decimal("-0.63"),
            "quarter",
            held.contracts,
            None,
            Decimal("0"),
            Decimal("0"),
            Decimal("1.40"),
            opening.breakevens,
            None,
            None,
            None,
            Decimal("95870.00"),
            self.clock.now(),
            142.31,
            Decimal("231.60"),
            None,
        )

    async def close_position(self, ticket: Ticket) -> ClosedPosition:
        self.closed.append(ticket)
        held = self.boards.positions.get(ticket.key)
        assert held is not None
        self.boards.positions.remove(ticket.key)
        return ClosedPosition(
            held.position_id,
            held.symbol,
            held.kind,
            held.expiry,
            held.contracts,
            held.credit,
            Decimal("0.63"),
            held.fees,
            Decimal("231.60"),
            held.opened_at,
            self.clock.now(),
            "closed",
        )

    async def explain(self, symbol: str) -> Explanation:
        found = self.boards.candidates.get(symbol)
        if found is None:
            raise UsageError(f"{symbol} has not been scanned")
        return Explanation(
            f"{symbol}: {found.name}",
            (
                Section(
                    "Inputs",
                    (Row("spot", "142.31", "tradier, 3 s old"), Row("expiry", "27 Nov", "first after the report")),
                ),
                Section(
                    "Moves",
                    (
                        Row("implied", "7.9 %", "atmf"),
                        Row("event", "7.1 %", "variance of two expiries"),
                        Row("past", "5.2 %", "mean of 12"),
                    ),
                ),
                Section(
                    "Verdict",
                    (
                        Row(
                            "in words",
                            "the event is priced at 7.1 % and has moved 5.2 % on average over twelve reports; a condor "
                            "outside it keeps its credit in 71 % of cases",
                            "",
                        ),
                    ),
                ),
            ),
        )

    async def minutes(self, symbol: str, start_ms: int, end_ms: int) -> BarColumns:
        return made_minutes(symbol, self.clock.now(), start_ms, end_ms)

    async def fill_history(self, symbol: str, span_ms: int) -> int:
        return 0

    async def history(self) -> list[ClosedPosition]:
        return []

    async def trades(self) -> list[Trade]:
        """A winner with all that is known, a loser from before anything but its fills was kept, and the open ones."""
        days = timedelta(days=1)
        won = Trade(
            *("P7", "CRM:261120:BP:300/305", "CRM", StructureKind.BULL_PUT, date(2026, 11, 20), 4),
            *(Decimal("0.52"), Decimal("1797.60"), Decimal("5.60"), NOW - 5 * days, (), "quarter"),
            *(NOW - 4 * days, "closed", Decimal("0.11"), Decimal("158.40"), None),
            entry=replace(ENTRY, report_date=date(2026, 11, 19)),
            exit=Exit(306.4, 0.41, Decimal("-0.09"), Decimal("-0.15")),
            outcome=Outcome(date(2026, 11, 19), date(2026, 11, 20), -0.021, -0.034, 0.41, NOW - 4 * days),
            report_date=date(2026, 11, 19),
        )
        lost = Trade(
            *("P6", "OKTA:261120:IC:80/82/94/96", "OKTA", StructureKind.IRON_CONDOR, date(2026, 11, 20), 2),
            *(Decimal("0.80"), Decimal("242.80"), Decimal("5.60"), NOW - 6 * days, (), "quarter"),
            *(NOW - 4 * days, "expired", Decimal("1.31"), Decimal("-107.60"), None),
        )
        return [lost, won, *map(self._held, self.boards.positions.values())]

    def _held(self, held: Position) -> Trade:
        return Trade(
            *(held.position_id, held.spread_id, held.symbol, held.kind, held.expiry, held.contracts, held.credit),
            *(held.max_loss, held.fees, held.opened_at, ()),
            entry=replace(ENTRY, report_date=held.report_date),
            report_date=held.report_date,
        )

    async def drop_cache(self, provider: str = "", symbol: str = "") -> int:
        self.asked.append(f"drop {provider} {symbol}".strip())
        return 41

    async def reset_breaker(self, provider: str) -> str:
        self.asked.append(f"reset {provider}")
        return "open"

    async def probe(self, provider: str) -> float:
        self.asked.append(f"probe {provider}")
        if self.refuse:
            raise ProviderError(provider, Refusal.UNAVAILABLE, self.refuse)
        return 0.112

    async def pause_replay(self) -> None:
        self.asked.append("pause")

    async def seek_replay(self, seconds: float) -> None:
        self.asked.append(f"seek {seconds:+g}")

    async def change_replay_speed(self, steps: int) -> None:
        self.asked.append(f"speed {steps:+d}")

    async def restart_strategies(self, symbol: str) -> str:
        self.asked.append(f"restart {symbol}")
        return f"started again: sma_cross on {symbol}"

    async def flatten_strategies(self, symbol: str, strategy: str = "") -> str:
        self.asked.append(f"flatten {symbol} {strategy}".strip())
        return f"flattened on {symbol}"

    async def next_session(self) -> datetime:
        if isinstance(self.clock, StillClock):
            self.clock.instant = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
        return self.clock.now()
