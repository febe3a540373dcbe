"""Rows of a made-up day: tickers, candidates with their spreads, positions."""

import math
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from cockpit.options.contract import Greeks, OptionQuote, Right, occ_symbol
from cockpit.portfolio.position import Position, PositionLeg
from cockpit.portfolio.trade import Entry
from cockpit.scan.candidate import Candidate
from cockpit.scan.earnings import Timing
from cockpit.scan.liquidity import Tier
from cockpit.scan.sentiment import Sentiment
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
from tests.tui.clocks import NOW

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
