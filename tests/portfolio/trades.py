"""Trades made by hand: a condor 128/130/154/156 over NVDA's report of Tuesday after the close."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from cockpit.options.contract import Right
from cockpit.portfolio.margin import OptionLeg
from cockpit.portfolio.trade import Entry, Exit, Outcome, Trade
from cockpit.scan.earnings import Timing
from cockpit.spreads.structure import StructureKind

OPENED = datetime(2026, 11, 24, 15, 42, tzinfo=UTC)
"""Tuesday 10:42 in New York."""
MORNING = datetime(2026, 11, 25, 15, 42, tzinfo=UTC)
EXPIRY = date(2026, 11, 27)
LEGS = tuple(
    OptionLeg(quantity, right, Decimal(strike))
    for quantity, right, strike in (
        (1, Right.PUT, 128),
        (-1, Right.PUT, 130),
        (-1, Right.CALL, 154),
        (1, Right.CALL, 156),
    )
)
ENTRY = Entry(
    spot=142.0,
    atm_iv=0.8,
    implied_move=0.08,
    implied_method="atmf",
    event_move=0.07,
    vrp=1.3,
    vrp_tier="GOOD",
    quarters=8,
    report_date=date(2026, 11, 24),
    timing=Timing.AMC,
    pop=0.7,
    pop_delta=0.66,
    ev=9.0,
    score=78.0,
    scorer="ev",
    mid=Decimal("0.62"),
    natural=Decimal("0.54"),
    scanned_at=OPENED,
)
EXIT = Exit(spot=131.0, atm_iv=0.45, mid=Decimal("-0.40"), natural=Decimal("-0.50"))
OUTCOME = Outcome(
    base_day=date(2026, 11, 24),
    reaction_day=date(2026, 11, 25),
    gap=-0.06,
    close_move=-0.07,
    atm_iv=0.4,
    iv_at=datetime(2026, 11, 25, 14, 31, tzinfo=UTC),
)


def trade(number: int = 1, realised: str | None = "15.20", **changes: Any) -> Trade:
    """A closed trade of two contracts; ``realised`` None leaves it open."""
    known: dict[str, Any] = {
        "position_id": f"P{number}",
        "spread_id": "NVDA:261127:IC:128/130/154/156",
        "symbol": "NVDA",
        "kind": StructureKind.IRON_CONDOR,
        "expiry": EXPIRY,
        "contracts": 2,
        "credit": Decimal("0.60"),
        "max_loss": Decimal("282.80"),
        "fees": Decimal("5.60") if realised is not None else Decimal("2.80"),
        "opened_at": OPENED,
        "legs": LEGS,
        "fill_model": "quarter",
        "report_date": ENTRY.report_date,
        "entry": ENTRY,
    }
    if realised is not None:
        known |= {
            "closed_at": MORNING,
            "reason": "closed",
            "debit": Decimal("0.44"),
            "realised": Decimal(realised),
            "exit": EXIT,
            "outcome": OUTCOME,
        }
    return Trade(**(known | changes))
