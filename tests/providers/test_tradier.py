import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from cockpit.errors import ProviderError, Refusal
from cockpit.net.http import HttpClient
from cockpit.net.retry import Retry
from cockpit.options.contract import Right
from cockpit.providers import tradier_chains, tradier_dates, tradier_rows
from cockpit.providers.tradier import Tradier
from cockpit.scan.earnings import Timing
from cockpit.settings import CacheSettings, TradierSettings
from tests.net.fakes import HandClock, Vendor, vendor

EXPIRY = date(2022, 2, 25)
QUOTE = '{"quotes":{"quote":{"symbol":"AAPL","description":"Apple Inc","last":173.09,"bid":173.08,"ask":173.09}}}'


class Desk:
    """A Tradier client on a server that serves a body by the end of the path."""

    def __init__(self, tradier: Tradier, served: Vendor, clock: HandClock, http: HttpClient) -> None:
        self.tradier = tradier
        self.served = served
        self.clock = clock
        self.http = http
        self.bodies: dict[str, str | bytes] = {"quotes": QUOTE}
        served.do(self._handle)

    def asked(self, path: str) -> list[web.Request]:
        return [request for request in self.served.requests if request.path.endswith(path)]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = self.bodies[request.path.rpartition("/")[2]]
        return web.Response(body=body.encode() if isinstance(body, str) else body, content_type="application/json")


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    clock = HandClock()
    async with vendor() as served, HttpClient(clock, retry=Retry(sleep=clock.sleep)) as http:
        settings = TradierSettings(base_url=f"{served.url}/tradier/v1", limits=("1000/1m",))
        yield Desk(Tradier(http, settings, CacheSettings(), clock), served, clock, http)


def recorded(recordings: Path, pattern: str, folder: str = "tradier") -> bytes:
    (file,) = sorted((recordings / folder).glob(pattern))[:1]
    return file.read_bytes()


def option(**changes: Any) -> dict[str, Any]:
    row = {
        "symbol": "AAPL220225C00170000",
        "bid": 5.0,
        "ask": 5.2,
        "strike": 170.0,
        "option_type": "call",
        "expiration_date": "2022-02-25",
        "contract_size": 100,
        "root_symbol": "AAPL",
    }
    return {**row, **changes}


def chain_of(*options: Any) -> str:
    return json.dumps({"options": {"option": list(options)}})


async def test_a_recorded_chain_is_read_whole(desk: Desk, recordings: Path) -> None:
    desk.bodies["chains"] = recorded(recordings, "options_chains__AAPL*")
    chain = await desk.tradier.chain("AAPL", EXPIRY)
    assert (len(chain.quotes), chain.spot, chain.underlying, chain.source) == (88, 173.09, "AAPL", "tradier")
    assert chain.fetched_at == desk.clock.now()
    deep = chain.quote(Right.CALL, 105.0)
    assert deep is not None
    assert (deep.bid, deep.ask, deep.open_interest, deep.bid_size, deep.iv) == (67.9, 68.35, 0, 93, 0.623)
    assert deep.quoted_at == datetime.fromtimestamp(1644524228, UTC)
    assert deep.greeks is not None
    assert deep.greeks.delta == 1.0
    (request,) = desk.asked("chains")
    assert request.query["expiration"] == "2022-02-25"
    assert request.query["greeks"] == "true"
    assert request.headers["Accept"] == "application/json"


async def test_the_same_chain_is_handed_out_while_fresh(desk: Desk) -> None:
    desk.bodies["chains"] = chain_of(option())
    first = await desk.tradier.chain("AAPL", EXPIRY)
    assert await desk.tradier.chain("AAPL", EXPIRY) is first
    asked = await desk.tradier.chain("AAPL", EXPIRY, fresh=True)
    assert asked is not first
    assert len(desk.asked("chains")) == len(desk.asked("quotes")) == 2
    assert await desk.tradier.chain("AAPL", EXPIRY) is asked
    desk.clock.move(31)
    assert await desk.tradier.chain("AAPL", EXPIRY) is not asked
    assert desk.http.link("tradier").status().hit_ratio is not None


async def test_a_simulated_clock_that_jumps_to_another_day_asks_anew(desk: Desk) -> None:
    desk.bodies["expirations"] = '{"expirations":{"date":["2026-11-27","2026-12-04"]}}'
    await desk.tradier.expirations("AAPL")
    await desk.tradier.expirations("AAPL")
    desk.clock._start = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
    await desk.tradier.expirations("AAPL")
    assert len(desk.asked("expirations")) == 2


async def test_unusable_rows_are_left_out_and_counted(desk: Desk) -> None:
    bad: list[Any] = [
        option(strike=None, symbol="AAPL220225C00171000"),
        option(strike=-170.0),
        option(strike=1e300),
        option(bid=-1.0),
        option(ask="5.2"),
        option(ask=True),
        option(option_type="straddle"),
        option(option_type=["call"]),
        option(option_type="put"),
        option(expiration_date="2022-03-04"),
        option(symbol=None),
        option(symbol="AAPL220304C00170000"),
        None,
        "row",
    ]
    desk.bodies["chains"] = chain_of(option(), option(), *bad)
    chain = await desk.tradier.chain("AAPL", EXPIRY)
    assert [quote.symbol for quote in chain.quotes] == ["AAPL220225C00170000"]
    assert desk.http.link("tradier").dropped == len(bad) + 1


async def test_numbers_that_are_none_do_not_become_data(desk: Desk) -> None:
    desk.bodies["chains"] = chain_of(option()).replace("5.0", "NaN").replace("5.2", "1e999")
    with pytest.raises(ProviderError, match="none of the 1 rows") as caught:
        await desk.tradier.chain("AAPL", EXPIRY)
    assert caught.value.refusal is Refusal.MALFORMED


async def test_missing_sides_greeks_and_dates_are_none(desk: Desk) -> None:
    desk.bodies["chains"] = chain_of(option(bid=None, ask=None, greeks=None, volume=None, bid_date=0, ask_date=-5))
    (quote,) = (await desk.tradier.chain("AAPL", EXPIRY)).quotes
    assert (quote.bid, quote.ask, quote.greeks, quote.iv, quote.volume, quote.quoted_at) == (None,) * 6


@pytest.mark.parametrize(
    ("greeks", "expected"),
    [
        ({"smv_vol": 0.5, "mid_iv": 0.6, "bid_iv": 0.5}, 0.5),
        ({"smv_vol": 0.0, "mid_iv": 0.6, "bid_iv": 0.5}, 0.6),
        ({"smv_vol": 0.0, "mid_iv": 0.6, "bid_iv": 0.0}, None),
        ({"smv_vol": 99.0, "mid_iv": None}, None),
        ({}, None),
    ],
)
async def test_the_vendors_volatility_is_taken_where_it_is_sane(
    desk: Desk, greeks: dict[str, Any], expected: float | None
) -> None:
    desk.bodies["chains"] = chain_of(option(greeks=greeks))
    (quote,) = (await desk.tradier.chain("AAPL", EXPIRY)).quotes
    assert quote.iv == expected
    assert quote.greeks is None


async def test_adjusted_contracts_are_other_contracts(desk: Desk) -> None:
    desk.bodies["chains"] = chain_of(option(), option(symbol="AAPL1220225C00170000"), option(contract_size=10))
    assert len((await desk.tradier.chain("AAPL", EXPIRY)).quotes) == 1
    assert desk.http.link("tradier").dropped == 0


async def test_a_chain_of_one_contract_is_an_object(desk: Desk) -> None:
    desk.bodies["chains"] = json.dumps({"options": {"option": option()}})
    assert len((await desk.tradier.chain("AAPL", EXPIRY)).quotes) == 1


async def test_an_unknown_expiry_is_not_found_and_remembered(desk: Desk) -> None:
    desk.bodies["chains"] = '{"options":null}'
    for _ in range(2):
        with pytest.raises(ProviderError, match="no options of AAPL that expire on 2022-02-25") as caught:
            await desk.tradier.chain("AAPL", EXPIRY)
        assert caught.value.refusal is Refusal.NOT_FOUND
    assert len(desk.asked("chains")) == 1


@pytest.mark.parametrize("body", ["[]", "{}", '{"options":[1]}', '"options"', "null", '{"fault":{"faultstring":"x"}}'])
async def test_a_foreign_shape_is_malformed(desk: Desk, body: str) -> None:
    desk.bodies.update(chains=body, expirations=body, history=body, clock=body, calendar=body)
    calls: list[Callable[[], Any]] = [
        lambda: desk.tradier.chain("AAPL", EXPIRY),
        lambda: desk.tradier.expirations("AAPL"),
        lambda: desk.tradier.daily_history("AAPL", EXPIRY, EXPIRY),
        desk.tradier.clock,
        lambda: desk.tradier.calendar(6, 2013),
    ]
    for call in calls:
        with pytest.raises(ProviderError) as caught:
            await call()
        assert caught.value.refusal is Refusal.MALFORMED
    desk.bodies["quotes"] = body
    with pytest.raises(ProviderError):
        await desk.tradier.quotes(["MSFT"])
    assert desk.http.link("tradier").status().errors == 6


async def test_recorded_quotes_expirations_and_history(desk: Desk, recordings: Path) -> None:
    desk.bodies["quotes"] = recorded(recordings, "quotes__AAPL*")
    quote = (await desk.tradier.quotes(["AAPL", "NOPE"]))["AAPL"]
    assert (quote.name, quote.last, quote.previous_close, quote.volume) == ("Apple Inc", 173.09, 176.28, 64097061)
    assert quote.quoted_at == datetime.fromtimestamp(1644524235.562, UTC)
    desk.bodies["expirations"] = recorded(recordings, "options_expirations__PM*")
    dates = await desk.tradier.expirations("PM")
    assert (len(dates), dates[0], dates) == (12, date(2021, 12, 31), sorted(dates))
    desk.bodies["history"] = recorded(recordings, "history__PM*")
    (bar,) = await desk.tradier.daily_history("PM", date(2022, 1, 1), date(2022, 1, 31))
    assert (bar.day, bar.open, bar.volume) == (date(2022, 1, 3), 0.08, 13)


async def test_the_older_recordings_read_too(desk: Desk, recordings: Path) -> None:
    for name in ("quotes", "expirations", "history", "clock", "calendar"):
        desk.bodies[name] = recorded(recordings, f"{name}.json", "tradier_2013")
    desk.bodies["chains"] = recorded(recordings, "chain.json", "tradier_2013")
    assert (await desk.tradier.quotes(["AAPL", "MSFT"]))["MSFT"].last == 35.47
    assert len(await desk.tradier.expirations("AAPL")) == 12
    bars = await desk.tradier.daily_history("AAPL", date(2012, 5, 29), date(2013, 1, 1))
    assert bars[0].day == date(2012, 5, 29)
    assert [bar.day for bar in bars] == sorted(bar.day for bar in bars)
    clock = await desk.tradier.clock()
    assert (clock.state, clock.next_state, clock.next_change) == ("closed", "premarket", time(8))
    days = await desk.tradier.calendar(6, 2013)
    assert len(days) == 30
    assert (days[0].opens, days[2].opens, days[2].closes) == (None, time(9, 30), time(16))
    chain = await desk.tradier.chain("AAPL", date(2015, 1, 17))
    assert len(chain.quotes) == 222  # its 108 others are mini contracts of the root AAPL7


async def test_bars_that_are_not_numbers_are_dropped(desk: Desk) -> None:
    day = {"date": "2024-01-02", "open": 1.0, "high": 2.0, "low": 0.5, "close": 1.5, "volume": 10}
    desk.bodies["history"] = json.dumps(
        {
            "history": {
                "day": [
                    {**day, "date": "2024-01-04"},
                    day,
                    {**day, "date": "2024-01-03", "open": "NaN"},
                    {**day, "date": "2024-01-05", "low": 3.0},
                    {**day, "date": "someday"},
                    day,
                ]
            }
        }
    )
    bars = await desk.tradier.daily_history("X", date(2024, 1, 1), date(2024, 1, 31))
    assert [bar.day.day for bar in bars] == [2, 4]
    assert desk.http.link("tradier").dropped == 4


@pytest.mark.parametrize("body", ['{"history":null}', '{"history":"null"}'])
async def test_no_history_is_empty(desk: Desk, body: str) -> None:
    desk.bodies["history"] = body
    assert await desk.tradier.daily_history("X", EXPIRY, EXPIRY) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"expirations":null}', []),
        ('{"expirations":{"date":"2024-06-28"}}', [date(2024, 6, 28)]),
        ('{"expirations":{"expiration":[{"date":"2024-07-05"},{"date":"2024-06-28"}]}}', None),
        ('{"expirations":{"expiration":{"date":"2024-06-28"}}}', [date(2024, 6, 28)]),
    ],
)
async def test_expirations_of_every_shape(desk: Desk, body: str, expected: list[date] | None) -> None:
    desk.bodies["expirations"] = body
    found = await desk.tradier.expirations("X")
    assert found == (expected if expected is not None else [date(2024, 6, 28), date(2024, 7, 5)])


async def test_a_long_list_of_symbols_is_one_posted_request(desk: Desk) -> None:
    symbols = [f"S{number}" for number in range(150)]
    rows = [{"symbol": symbol, "last": 1.0} for symbol in symbols[:140]]
    desk.bodies["quotes"] = json.dumps({"quotes": {"quote": rows, "unmatched_symbols": {"symbol": symbols[140:]}}})
    found = await desk.tradier.quotes(symbols)
    assert len(found) == 140
    (request,) = desk.served.requests
    assert request.method == "POST"
    assert desk.served.forms[0]["symbols"].split(",") == symbols


async def test_callers_at_the_same_time_share_one_request(desk: Desk) -> None:
    async def echo(request: web.Request) -> web.StreamResponse:
        symbols = request.query["symbols"].split(",")
        return web.json_response({"quotes": {"quote": [{"symbol": symbol, "last": 1.0} for symbol in symbols]}})

    desk.served.answers = [echo]
    found = await asyncio.gather(*(desk.tradier.quotes([symbol]) for symbol in ("A", "B", "C", "A")))
    assert [list(quotes) for quotes in found] == [["A"], ["B"], ["C"], ["A"]]
    assert [request.query["symbols"] for request in desk.served.requests] == ["A,B,C"]
    await desk.tradier.quotes(["A", "B"])
    assert len(desk.served.requests) == 1


async def test_classes_of_shares_are_written_with_a_slash(desk: Desk) -> None:
    desk.bodies["quotes"] = '{"quotes":{"quote":{"symbol":"BRK/B","last":400.0}}}'
    row = option(symbol="BRKB220225C00170000")
    desk.bodies["chains"] = chain_of(row)
    assert (await desk.tradier.quotes(["BRK.B"]))["BRK.B"].last == 400.0
    assert (await desk.tradier.chain("BRK.B", EXPIRY)).spot == 400.0
    assert desk.asked("chains")[0].query["symbol"] == "BRK/B"


async def test_a_quote_without_a_price_gives_a_chain_without_a_spot(desk: Desk) -> None:
    desk.bodies["quotes"] = '{"quotes":{"unmatched_symbols":{"symbol":"AAPL"}}}'
    desk.bodies["chains"] = chain_of(option())
    assert (await desk.tradier.chain("AAPL", EXPIRY)).spot is None


async def test_a_stand_in_on_this_machine_takes_any_token(desk: Desk) -> None:
    await desk.tradier.quotes(["AAPL"])
    assert desk.served.requests[0].headers["Authorization"] == "Bearer loopback"


async def test_the_token_is_sent_to_the_vendor_and_never_told() -> None:
    clock = HandClock()
    async with vendor() as served, HttpClient(clock) as http:
        served.answer('{"fault":{"faultstring":"Invalid Access Token s3same"}}', 401)
        settings = TradierSettings(base_url=served.url, token=SecretStr("s3same"))
        with pytest.raises(ProviderError) as caught:
            await Tradier(http, settings, CacheSettings(), clock).expirations("AAPL")
        assert served.requests[0].headers["Authorization"] == "Bearer s3same"
    assert caught.value.refusal is Refusal.AUTH
    assert "s3same" not in str(caught.value)


async def test_without_a_token_the_error_names_the_variable() -> None:
    clock = HandClock()
    async with HttpClient(clock) as http:
        tradier = Tradier(http, TradierSettings(), CacheSettings(), clock)
        with pytest.raises(ProviderError, match="COCKPIT_PROVIDERS__TRADIER__TOKEN") as caught:
            await tradier.expirations("AAPL")
        assert http.link("tradier").status().requests == 0
    assert caught.value.refusal is Refusal.AUTH


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
_names = ("symbol", "strike", "option_type", "expiration_date", "bid", "ask", "greeks", "bid_date", "ask_date", "date")
_row = st.dictionaries(st.sampled_from([*_names, "open", "high", "low", "close", "timestamp", "state", "start"]), _json)


@given(st.one_of(_json, st.lists(_row, max_size=3), _row))
def test_whatever_a_body_holds_the_decoders_never_raise(inner: Any) -> None:
    for outer, name in (("options", "option"), ("history", "day"), ("quotes", "quote"), ("expirations", "date")):
        for body in ({outer: {name: inner}}, {outer: inner}, inner):
            tradier_chains.option_quotes(body, "AAPL", EXPIRY)
            tradier_rows.daily_bars(body, date.min, date.max)
            tradier_rows.equity_quotes(body)
            tradier_rows.expiry_dates(body)
    for body in ({"clock": inner}, {"calendar": {"days": {"day": inner}}}, {"calendar": inner}):
        tradier_rows.market_clock(body)
        tradier_rows.market_days(body)


def calendars(symbol: str, *events: Any) -> dict[str, Any]:
    tables = {"corporate_calendars": list(events)}
    return {"request": symbol, "type": "Symbol", "results": [{"type": "Company", "id": "0C1", "tables": tables}]}


def event(begins: str, **changes: Any) -> dict[str, Any]:
    row = {"begin_date_time": begins, "event": "Apple First Quarter Earnings Result", "event_status": "Confirmed"}
    return {**row, "time_zone": "America/New_York", **changes}


async def test_report_dates_of_many_names_come_with_one_request_and_are_kept(desk: Desk) -> None:
    desk.bodies["corporate_calendars"] = json.dumps(
        [
            calendars("AAPL", event("2099-04-28"), event("2001-01-01"), event("2099-01-28", event_status="Estimated")),
            calendars("BRK/B", event("2099-02-01", event="Annual General Meeting")),
            {"request": "NONE", "type": "Symbol", "results": None},
        ]
    )
    found = await desk.tradier.report_dates(["AAPL", "BRK.B", "NONE"])
    assert [(claim.day, claim.confirmed) for claim in found.pop("AAPL")] == [
        (date(2099, 1, 28), False),
        (date(2099, 4, 28), True),
    ]
    assert found == {}
    assert await desk.tradier.report_dates(["AAPL"]) != {}
    (asked,) = desk.asked("corporate_calendars")
    assert asked.path == "/tradier/beta/markets/fundamentals/corporate_calendars"
    assert asked.query["symbols"] == "AAPL,BRK/B,NONE"


@pytest.mark.parametrize(
    ("begins", "zone", "expected"),
    [
        ("2099-01-28T16:30:00", "America/New_York", (date(2099, 1, 28), Timing.AMC)),
        ("2099-01-28T07:00:00", "America/New_York", (date(2099, 1, 28), Timing.BMO)),
        ("2099-01-28T11:00:00", "1969-12-31", (date(2099, 1, 28), Timing.DMH)),
        ("2099-01-29T06:30:00", "Asia/Tokyo", (date(2099, 1, 28), Timing.AMC)),
        ("2099-01-28T21:30:00Z", "", (date(2099, 1, 28), Timing.AMC)),
        ("2099-01-28T00:00:00", "Asia/Tokyo", (date(2099, 1, 28), Timing.UNKNOWN)),
    ],
)
def test_a_report_with_a_time_of_day_is_placed_in_the_exchanges_zone(
    begins: str, zone: str, expected: tuple[date, Timing]
) -> None:
    body = [calendars("AAPL", event(begins, time_zone=zone))]
    found = tradier_dates.report_dates(body, date(2026, 1, 1), "tradier")
    assert found is not None
    (claim,) = found["AAPL"]
    assert (claim.day, claim.timing) == expected


async def test_calendars_that_are_refused_are_not_asked_again_at_once(desk: Desk) -> None:
    desk.bodies["corporate_calendars"] = '{"fault": {"faultstring": "no"}}'
    for _ in range(3):
        with pytest.raises(ProviderError):
            await desk.tradier.report_dates(["AAPL"])
    assert len(desk.asked("corporate_calendars")) == 1
    assert await desk.tradier.quotes(["AAPL"])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["request", "results", "tables", "corporate_calendars", "begin_date_time", "event"]),
                inner,
            )
        ),
        max_leaves=12,
    )
)
def test_no_body_breaks_the_reader_of_report_dates(body: Any) -> None:
    tradier_dates.report_dates(body, date(2026, 1, 1), "tradier")


async def test_greeks_carry_the_time_at_which_they_were_computed(desk: Desk, recordings: Path) -> None:
    desk.bodies["chains"] = recorded(recordings, "options_chains__AAPL*")
    chain = await desk.tradier.chain("AAPL", EXPIRY)
    assert {quote.greeks_at for quote in chain.quotes} == {datetime(2022, 2, 10, 19, 33, 12, tzinfo=UTC)}
