"""A small market in memory behind the providers' ports: chains priced by one variance model, bars with known moves."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import exp, sqrt

from cockpit.errors import ProviderError, Refusal
from cockpit.options.calendar import is_session, next_session, session_on_or_after
from cockpit.options.chain import OptionChain
from cockpit.options.contract import Greeks, OptionQuote, Right, occ_symbol
from cockpit.options.forward import trading_years, years_to_expiry
from cockpit.options.pricing import black
from cockpit.providers.ports import EquityQuote
from cockpit.scan.earnings import EarningsReport, PastReport, Timing
from cockpit.scan.moves import DailyBar

NOW = datetime(2026, 11, 24, 15, 42, tzinfo=UTC)
TODAY = date(2026, 11, 24)
REPORT_DAY = date(2026, 12, 2)
EXPIRIES = (date(2026, 11, 27), date(2026, 12, 4), date(2026, 12, 11), date(2026, 12, 18))
RATE = 0.045


class StillClock:
    """A clock that a test moves by hand."""

    def __init__(self, now: datetime = NOW) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return 0.0


def report(symbol: str = "ACME", timing: Timing = Timing.AMC, day: date = REPORT_DAY) -> EarningsReport:
    """A coming report."""
    return EarningsReport(symbol, f"{symbol} Inc", day, timing, None, "calendar")


def chain(
    symbol: str = "ACME",
    expiry: date = EXPIRIES[1],
    spot: float = 100.0,
    ambient: float = 0.30,
    event: float = 0.08,
    half: float = 0.01,
    step: float = 2.5,
    now: datetime = NOW,
) -> OptionChain:
    """A chain whose total variance is ``ambient^2 t + event^2``, a half spread of ``half`` around fair mids."""
    years = years_to_expiry(expiry, now)
    forward, discount = spot * exp(RATE * years), exp(-RATE * years)
    variance = ambient**2 * trading_years(expiry, now) + event**2
    quotes = []
    for index in range(-16, 17):
        strike = round(spot / step) * step + index * step
        for right in Right:
            fair = discount * black(right.sign, forward, strike, variance)
            bid, ask = max(round(fair - half, 2), 0.0), round(fair + half, 2) + 0.01
            quotes.append(
                OptionQuote(
                    occ_symbol(symbol, expiry, right, strike),
                    symbol,
                    expiry,
                    strike,
                    right,
                    bid,
                    ask,
                    open_interest=2000,
                    greeks=Greeks(0.1, 0.1, 0.1, 0.1),
                    quoted_at=now - timedelta(seconds=2),
                )
            )
    return OptionChain(symbol, expiry, tuple(quotes), spot, now, "memory")


def past_reports(symbol: str = "ACME", count: int = 12) -> list[PastReport]:
    """Quarterly reports after the close, newest first."""
    days = [session_on_or_after(REPORT_DAY - timedelta(days=91 * number)) for number in range(1, count + 1)]
    return [PastReport(symbol, day, Timing.AMC) for day in days]


def bars(
    reports: Sequence[PastReport], moves: Sequence[float], ambient: float = 0.30, close: float = 100.0
) -> list[DailyBar]:
    """Four years of closes that swing by the ambient volatility, with each report's move on the session after it."""
    jumps = {next_session(one.report_date): move for one, move in zip(reports, moves, strict=False)}
    swing = ambient / sqrt(252.0)
    found = []
    day = TODAY - timedelta(days=1400)
    up = True
    while day < TODAY:
        if is_session(day):
            before = close
            if day in jumps:
                close *= 1.0 + jumps[day]
            else:
                close *= exp(swing if up else -swing)
                up = not up
            found.append(DailyBar(day, before, max(before, close), min(before, close), close, 1000))
        day += timedelta(days=1)
    return found


def moves_of(size: float, count: int = 12) -> list[float]:
    """Reactions around one size, alternating in sign, with some spread."""
    return [size * (1.0 + 0.3 * ((number % 3) - 1)) * (-1) ** number for number in range(count)]


@dataclass
class Earnings:
    """The calendar and the past in memory."""

    reports: list[EarningsReport]
    past: dict[str, list[PastReport]]
    failing: dict[str, ProviderError] = field(default_factory=dict)
    name: str = "calendar"

    async def calendar(self) -> list[EarningsReport]:
        await asyncio.sleep(0)
        if "calendar" in self.failing:
            raise self.failing["calendar"]
        return self.reports

    async def past_reports(self, symbol: str) -> list[PastReport]:
        await asyncio.sleep(0)
        if symbol in self.failing:
            raise self.failing[symbol]
        return self.past.get(symbol, [])


@dataclass
class Venue:
    """Quotes, chains and bars in memory; ``gates`` hold a name back until a test opens them."""

    prices: dict[str, float]
    chains: dict[tuple[str, date], OptionChain]
    history: dict[str, list[DailyBar]]
    failing: dict[str, Exception] = field(default_factory=dict)
    refused: dict[date, Exception] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    busy: int = 0
    busiest: int = 0
    name: str = "venue"

    async def quotes(self, symbols: Sequence[str]) -> dict[str, EquityQuote]:
        await asyncio.sleep(0)
        self.asked.append("quotes")
        if "quotes" in self.failing:
            raise self.failing["quotes"]
        return {
            symbol: EquityQuote(symbol, symbol, self.prices[symbol], None, None, None, None, NOW)
            for symbol in symbols
            if symbol in self.prices
        }

    async def expirations(self, symbol: str) -> list[date]:
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            if symbol in self.gates:
                await self.gates[symbol].wait()
            await asyncio.sleep(0)
        finally:
            self.busy -= 1
        if symbol in self.failing:
            raise self.failing[symbol]
        return sorted(day for name, day in self.chains if name == symbol)

    async def chain(self, symbol: str, expiry: date, *, fresh: bool = False) -> OptionChain:
        await asyncio.sleep(0)
        self.asked.append(f"chain {symbol} {expiry}")
        if expiry in self.refused:
            raise self.refused[expiry]
        return self.chains[symbol, expiry]

    async def daily_history(self, symbol: str, start: date, end: date) -> list[DailyBar]:
        await asyncio.sleep(0)
        return self.history.get(symbol, [])

    async def warm(self, symbols: Sequence[str], start: date, end: date) -> None:
        return


def market(symbols: Sequence[str], size: float = 0.05) -> tuple[Earnings, Venue]:
    """Every name alike: an event of 8 % priced, reactions of about ``size`` behind it."""
    past = {symbol: past_reports(symbol) for symbol in symbols}
    return (
        Earnings([report(symbol) for symbol in symbols], past),
        Venue(
            dict.fromkeys(symbols, 100.0),
            {
                (symbol, expiry): chain(symbol, expiry, event=0.08 if expiry > REPORT_DAY else 0.0)
                for symbol in symbols
                for expiry in EXPIRIES
            },
            {symbol: bars(past[symbol], moves_of(size)) for symbol in symbols},
        ),
    )


def refusal(kind: Refusal, text: str = "no") -> ProviderError:
    """A vendor's refusal."""
    return ProviderError("vendor", kind, text)
