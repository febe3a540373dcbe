import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from cockpit.emulator.universe import NO_TIMING, THREE_QUARTERS
from tests.emulator.conftest import Client, serving


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


async def test_the_calendar_has_the_recorded_columns(client: Client, recordings: Path) -> None:
    recorded = (recordings / "alpha_vantage" / "EARNINGS_CALENDAR.csv").read_text().splitlines()[0]
    answer = await client.alpha("EARNINGS_CALENDAR", horizon="3month")
    assert answer.text.startswith(recorded + "\r\n")
    calendar = rows(answer.text)
    assert [row["reportDate"] for row in calendar] == sorted(row["reportDate"] for row in calendar)
    assert {row["timeOfTheDay"] for row in calendar} == {"", "pre-market", "post-market"}
    assert any("," in row["name"] for row in calendar)
    assert {row["currency"] for row in calendar} > {"USD"}
    assert "" in {row["estimate"] for row in calendar}


async def test_only_near_reports_say_at_what_time(client: Client) -> None:
    calendar = rows((await client.alpha("EARNINGS_CALENDAR")).text)
    today = date(2026, 11, 24)
    for row in calendar:
        if date.fromisoformat(row["reportDate"]) - today > timedelta(days=14):
            assert row["timeOfTheDay"] == ""
    by_symbol = {row["symbol"]: row for row in calendar}
    assert by_symbol["CRM"]["timeOfTheDay"] == "post-market"
    assert by_symbol["BBY"]["timeOfTheDay"] == "pre-market"
    assert by_symbol[NO_TIMING]["timeOfTheDay"] == by_symbol["SJM"]["timeOfTheDay"] == ""
    one = rows((await client.alpha("EARNINGS_CALENDAR", symbol="CRM", horizon="12month")).text)
    assert {row["symbol"] for row in one} == {"CRM"}
    assert len(one) >= 4


async def test_past_quarters_have_the_recorded_shape_and_a_time(client: Client, recordings: Path) -> None:
    recorded = json.loads((recordings / "alpha_vantage" / "EARNINGS__TSLA.json").read_text())
    body = (await client.alpha("EARNINGS", symbol="CRM")).body
    assert list(body) == list(recorded)
    assert list(body["annualEarnings"][0]) == list(recorded["annualEarnings"][0])
    quarter = body["quarterlyEarnings"][0]
    assert set(quarter) == set(recorded["quarterlyEarnings"][0]) | {"reportTime"}
    assert all(isinstance(value, str) for row in body["quarterlyEarnings"] for value in row.values())
    assert 8 <= len(body["quarterlyEarnings"]) <= 12
    days = [row["reportedDate"] for row in body["quarterlyEarnings"]]
    assert days == sorted(days, reverse=True)
    assert days[0] < "2026-11-24"
    young = (await client.alpha("EARNINGS", symbol=THREE_QUARTERS)).body
    assert len(young["quarterlyEarnings"]) == 3
    untimed = (await client.alpha("EARNINGS", symbol=NO_TIMING)).body
    assert all("reportTime" not in row for row in untimed["quarterlyEarnings"])
    assert (await client.alpha("EARNINGS", symbol="XYZ1")).body == {}


async def test_missing_estimates_are_the_word_none(client: Client) -> None:
    quarters = [
        quarter
        for symbol in ("CRM", "KR", "BBY", "SNOW", "DELL", "ZM")
        for quarter in (await client.alpha("EARNINGS", symbol=symbol)).body["quarterlyEarnings"]
    ]
    missing = [quarter for quarter in quarters if quarter["estimatedEPS"] == "None"]
    assert missing
    assert all(quarter["surprise"] == quarter["surprisePercentage"] == "None" for quarter in missing)


async def test_a_report_moves_from_the_calendar_to_the_past(client: Client) -> None:
    before = (await client.alpha("EARNINGS", symbol="CRM")).body["quarterlyEarnings"]
    await client.sim("clock/next_session", "POST")
    await client.sim("clock/next_session", "POST")  # past Wednesday's evening
    after = (await client.alpha("EARNINGS", symbol="CRM")).body["quarterlyEarnings"]
    assert after[0]["reportedDate"] == "2026-11-25"
    assert after[1:4] == before[:3]
    calendar = rows((await client.alpha("EARNINGS_CALENDAR")).text)
    assert min(row["reportDate"] for row in calendar) >= "2026-11-27"


async def test_overview_and_daily_series(client: Client, recordings: Path) -> None:
    recorded = json.loads((recordings / "alpha_vantage" / "OVERVIEW__TSLA.json").read_text())
    overview = (await client.alpha("OVERVIEW", symbol="CRM")).body
    assert set(overview) <= set(recorded)
    assert overview["Sector"] == "TECHNOLOGY"
    assert int(overview["MarketCapitalization"]) > 10**11
    assert (await client.alpha("OVERVIEW", symbol="XYZ1")).body == {}
    header = (recordings / "alpha_vantage" / "TIME_SERIES_DAILY.csv").read_text().splitlines()[0]
    table = await client.alpha("TIME_SERIES_DAILY", symbol="CRM", datatype="csv")
    assert table.text.splitlines()[0] == header
    assert len(table.text.splitlines()) == 101
    series = (await client.alpha("TIME_SERIES_DAILY", symbol="CRM", outputsize="full")).body["Time Series (Daily)"]
    assert len(series) > 750
    assert next(iter(series)) == "2026-11-23"  # the current session is not over
    assert rows(table.text)[0]["close"] == series["2026-11-23"]["4. close"]


async def test_refusals_come_with_status_200(client: Client, recordings: Path) -> None:
    missing = await client.alpha("EARNINGS", apikey="", symbol="CRM")
    assert missing.status == 200
    assert "apikey is invalid or missing" in missing.body["Error Message"]
    assert "Error Message" in (await client.alpha("NOTHING")).body
    assert "Error Message" in (await client.alpha("TIME_SERIES_DAILY", symbol="XYZ1")).body
    await client.sim("faults", "POST", {"alpha_vantage_quota": "note"})
    note = await client.alpha("EARNINGS_CALENDAR")
    assert note.status == 200
    assert note.body == json.loads((recordings / "alpha_vantage" / "NOTE_quota_error.json").read_text())


async def test_the_daily_quota_is_spent() -> None:
    async with serving(quotas={"alpha_vantage": 2}) as client:
        answers = [(await client.alpha("OVERVIEW", symbol="CRM")).body for _ in range(3)]
        assert [next(iter(answer)) for answer in answers] == ["Symbol", "Symbol", "Information"]
        assert "25 requests per day" in answers[2]["Information"]


@pytest.mark.parametrize(
    ("fault", "value", "status"), [("alpha_vantage_status", 503, 503), ("alpha_vantage_body", "html", 200)]
)
async def test_other_faults(fault: str, value: object, status: int) -> None:
    async with serving(faults={fault: value}) as client:
        answer = await client.alpha("EARNINGS", symbol="CRM")
        assert answer.status == status
        with pytest.raises(json.JSONDecodeError):
            json.loads(answer.text)
