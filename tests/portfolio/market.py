"""A small option market in memory, and the pieces that the portfolio's tests are made of."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from cockpit.boards import Boards
from cockpit.errors import ProviderError, Refusal
from cockpit.options.chain import OptionChain
from cockpit.options.contract import Greeks, OptionQuote, Right, occ_symbol
from cockpit.paths import Paths
from cockpit.portfolio.broker import Broker
from cockpit.portfolio.marker import Marker
from cockpit.providers.ports import EquityQuote
from cockpit.scan.liquidity import Tier
from cockpit.scan.moves import DailyBar
from cockpit.settings import Settings
from cockpit.spreads.structure import Leg, Score, Size, Spread, StructureKind, spread_id
from cockpit.storage.database import Database, open_database

SYMBOL = "NVDA"
EXPIRY = date(2026, 11, 27)
MORNING = datetime(2026, 11, 24, 15, 42, tzinfo=UTC)
"""Tuesday 10:42 in New York; the Friday of the expiry closes early, at 13:00."""

Market = dict[tuple[Right, float], tuple[float | None, float | None]]
P, C = Right.PUT, Right.CALL

MARKET: Market = {
    (P, 128.0): (0.97, 1.01),
    (P, 130.0): (1.21, 1.25),
    (C, 154.0): (1.02, 1.06),
    (C, 156.0): (0.64, 0.68),
}


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self, instant: datetime = MORNING) -> None:
        self.instant = instant
        self.seconds = 1000.0

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.seconds

    def forward(self, **time: float) -> None:
        self.instant += timedelta(**time)
        self.seconds += timedelta(**time).total_seconds()


@dataclass
class Venue:
    """Quotes that a test sets, stamped with the clock's time less ``age`` seconds."""

    clock: HandClock
    market: Market = field(default_factory=lambda: dict(MARKET))
    age: float = 1.0
    stamped: bool = True
    delta: float | None = 0.15
    spot: float | None = 142.31
    closes: dict[date, float] = field(default_factory=dict)
    down: bool = False
    asked: list[bool] = field(default_factory=list)
    name: str = "memory"

    async def quotes(self, symbols: Sequence[str]) -> dict[str, EquityQuote]:
        return {}

    async def expirations(self, symbol: str) -> list[date]:
        return [EXPIRY]

    async def chain(self, symbol: str, expiry: date, *, fresh: bool = False) -> OptionChain:
        self._answer()
        self.asked.append(fresh)
        now = self.clock.now()
        quoted_at = now - timedelta(seconds=self.age) if self.stamped else None
        quotes = tuple(
            OptionQuote(
                symbol=occ_symbol(symbol, expiry, right, strike),
                underlying=symbol,
                expiry=expiry,
                strike=strike,
                right=right,
                bid=bid,
                ask=ask,
                greeks=None if self.delta is None else Greeks(right.sign * self.delta, 0.01, -0.1, 0.1),
                quoted_at=quoted_at,
            )
            for (right, strike), (bid, ask) in self.market.items()
        )
        return OptionChain(symbol, expiry, quotes, self.spot, now, self.name)

    async def daily_history(self, symbol: str, start: date, end: date) -> list[DailyBar]:
        self._answer()
        return [
            DailyBar(day, close, close, close, close, 1000)
            for day, close in sorted(self.closes.items())
            if start <= day <= end
        ]

    async def warm(self, symbols: Sequence[str], start: date, end: date) -> None:
        return

    def _answer(self) -> None:
        if self.down:
            raise ProviderError(self.name, Refusal.UNAVAILABLE, "no answer")


@dataclass
class Desk:
    """One broker with everything around it."""

    database: Database
    venue: Venue
    clock: HandClock
    boards: Boards
    broker: Broker
    marker: Marker


def settings(**portfolio: Any) -> Settings:
    return Settings.model_validate({"portfolio": portfolio})


@asynccontextmanager
async def open_desk(folder: Path, clock: HandClock | None = None, **portfolio: Any) -> AsyncIterator[Desk]:
    """A broker on a real database in ``folder``, loaded."""
    clock = clock or HandClock()
    venue = Venue(clock)
    boards = Boards()
    async with open_database(Paths(folder, folder)) as database:
        chosen = settings(**portfolio)
        broker = Broker(database=database, venue=venue, clock=clock, boards=boards, settings=chosen)
        await broker.load()
        marker = Marker(broker=broker, venue=venue, clock=clock, boards=boards, settings=chosen)
        yield Desk(database, venue, clock, boards, broker, marker)


def condor(expiry: date = EXPIRY) -> Spread:
    """The condor P128/130 C154/156 as a scan has found it some time ago, at a fill of 0.60."""
    quantities = {(P, 128.0): 1, (P, 130.0): -1, (C, 154.0): -1, (C, 156.0): 1}
    return _spread(StructureKind.IRON_CONDOR, quantities, expiry)


def bull_put() -> Spread:
    """The put side of it."""
    return _spread(StructureKind.BULL_PUT, {(P, 128.0): 1, (P, 130.0): -1}, EXPIRY)


def _spread(kind: StructureKind, quantities: dict[tuple[Right, float], int], expiry: date) -> Spread:
    legs = tuple(
        Leg(
            quantity,
            OptionQuote(
                symbol=occ_symbol(SYMBOL, expiry, right, strike),
                underlying=SYMBOL,
                expiry=expiry,
                strike=strike,
                right=right,
                bid=9.0,
                ask=9.0,
            ),
        )
        for (right, strike), quantity in quantities.items()
    )
    return Spread(
        spread_id=spread_id(SYMBOL, expiry, kind, tuple(strike for _, strike in quantities)),
        symbol=SYMBOL,
        kind=kind,
        expiry=expiry,
        legs=legs,
        mid=0.62,
        natural=0.54,
        fill=0.60,
        max_profit=58.6,
        max_loss=141.4,
        breakevens=(129.41, 154.59),
        reward_risk=0.41,
        commission=1.4,
        pop=0.71,
        pop_delta=0.65,
        ev=9.0,
        greeks=None,
        tier=Tier.EXCELLENT,
        score=Score("ev", 78.0, (), ""),
        size=Size(0.1, 0.05, 5, "trade_cap"),
        rejected=None,
        quoted_at=MORNING,
    )


def without(market: Market, right: Right, strike: float) -> Market:
    return {key: quote for key, quote in market.items() if key != (right, strike)}
