from datetime import date, timedelta
from itertools import pairwise
from math import exp, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.emulator import chains
from cockpit.emulator.market import Market, Name
from cockpit.emulator.option_rows import OptionRows
from cockpit.emulator.profile import RATE
from cockpit.emulator.reports import SEASON_START, Report
from cockpit.emulator.sessions import Moment, closing_moment, moment_at, session_seconds, year_sessions
from cockpit.emulator.universe import (
    BROKEN_QUOTES,
    EXPIRY_FRIDAY,
    HOLIDAY_EXPIRY,
    NO_OPTIONS,
    ONE_EXPIRY,
    load_equities,
)
from cockpit.options.calendar import previous_session

LISTED = sorted(set(load_equities()) - {NO_OPTIONS})
MARKET = Market(7)


def named(symbol: str) -> Name:
    name = MARKET.name(symbol)
    assert name is not None
    return name


def iv(name: Name, expiry: date, moment: Moment) -> float:
    return name.volatility.term(expiry, moment).deviation / sqrt(chains.years_to(moment, expiry))


def coming(name: Name) -> Report:
    moment = moment_at(SEASON_START, 4000)
    return next(report for report in name.profile.reports.near(SEASON_START, 1, 2) if report.moves_at > moment.instant)


@given(
    symbol=st.sampled_from(LISTED),
    day=st.sampled_from([*year_sessions(2026)[200:], *year_sessions(2027)[:40]]),
    elapsed=st.floats(0, 1),
    pick=st.integers(0, 30),
)
@settings(max_examples=150, deadline=None)
def test_model_values_hold_no_arbitrage(symbol: str, day: date, elapsed: float, pick: int) -> None:
    name = named(symbol)
    moment = moment_at(day, int(elapsed * session_seconds(day)))
    expiries = name.listing.expiries(day)
    expiry = expiries[pick % len(expiries)]
    values, spot = name.values(expiry, moment, day), name.spot(moment)
    assert len(values) >= 5
    assert all(row.call >= max(0.0, spot - row.strike) and row.put >= max(0.0, row.strike - spot) for row in values)
    for low, high in pairwise(values):
        width = high.strike - low.strike
        assert -1e-9 <= low.call - high.call <= width + 1e-9
        assert -1e-9 <= high.put - low.put <= width + 1e-9
    for low, middle, high in zip(values, values[1:], values[2:], strict=False):
        share = (high.strike - middle.strike) / (high.strike - low.strike)
        for side in (1, 2):
            wings = share * low[side] + (1.0 - share) * high[side]
            assert wings - middle[side] >= -1e-6, f"butterfly {middle.strike}"


@given(symbol=st.sampled_from(sorted(set(LISTED) - {BROKEN_QUOTES})), elapsed=st.integers(0, 23_400))
@settings(max_examples=60, deadline=None)
def test_quotes_stand_around_the_model_on_ticks(symbol: str, elapsed: int) -> None:
    name, moment = named(symbol), moment_at(SEASON_START, elapsed)
    expiry = name.listing.expiries(SEASON_START)[0]
    values, quotes = name.values(expiry, moment, SEASON_START), name.quotes(expiry, moment, SEASON_START)
    for row, (call, put) in zip(values, quotes, strict=True):
        for value, quote in ((row.call, call), (row.put, put)):
            assert 0.0 <= quote.bid <= value + 0.005 <= quote.ask + 0.01
            assert quote.bid < quote.ask
            assert round(quote.bid * 100) == pytest.approx(quote.bid * 100)


def test_parity_gives_the_forward() -> None:
    name, moment = named("CRM"), moment_at(SEASON_START, 4000)
    expiry = name.listing.expiries(SEASON_START)[3]
    years = chains.years_to(moment, expiry)
    forward = name.spot(moment) * exp((RATE - name.profile.dividend) * years)
    near = min(name.values(expiry, moment, SEASON_START), key=lambda row: abs(row.strike - forward))
    assert near.strike + (near.call - near.put) * exp(RATE * years) == pytest.approx(forward, rel=1e-9)


@pytest.mark.parametrize("symbol", ["SNOW", "ZS", "ANF", "LULU", "DELL", "HPQ", "BBY", "DKS", "NTNX", "OKTA"])
def test_front_volatility_is_crushed_by_a_third_or_more(symbol: str) -> None:
    name = named(symbol)
    report = coming(name)
    before = closing_moment(previous_session(report.reaction_day))
    after = moment_at(report.reaction_day, 45 * 60)
    expiry = next(day for day in name.listing.expiries(report.day) if day > report.reaction_day)
    crush = 1.0 - iv(name, expiry, after) / iv(name, expiry, before)
    assert 0.25 < crush < 0.8
    opening = moment_at(report.reaction_day, 0)
    assert iv(name, expiry, after) < iv(name, expiry, opening) < iv(name, expiry, before)


def test_front_volatility_runs_up_into_the_report() -> None:
    name = named("SNOW")
    report = coming(name)
    expiry = next(day for day in name.listing.expiries(report.day) if day > report.reaction_day)
    days = [day for day in year_sessions(2026) if SEASON_START <= day <= report.day]
    levels = [iv(name, expiry, closing_moment(day)) for day in days]
    assert all(earlier < later for earlier, later in pairwise(levels))


def test_two_expiries_give_the_event_back() -> None:
    """The difference of total variances over sessions is the ambient variance; what is left is the report's."""
    for symbol in ("SNOW", "DELL", "BBY", "CRM"):
        name, moment = named(symbol), moment_at(SEASON_START, 4000)
        report = coming(name)
        near, far = [day for day in name.listing.expiries(SEASON_START) if day >= report.reaction_day][:2]
        first, second = (name.volatility.term(day, moment).deviation ** 2 for day in (near, far))
        sessions = [
            sum(1 for day in year_sessions(2026) if SEASON_START < day <= expiry) + 1 - 4000 / 23400
            for expiry in (near, far)
        ]
        event = sqrt(first - (second - first) / (sessions[1] - sessions[0]) * sessions[0])
        priced = name.profile.priced_event_sd(name.volatility.sessions_until(report, moment))
        assert event == pytest.approx(priced, rel=0.03)


def test_spreads_are_wide_after_a_report_and_narrow_again() -> None:
    name = named("SNOW")
    report = coming(name)
    widths = [name.volatility.widening(moment_at(report.reaction_day, minute * 60)) for minute in (0, 5, 15, 60)]
    assert widths[0] == 3.0
    assert widths[0] > widths[1] > widths[2] == widths[3] == 1.0


def test_expiries_are_fridays_moved_by_holidays_then_months() -> None:
    expiries = named("CRM").listing.expiries(SEASON_START)
    assert [str(day) for day in expiries[:7]] == [
        "2026-11-27", "2026-12-04", "2026-12-11", "2026-12-18", "2026-12-24", "2026-12-31", "2027-01-15",
    ]  # fmt: skip
    assert date(2027, 6, 17) in expiries  # Juneteenth is on the third Friday
    assert named(NO_OPTIONS).listing.expiries(SEASON_START) == ()
    assert len(named(ONE_EXPIRY).listing.expiries(SEASON_START)) == 1


def test_the_odd_reports_are_there() -> None:
    friday = coming(named(EXPIRY_FRIDAY))
    assert friday.day in named(EXPIRY_FRIDAY).listing.expiries(SEASON_START)
    assert named(EXPIRY_FRIDAY).volatility.term(friday.day, moment_at(friday.day, 0)).event_share == 0.0
    holiday = coming(named(HOLIDAY_EXPIRY))
    covering = next(day for day in named(HOLIDAY_EXPIRY).listing.expiries(SEASON_START) if day >= holiday.reaction_day)
    assert covering == date(2026, 12, 24)
    broken = named(BROKEN_QUOTES)
    expiry = broken.listing.expiries(SEASON_START)[0]
    quotes = [quote for pair in broken.quotes(expiry, moment_at(SEASON_START, 4000), SEASON_START) for quote in pair]
    assert any(quote.bid > quote.ask for quote in quotes)
    assert any(quote.bid == quote.ask == 0.0 for quote in quotes)


@given(symbol=st.sampled_from(LISTED))
@settings(max_examples=25, deadline=None)
def test_a_listed_strike_stays_listed(symbol: str) -> None:
    name = named(symbol)
    expiry = name.listing.expiries(SEASON_START)[0]
    day, listed = SEASON_START, set(name.listing.strikes(expiry, SEASON_START))
    while day < expiry:
        day += timedelta(days=1)
        if day in year_sessions(day.year):
            now = set(name.listing.strikes(expiry, day))
            assert listed <= now
            listed = now


def test_liquid_names_are_liquid() -> None:
    def spread(symbol: str) -> float:
        name, moment = named(symbol), moment_at(SEASON_START, 4000)
        expiry = name.listing.expiries(SEASON_START)[1]
        quotes, values = name.quotes(expiry, moment, SEASON_START), name.values(expiry, moment, SEASON_START)
        row = min(range(len(values)), key=lambda index: abs(values[index].moneyness))
        call = quotes[row][0]
        return 2.0 * (call.ask - call.bid) / (call.ask + call.bid)

    assert spread("CRM") < 0.05 < spread("BBY") < 0.16 < spread("PLUG")


def test_rows_of_a_moment_hold_nothing_of_another() -> None:
    """Back from the afternoon to the opening, when hardly an option has traded, with greeks and without."""
    name, rows = named("CRM"), OptionRows()
    expiry = name.listing.expiries(SEASON_START)[1]
    for second, greeks in ((5 * 3600, True), (0, False), (0, True), (5 * 3600, False)):
        moment = moment_at(SEASON_START, second)
        assert rows.chain(name, expiry, moment, greeks) == OptionRows().chain(named("CRM"), expiry, moment, greeks)
