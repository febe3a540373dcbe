import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from cockpit.errors import ProviderError, Refusal
from cockpit.net.http import HttpClient
from cockpit.net.responses import Response
from cockpit.providers import alpha_vantage_rows as rows
from cockpit.providers.alpha_vantage import AlphaVantage
from cockpit.scan.earnings import Timing
from cockpit.settings import AlphaVantageSettings, CacheSettings
from tests.net.fakes import HandClock, Vendor, vendor

KEY = "K3Y-0F-M1NE"
HEADER = "symbol,name,reportDate,fiscalDateEnding,estimate,currency,timeOfTheDay\r\n"


@dataclass
class Desk:
    source: AlphaVantage
    served: Vendor
    clock: HandClock
    http: HttpClient

    @property
    def dropped(self) -> int:
        return self.http.link("alpha_vantage").dropped


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    clock = HandClock(datetime(2026, 5, 18, 15, tzinfo=UTC))
    async with vendor() as served, HttpClient(clock) as http:
        settings = AlphaVantageSettings(base_url=served.url, api_key=SecretStr(KEY), limits=("1000/1s",))
        yield Desk(AlphaVantage(http, settings, CacheSettings(), clock), served, clock, http)


async def test_the_recorded_calendar_is_read_whole(desk: Desk, recordings: Path) -> None:
    desk.served.answer((recordings / "alpha_vantage/EARNINGS_CALENDAR.csv").read_bytes(), kind="application/x-download")
    reports = await desk.source.calendar()
    assert len(reports) == 4526
    assert sum(report.timing is Timing.BMO for report in reports) == 142
    assert sum(report.timing is Timing.AMC for report in reports) == 101
    assert sum(report.estimate is None for report in reports) == 2473
    assert [report.report_date for report in reports] == sorted(report.report_date for report in reports)
    assert (reports[0].symbol, reports[0].source) == ("ONFO", "alpha_vantage")
    assert await desk.source.calendar() == reports
    (request,) = desk.served.requests
    assert dict(request.query) == {"function": "EARNINGS_CALENDAR", "horizon": "3month", "apikey": KEY}


async def test_columns_are_found_by_name_and_bad_rows_skipped(desk: Desk) -> None:
    desk.served.answer(
        "reportDate,currency,name,symbol\r\n"
        '2026-06-01,USD,"Commas, Inc.",CMA\r\n'
        "2099-99-99,USD,Artificial,FAKE\r\n"
        "2026-05-30,CNY,,600519.SHH\r\n"
        "2026-06-01,USD,No symbol,\r\n"
        "2026-06-01,USD,Artificial,XXYYZZ\r\n"
        "short\r\n"
    )
    reports = await desk.source.calendar()
    assert [(report.symbol, report.name, report.timing) for report in reports] == [
        ("600519.SHH", "600519.SHH", Timing.UNKNOWN),
        ("CMA", "Commas, Inc.", Timing.UNKNOWN),
    ]
    assert desk.dropped == 4


@pytest.mark.parametrize("estimate", ["", "None", "nan", "inf", "-", "1e999"])
async def test_an_estimate_that_is_no_number_is_missing(desk: Desk, estimate: str) -> None:
    desk.served.answer(f"{HEADER}A,A Inc,2026-06-01,2026-03-31,{estimate},USD,post-market\r\n")
    (report,) = await desk.source.calendar()
    assert (report.estimate, report.timing) == (None, Timing.AMC)


async def test_a_byte_order_mark_and_odd_line_breaks_in_a_name_do_no_harm(desk: Desk) -> None:
    desk.served.answer("\ufeff" + HEADER + 'A,"A\u2028Inc\x85",2026-06-01,2026-03-31,,USD,pre-market\n')
    (report,) = await desk.source.calendar()
    assert (report.symbol, report.timing) == ("A", Timing.BMO)


async def test_a_header_alone_is_an_empty_calendar(desk: Desk) -> None:
    desk.served.answer(HEADER)
    assert await desk.source.calendar() == []


async def test_a_calendar_that_breaks_off_in_a_row_is_refused(desk: Desk) -> None:
    desk.served.answer(HEADER + "A,Agilent,2026-06-01,2026-03-31,,USD,pre-market\r\nAA,Alcoa,2026-06-02,20")
    with pytest.raises(ProviderError) as caught:
        await desk.source.calendar()
    assert caught.value.refusal is Refusal.MALFORMED


@pytest.mark.parametrize(
    "body", ["", "<html>down</html>", "a,b,c\r\n1,2,3\r\n", "[]", '{"half', b"\xff\xfe", "x" * 200_000]
)
async def test_a_calendar_of_another_shape_is_malformed(desk: Desk, body: str | bytes) -> None:
    desk.served.answer(body)
    with pytest.raises(ProviderError) as caught:
        await desk.source.calendar()
    assert caught.value.refusal is Refusal.MALFORMED
    assert desk.http.link("alpha_vantage").status().errors == 1


REFUSALS = {
    ("Note", "Thank you! Our standard API call frequency is 5 calls per minute."): Refusal.QUOTA,
    (
        "Information",
        "Please consider spreading out your requests. Premium plans lift the free key rate limit (25 requests per day)",
    ): Refusal.QUOTA,
    (
        "Information",
        f"We have detected your API key as {KEY} and our standard API rate limit is 25 requests per day.",
    ): Refusal.QUOTA,
    ("Information", "The **demo** API key is for demo purposes only. Please claim your free API key"): Refusal.AUTH,
    ("Error Message", "the parameter apikey is invalid or missing."): Refusal.AUTH,
    ("Error Message", "Invalid API call. Please retry or visit the documentation."): Refusal.NOT_FOUND,
    ("detail", "Could not satisfy the request Accept header."): Refusal.MALFORMED,
}


@pytest.mark.parametrize(("told", "refusal"), REFUSALS.items())
async def test_a_refusal_sent_as_success_is_a_refusal(desk: Desk, told: tuple[str, str], refusal: Refusal) -> None:
    desk.served.answer(json.dumps({told[0]: told[1]}))
    for call in (desk.source.calendar, lambda: desk.source.past_reports("IBM"), lambda: desk.source.overview("IBM")):
        with pytest.raises(ProviderError) as caught:
            await call()
        assert caught.value.refusal is refusal
        assert KEY not in str(caught.value)
        desk.clock.move(61)


async def test_after_a_quota_refusal_nothing_is_sent_for_a_while(desk: Desk, recordings: Path) -> None:
    desk.served.answer((recordings / "alpha_vantage/NOTE_quota_error.json").read_bytes())
    with pytest.raises(ProviderError) as caught:
        await desk.source.past_reports("IBM")
    assert caught.value.retry_after == 60.0
    assert desk.http.link("alpha_vantage").limiter.paused_for == pytest.approx(60.0)


async def test_artificial_rows_never_become_data(desk: Desk, recordings: Path) -> None:
    desk.served.answer((recordings / "alpha_vantage/REALTIME_OPTIONS_demo_key.json").read_bytes())
    with pytest.raises(ProviderError, match="plan") as caught:
        await desk.source.past_reports("IBM")
    assert caught.value.refusal is Refusal.AUTH


async def test_recorded_past_reports(desk: Desk, recordings: Path) -> None:
    desk.served.answer((recordings / "alpha_vantage/EARNINGS__TSLA.json").read_bytes())
    reports = await desk.source.past_reports("TSLA")
    assert (reports[0].report_date, reports[0].reported_eps, reports[0].timing) == (
        date(2022, 1, 26),
        2.54,
        Timing.UNKNOWN,
    )
    assert (reports[-1].report_date, reports[-1].estimated_eps) == (date(2010, 8, 5), None)
    assert len(reports) == 47
    await desk.source.past_reports("TSLA")
    assert len(desk.served.requests) == 1


async def test_a_report_later_than_the_clock_has_not_happened(desk: Desk) -> None:
    dates = ("2026-08-01", "2026-05-18", "None", "2026-02-01", "2026-02-01")
    reported = [{"reportedDate": on, "reportedEPS": "1", "reportTime": "pre-market"} for on in dates]
    desk.served.answer(json.dumps({"symbol": "X", "quarterlyEarnings": reported}))
    reports = await desk.source.past_reports("X")
    assert [report.report_date for report in reports] == [date(2026, 5, 18), date(2026, 2, 1)]
    assert reports[0].timing is Timing.BMO
    assert desk.dropped == 2


async def test_an_unknown_symbol_has_no_reports_and_no_overview(desk: Desk) -> None:
    desk.served.answer("{}")
    assert await desk.source.past_reports("NOPE") == []
    with pytest.raises(ProviderError) as caught:
        await desk.source.overview("NOPE")
    assert caught.value.refusal is Refusal.NOT_FOUND


async def test_the_recorded_overview(desk: Desk, recordings: Path) -> None:
    desk.served.answer((recordings / "alpha_vantage/OVERVIEW__TSLA.json").read_bytes())
    overview = await desk.source.overview("TSLA")
    assert (overview.symbol, overview.name, overview.currency) == ("TSLA", "Tesla Inc", "USD")
    assert overview.sector is not None


async def test_without_a_key_the_error_names_the_variable() -> None:
    clock = HandClock()
    async with HttpClient(clock) as http:
        source = AlphaVantage(http, AlphaVantageSettings(), CacheSettings(), clock)
        with pytest.raises(ProviderError, match="COCKPIT_PROVIDERS__ALPHA_VANTAGE__API_KEY") as caught:
            await source.calendar()
    assert caught.value.refusal is Refusal.AUTH


async def test_a_stand_in_on_this_machine_takes_any_key() -> None:
    clock = HandClock()
    async with vendor() as served, HttpClient(clock) as http:
        served.answer(HEADER)
        await AlphaVantage(http, AlphaVantageSettings(base_url=served.url), CacheSettings(), clock).calendar()
        assert served.requests[0].query["apikey"] == "loopback"


@given(st.text())
def test_whatever_a_calendar_holds_its_reader_never_raises(content: str) -> None:
    rows.coming_reports(content)
    rows.coming_reports(HEADER + content)


@given(st.binary(max_size=200))
def test_whatever_a_body_holds_looking_for_a_refusal_never_raises(body: bytes) -> None:
    rows.refusal_in(Response("x", 200, {}, body))
    rows.refusal_in(Response("x", 200, {}, b'{"Note": ' + body + b"}"))
