"""What rows can be filtered and sorted by, in the units that the screen and the command line show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from cockpit.filtering import Field

if TYPE_CHECKING:
    from cockpit.portfolio.position import Position
    from cockpit.scan.candidate import Candidate
    from cockpit.spreads.structure import Spread
    from cockpit.ticks.quote import Ticker

R = TypeVar("R")


def _percent(get: Callable[[R], float | None]) -> Callable[[R], float | None]:
    def percent(row: R) -> float | None:
        value = get(row)
        # Rounded so that what reads 7.1 on screen is also met by =7.1.
        return None if value is None else round(value * 100.0, 10)

    return percent


def _by_name(fields: Iterable[Field[R]]) -> Mapping[str, Field[R]]:
    return {field.name: field for field in fields}


TICK_FIELDS: Mapping[str, Field[Ticker]] = _by_name(
    (
        Field("symbol", str, lambda t: t.symbol, "exchange symbol", by_default=True),
        Field("last", float, lambda t: None if t.last is None else float(t.last), "last price"),
        Field("chg", float, _percent(lambda t: t.change), "change over 24 hours, %"),
        Field("bid", float, lambda t: None if t.bid is None else float(t.bid), "best bid"),
        Field("ask", float, lambda t: None if t.ask is None else float(t.ask), "best offer"),
        Field("vol", float, lambda t: None if t.quote_volume is None else float(t.quote_volume), "24 h volume, quote"),
        Field("tps", float, lambda t: t.trades_per_second, "trades a second"),
        Field("gaps", float, lambda t: float(t.gaps), "trades known to be missing"),
    )
)

CANDIDATE_FIELDS: Mapping[str, Field[Candidate]] = _by_name(
    (
        Field("name", str, lambda c: c.symbol, "ticker", by_default=True),
        Field("company", str, lambda c: c.name, "company", by_default=True),
        Field("sector", str, lambda c: c.sector, "sector"),
        Field("report", date, lambda c: c.report_date, "day of the report"),
        Field("timing", str, lambda c: c.timing.value, "BMO, AMC, DMH or ?"),
        Field("spot", float, lambda c: c.spot, "price, $"),
        Field("impl", float, _percent(lambda c: c.implied_move), "implied move, %"),
        Field("event", float, _percent(lambda c: c.event_move), "move of the report alone, %"),
        Field("hist", float, _percent(lambda c: c.historical_mean), "mean past move, %"),
        Field("iv", float, _percent(lambda c: c.atm_iv), "at-the-money volatility, %"),
        Field("vrp", float, lambda c: c.vrp, "implied over past move"),
        Field("n", float, lambda c: float(c.quarters), "past reports"),
        Field("tail", float, lambda c: c.tail_ratio, "largest over mean past move"),
        Field("liq", str, lambda c: None if c.tier is None else c.tier.letter, "liquidity, A best to D"),
        Field("oi", float, lambda c: None if c.open_interest is None else float(c.open_interest), "open interest"),
        Field("sent", float, lambda c: None if c.sentiment is None else c.sentiment.score, "sentiment, -1 to +1"),
        Field("score", float, lambda c: c.score, "score, 0 to 100"),
        Field("flags", str, lambda c: " ".join(c.flags) or None, "doubts"),
    )
)

SPREAD_FIELDS: Mapping[str, Field[Spread]] = _by_name(
    (
        Field("name", str, lambda s: s.symbol, "ticker", by_default=True),
        Field("structure", str, lambda s: s.kind.label, "structure", by_default=True),
        Field("expiry", date, lambda s: s.expiry, "expiry"),
        Field("credit", float, lambda s: s.fill, "credit, $ a share"),
        Field("risk", float, lambda s: s.max_loss, "maximum loss, $ a contract"),
        Field("profit", float, lambda s: s.max_profit, "maximum profit, $ a contract"),
        Field("pop", float, _percent(lambda s: s.pop), "probability of profit, %"),
        Field("ev", float, lambda s: s.ev, "expected profit after costs, $ a contract"),
        Field("rr", float, lambda s: s.reward_risk, "reward over risk"),
        Field("score", float, lambda s: s.score.total, "score, 0 to 100"),
        Field("contracts", float, lambda s: float(s.size.contracts), "suggested contracts"),
        Field("liq", str, lambda s: s.tier.letter, "liquidity, A best to D"),
        Field("rejected", str, lambda s: s.rejected, "why it is not to be traded"),
    )
)

POSITION_FIELDS: Mapping[str, Field[Position]] = _by_name(
    (
        Field("name", str, lambda p: p.symbol, "ticker", by_default=True),
        Field("structure", str, lambda p: p.kind.label, "structure", by_default=True),
        Field("qty", float, lambda p: float(p.contracts), "contracts"),
        Field("expiry", date, lambda p: p.expiry, "expiry"),
        Field("credit", float, lambda p: float(p.credit), "credit at entry, $ a share"),
        Field("mark", float, lambda p: None if p.mark is None else float(p.mark), "cost to buy back, $ a share"),
        Field("pnl", float, lambda p: None if p.unrealised is None else float(p.unrealised), "unrealised, $"),
        Field("delta", float, lambda p: p.delta, "position delta"),
        Field("risk", float, lambda p: float(p.max_loss), "maximum loss, $"),
    )
)
