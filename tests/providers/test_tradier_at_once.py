"""Chains and histories in one pass give what the tolerant readers give, or leave the body to them."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.errors import ProviderError
from cockpit.net.responses import Response
from cockpit.options.contract import OptionQuote
from cockpit.providers.tradier_chains import option_quotes, option_quotes_at_once
from cockpit.providers.tradier_rows import daily_bars, daily_bars_at_once
from cockpit.scan.moves import DailyBar

EXPIRY = date(2022, 2, 25)
START, END = date(2024, 1, 2), date(2024, 1, 31)
GREEKS: dict[str, Any] = {
    "delta": 0.5,
    "gamma": 0.01,
    "theta": -0.1,
    "vega": 0.2,
    "bid_iv": 0.2,
    "mid_iv": 0.25,
    "smv_vol": 0.3,
}
GREEKS |= {"updated_at": "2022-02-10 19:33:12"}
OPTION: dict[str, Any] = {
    "symbol": "AAPL220225C00170000",
    "description": "AAPL Feb 25 2022 $170.00 Call",
    "last": 5.1,
    "bid": 5.0,
    "ask": 5.2,
    "strike": 170.0,
    "greeks": GREEKS,
    "volume": 7,
    "bidsize": 3,
    "bid_date": 1644524228000,
    "asksize": 4,
    "ask_date": 1644524229000,
    "open_interest": 12,
    "contract_size": 100,
    "expiration_date": "2022-02-25",
    "option_type": "call",
}
BAR: dict[str, Any] = {"date": "2024-01-02", "open": 1.0, "high": 2.0, "low": 0.5, "close": 1.5, "volume": 10}


def chain_of(rows: list[Any]) -> dict[str, Any]:
    return {"options": {"option": rows}}


def history_of(rows: list[Any]) -> dict[str, Any]:
    return {"history": {"day": rows}}


def tolerant(body: bytes) -> tuple[Any, Any] | None:
    """What the tolerant readers make of a body; None where it is not JSON."""
    try:
        content = Response("tradier", 200, {}, body).json()
    except ProviderError:
        return None
    return option_quotes(content, "AAPL", EXPIRY), daily_bars(content, START, END)


def at_once(body: bytes) -> tuple[Any, Any]:
    return option_quotes_at_once(body, "AAPL", EXPIRY), daily_bars_at_once(body, START, END)


def assert_agreed(body: bytes) -> None:
    usual, checked = at_once(body), tolerant(body)
    for fast, slow in zip(usual, checked or (None, None), strict=True):
        assert fast is None or fast == slow


def same_types(left: OptionQuote | DailyBar, right: OptionQuote | DailyBar) -> bool:
    return all(type(getattr(left, name)) is type(getattr(right, name)) for name in left.__slots__)


@pytest.mark.parametrize("name", ["AAPL__2022-02-25", "PM__2022-01-07"])
def test_recorded_chains_are_read_in_one_pass(recordings: Path, name: str) -> None:
    for file in (recordings / "tradier").glob(f"options_chains__{name}*.json"):
        body, (root, expiry) = file.read_bytes(), name.split("__")
        fast = option_quotes_at_once(body, root, date.fromisoformat(expiry))
        slow = option_quotes(json.loads(body), root, date.fromisoformat(expiry))
        assert fast is not None
        assert slow is not None
        assert fast == slow
        assert fast[0]
        assert all(map(same_types, fast[0], slow[0]))


def test_a_usual_history_is_read_in_one_pass() -> None:
    days = [f"2024-01-{number:02d}" for number in range(31, 0, -1)]
    body = history_of([{**BAR, "date": day} for day in days] + [BAR, {**BAR, "low": 3.0}])
    fast, slow = daily_bars_at_once(json.dumps(body).encode(), START, END), daily_bars(body, START, END)
    assert fast is not None
    assert slow is not None
    assert fast == slow
    assert [bar.day.day for bar in fast[0]] == list(range(2, 32))
    assert fast[1] == 2
    assert all(map(same_types, fast[0], slow[0]))


def test_every_recorded_body_reads_the_same_both_ways(recordings: Path) -> None:
    for file in [*(recordings / "tradier").glob("*.json"), *(recordings / "tradier_2013").glob("*.json")]:
        assert_agreed(file.read_bytes())


_value = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.sampled_from([0, -1, 10, 100, 170, 170.0, 1e5, 2**63 - 1, 2**63, 2**64, 1e300, 0.0, -0.0, 1.5, 99.0, -1.5]),
    st.sampled_from(
        ["", "null", "NaN", "5.2", "call", "put", "C", "2022-02-25", "2024-01-03", "2024-W01-2", "20240103"]
    ),
    st.sampled_from(["AAPL220225P00170000", "AAPL1220225C00170000", "AAPL220225C00171000", "2022-02-10T19:33:12Z"]),
    st.text(max_size=4),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["delta", "smv_vol"]), st.none() | st.floats(), max_size=2),
)
_options = st.dictionaries(st.sampled_from([*OPTION, "root_symbol"]), _value, max_size=4).map(lambda it: OPTION | it)
_greeks = st.dictionaries(st.sampled_from([*GREEKS]), _value, max_size=4).map(
    lambda it: OPTION | {"greeks": GREEKS | it, "symbol": "AAPL220225C00165000", "strike": 165}
)
_bars = st.dictionaries(st.sampled_from([*BAR]), _value, max_size=3).map(lambda it: BAR | it)


@settings(max_examples=400)
@given(st.lists(_options | _greeks, max_size=3), st.lists(_bars, max_size=4), st.booleans())
def test_no_change_to_a_row_makes_the_readers_differ(
    options: list[dict[str, Any]], bars: list[dict[str, Any]], alone: bool
) -> None:
    chain, history = chain_of(options), history_of(bars)
    if alone and options and bars:  # a list of one is an object in the vendor's JSON
        chain, history = {"options": {"option": options[0]}}, {"history": {"day": bars[0]}}
    assert_agreed(json.dumps(chain | history).encode())


_WHOLE = json.dumps(chain_of([OPTION, {**OPTION, "description": "Zoë"}]) | history_of([BAR]), ensure_ascii=False)


@settings(max_examples=400)
@given(st.data())
def test_no_damage_to_the_bytes_makes_the_readers_differ(data: st.DataObject) -> None:
    raw = bytearray(_WHOLE.encode())
    for _ in range(data.draw(st.integers(0, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    assert_agreed(bytes(raw[: data.draw(st.sampled_from([len(raw)] * 3 + [len(raw) // 2]))]))
