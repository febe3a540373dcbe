import gzip
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.providers import binance_frames
from cockpit.providers.binance_frames import decode_frame, unknown_members
from cockpit.providers.ports import SHUTDOWN, Rejected, StreamEvent
from cockpit.ticks.quote import BookTop, DayTicker
from cockpit.ticks.trade import Trade

SYMBOLS = frozenset({"BTCUSDT"})
TRADE = {"e": "trade", "E": 1723161255343, "s": "BTCUSDT", "t": 7, "p": "61837.63", "q": "0.02", "T": 1723161255342}
TRADE |= {"m": True, "M": True}
BOOK = {"u": 1, "s": "BTCUSDT", "b": "10.1", "B": "1", "a": "10.2", "A": "2"}
DAY = {"e": "24hrMiniTicker", "E": 1723161255343, "s": "BTCUSDT", "c": "3", "o": "1", "h": "4", "l": "1"}
DAY |= {"v": "0", "q": "5"}


def frame(payload: Any, stream: str | None = "btcusdt@x") -> str:
    return json.dumps({"stream": stream, "data": payload} if stream is not None else payload)


@pytest.mark.parametrize("stream", ["btcusdt@x", None])
@pytest.mark.parametrize("binary", [True, False])
def test_combined_and_raw_frames_read_alike(stream: str | None, binary: bool) -> None:
    def decode(payload: Any) -> StreamEvent | Rejected | None:
        text = frame(payload, stream)
        return decode_frame(text.encode() if binary else text, SYMBOLS)

    assert decode(TRADE) == Trade("BTCUSDT", 7, Decimal("61837.63"), Decimal("0.02"), 1723161255342, True)
    assert decode(BOOK) == BookTop("BTCUSDT", Decimal("10.1"), Decimal(1), Decimal("10.2"), Decimal(2))
    assert decode(DAY) == DayTicker(
        "BTCUSDT", Decimal(1), Decimal(4), Decimal(1), Decimal(3), Decimal(0), Decimal(5), 1723161255343
    )
    shutdown = decode({"e": "serverShutdown", "E": 1770123456789})
    assert isinstance(shutdown, Rejected)
    assert shutdown.kind == SHUTDOWN


def test_only_what_nobody_has_documented_is_news(recordings: Path) -> None:
    with gzip.open(recordings / "binance/btcusdt_20240808.gz", "rt") as lines:
        assert {name for line in lines for name in unknown_members(line.split(" ", 1)[1])} == set()
    for payload in (TRADE, BOOK, DAY):
        assert unknown_members(frame(payload)) == []
        assert unknown_members(frame({**payload, "zz": 1, "st": {}})) == [
            f"{payload.get('e', 'bookTicker')}.{name}" for name in ("st", "zz")
        ]
    others: tuple[Any, ...] = (
        {"result": None, "id": 1},
        {"e": "new", "zz": 1},
        {"e": {}},
        {"e": []},
        [1],
        "text",
        None,
    )
    for other in others:
        assert unknown_members(frame(other)) == unknown_members(frame(other, None)) == []


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_looking_for_news_never_fails(raw: bytes | str) -> None:
    assert unknown_members(raw) == []


def test_a_recorded_day_decodes_to_its_trades_without_a_gap(recordings: Path) -> None:
    kinds: Counter[str] = Counter()
    ids: list[int] = []
    with gzip.open(recordings / "binance/btcusdt_20240808.gz", "rt") as lines:
        for line in lines:
            text = line.split(" ", 1)[1]
            event = binance_frames._at_once(text, SYMBOLS)
            assert binance_frames._judged(text, SYMBOLS) == event
            kinds[type(event).__name__] += 1
            if isinstance(event, Trade):
                ids.append(event.trade_id)
    assert kinds == {"Trade": 9757, "BookTop": 28040, "NoneType": 3452}
    assert ids == list(range(ids[0], ids[0] + len(ids)))


@pytest.mark.parametrize("name", ["binance/ws_20211012.txt", "binance_us/ws_20211012.txt"])
def test_older_recordings_hold_nothing_that_is_rejected(recordings: Path, name: str) -> None:
    lines = (recordings / name).read_text().splitlines()[1:]
    events = [decode_frame(line.split(": ", 1)[1], frozenset()) for line in lines if ": {" in line]
    assert any(isinstance(event, BookTop) for event in events)
    assert not any(isinstance(event, Rejected) for event in events)


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ({**TRADE, "p": "NaN"}, "bad trade"),
        ({**TRADE, "p": "Infinity"}, "bad trade"),
        ({**TRADE, "p": "-1"}, "bad trade"),
        ({**TRADE, "p": "0"}, "bad trade"),
        ({**TRADE, "p": "1e30"}, "bad trade"),
        ({**TRADE, "p": "1" * 40}, "bad trade"),
        ({**TRADE, "p": "ten"}, "bad trade"),
        ({**TRADE, "p": 61837.63}, "bad trade"),
        ({**TRADE, "q": "0"}, "bad trade"),
        ({**TRADE, "t": "7"}, "bad trade"),
        ({**TRADE, "t": -7}, "bad trade"),
        ({**TRADE, "t": True}, "bad trade"),
        ({**TRADE, "t": 2**70}, "bad trade"),
        ({**TRADE, "T": 0}, "bad trade"),
        ({**TRADE, "T": 1723161255.5}, "bad trade"),
        ({**TRADE, "m": 1}, "bad trade"),
        ({"e": "trade", "s": "BTCUSDT"}, "bad trade"),
        ({**TRADE, "s": "ETHUSDT"}, "unknown symbol"),
        ({**TRADE, "s": None}, "unknown symbol"),
        ({**TRADE, "s": ["BTCUSDT"]}, "unknown symbol"),
        ({**BOOK, "b": "10.3"}, "bad book"),
        ({**BOOK, "A": "0"}, "bad book"),
        ({**DAY, "c": None}, "bad ticker"),
        ({**DAY, "v": "-1"}, "bad ticker"),
        ({"e": "newEvent"}, "unknown event"),
        ({"e": ["trade"]}, "unknown event"),
        ({}, "unknown event"),
        ([TRADE], "not an object"),
        (None, "not an object"),
        ({"code": 2, "msg": "Invalid request"}, "venue error"),
    ],
)
def test_what_is_wrong_is_rejected_with_a_sample(payload: Any, kind: str) -> None:
    event = decode_frame(frame(payload), SYMBOLS)
    assert isinstance(event, Rejected)
    assert event.kind == kind
    assert event.sample == frame(payload)[:160]


@pytest.mark.parametrize("text", ["", "{", "nonsense", "[" * 10_000, b"\xff\xfe{}", b"\x00", "\ud800"])
def test_what_is_not_json_is_rejected(text: str | bytes) -> None:
    event = decode_frame(text, SYMBOLS)
    assert isinstance(event, Rejected)
    assert event.kind == "not JSON"
    event.sample.encode()


@pytest.mark.parametrize(
    "payload",
    [
        {"result": None, "id": 1},
        {"result": ["btcusdt@trade"], "id": "a"},
        {"e": "depthUpdate", "s": "BTCUSDT"},
        {"e": "kline", "s": "BTCUSDT"},
        {"lastUpdateId": 160, "bids": [], "asks": []},
    ],
)
def test_replies_and_events_of_no_use_are_nothing(payload: Any) -> None:
    assert decode_frame(frame(payload, None), SYMBOLS) is None


def test_errors_to_a_request_are_shown_in_both_envelopes() -> None:
    for payload in ({"code": 1, "msg": "x"}, {"error": {"code": 2, "msg": "x"}, "id": 1}):
        event = decode_frame(frame(payload, None), SYMBOLS)
        assert isinstance(event, Rejected)
        assert event.kind == "venue error"


def test_microseconds_are_told_by_their_digits() -> None:
    event = decode_frame(frame({**TRADE, "T": 1723161255342999}), SYMBOLS)
    assert isinstance(event, Trade)
    assert event.time_ms == 1723161255342


def test_without_a_list_any_well_formed_symbol_is_taken() -> None:
    assert isinstance(decode_frame(frame({**TRADE, "s": "ETHUSDT"}), frozenset()), Trade)
    assert isinstance(decode_frame(frame({**TRADE, "s": "rm -rf"}), frozenset()), Rejected)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.decimals().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300)
@given(
    base=st.sampled_from([TRADE, BOOK, DAY]),
    changes=st.dictionaries(st.sampled_from([*"esEtpqTmMubBaAcohlv", "data", "stream", "result", "id"]), _json),
    combined=st.booleans(),
)
def test_no_mutation_of_a_frame_raises_or_yields_a_senseless_number(
    base: dict[str, Any], changes: dict[str, Any], combined: bool
) -> None:
    text = frame({**base, **changes}, "x" if combined else None)
    event = decode_frame(text, SYMBOLS)
    assert event == binance_frames._judged(text, SYMBOLS)
    if isinstance(event, Trade):
        assert event.price.is_finite()
        assert event.price > 0
        assert event.quantity > 0
        assert event.trade_id >= 0
        assert 10**12 <= event.time_ms < 10**13
    elif isinstance(event, BookTop):
        assert 0 < event.bid <= event.ask


@settings(max_examples=300)
@given(st.data())
def test_no_damage_to_the_bytes_of_a_frame_raises(data: st.DataObject) -> None:
    raw = bytearray(frame(data.draw(st.sampled_from([TRADE, BOOK, DAY]))).encode())
    for _ in range(data.draw(st.integers(0, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    event = decode_frame(cut, SYMBOLS)
    assert event == binance_frames._judged(cut, SYMBOLS)
    if isinstance(event, Rejected):
        event.sample.encode()


@pytest.mark.parametrize("payload", [TRADE, BOOK, DAY])
def test_the_usual_frames_are_read_in_one_pass(payload: dict[str, Any]) -> None:
    assert binance_frames._at_once(frame(payload), SYMBOLS) == decode_frame(frame(payload, None), SYMBOLS)


@given(st.one_of(st.binary(), st.text(st.characters(exclude_categories=()))))
def test_no_noise_raises(noise: bytes | str) -> None:
    assert isinstance(decode_frame(noise, SYMBOLS), Rejected)
