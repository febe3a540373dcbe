import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cockpit.emulator.universe import BROKEN_QUOTES, DATES_DIFFER, NO_GREEKS, NO_OPTIONS, ONE_EXPIRY
from cockpit.options.calendar import next_session
from tests.emulator.conftest import NOON_ISH, Client, serving


def load(folder: Path, name: str) -> Any:
    return json.loads((folder / "tradier" / name).read_text())


def kinds(value: object) -> set[str]:
    return {"null"} if value is None else {"number"} if isinstance(value, int | float) else {type(value).__name__}


def shape(rows: list[dict[str, Any]]) -> dict[str, set[str]]:
    """Key names with the JSON types seen under them, null aside."""
    seen: dict[str, set[str]] = {}
    for row in rows:
        for key, value in row.items():
            seen.setdefault(key, set()).update(kinds(value) - {"null"})
    return seen


async def chain(
    client: Client, symbol: str = "CRM", expiry: str = "2026-11-27", greeks: str = "true"
) -> list[dict[str, Any]]:
    answer = await client.tradier("markets/options/chains", symbol=symbol, expiration=expiry, greeks=greeks)
    options: list[dict[str, Any]] = answer.body["options"]["option"]
    return options


async def test_chain_rows_have_the_recorded_shape(client: Client, recordings: Path) -> None:
    recorded = load(recordings, "options_chains__PM__2022-01-07__20211231T151321Z.json")["options"]["option"]
    recorded += load(recordings, "options_chains__AAPL__2022-02-25__20220210T203215Z.json")["options"]["option"]
    ours = await chain(client)
    assert list(ours[0]) == list(recorded[0])
    assert list(ours[0]["greeks"]) == list(recorded[0]["greeks"])
    theirs = shape(recorded)
    assert all(kinds <= theirs[key] for key, kinds in shape(ours).items())
    assert shape([row["greeks"] for row in ours]) == shape([row["greeks"] for row in recorded])


async def test_chain_has_the_vendors_oddities(client: Client) -> None:
    rows = await chain(client)
    assert len({(row["option_type"], row["strike"]) for row in rows}) == len(rows)
    orders = {rows[index]["option_type"] for index in range(0, len(rows), 2)}
    assert orders == {"put", "call"}  # neither always first
    untraded = [row for row in rows if row["volume"] == 0]
    assert untraded
    assert all(row["last"] is row["prevclose"] is row["change"] is None and row["trade_date"] == 0 for row in untraded)
    worthless = [row for row in rows if row["bid"] == 0.0]
    assert worthless
    for row in worthless:
        assert (row["bidsize"], row["greeks"]["bid_iv"]) == (0, 0.0)
        assert row["greeks"]["mid_iv"] == row["greeks"]["ask_iv"]
    by_strike = {row["strike"]: row["greeks"] for row in rows if row["option_type"] == "call"}
    for row in rows:
        if row["option_type"] == "put":
            call, put = by_strike[row["strike"]], row["greeks"]
            assert all(call[key] == put[key] for key in ("gamma", "theta", "vega", "rho", "phi", "smv_vol"))
            assert call["delta"] - put["delta"] == pytest.approx(1.0, abs=1e-4)
    updated = datetime.strptime(rows[0]["greeks"]["updated_at"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert 0 <= (NOON_ISH - updated).total_seconds() < 3600
    assert 0 <= NOON_ISH.timestamp() * 1000 - rows[0]["bid_date"] < 10_000


async def test_greeks_are_left_out_when_not_asked_for_and_null_where_missing(client: Client) -> None:
    assert all("greeks" not in row for row in await chain(client, greeks="false"))
    expirations = (await client.tradier("markets/options/expirations", symbol=NO_GREEKS)).body["expirations"]["date"]
    assert all(row["greeks"] is None for row in await chain(client, NO_GREEKS, expirations[0]))


async def test_quotes_have_the_recorded_shape(client: Client, recordings: Path) -> None:
    recorded = load(recordings, "quotes__AAPL__20220210T203215Z.json")["quotes"]["quote"]
    quote = (await client.tradier("markets/quotes", symbols="CRM")).body["quotes"]["quote"]
    assert list(quote) == list(recorded)
    assert {key: kinds(value) for key, value in quote.items()} == {key: kinds(value) for key, value in recorded.items()}
    assert quote["low"] <= quote["last"] <= quote["high"]
    assert quote["bid"] < quote["ask"]
    assert quote["change"] == pytest.approx(quote["last"] - quote["prevclose"])


async def test_one_quote_is_an_object_and_unknown_symbols_are_named(client: Client) -> None:
    both = (await client.tradier("markets/quotes", symbols="CRM,KR,XYZ1,XYZ2")).body["quotes"]
    assert [quote["symbol"] for quote in both["quote"]] == ["CRM", "KR"]
    assert both["unmatched_symbols"] == {"symbol": ["XYZ1", "XYZ2"]}
    none = (await client.tradier("markets/quotes", symbols="XYZ1")).body
    assert none == {"quotes": {"unmatched_symbols": {"symbol": "XYZ1"}}}
    posted = await client.tradier_post("markets/quotes", symbols="CRM,KR")
    assert [quote["symbol"] for quote in posted.body["quotes"]["quote"]] == ["CRM", "KR"]


async def test_an_option_is_quoted_as_its_chain_has_it(client: Client) -> None:
    rows = await chain(client)
    quote = (await client.tradier("markets/quotes", symbols=rows[7]["symbol"], greeks="true")).body["quotes"]["quote"]
    assert quote == rows[7]


async def test_expirations_in_every_form(client: Client) -> None:
    plain = (await client.tradier("markets/options/expirations", symbol="CRM")).body["expirations"]["date"]
    assert plain[0] == "2026-11-27"
    full = await client.tradier(
        "markets/options/expirations", symbol="CRM", strikes="true", contractSize="true", expirationType="true"
    )
    rows = full.body["expirations"]["expiration"]
    assert [row["date"] for row in rows] == plain
    assert rows[0]["contract_size"] == 100
    assert {row["expiration_type"] for row in rows} == {"weeklys", "standard"}
    strikes = (await client.tradier("markets/options/strikes", symbol="CRM", expiration=plain[0])).body
    assert strikes["strikes"]["strike"] == rows[0]["strikes"]["strike"]
    one = (await client.tradier("markets/options/expirations", symbol=ONE_EXPIRY)).body
    assert one == {"expirations": {"date": "2026-12-18"}}
    for symbol in (NO_OPTIONS, "XYZ1"):
        assert (await client.tradier("markets/options/expirations", symbol=symbol)).body == {"expirations": None}
    nothing = await client.tradier("markets/options/chains", symbol="CRM", expiration="2026-11-26")
    assert nothing.body == {"options": None}


async def test_history_is_a_list_an_object_or_null(client: Client, recordings: Path) -> None:
    recorded = load(recordings, "history__PM220107P00090000__20220104T161851Z.json")["history"]["day"]
    many = (await client.tradier("markets/history", symbol="CRM", start="2023-11-20", end="2026-11-24")).body
    days = many["history"]["day"]
    assert len(days) > 750
    assert days[-1]["date"] == "2026-11-24"
    one = (await client.tradier("markets/history", symbol="CRM", start="2026-11-23", end="2026-11-23")).body
    assert list(one["history"]["day"]) == list(recorded)
    assert one["history"]["day"] in days
    none = await client.tradier("markets/history", symbol="CRM", start="2026-11-22", end="2026-11-22")
    assert none.body == {"history": None}
    unknown = await client.tradier("markets/history", symbol="XYZ1")
    assert unknown.body == {"history": None}
    symbol = next(row["symbol"] for row in await chain(client) if row["strike"] == 315.0)
    option = (await client.tradier("markets/history", symbol=symbol, start="2026-11-01")).body["history"]["day"]
    assert all(day["low"] <= day["close"] <= day["high"] for day in option)
    weeks = (await client.tradier("markets/history", symbol="CRM", start="2026-10-26", interval="weekly")).body
    assert len(weeks["history"]["day"]) == 5


async def test_the_session_a_quote_and_the_history_tell_one_price(client: Client) -> None:
    quote = (await client.tradier("markets/quotes", symbols="CRM")).body["quotes"]["quote"]
    day = (await client.tradier("markets/history", symbol="CRM", start="2026-11-24")).body["history"]["day"]
    assert (day["close"], day["high"], day["low"]) == (quote["last"], quote["high"], quote["low"])
    bars = (await client.tradier("markets/timesales", symbol="CRM", interval="5min")).body["series"]["data"]
    assert bars[-1]["close"] == quote["last"]
    assert max(bar["high"] for bar in bars) <= quote["high"]


async def test_clock_and_calendar(client: Client, recordings: Path) -> None:
    recorded = json.loads((recordings / "tradier_2013" / "clock.json").read_text())["clock"]
    clock = (await client.tradier("markets/clock")).body["clock"]
    assert set(clock) == set(recorded)
    assert (clock["state"], clock["next_change"], clock["next_state"]) == ("open", "16:00", "postmarket")
    assert clock["timestamp"] == NOON_ISH.timestamp()
    days = (await client.tradier("markets/calendar", month="11", year="2026")).body["calendar"]["days"]["day"]
    by_date = {day["date"]: day for day in days}
    assert "open" not in by_date["2026-11-26"]
    assert by_date["2026-11-27"]["open"] == {"start": "09:30", "end": "13:00"}
    assert len(days) == 30


async def test_search_lookup_symbols_and_fundamentals(client: Client) -> None:
    one = (await client.tradier("markets/search", q="salesforce")).body["securities"]["security"]
    assert one["symbol"] == "CRM"
    assert len((await client.tradier("markets/lookup", q="C")).body["securities"]["security"]) > 5
    assert (await client.tradier("markets/lookup", q="XYZ1")).body == {"securities": None}
    listed = (await client.tradier("markets/options/lookup", underlying="CRM")).body["symbols"][0]
    assert listed["rootSymbol"] == "CRM"
    assert {row["symbol"] for row in await chain(client)} <= set(listed["options"])
    events = (await client.tradier("beta/markets/fundamentals/corporate_calendars", symbols="CRM")).body
    table = events[0]["results"][0]["tables"]["corporate_calendars"]
    assert any(row["begin_date_time"] == "2026-11-25" for row in table)


@pytest.mark.parametrize("symbol", DATES_DIFFER)
async def test_two_calendars_differ_by_a_session_on_some_names(client: Client, symbol: str) -> None:
    listed = (await client.alpha("EARNINGS_CALENDAR", symbol=symbol)).text.splitlines()[1].split(",")[2]
    events = (await client.tradier("beta/markets/fundamentals/corporate_calendars", symbols=symbol)).body
    days = [row["begin_date_time"] for row in events[0]["results"][0]["tables"]["corporate_calendars"]]
    assert listed not in days
    assert str(next_session(date.fromisoformat(listed))) in days


async def test_xml_unless_json_is_asked_for(client: Client) -> None:
    answer = await client.tradier_as({"Authorization": "Bearer any"}, "markets/quotes", symbols="CRM,KR")
    root = ElementTree.fromstring(answer.text)
    assert (root.tag, [quote.findtext("symbol") for quote in root]) == ("quotes", ["CRM", "KR"])
    assert answer.headers["Content-Type"].startswith("application/xml")


async def test_a_token_is_needed_and_parameters_are_checked(client: Client) -> None:
    refused = await client.tradier_as({"Accept": "application/json"}, "markets/quotes", symbols="CRM")
    assert (refused.status, refused.text) == (401, "Invalid Access Token")
    assert refused.headers["Content-Type"].startswith("text/plain")
    assert "X-Ratelimit-Available" in refused.headers
    blank: tuple[dict[str, str], ...] = ({}, {"symbols": " "})
    for params in blank:
        bad = await client.tradier("markets/quotes", **params)
        assert (bad.status, bad.text[:17]) == (400, "Invalid parameter")
    bad = await client.tradier("markets/options/chains", symbol="CRM", expiration="soon")
    assert bad.status == 400
    assert (await client.tradier("markets/nothing")).status == 404


async def test_the_rate_limit_is_told_and_kept() -> None:
    async with serving(quotas={"tradier": 3}) as client:
        answers = [await client.tradier("markets/clock") for _ in range(5)]
        used = [int(answer.headers["X-Ratelimit-Used"]) for answer in answers]
        assert {answer.headers["X-Ratelimit-Allowed"] for answer in answers} == {"3"}
        assert all(int(answer.headers["X-Ratelimit-Expiry"]) % 60_000 == 0 for answer in answers)
        for answer, count in zip(answers, used, strict=True):
            assert answer.status == (200 if count <= 3 else 429)
            assert int(answer.headers["X-Ratelimit-Available"]) == max(0, 3 - count)
        if used[-1] == 5:  # all in one minute
            assert answers[-1].body["fault"]["detail"]["errorcode"] == "policies.ratelimit.QuotaViolation"


@pytest.mark.parametrize("status", [401, 404, 429, 500])
async def test_status_faults(status: int) -> None:
    async with serving(faults={"tradier_status": status}) as client:
        assert (await client.tradier("markets/clock")).status == status
        await client.sim("faults", "POST", {"tradier_status": "off"})
        assert (await client.tradier("markets/clock")).status == 200


async def test_body_faults(client: Client) -> None:
    whole = (await client.tradier("markets/quotes", symbols="CRM")).text
    for kind in ("html", "garbage", "half"):
        assert (await client.sim("faults", "POST", {"tradier_body": kind})).status == 200
        answer = await client.tradier("markets/quotes", symbols="CRM")
        assert answer.status == 200
        with pytest.raises(json.JSONDecodeError):
            json.loads(answer.text)
    assert whole.startswith(answer.text)


async def test_quotes_stand_still_outside_the_session() -> None:
    async with serving(start=datetime(2026, 11, 26, 16, 0, tzinfo=UTC)) as client:  # Thanksgiving
        quote = (await client.tradier("markets/quotes", symbols="CRM")).body["quotes"]["quote"]
        closed = datetime(2026, 11, 25, 21, 0, tzinfo=UTC)
        assert quote["bid_date"] == closed.timestamp() * 1000
        assert quote["close"] == quote["last"]
        day = (await client.tradier("markets/history", symbol="CRM", start="2026-11-25")).body["history"]["day"]
        assert day["close"] == quote["last"]
        rows = await chain(client)
        assert {row["bid_date"] for row in rows} == {closed.timestamp() * 1000}


async def test_broken_quotes_are_served_as_they_are(client: Client) -> None:
    expirations = (await client.tradier("markets/options/expirations", symbol=BROKEN_QUOTES)).body["expirations"][
        "date"
    ]
    rows = await chain(client, BROKEN_QUOTES, expirations[0])
    assert any(row["bid"] > row["ask"] for row in rows)
