"""The post-mortem of a trade: lines that a trader can add up, and a reason wherever a figure is missing."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.portfolio.review import account, review, verdict
from cockpit.portfolio.trade import Exit, Trade
from cockpit.scan.earnings import Timing
from tests.portfolio.trades import ENTRY, EXIT, MORNING, OPENED, OUTCOME, trade

NOW = MORNING + timedelta(days=3)


def lines(one: Trade) -> dict[str, str]:
    return {line.name: f"{line.dollars:.2f}" for line in account(one)}


def rows(one: Trade, now: datetime = NOW) -> dict[str, tuple[str, str]]:
    return {row.label: (row.value, row.note) for section in review(one, now).sections for row in section.rows}


def test_where_the_money_went_by_hand() -> None:
    """Two condors at 0.60 (mid 0.62), bought back at 0.44 (mid 0.40) with the price at 131: (0.60 - 0.44) x 200 - 5.60.

    The put sold at 130 is still worth nothing at 131, so the whole 0.40 is time value.
    """
    one = trade(1, "26.40")
    assert lines(one) == {
        "credit at mid": "124.00",  # 0.62 x 200
        "given to the spread, in": "-4.00",  # (0.60 - 0.62) x 200
        "cost of the move": "0.00",
        "time value bought back": "-80.00",  # 0.40 x 200
        "given to the spread, out": "-8.00",  # (0.44 - 0.40) x 200
        "fees": "-5.60",
    }
    assert sum(line.dollars for line in account(one)) == one.realised


def test_a_move_through_the_short_strike_is_the_cost_of_the_move() -> None:
    """At 129.25 the put spread is worth 0.75; it is bought back at 0.95 with a mid of 0.90."""
    end = Exit(129.25, 0.45, Decimal("-0.90"), Decimal("-1.00"))
    one = trade(1, "-75.60", debit=Decimal("0.95"), exit=end)  # (0.60 - 0.95) x 200 - 5.60
    assert lines(one)["cost of the move"] == "-150.00"
    assert lines(one)["time value bought back"] == "-30.00"  # (0.90 - 0.75) x 200
    assert sum(line.dollars for line in account(one)) == one.realised


def test_at_expiry_the_whole_debit_is_the_cost_of_the_move() -> None:
    settled = trade(
        1, "-33.20", reason="expired", debit=Decimal("0.75"), fees=Decimal("3.20"), exit=Exit(spot=129.25), note="n"
    )  # (0.60 - 0.75) x 200 - 3.20
    assert lines(settled) == {
        "credit at mid": "124.00",
        "given to the spread, in": "-4.00",
        "cost of the move": "-150.00",
        "fees": "-3.20",
    }
    assert rows(settled)["cost of the move"][1].startswith("settled at 129.25")
    assert sum(line.dollars for line in account(settled)) == settled.realised


def test_a_trade_from_before_entries_were_kept_says_so_and_still_adds_up() -> None:
    old = trade(1, "26.40", entry=None, exit=None, outcome=None)
    assert lines(old) == {"credit": "120.00", "paid to close": "-88.00", "fees": "-5.60"}
    assert rows(old)["entry"] == ("?", "opened before entries were kept")
    assert rows(old)["move"] == ("?", "opened before entries were kept")
    assert verdict(old, NOW) == "it kept 0.16 of its credit of 0.60 and realised +26.40"


@given(
    st.integers(1, 40),
    st.integers(0, 250),
    st.integers(0, 250),
    st.integers(-40, 40),
    st.floats(100, 180, allow_nan=False),
    st.booleans(),
)
def test_the_lines_add_up_to_the_result(
    contracts: int, credit: int, debit: int, off: int, spot: float, expired: bool
) -> None:
    cent = Decimal("0.01")
    taken, paid, fees = credit * cent, debit * cent, Decimal("1.40") * contracts
    result = (taken - paid) * 100 * contracts - fees
    one = trade(
        1,
        str(result),
        contracts=contracts,
        credit=taken,
        debit=paid,
        fees=fees,
        reason="expired" if expired else "closed",
        entry=replace(ENTRY, mid=taken + off * cent / 2),
        exit=replace(EXIT, spot=spot, mid=-paid + off * cent / 2),
    )
    assert sum(line.dollars for line in account(one)) == result


def test_what_was_expected_and_what_came_stand_beside_each_other() -> None:
    found = rows(trade(1, "26.40"))
    assert found["report"][0] == "Tue 24 Nov 2026 AMC"
    assert found["implied move"] == ("8.0 %", "by atmf: 130.64 to 153.36 around 142.00")
    assert found["move to the open"] == ("-6.0 %", "close of 24 Nov to open of 25 Nov")
    assert found["of the implied move"] == ("88 %", "inside")
    assert found["volatility after"] == ("40.0 %", "Wed 25 Nov 09:31 ET, -40.0 points (-50 %)")
    assert found["credit"] == ("0.60", "dollars a share; mid 0.62, far side 0.54, filled by quarter")
    assert found["realised"] == ("+26.40", "+0.09 of what could be lost")
    assert verdict(trade(1, "26.40"), NOW) == (
        "the report moved the price -7.0 %, inside the implied 8.0 %; volatility went from 80 % to 40 %; "
        "it kept 0.16 of its credit of 0.60 and realised +26.40"
    )


@pytest.mark.parametrize(
    ("one", "now", "move", "volatility"),
    [
        (trade(1, None), OPENED, "the report is still ahead", "the report is still ahead"),
        (
            trade(1, None),
            MORNING,
            "final after Wed 25 Nov 16:10 ET",
            "no usable chain has been seen yet",
        ),
        (trade(1, None), NOW, "not asked for yet", "no chain of 2026-11-27 was seen in time"),
        (
            trade(outcome=replace(OUTCOME, gap=None, close_move=None, problem="tradier: no answer")),
            NOW,
            "tradier: no answer",
            None,
        ),
        (
            trade(outcome=None, closed_at=OPENED + timedelta(hours=1)),
            NOW,
            "the trade ended before the report",
            "the trade ended before the report",
        ),
    ],
)
def test_what_is_missing_says_why(one: Trade, now: datetime, move: str, volatility: str | None) -> None:
    found = rows(one, now)
    assert found["move"] == ("?", move)
    if volatility is not None:
        assert found["volatility after"] == ("?", volatility)


def test_an_unknown_hour_is_told_where_the_move_is() -> None:
    found = rows(trade(entry=replace(ENTRY, timing=Timing.UNKNOWN), report_date=date(2026, 11, 25)))
    assert found["report"] == ("Tue 24 Nov 2026", "at an unknown hour, moved to Wed 25 Nov since")
    assert found["move to the close"][1].endswith("the larger of two sessions")
