"""A made-up session for looking at the screen: ``python -m tests.tui.demo [--empty] [--still] [--fail]``."""

import asyncio
import math
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from cockpit.boards import Boards
from cockpit.clock import Clock
from cockpit.commands import Commands, ScanResult
from cockpit.errors import OrderRefusedError, ProviderError, Refusal, StorageError, UsageError
from cockpit.health.status import (
    FeedStatus,
    ProcessStatus,
    ProviderStatus,
    State,
    StorageStatus,
    TaskStatus,
    UsageStatus,
    Window,
)
from cockpit.logs import logging_to
from cockpit.options.contract import Greeks, OptionQuote, Right, occ_symbol
from cockpit.portfolio.position import Account, Action, ClosedPosition, Position, PositionLeg, Ticket
from cockpit.portfolio.trade import Entry, Exit, Outcome, Trade
from cockpit.scan.candidate import Candidate, ScanProgress
from cockpit.scan.cost import ScanCost
from cockpit.scan.earnings import Timing
from cockpit.scan.explain import Explanation, Row, Section
from cockpit.scan.liquidity import Tier
from cockpit.scan.sentiment import Sentiment
from cockpit.settings import Settings
from cockpit.spreads.structure import (
    Leg,
    Score,
    ScorePart,
    ScorerTotal,
    Size,
    Spread,
    StructureKind,
    Unbuilt,
    spread_id,
)
from cockpit.ticks.quote import Ticker
from cockpit.tui.session import OpenSession, Session

NOW = datetime(2026, 11, 24, 15, 42, 7, tzinfo=UTC)
EXPIRY = date(2026, 11, 27)
ENTRY = Entry(
    *(318.4, 0.71, 0.079, "atmf", 0.071, 1.37, "GOOD", 12, None, Timing.AMC, 0.71, 0.65, 9.0, 78.0, "ev"),
    *(Decimal("0.54"), Decimal("0.46"), NOW - timedelta(days=5)),
)
SYMBOLS = {
    "BTCUSDT": 96412.31,
    "ETHUSDT": 3412.07,
    "SOLUSDT": 231.44,
    "BNBUSDT": 641.2,
    "XRPUSDT": 1.4312,
    "TRXUSDT": 0.2011,
    "ADAUSDT": 0.8123,
    "DOGEUSDT": 0.39127,
    "AVAXUSDT": 42.117,
    "DOTUSDT": 8.4312,
}
NAMES = {
    "NVDA": 142.31,
    "CRM": 318.4,
    "OKTA": 88.12,
    "DELL": 131.7,
    "HPQ": 38.2,
    "ADSK": 305.1,
    "WDAY": 262.8,
    "ZS": 201.4,
}


class StillClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.instant = now
        self.seconds = 1000.0

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)
        self.seconds += seconds


class RunningClock:
    """Starts at the demo's day and runs."""

    def __init__(self) -> None:
        self._offset = NOW - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def monotonic(self) -> float:
        return time.monotonic()


def quote(symbol: str, strike: float, right: Right, mid: float, at: datetime, iv: float = 0.71) -> OptionQuote:
    delta = 0.17 if right is Right.CALL else -0.17
    return OptionQuote(
        occ_symbol(symbol, EXPIRY, right, strike),
        *(symbol, EXPIRY, strike, right, round(mid - 0.02, 2), round(mid + 0.02, 2)),
        open_interest=4210,
        greeks=Greeks(delta, 0.01, -0.2, 0.05),
        iv=iv,
        quoted_at=at,
    )


def spreads_of(symbol: str, spot: float, at: datetime) -> tuple[Spread, ...]:
    step = 2.0 if spot > 100 else 1.0
    base = round(spot / step) * step
    put_short, call_short = base - 6 * step, base + 6 * step
    puts = (
        Leg(-1, quote(symbol, put_short, Right.PUT, 1.23, at)),
        Leg(+1, quote(symbol, put_short - step, Right.PUT, 0.99, at)),
    )
    calls = (
        Leg(-1, quote(symbol, call_short, Right.CALL, 1.04, at)),
        Leg(+1, quote(symbol, call_short + step, Right.CALL, 0.66, at)),
    )
    made = []
    for kind, legs, credit, pop, ev, score, contracts, why in (
        (StructureKind.IRON_CONDOR, puts + calls, 0.60, 0.71, 9.0, 78.0, 5, None),
        (StructureKind.BULL_PUT, puts, 0.34, 0.82, 5.1, 64.0, 7, None),
        (StructureKind.BEAR_CALL, calls, 0.28, 0.80, -1.2, 41.0, 0, None),
        (StructureKind.IRON_BUTTERFLY, puts + calls, 7.10, None, None, 0.0, 0, "reward to risk 0.12 is below 0.25"),
    ):
        loss = step * 100 - credit * 100 + 2.8 if credit < step else 290.0
        made.append(
            Spread(
                spread_id(symbol, EXPIRY, kind, tuple(leg.quote.strike for leg in legs)),
                *(symbol, kind, EXPIRY, legs, credit + 0.02, credit - 0.06, credit, credit * 100 - 2.8, loss),
                (put_short - credit, call_short + credit) if len(legs) == 4 else (put_short - credit,),
                *(credit * 100 / loss, 2.8, pop, 0.65, ev, Greeks(-0.03, 0.0, 0.11, -0.2)),
                *(Tier.EXCELLENT if contracts else Tier.WARNING,),
                Score(
                    "ev",
                    score,
                    (ScorePart("ev", ev, 35.0, 25.0), ScorePart("pop", pop, 20.0, 14.2)),
                    "event 7.1 % against 5.2 %, n 12",
                ),
                Size(0.12, 0.05, contracts, "trade_cap" if contracts else "kelly"),
                why,
                at,
                ev_exit=None if ev is None else round(ev * 0.9, 1),
                pop_exit=None if pop is None else pop + 0.06,
                exit_at=None if ev is None else datetime(2026, 11, 26, 15, 0, tzinfo=UTC),
                totals=(ScorerTotal("ev", score), ScorerTotal("classic", score - 6.0)),
            )
        )
    return tuple(made)


def candidate(symbol: str, spot: float, number: int, now: datetime) -> Candidate:
    rich = Candidate(
        symbol,
        f"{symbol.title()} Corporation",
        date(2026, 11, 24) + timedelta(days=1 + number % 3),
        (Timing.AMC, Timing.BMO, Timing.UNKNOWN)[number % 3],
        now,
        spot=spot,
        expiry=EXPIRY,
        implied_move=0.079 - number * 0.004,
        event_move=0.071 - number * 0.004,
        atm_iv=0.71,
        historical_mean=0.052,
        quarters=12 - number,
        vrp=1.37 - number * 0.08,
        tail_ratio=2.1,
        tier=Tier(number % 4),
        score=78.0 - number * 7,
        best_spread=spreads_of(symbol, spot, now)[0].spread_id,
        flags=("no timing",) if number % 3 == 2 else (),
        quoted_at=now,
        sentiment=None if number > 4 else Sentiment(None if number == 3 else 0.41 - number * 0.27, 120, now),
        unbuilt=(Unbuilt(StructureKind.IRON_BUTTERFLY, "no strike lists both a call and a put"),)
        if number == 2
        else (),
    )
    if number == 6:
        return replace(
            rich,
            implied_move=None,
            event_move=None,
            vrp=None,
            score=None,
            spot=None,
            tier=None,
            best_spread=None,
            problem="the chain has no two-sided quote near the money",
        )
    return rich


def position(symbol: str, now: datetime, number: int) -> Position:
    legs = tuple(
        PositionLeg(
            occ_symbol(symbol, EXPIRY, right, strike), right, Decimal(str(strike)), EXPIRY, quantity, entry, mark
        )
        for right, strike, quantity, entry, mark in (
            (Right.PUT, 130.0, -3, Decimal("0.44"), Decimal("0.19")),
            (Right.PUT, 128.0, 3, Decimal("0.21"), None if number else Decimal("0.08")),
            (Right.CALL, 154.0, -3, Decimal("0.98"), Decimal("0.42")),
            (Right.CALL, 156.0, 3, Decimal("0.60"), Decimal("0.25")),
        )
    )
    return Position(
        f"{number + 1}",
        f"{symbol}:261127:IC:128/130/154/156",
        symbol,
        StructureKind.IRON_CONDOR,
        EXPIRY,
        3,
        Decimal("1.42"),
        Decimal("318.40"),
        Decimal("4.20"),
        now - timedelta(hours=3),
        legs,
        mark=None if number else Decimal("0.61"),
        unrealised=None if number else Decimal("243.00"),
        delta=None if number else 0.03,
        marked_at=now,
        report_date=date(2026, 11, 26),
    )


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

    async def next_session(self) -> datetime:
        if isinstance(self.clock, StillClock):
            self.clock.instant = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
        return self.clock.now()


class DemoSession:
    """Boards, commands and a clock."""

    def __init__(self, clock: Clock, read_only: str | None = None) -> None:
        self.boards = Boards()
        self.clock: Clock = clock
        self.demo = DemoCommands(self.boards, clock)
        self.read_only = read_only
        self.closed = False

    @property
    def commands(self) -> Commands:
        return self.demo

    def fill(self) -> "DemoSession":
        """Everything on the boards that a busy day would have."""
        chance = random.Random(7)
        now, mono = self.clock.now(), self.clock.monotonic()
        for number, (symbol, last) in enumerate(SYMBOLS.items()):
            self.boards.ticks.put(symbol, ticker(symbol, last, number, mono, chance))
        for number, (name, spot) in enumerate(NAMES.items()):
            found = candidate(name, spot, number, now)
            missing = {one.kind for one in found.unbuilt}
            spreads = () if found.problem else spreads_of(name, spot, now)
            self.boards.candidates.put(name, found)
            self.boards.spreads.put(name, tuple(spread for spread in spreads if spread.kind not in missing))
        self.boards.scan.put("scan", ScanProgress(now, len(NAMES), len(NAMES), 1, now))
        self.boards.positions.put("1", position("NVDA", now, 0))
        self.boards.positions.put("2", position("CRM", now, 1))
        self.boards.account.put(
            "account",
            Account(
                Decimal("100569.40"),
                Decimal("0"),
                Decimal("243.00"),
                Decimal("100812.40"),
                Decimal("212.40"),
                Decimal("8.40"),
                Decimal("4130.00"),
                Decimal("95870.00"),
                2,
            ),
        )
        self.health(0.0)
        return self

    def health(self, elapsed: float) -> None:
        """The health board at a time."""
        mono = self.clock.monotonic()
        put = self.boards.health.put
        put(
            "feed",
            FeedStatus(
                "binance",
                State.UP,
                rate=54.2,
                lag_ms=3.2,
                clock_offset_ms=-12.4,
                last_message_at=mono,
                up_since=mono - 11520 - elapsed,
                backfilled=118,
                reconnects=1,
                received=91234,
                stored=91230,
            ),
        )
        put("storage", StorageStatus(State.UP, False, "", 12, 4.1, 3_100_000, 48_000_000, 0.61))
        put("process", ProcessStatus(0.021, 118_000_000, 3.0, 14, 11520.0 + elapsed))
        put(
            "provider:tradier",
            ProviderStatus(
                "tradier",
                State.UP,
                (Window(120, 60.0, 84, 38.0 - elapsed % 38),),
                0,
                "closed",
                112.0,
                0.89,
                812,
                0,
                memory_hit_ratio=0.81,
                second_hit_ratio=0.42,
                usage=(
                    UsageStatus("chains", 640, 0, 12, 48_000_000, 88.0, 121.0),
                    UsageStatus("quotes", 172, 0, 0, 310_000, 41.0, 60.0),
                ),
            ),
        )
        put(
            "provider:alpha_vantage",
            ProviderStatus(
                "alpha_vantage",
                State.UP,
                (Window(25, 86400.0, 12, 32400.0), Window(1, 1.0, 0, 0.0)),
                0,
                "closed",
                340.0,
                0.97,
                31,
                1,
                "alpha_vantage: no answer from 127.0.0.1 within 10 s",
                NOW - timedelta(minutes=42),
                memory_hit_ratio=0.60,
                second_hit_ratio=0.93,
                usage=(UsageStatus("earnings", 31, 1, 4, 1_200_000, 210.0, 340.0),),
            ),
        )
        put(
            "provider:stocktwits",
            ProviderStatus(
                "stocktwits",
                State.DEGRADED,
                (Window(200, 3600.0, 11, 2460.0),),
                2,
                "half-open",
                210.0,
                0.64,
                11,
                3,
                "stocktwits: answered 503 three times",
                NOW - timedelta(seconds=25),
                memory_hit_ratio=0.64,
                usage=(UsageStatus("symbol", 11, 3, 0, 92_000, 150.0, 210.0),),
            ),
        )
        for name in ("feed", "recorder", "sampler"):
            put(f"task:{name}", TaskStatus(name, State.UP))


def ticker(symbol: str, last: float, number: int, mono: float, chance: random.Random) -> Ticker:
    decimals = 2 if last > 100 else 4
    price = Decimal(f"{last:.{decimals}f}")
    tick = Decimal(1).scaleb(-decimals)
    return Ticker(
        symbol,
        price,
        0.031 - number * 0.007,
        price - tick,
        price + tick,
        Decimal("18234.5"),
        Decimal(str(last)) * 18234,
        18.2 / (number + 1),
        tuple(last * (1 + 0.001 * math.sin(i / 3 + number)) for i in range(30)),
        received_at=mono,
        lag_ms=3.0 + number / 2,
        last_move=1 if chance.random() > 0.5 else -1,
    )


async def stir(session: DemoSession) -> None:
    """Ten symbols that tick as a usual market does."""
    chance = random.Random(7)
    started = time.monotonic()
    sparks_at = 0.0
    while True:
        await asyncio.sleep(0.05)
        mono = session.clock.monotonic()
        for symbol in chance.sample(list(SYMBOLS), 3):
            old = session.boards.ticks.get(symbol)
            if old is None or old.last is None:
                continue
            price = old.last + chance.choice((-2, -1, 0, 1, 2)) * Decimal(1).scaleb(-2 if old.last > 100 else -4)
            spark = (*old.spark[1:], float(price)) if mono - sparks_at > 2 else old.spark
            session.boards.ticks.put(
                symbol,
                replace(
                    old,
                    last=price,
                    bid=price,
                    ask=price + Decimal("0.01"),
                    received_at=mono,
                    spark=spark,
                    trades_per_second=round(old.trades_per_second + chance.uniform(-0.3, 0.3), 1)
                    if old.trades_per_second > 1
                    else old.trades_per_second,
                    last_move=(price > old.last) - (price < old.last),
                ),
            )
        if mono - sparks_at > 2:
            sparks_at = mono
        session.health(time.monotonic() - started)


def open_demo(session: DemoSession, *, moving: bool = False) -> OpenSession:
    """The demo as the screen opens it."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Session]:
        task = asyncio.create_task(stir(session)) if moving else None
        try:
            yield session
        finally:
            session.closed = True
            if task is not None:
                task.cancel()

    return opened


class Failing:
    """A session that cannot be opened."""

    async def __aenter__(self) -> Session:
        raise StorageError(
            "the data folder /var/lib/cockpit is owned by process 4711; close that cockpit or choose --data-dir"
        )

    async def __aexit__(self, *error: object) -> None:
        return None


def main() -> int:
    from cockpit.tui.run import run_screen

    flags = set(sys.argv[1:])
    session = DemoSession(RunningClock())
    if "--empty" not in flags:
        session.fill()
    with logging_to(Path(tempfile.gettempdir()) / "cockpit-demo.log"):
        return run_screen(
            Settings(), Failing if "--fail" in flags else open_demo(session, moving="--still" not in flags)
        )


if __name__ == "__main__":
    sys.exit(main())
