"""Time to expiry, the chain's forward and its smile."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from cockpit.options.chain import OptionChain
from cockpit.options.contract import Right
from cockpit.options.forward import chain_forward, trading_years, years_to_expiry
from cockpit.options.smile import Smile
from tests.scan.market import EXPIRIES, NOW, chain

FRIDAY = EXPIRIES[1]


def smile(of: OptionChain, spot: float = 100.0) -> Smile:
    years = years_to_expiry(of.expiry, NOW)
    return Smile(of, chain_forward(of, spot, years, 0.045), years, 0.045)


def test_time_runs_to_the_close_of_the_expiry() -> None:
    close = datetime(2026, 12, 4, 21, 0, tzinfo=UTC)
    assert years_to_expiry(FRIDAY, close - timedelta(days=1)) == 1.0 / 365.0
    assert years_to_expiry(FRIDAY, close) == 60.0 / (365.0 * 86_400.0)
    # The day after Thanksgiving closes at 13:00 New York time.
    early = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    assert years_to_expiry(date(2026, 11, 27), early - timedelta(hours=1)) == 3600.0 / (365.0 * 86_400.0)


def test_variance_accrues_in_sessions() -> None:
    opened = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
    # Tuesday, Wednesday, Friday; then five more. Thanksgiving is none.
    assert trading_years(date(2026, 11, 27), opened) == pytest.approx(3 / 252.0)
    assert trading_years(FRIDAY, opened) == pytest.approx(8 / 252.0)
    assert trading_years(FRIDAY, opened + timedelta(hours=3.25)) == pytest.approx(7.5 / 252.0)
    assert trading_years(FRIDAY, opened + timedelta(hours=8)) == pytest.approx(7 / 252.0)
    assert trading_years(FRIDAY, opened - timedelta(hours=2)) == pytest.approx(8 / 252.0)
    assert 0.0 < trading_years(FRIDAY, datetime(2026, 12, 4, 22, 0, tzinfo=UTC)) < 1e-4


def test_the_forward_comes_from_parity() -> None:
    of = chain()
    years = years_to_expiry(FRIDAY, NOW)
    found = chain_forward(of, 100.0, years, 0.045)
    assert found.price == pytest.approx(100.127, abs=0.02)
    assert found.strike == 100.0
    assert not found.flagged
    assert chain_forward(of, 98.0, years, 0.045).flagged
    calls = OptionChain(of.underlying, of.expiry, tuple(of.side(Right.CALL)), 100.0, NOW, "memory")
    carried = chain_forward(calls, 100.0, years, 0.045)
    assert (carried.strike, carried.flagged) == (None, False)


def test_a_broken_pair_does_not_make_the_forward() -> None:
    of = chain()
    quotes = tuple(replace(one, bid=0.01, ask=0.02) if one.strike == 80.0 else one for one in of.quotes)
    broken = OptionChain("ACME", FRIDAY, quotes, 100.0, NOW, "memory")
    assert chain_forward(broken, 100.0, years_to_expiry(FRIDAY, NOW), 0.045).strike == 100.0


def test_the_smile_reads_the_out_of_the_money_side() -> None:
    found = smile(chain())
    expected = found.at_the_money()
    assert expected is not None
    for strike in (90.0, 95.0, 100.0, 105.0, 110.0):
        assert found.volatility(strike) == pytest.approx(expected, rel=0.02)
    below, above = found.quote(95.0), found.quote(105.0)
    assert below is not None
    assert above is not None
    assert (below.right, above.right) == (Right.PUT, Right.CALL)
    assert found.volatility(3.0) is None


def test_a_dead_strike_at_the_money_is_passed_over() -> None:
    of = chain(step=1.0)
    dead = {100.0, 101.0}
    quotes = tuple(quote for quote in of.quotes if quote.strike not in dead)
    found = smile(OptionChain("ACME", FRIDAY, quotes, 100.0, NOW, "memory")).at_the_money()
    assert found == pytest.approx(smile(of).at_the_money(), rel=0.02)
    puts = tuple(quote for quote in of.quotes if quote.strike < 100.0)
    assert smile(OptionChain("ACME", FRIDAY, puts, 100.0, NOW, "memory")).at_the_money() is not None
    assert smile(OptionChain("ACME", FRIDAY, (), 100.0, NOW, "memory")).at_the_money() is None


def test_calls_and_puts_share_the_volatility_of_a_strike() -> None:
    found = smile(chain())
    call, put = found.greeks(Right.CALL, 105.0), found.greeks(Right.PUT, 105.0)
    assert call is not None
    assert put is not None
    assert call.delta is not None
    assert put.delta is not None
    assert call.delta - put.delta == pytest.approx(1.0)
    assert call.vega == put.vega
    assert found.greeks(Right.CALL, 3.0) is None


def test_a_strike_that_is_listed_twice_is_said_and_the_last_one_counts() -> None:
    of = chain()
    again = replace(of.quotes[0], bid=9.0, ask=9.1)
    twice = OptionChain("ACME", FRIDAY, (*of.quotes, again), 100.0, NOW, "memory")
    assert twice.duplicates == (again.strike,)
    assert len(twice.quotes) == len(of.quotes)
    assert twice.quote(again.right, again.strike) is again
    assert of.duplicates == ()


@pytest.mark.parametrize("strike", [float("nan"), float("inf"), 0.0, -5.0])
def test_an_option_without_a_proper_strike_is_left_out(strike: float) -> None:
    of = chain()
    odd = OptionChain("ACME", FRIDAY, (*of.quotes, replace(of.quotes[0], strike=strike)), 100.0, NOW, "memory")
    assert odd.quotes == of.quotes


@pytest.mark.parametrize(
    ("bid", "ask"),
    [(float("nan"), 1.0), (1.0, float("nan")), (1.0, float("inf")), (-1.0, 1.0), (1.1, 1.0), (0.0, 1.0), (None, 1.0)],
)
def test_a_quote_that_is_none_has_no_middle(bid: float | None, ask: float | None) -> None:
    odd = replace(chain().quotes[0], bid=bid, ask=ask)
    assert odd.mid is None
